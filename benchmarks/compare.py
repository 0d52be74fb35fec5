#!/usr/bin/env python3
"""Runs our program and its peer in turn, A B A B, and prints what they measured. Called by benchmarks/run.sh.

Every program prints one JSON line per pass; the second pass counts, because the first one pays for page faults, and in
a virtual machine for compiling. On a machine with other work, CPU time per record says more than records per second.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

COUNTED_PASS = 2
DEFAULT_RECORDS = {"micro": 1_000_000, "embedded": 5_000_000, "queries": 5_000_000}
READS_PER_SECOND = 200_000


# Topologies beside pass-through and count, and what the embedded engine is to reach: records per second and core.
STATEFUL = {"tumbling-count": 0.7e6, "repartition-count": 0.5e6, "stream-table-join": 0.7e6,
            "stream-stream-join": 0.3e6}

COMMITS = {"not synced": ("--topology", "count"), "synced": ("--topology", "count", "--fsync"),
           "every 10 ms, synced": ("--topology", "count", "--fsync", "--commit-ms", "10")}


class CannotMeasure(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Comparison:
    """`ours` against `peer`: commands without the flags that all share. The goals may be None."""
    name: str
    ours: tuple
    peer: tuple | None
    ratio_goal: float | None = None
    rate_goal: float | None = None
    reads_goal: float | None = None


def comparisons(suite, programs, java_driver):
    if suite == "micro":
        java = ("java", "-jar", str(java_driver)) if java_driver else None
        return [driver_comparison(programs, java, "driver pass-through", "--topology", "pass-through"),
                driver_comparison(programs, java, "driver pass-through, by list", "--topology", "pass-through",
                                  ours_only=("--pipe", "list")),
                driver_comparison(programs, java, "driver count, in memory",
                                  "--topology", "count", "--store", "memory"),
                driver_comparison(programs, java, "driver count, in memory, by list",
                                  "--topology", "count", "--store", "memory", ours_only=("--pipe", "list")),
                driver_comparison(programs, java, "driver count, RocksDB",
                                  "--topology", "count", "--store", "rocksdb"),
                *(driver_comparison(programs, java, f"driver {topology}{', by list' if list_flags else ''}",
                                    "--topology", topology, "--store", "memory", ours_only=list_flags)
                  for topology in STATEFUL for list_flags in ((), ("--pipe", "list"))
                  # A list is for one topic: the two sides of a join of streams would not come in turn.
                  if not (list_flags and topology == "stream-stream-join"))]
    engine, raw = str(programs / "embedded_bench"), str(programs / "raw_rocksdb")
    if suite == "queries":
        return [queries_comparison(engine, store) for store in ("rocksdb", "memory")]
    return [Comparison("engine pass-through", (engine, "--topology", "pass-through"), (raw,), 0.6, 1.5e6),
            Comparison("engine count", (engine, "--topology", "count"), (raw,), None, 1e6),
            *(Comparison(f"engine {topology}", (engine, "--topology", topology), (raw,), None, goal)
              for topology, goal in STATEFUL.items()),
            # What processing ahead of a commit gains: the peer is the same engine, waiting for each commit.
            *(Comparison(f"commits {name}", (engine, *flags), (engine, *flags, "--waiting"))
              for name, flags in COMMITS.items())]


def queries_comparison(engine, store):
    """Processing with reads from outside, against the same without: the peer is ourselves."""
    count = (engine, "--topology", "count", "--store", store)
    # A little more than the goal: what is late in one millisecond is made up for in the next, but not after the end.
    reads = ("--readers", "2", "--reads-per-second", str(int(READS_PER_SECOND * 1.02)))
    return Comparison(f"count with reads, {store}", (*count, *reads), count, ratio_goal=0.9,
                      reads_goal=READS_PER_SECOND)


def driver_comparison(programs, java, name, *flags, ours_only=()):
    """Java's own pipeKeyValueList pipes one by one: both ways of ours stand against the same."""
    ours = (str(programs / "driver_bench"), *flags, *ours_only)
    return Comparison(name, ours, java and (*java, *flags), ratio_goal=15)


