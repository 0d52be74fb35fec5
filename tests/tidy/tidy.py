#!/usr/bin/env python3
"""Checks the repository against one rule of tests/tidy/rules, or all. Exit code 77: cannot be checked here."""

import argparse
import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from rules.shellcheck import Unavailable  # noqa: E402
from tree import Tree  # noqa: E402

RULES = sorted(path.stem for path in (HERE / "rules").glob("[!_]*.py"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rule", nargs="?", choices=RULES, help="the rule to check; without it, all")
    parser.add_argument("--root", default=HERE.parent.parent, help="the tree to check (default: this repository)")
    options = parser.parse_args()
    tree = Tree(options.root)
    violations = 0
    for name in [options.rule] if options.rule else RULES:
        rule = importlib.import_module(f"rules.{name}")
        try:
            for violation in rule.check(tree):
                print(f"{violation}  [{name}]")
                violations += 1
        except Unavailable as reason:
            print(reason)
            if options.rule:
                return 77
    if violations:
        print(f"{violations} violations; {name}: {rule.__doc__}" if options.rule else f"{violations} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
