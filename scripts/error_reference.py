#!/usr/bin/env python3
"""Writes docs/reference/errors.md from the table of error codes. With --check: exit code 1 if it is not current."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = ROOT / "framework/base/include/millrace/base"
PAGE = ROOT / "docs/reference/errors.md"

GROUPS = {1: "Building a topology", 2: "Configuration", 3: "Records and user code", 4: "State", 5: "Log", 6: "Runtime",
          7: "Command line", 8: "HTTP"}
LINE = re.compile(r'^X\((\d+), (\w+), (\w+), "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\)$')

INTRODUCTION = """\
# Errors

<!-- Written by scripts/error_reference.py from framework/base/include/millrace/base/error_codes.def. Edit that. -->

Every error carries a code that keeps its meaning for good, what happened, where (task, topic[partition]@offset,
operator, store, as far as they apply) and what to do:

    MR-0301 task 0_1, topic lines[1]@42, operator lines.map: 7 bytes left over. To mend it: correct the producer or ...

The disposition is what the runtime does about it by itself:

| Disposition | Reaction |
|---|---|
"""


def read_table(text):
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("X("):
            match = LINE.match(line)
            if not match:
                raise SystemExit(f"error_codes.def:{number}: not X(number, Name, Disposition, \"cause\", \"remedy\")")
            rows.append((int(match[1]), match[2], match[3], unescape(match[4]), unescape(match[5])))
    return rows


def read_dispositions(text):
    body = re.search(r"enum class Disposition[^{]*\{(.*?)\};", text, re.DOTALL)[1]
    return re.findall(r"(\w+),\s*///< (.*)", body)


def unescape(text):
    return re.sub(r"\\(.)", r"\1", text)


def cell(text):
    return text.replace("|", "\\|")


def render(rows, dispositions):
    page = INTRODUCTION + "".join(f"| {name} | {cell(reaction)} |\n" for name, reaction in dispositions)
    group = None
    for number, name, disposition, cause, remedy in rows:
        if number // 100 != group:
            group = number // 100
            page += f"\n## {GROUPS[group]}\n\n| Code | Name | Cause | Disposition | Remedy |\n|---|---|---|---|---|\n"
        page += f"| MR-{number:04} | {name} | {cell(cause)} | {disposition} | {cell(remedy)} |\n"
    return page


def main():
    rows = read_table((BASE / "error_codes.def").read_text(encoding="utf-8"))
    page = render(rows, read_dispositions((BASE / "error.hpp").read_text(encoding="utf-8")))
    if sys.argv[1:] == ["--check"]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
            print("docs/reference/errors.md is not current: run scripts/error_reference.py")
            return 1
        return 0
    if sys.argv[1:]:
        print(__doc__)
        return 0 if sys.argv[1:] == ["--help"] else 2
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
