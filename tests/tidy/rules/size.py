"""Lines fit a screen, files fit a head."""

SUFFIXES = (".cpp", ".hpp", ".java", ".py", ".sh")
MAX_COLUMNS = 120
MAX_LINES = 500


def check(tree):
    for path in tree.with_suffix(*SUFFIXES):
        lines = tree.text(path).splitlines()
        if len(lines) > MAX_LINES:
            yield f"{path}: {len(lines)} lines, more than {MAX_LINES}: split it by concept"
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS:
                yield f"{path}:{number}: {len(line)} columns, more than {MAX_COLUMNS}"
