#!/usr/bin/env python3
"""Builds tests with a sanitizer and runs them: sanitized.py asan-ubsan | tsan [--suite NAME]...

Prints TAP, a line per test case, then what took long, and as its last line what was done. A report of a sanitizer ends
the test that caused it, so a silent run is one without failures.

What is left out, and why. The whole of --full has 70 minutes on two cores, and a sanitizer makes a program two to
twenty times slower:
- benchmarks: they measure nothing here;
- apps and the scripts that run whole programs (app.*, crash.*, config files, tidy, accept): they run the same library
  over processes and files, take minutes, and their time limits rest on a speed that a sanitizer does not have;
- tsan runs only what has more than one thread or is shared by threads: one thread alone cannot race, and
  ThreadSanitizer looks for nothing else;
- the cases named below, each with its reason.
"""

import argparse
import os
import pathlib
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
                   "conformance_log", "conformance_state"),
    # metrics: scraped while threads count. adapters_http: the server's threads. adapters_rocksdb: the log's thread.
    "tsan": ("base", "metrics", "log", "runtime", "app", "adapters_http", "adapters_rocksdb", "conformance_log"),
}
# Regular expressions of ctest: cases that take minutes with the sanitizer, and what stands in for them.
LEFT_OUT = {
    "asan-ubsan": (),
    "tsan": (),
}
SLOWEST = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=SUITES)
    parser.add_argument("--suite", action="append", help="only these of the suites; for looking at one")
    arguments = parser.parse_args()
    preset = arguments.preset
    build = ROOT / "build" / preset
    began = time.monotonic()
    suites = arguments.suite or SUITES[preset]
    if gone := [suite for suite in suites if not exists(suite)]:
        sys.exit(f"there is no millrace_test({gone[0]}) any more: correct SUITES in {__file__}")
    try:
        step(["cmake", "--preset", preset])
        step(["ninja", "-C", build, "-j", str(jobs()), *(f"test_{suite}" for suite in suites)])
    except subprocess.CalledProcessError as failure:
        print(f"not ok 1 - {preset}: {failure.cmd[0]} ended with {failure.returncode}")
        print("".join(f"# {line}\n" for line in failure.stdout.splitlines()[-40:]) + "1..1")
        return 1
    built = time.monotonic()
    cases, code = run(build, preset, suites)
    return report(preset, cases, code, built - began, time.monotonic() - built)


def exists(suite):
    return any(f"millrace_test({suite} " in path.read_text() for path in (ROOT / "tests").rglob("CMakeLists.txt"))


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
    if LEFT_OUT[preset]:
        command += ["--exclude-regex", "|".join(LEFT_OUT[preset])]
    code = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                          check=False).returncode
    return test_summary.read_cases(junit) if junit.exists() else [], code


def report(preset, cases, code, build_seconds, test_seconds):
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
    print(f"{preset}: {len(cases)} cases, {failed} failed; "
          f"built in {build_seconds:.0f} s, ran for {test_seconds:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
