"""Each module is one rule: `check(tree)` yields one line of text per violation."""
