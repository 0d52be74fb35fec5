#!/usr/bin/env python3
"""What whole programs do when something is wrong: the message, the exit code, the policy, and nothing lost.

Prints TAP. Exit code 77 if the fault cannot be made here; the last line says why.
"""

import argparse
import pathlib
import sys
import time

import harness
from faults_damage import CorruptedLog, CorruptedState
from faults_disk import FullDisk, Unwritable
from faults_input import OffsetGone
from faults_limits import FileDescriptors, HttpAbuse
from faults_memory import Memory
from faults_refused import Format, InputChanged, Locked, Signals
from faults_records import RecordFaults

FAULTS = {
    "poison": lambda build: RecordFaults(build, "poison"),
    "throwing": lambda build: RecordFaults(build, "throwing"),
    "oversized": lambda build: RecordFaults(build, "oversized"),
    "corrupted_state": CorruptedState,
    "corrupted_log": CorruptedLog,
    "full_disk": FullDisk,
    "unwritable": Unwritable,
    "locked": Locked,
    "format": Format,
    "input_changed": InputChanged,
    "offset_gone": OffsetGone,
    "signals": Signals,
    "memory": Memory,
    "file_descriptors": FileDescriptors,
    "http_abuse": HttpAbuse,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="the build folder, with bin and tests-bin")
    parser.add_argument("fault", choices=FAULTS)
    arguments = parser.parse_args()
    tap = harness.Tap()
    began = time.monotonic()
    with harness.scratch(arguments.fault) as (folder, kept):
        for number, (text, body) in enumerate(FAULTS[arguments.fault](arguments.build.resolve()).tests()):
            place = folder / str(number)
            place.mkdir()
            tap.test(text, lambda body=body, place=place: body(place))
        if tap.failed:
            kept.append(folder)
    return tap.end(f"{tap.count - tap.failed - tap.skipped} of {tap.count} right, {tap.skipped} skipped, "
                   f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