def run_pass(command, flags):
    """The counted pass of one run."""
    if not command[0] == "java" and not os.access(command[0], os.X_OK):
        raise CannotMeasure(f"{command[0]} does not exist")
    done = subprocess.run([*command, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise CannotMeasure(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    passes = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    counted = [one for one in passes if one["pass"] == COUNTED_PASS]
    if len(counted) != 1:
        raise CannotMeasure(f"{' '.join(command)} printed {len(counted)} lines of pass {COUNTED_PASS}")
    return counted[0]


def measure(comparison, flags, rounds):
    """Runs of both sides, interleaved: a slow minute of the machine hits both. A side that fails once is out."""
    sides = {"ours": comparison.ours}
    if comparison.peer:
        sides["peer"] = comparison.peer
    runs = {side: [] for side in sides}
    faults = {}
    for number in range(1, rounds + 1):
        for side in sides:
            if side in faults:
                continue
            print(f"  {comparison.name}, round {number} of {rounds}: {side}", file=sys.stderr)
            try:
                runs[side].append(run_pass(sides[side], flags))
            except CannotMeasure as fault:
                faults[side] = str(fault)
    return runs, list(faults.values()) + different_outputs(comparison, runs)


def different_outputs(comparison, runs):
    """Two sides that write different numbers of records did different work."""
    counts = {side: {run["outputs"] for run in own if "outputs" in run} for side, own in runs.items()}
    if len(set.union(*counts.values())) <= 1:
        return []
    return [f"{comparison.name}: the sides wrote different numbers of records: {counts}"]


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)} if values else None


def summarise_side(runs):
    return {"records_per_second": spread([run["records_per_second"] for run in runs]),
            "cpu_seconds_per_million": spread([run["cpu_seconds"] / run["records"] * 1e6 for run in runs]),
            "peak_rss_bytes": spread([run["peak_rss_bytes"] for run in runs])}


def summarise(comparison, runs):
    """The ratios are of runs next to each other in time."""
    pairs = list(zip(runs["ours"], runs.get("peer", [])))
    ratio = spread([ours["records_per_second"] / peer["records_per_second"] for ours, peer in pairs])
    cpu_ratio = spread([per_record(peer) / per_record(ours) for ours, peer in pairs])
    return {"name": comparison.name, "ratio": ratio, "cpu_ratio": cpu_ratio, "ratio_goal": comparison.ratio_goal,
            "rate_goal": comparison.rate_goal, "reads_goal": comparison.reads_goal, "runs": runs,
            "reads_per_second": spread([run["reads_per_second"] for run in runs["ours"] if "reads_per_second" in run]),
            "sides": {side: summarise_side(own) for side, own in runs.items() if own}}


def per_record(run):
    return run["cpu_seconds"] / run["records"]


def show_rate(value):
    return f"{value / 1e6:.2f} M" if value >= 1e6 else f"{value / 1e3:.0f} k"


def show_ratio(ratio):
    return f"{ratio['median']:.2f} ({ratio['min']:.2f}..{ratio['max']:.2f})" if ratio else "-"


def show_goal(spread_of_runs, goal, text):
    if spread_of_runs is None:
        return f"{text}: not measured"
    return f"{text}: {'met' if spread_of_runs['median'] >= goal else 'MISSED'}"


def goals(summary):
    found = []
    if summary["ratio_goal"]:
        found.append(show_goal(summary["ratio"], summary["ratio_goal"], f">= {summary['ratio_goal']:g} x"))
    if summary["rate_goal"]:
        rate = summary["sides"].get("ours", {}).get("records_per_second")
        found.append(show_goal(rate, summary["rate_goal"], f">= {show_rate(summary['rate_goal'])}/s"))
    if summary["reads_goal"]:
        reads = summary["reads_per_second"]
        found.append(show_goal(reads, summary["reads_goal"], f">= {show_rate(summary['reads_goal'])} reads/s"))
        if reads:
            found.append(f"{show_rate(reads['median'])} reads/s ({show_rate(reads['min'])}..{show_rate(reads['max'])})")
    return ", ".join(found) or "-"


def table(summaries):
    rows = [("", "", "records/s (min..max)", "CPU s/M", "peak MiB", "ratio (min..max)", "CPU ratio", "goal")]
    for summary in summaries:
        for side in summary["runs"]:
            verdict = (show_ratio(summary["ratio"]), show_ratio(summary["cpu_ratio"]), goals(summary))
            rows.append((summary["name"] if side == "ours" else "", side, *side_cells(summary["sides"].get(side)),
                         *(verdict if side == "ours" else ("", "", ""))))
    return columns(rows)


def side_cells(own):
    if own is None:
        return "not measured", "-", "-"
    rate = own["records_per_second"]
    return (f"{show_rate(rate['median'])} ({show_rate(rate['min'])}..{show_rate(rate['max'])})",
            f"{own['cpu_seconds_per_million']['median']:.3f}", f"{own['peak_rss_bytes']['median'] / 2**20:.0f}")


def columns(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def google_benchmarks(programs):
    """Name of program -> its own JSON; and a table of it."""
    results, rows = {}, [("edge", "ns", "items/s")]
    for program in sorted(programs.glob("bench_*")):
        done = subprocess.run([str(program), "--benchmark_format=json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            raise CannotMeasure(f"{program} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        results[program.name] = json.loads(done.stdout)
        for one in results[program.name]["benchmarks"]:
            items = one.get("items_per_second")
            nanoseconds = one["cpu_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[one["time_unit"]]
            rows.append((one["name"], f"{nanoseconds:.1f}", show_rate(items) if items else "-"))
    if not results:
        raise CannotMeasure(f"{programs} has no bench_*: no cost per operator edge")
    return results, columns(rows)


def check_same_records(programs, java_driver):
    """Two sides that read different records compare nothing."""
    if not java_driver:
        return
    ours = subprocess.check_output([str(programs / "workload_checksum"), "--records", "100000"], text=True).strip()
    java = subprocess.check_output(["java", "-jar", str(java_driver), "--checksum", "100000"], text=True).strip()
    if ours != java:
        raise CannotMeasure(f"the generators differ: checksum {ours} here, {java} in Java")


def machine():
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "load_before": round(os.getloadavg()[0], 2)}


def run_suite(options):
    report = {"suite": options.suite, "machine": machine(), "records": options.records, "rounds": options.rounds}
    faults, tables = [], []
    if options.suite == "micro":
        check_same_records(options.programs, options.java_driver)
    if options.suite == "micro" and re.search(options.only, "cost per edge"):
        try:
            report["google_benchmark"], text = google_benchmarks(options.programs)
            tables.append(text)
        except CannotMeasure as fault:
            faults.append(str(fault))
    flags = ["--records", str(options.records), "--keys", "20000", "--value-bytes", "100", "--seed", "1",
             "--passes", str(COUNTED_PASS)]
    summaries = []
    chosen = [one for one in comparisons(options.suite, options.programs, options.java_driver)
              if re.search(options.only, one.name)]
    if not chosen:
        raise CannotMeasure(f"no comparison's name matches {options.only!r}")
    for comparison in chosen:
        runs, found = measure(comparison, flags, options.rounds)
        summaries.append(summarise(comparison, runs))
        faults += [fault for fault in found if fault not in faults]
    report["comparisons"], report["not_measured"] = summaries, faults
    tables.append(table(summaries))
    return report, tables, faults


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=sorted(DEFAULT_RECORDS))
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="folder of the release programs")
    parser.add_argument("--java-driver", type=pathlib.Path, help="jar of the Java peer; without it, no ratio")
    parser.add_argument("--records", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--only", default="", help="regular expression: only comparisons whose name matches")
    options = parser.parse_args(arguments)
    options.records = options.records or DEFAULT_RECORDS[options.suite]
    return options


def main(arguments):
    options = parse(arguments)
    try:
        report, tables, faults = run_suite(options)
    except CannotMeasure as fault:
        print(f"not measured: {fault}", file=sys.stderr)
        return 1
    where = report["machine"]
    print(f"{where['processor']}, {where['cores']} cores, load before {where['load_before']}; "
          f"{options.records} records a pass, {options.rounds} rounds, pass {COUNTED_PASS} counts")
    if where["load_before"] > 0.5:
        print("THIS MACHINE WAS NOT IDLE: trust the CPU columns more than records/s.")
    print("\n" + "\n\n".join(tables))
    for fault in faults:
        print(f"not measured: {fault}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        print(f"written: {options.json}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
