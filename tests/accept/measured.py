#!/usr/bin/env python3
"""Prints one line about one comparison of a report of benchmarks/run.sh, for the acceptance scripts.

    measured.py REPORT edges             cost per operator edge
    measured.py REPORT NAME FLOOR        a comparison by its name, with its goals

A goal is told, met or missed, and docs/performance.md says why it is missed: a machine that is shared cannot decide it.
What fails is what could not be measured, and a ratio below FLOOR: no noise explains that.
"""

import json
import pathlib
import re
import sys


def edges(report):
    """Slope of each chain of Google Benchmark: (longest - shortest) / difference of their lengths."""
    chains = {}
    for results in report["google_benchmark"].values():
        for one in results["benchmarks"]:
            named = re.fullmatch(r"([^/]+)/edges:(\d+)", one["name"])
            if named:
                chains.setdefault(named[1], []).append((int(named[2]), one["cpu_time"]))
    slopes = []
    for name, points in chains.items():
        points.sort()
        (short, low), (long, high) = points[0], points[-1]
        if long > short:
            slopes.append(f"{name} {(high - low) / (long - short):.1f} ns")
    if not slopes:
        return "no chains were measured", False
    return ", ".join(slopes), True


def comparison(report, name, floor):
    found = [one for one in report["comparisons"] if one["name"] == name]
    if not found or not found[0]["sides"].get("ours"):
        return f"{name} was not measured", False
    one, ours = found[0], found[0]["sides"]["ours"]
    rate = ours["records_per_second"]["median"]
    parts = [f"{rate / 1e6:.2f} M records/s"]
    parts.append(f"{ours['cpu_seconds_per_million']['median']:.2f} CPU s per million")
    parts.append(f"peak {ours['peak_rss_bytes']['median'] / 2**20:.0f} MiB")
    if one["rate_goal"]:
        parts.append(goal(rate >= one["rate_goal"], f"{one['rate_goal'] / 1e6:g} M/s"))
    if one.get("reads_goal"):
        reads = one["reads_per_second"]["median"]
        parts.append(f"{reads:,.0f} reads/s")
        parts.append(goal(reads >= one["reads_goal"], f"{one['reads_goal']:,} reads/s"))
    good = True
    if one["ratio"]:
        parts.append(f"{one['ratio']['median']:.2f} x the peer ({one['ratio']['min']:.2f}..{one['ratio']['max']:.2f})")
        good = one["ratio"]["median"] >= floor
        if not good:
            parts.append(f"below the floor of {floor:g}")
        if one["ratio_goal"]:
            parts.append(goal(one["ratio"]["median"] >= one["ratio_goal"], f"{one['ratio_goal']:g} x"))
    elif floor:
        return f"{name} has no peer: {report['not_measured']}", False
    return ", ".join(parts), good


def goal(met, text):
    return f"goal {text} {'met' if met else 'MISSED, see docs/performance.md'}"


def main(arguments):
    report = json.loads(pathlib.Path(arguments[0]).read_text(encoding="utf-8"))
    if arguments[1] == "edges":
        text, good = edges(report)
    else:
        text, good = comparison(report, arguments[1], float(arguments[2]))
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
