"""Documents name only error codes that exist, and no two lines of the table share a number or a name."""

import re

TABLE = "framework/base/include/millrace/base/error_codes.def"


def check(tree):
    known = set()
    names = set()
    for match in re.finditer(r"^X\((\d+), (\w+),", tree.text(TABLE), re.MULTILINE):
        code = f"MR-{int(match[1]):04}"
        if code in known or match[2] in names:
            yield f"{TABLE}: {code} or {match[2]} stands twice"
        known.add(code)
        names.add(match[2])
    for path in tree.with_suffix(".md", ".yaml", ".yml"):
        for number, line in enumerate((tree.text(path) or "").splitlines(), 1):
            for code in re.findall(r"\bMR-\d{4}\b", line):
                if code not in known:
                    yield f"{path}:{number}: {code} is not in {TABLE}"
