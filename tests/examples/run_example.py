#!/usr/bin/env python3
"""Runs an example with its input.txt, if it has one, and compares what it prints with its expected.txt.

Usage: run_example.py PROGRAM FOLDER
"""

import difflib
import pathlib
import subprocess
import sys


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    given = folder / "input.txt"
    done = subprocess.run([program], input=given.read_bytes() if given.exists() else b"", capture_output=True,
                          timeout=240, check=False)
    sys.stdout.write(done.stderr.decode())
    expected = (folder / "expected.txt").read_text(encoding="utf-8")
    printed = done.stdout.decode()
    sys.stdout.writelines(
        difflib.unified_diff(expected.splitlines(True), printed.splitlines(True), "expected", "printed"))
    return 0 if done.returncode == 0 and printed == expected and not done.stderr else 1


if __name__ == "__main__":
    sys.exit(main())
