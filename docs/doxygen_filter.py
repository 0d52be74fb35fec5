#!/usr/bin/env python3
"""Prints a public header as Doxygen shall see it; docs/Doxyfile names this as its filter. Lines keep their numbers.

- The comment at the head of a file becomes the file's documentation, with its indented lines as code.
- Members that are deleted or defaulted, and destructors, say all there is to say about them: they are left out.
- Copying, moving and assigning, unless a comment says more, are called just that.
- What a specialisation of a serde has to have is said where the template is declared.
- Internal macros (their names end in _), tables of macros, and specialisations in std are nobody's business.
"""

import re
import sys

LEFT_OUT = re.compile(r"^\s*(?:(?:friend|virtual|explicit|constexpr|\[\[nodiscard\]\])\s+)*"
                      r"(?:[^;{}()]*\([^;{}]*\)[^;{}]*=\s*(?:default|delete)\s*;"
                      r"|(?:virtual\s+)?~\w+\(\)[^;{}]*(?:;|\{[^{}]*\}))(?:\s*//.*)?$")
COPY = re.compile(r"^\s*(?:explicit\s+)?(\w+)\((?:const \1(?:<[^>]*>)?&|\1(?:<[^>]*>)?&&)(?: \w+)?\)")
SPECIALISED = re.compile(r"^(?:requires.*\) )?struct (?:SerdeFor|JsonCodec)<")
ASSIGN = re.compile(r"^\s*\w+(?:<[^>]*>)?& operator=\(")


def file_documentation(lines):
    """Turns the comment at the head into documentation; the line it needs more is that of #pragma once."""
    end = next((i for i, line in enumerate(lines) if not line.startswith("//")), 0)
    if end and lines[end] == "#pragma once":
        text = [line[2:] for line in lines[:end]]
        lines[:end + 1] = ["/** @file", *("    " + one if one.startswith("  ") else one for one in text)]
        lines[end] += " */"


def blank(lines, first, ended):
    """Empties lines from `first` on, up to one for which ended(line) holds; returns the next index."""
    i = first
    while i < len(lines):
        done = ended(lines[i])
        lines[i] = ""
        i += 1
        if done:
            break
    return i


def members(lines):
    i = 0
    specialised = False
    while i < len(lines):
        line = lines[i]
        documented = i > 0 and lines[i - 1].lstrip().startswith(("///", "* "))
        if re.match(r"#define \w+_\(|#define X\(", line):
            i = blank(lines, i, lambda text: not text.endswith("\\"))
            continue
        if re.match(r"#undef X|#include <.*\.def>|template <> *$", line) and (
                line.startswith("#") or lines[i + 1].startswith("struct std::")):
            i = blank(lines, i, lambda text: text.startswith(("#", "};")))
            continue
        if re.match(r"struct std::", line):
            if lines[i - 1].startswith("template"):
                lines[i - 1] = ""
            i = blank(lines, i, lambda text: text.startswith("};"))
            continue
        specialised = bool(SPECIALISED.match(line)) or (specialised and not line.startswith("}"))
        if specialised and not documented and re.match(r"  static ", line):
            lines[i] = "/** As the template says. */ " + line
        elif LEFT_OUT.match(line):
            lines[i] = ""
        elif COPY.match(line) and not documented:
            lines[i] = f"/** {'Moves' if '&&' in COPY.match(line)[0] else 'Copies'}. */ " + line
        elif ASSIGN.match(line) and not documented:
            lines[i] = "/** Assigns. */ " + line
        i += 1


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = file.read().split("\n")
    file_documentation(lines)
    members(lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
