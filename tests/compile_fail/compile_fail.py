#!/usr/bin/env python3
"""Compiles one case, and holds what the compiler says first against the case's own first line.

usage: compile_fail.py CASE COMPILER FLAG...

A case begins with "// fails: SENTENCE" or with "// compiles". The sentence has to stand in the first error, for that is
what a person reads; what follows from it is noise.
"""

import pathlib
import subprocess
import sys


def main(case, compiler, flags):
    wanted = pathlib.Path(case).read_text(encoding="utf-8").splitlines()[0]
    command = [compiler, "-std=c++20", "-fsyntax-only", "-fno-diagnostics-show-caret", *flags, case]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    errors = [line for line in done.stderr.splitlines() if " error: " in line]
    if wanted == "// compiles":
        if done.returncode != 0:
            sys.exit(f"{case} should compile:\n{done.stderr}")
        return
    prefix = "// fails: "
    if not wanted.startswith(prefix):
        sys.exit(f"{case} has to begin with '{prefix}SENTENCE' or with '// compiles'")
    if done.returncode == 0:
        sys.exit(f"{case} compiles, but should not")
    if not errors or wanted[len(prefix):] not in errors[0]:
        sys.exit(f"{case}: the first error should say\n  {wanted[len(prefix):]}\nbut the compiler says\n{done.stderr}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
