#!/usr/bin/env python3
"""Compiles thirty_operators.cpp at -O2, prints the seconds it took, and whether that meets the goal; fails for neither.

usage: measure.py SOURCE COMPILER FLAG...
"""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time

GOAL_SECONDS = 15


def main(source, compiler, flags):
    with tempfile.TemporaryDirectory(prefix="millrace-compile-") as folder:
        output = pathlib.Path(folder) / "thirty_operators.o"
        command = [compiler, "-std=c++20", "-O2", *flags, "-c", source, "-o", str(output)]
        begin = time.monotonic()
        subprocess.run(command, check=True)
        wall = time.monotonic() - begin
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = usage.ru_utime + usage.ru_stime
        print(f"thirty operators at -O2: {wall:.1f} s, of processor time {processor:.1f} s, "
              f"{usage.ru_maxrss // 1024} MiB, an object of {output.stat().st_size // 1024} KiB, "
              f"goal of at most {GOAL_SECONDS} s {'met' if processor <= GOAL_SECONDS else 'MISSED'}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
