#!/usr/bin/env python3
"""Builds tests with a sanitizer and runs them: sanitized.py asan-ubsan | tsan [SUITE...]

A suite is the name of a millrace_test(); without any, all that the sanitizer is of use for (SUITES below).

Prints TAP, a line per test case, then what took long, and as its last line what was done. A report of a sanitizer ends
the test that caused it, so a silent run is one without failures.

What is left out, and why. The whole of --full has 70 minutes on two cores, and a sanitizer makes a program two to
twenty times slower:
- benchmarks: they measure nothing here;
- apps and the scripts that run whole programs (app.*, crash.*, config files, tidy, accept): they run the same library
  over processes and files, take minutes, and their time limits rest on a speed that a sanitizer does not have;
- tsan runs only what has more than one thread or is shared by threads: one thread alone cannot race, and
  ThreadSanitizer looks for nothing else. The simulation is one thread, too.
"""

import argparse
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import test_summary  # noqa: E402

# By the names of millrace_test(); a target is test_<name>.
SUITES = {
    "asan-ubsan": ("base", "model", "serde", "metrics", "config", "topology", "state", "log", "runtime", "processor",
                   "dsl", "testing", "app", "adapters_rocksdb", "adapters_yaml", "adapters_prometheus", "adapters_http",
                   "conformance_log", "conformance_state", "semantics", "simulation"),
    # metrics: scraped while threads count. adapters_http: the server's threads. adapters_rocksdb: the log's thread.
    # conformance_state: committed stores are read by other threads.
    "tsan": ("base", "metrics", "log", "runtime", "app", "adapters_http", "adapters_rocksdb", "conformance_log",
             "conformance_state"),
}
SLOWEST = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=SUITES)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="only these")
    arguments = parser.parse_args()
    preset = arguments.preset
    build = ROOT / "build" / preset
    suites = arguments.suites or SUITES[preset]
    if gone := [suite for suite in suites if not exists(suite)]:
        sys.exit(f"there is no millrace_test({gone[0]}) any more: correct SUITES in {__file__}")
    began = Spent()
    try:
        step(["cmake", "--preset", preset])
        step(["ninja", "-C", build, "-j", str(jobs()), *(f"test_{suite}" for suite in suites)])
    except subprocess.CalledProcessError as failure:
        print(f"not ok 1 - {preset}: {failure.cmd[0]} ended with {failure.returncode}")
        print("".join(f"# {line}\n" for line in failure.stdout.splitlines()[-40:]) + "1..1")
        return 1
    built = Spent()
    cases, code = run(build, preset, suites)
    return report(preset, cases, code, f"built in {built.since(began)}, ran for {Spent().since(built)}")


class Spent:
    """What has passed, and what ended children have used of the processors, both in seconds."""

    def __init__(self):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.wall = time.monotonic()
        self.processors = children.ru_utime + children.ru_stime

    def since(self, before):
        return f"{self.wall - before.wall:.0f} s ({self.processors - before.processors:.0f} s of processors)"


def exists(suite):
    makes = re.compile(rf"^(millrace_test[(]|add_executable[(]test_){suite} ", re.MULTILINE)
    return any(makes.search(path.read_text()) for path in (ROOT / "tests").rglob("CMakeLists.txt"))


def step(command):
    environment = {**os.environ, "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "true"}
    subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=True, text=True, errors="replace",
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def jobs():
    """One compiler per core, but no more than one per two GiB: sanitized code takes more to compile."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 31
    return max(1, min(len(os.sched_getaffinity(0)), free))


def run(build, preset, suites):
    junit = build / "sanitized.xml"
    junit.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", build, "--parallel", str(len(os.sched_getaffinity(0))), "--no-tests=error",
               "--timeout", "600", "--test-output-size-failed", "200000", "--output-junit", junit,
               "--label-exclude", "^(full|soak)$",
               "--tests-regex", f"^({'|'.join(suites)})[.][^.]+[.]"]
    # Where the kernel spreads addresses over more than 28 bits ThreadSanitizer of g++ 12 does not start.
    if preset == "tsan" and subprocess.run(["setarch", "-R", "true"], check=False).returncode == 0:
        command = ["setarch", "-R", *command]
    code = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                          check=False).returncode
    return test_summary.read_cases(junit) if junit.exists() else [], code


def report(preset, cases, code, spent):
    failed = 0
    for number, case in enumerate(cases, 1):
        failed += case.outcome == "failed"
        skipped = f" # SKIP {test_summary.skip_reason(case.output)}" if case.outcome == "skipped" else ""
        print(f"{'not ok' if case.outcome == 'failed' else 'ok'} {number} - {preset}: {case.name}{skipped}")
        if case.outcome == "failed":
            print("".join(f"# {line}\n" for line in case.output.splitlines()[-60:]), end="")
    if not cases or (code != 0 and failed == 0):
        failed += 1
        print(f"not ok {len(cases) + 1} - {preset}: ctest ended with exit code {code}")
    print(f"1..{max(1, len(cases))}")
    for case in sorted(cases, key=lambda case: -case.seconds)[:SLOWEST]:
        print(f"# {case.seconds:7.1f} s {case.name}")
    print(f"{preset}: {len(cases)} cases, {failed} failed; {spent}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
