#!/usr/bin/env python3
"""Counts the test cases of a ctest run and ends with the line `N passed, N failed, N skipped`.

Reads the JUnit file that ctest writes. A GoogleTest case is one case; a script that prints TAP counts once per TAP
line. A test that ctest could not run (program missing, fixture broken) has failed: only what says so itself is skipped.
"""

import argparse
import dataclasses
import re
import sys
import xml.etree.ElementTree as ElementTree

# The line, and the comments below it that say more.
TAP_LINE = re.compile(r"^(not )?ok\b[ \t]*\d*[ \t]*-?[ \t]*(.*)((?:\n#.*)*)", re.MULTILINE)
TAP_SKIP = re.compile(r"#\s*(skip|todo)\b", re.IGNORECASE)


@dataclasses.dataclass
class Case:
    name: str
    outcome: str  # passed | failed | skipped
    seconds: float
    output: str = ""


def outcome_of(element):
    status = element.get("status")
    if status == "run":
        return "passed"
    if status == "disabled":
        return "skipped"
    skipped = element.find("skipped")
    if skipped is not None and skipped.get("message", "").startswith("SKIP_"):
        return "skipped"
    return "failed"


def tap_cases(case):
    """The TAP lines of a script's output as cases of their own; `case` itself if it printed none."""
    cases = []
    for match in TAP_LINE.finditer(case.output):
        outcome = "failed" if match[1] else "skipped" if TAP_SKIP.search(match[2]) else "passed"
        cases.append(Case(f"{case.name}: {match[2]}", outcome, 0.0, match[0]))
    if not cases:
        return [case]
    cases[0].seconds = case.seconds
    if case.outcome == "failed" and not any(found.outcome == "failed" for found in cases):
        cases.append(Case(f"{case.name}: ended early", "failed", 0.0, case.output))
    return cases


def read_cases(path):
    cases = []
    for element in ElementTree.parse(path).getroot().iter("testcase"):
        case = Case(element.get("name"), outcome_of(element), float(element.get("time") or 0),
                    element.findtext("system-out") or "")
        cases.extend(tap_cases(case))
    return cases


def skip_reason(output):
    lines = [line for line in output.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if line.endswith(": Skipped") and number + 1 < len(lines):
            return lines[number + 1]
    return lines[-1] if lines else "disabled"


def report(cases, slowest, out):
    if slowest:
        print(f"the {slowest} slowest:", file=out)
        for case in sorted(cases, key=lambda case: -case.seconds)[:slowest]:
            print(f"  {case.seconds:8.1f} s  {case.name}", file=out)
    for case in cases:
        if case.outcome == "skipped":
            print(f"skipped: {case.name} ({skip_reason(case.output)})", file=out)
    for case in cases:
        if case.outcome == "failed":
            print(f"FAILED: {case.name}", file=out)
            for line in case.output.splitlines()[-25:]:
                print(f"    {line}", file=out)


def main(arguments=None, out=sys.stdout):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("junit", help="the file that ctest --output-junit wrote")
    parser.add_argument("--ctest-status", type=int, default=0, help="the exit code of ctest")
    parser.add_argument("--log", default="", help="the whole output of ctest, named when something failed")
    parser.add_argument("--slowest", type=int, default=0, help="list that many of the slowest cases")
    options = parser.parse_args(arguments)
    try:
        cases = read_cases(options.junit)
    except (OSError, ElementTree.ParseError) as failure:
        cases = [Case(f"ctest wrote no results: {failure}", "failed", 0.0)]
    if not cases:
        print("no test ran: nothing carries the label asked for, or the tests were not built", file=out)
    counts = {outcome: sum(case.outcome == outcome for case in cases) for outcome in ("passed", "failed", "skipped")}
    if options.ctest_status != 0 and counts["failed"] == 0 and cases:
        cases.append(Case(f"ctest ended with exit code {options.ctest_status}, but no test failed", "failed", 0.0))
        counts["failed"] += 1
    report(cases, options.slowest, out)
    if counts["failed"] and options.log:
        print(f"the whole log: {options.log}", file=out)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped", file=out)
    return 1 if counts["failed"] or counts["passed"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
