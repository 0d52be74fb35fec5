#!/usr/bin/env python3
"""compare.py, held against programs that print made-up numbers."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import compare  # noqa: E402

FAKE = """#!/bin/sh
echo "{name} $*" >> {folder}/calls
for pass in 1 2; do
  printf '{{"pass":%d,"records":1000000,"cpu_seconds":{cpu},' $pass
  printf '"records_per_second":%d,"peak_rss_bytes":1048576}}\\n' $((pass * {rate}))
done
"""


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.kept = tempfile.TemporaryDirectory(prefix="millrace-compare-")
        self.addCleanup(self.kept.cleanup)
        self.folder = pathlib.Path(self.kept.name)

    def program(self, name, rate, cpu, text=FAKE):
        path = self.folder / name
        path.write_text(text.format(name=name, folder=self.folder, rate=rate, cpu=cpu), encoding="utf-8")
        path.chmod(0o755)

    def run_embedded(self):
        out, err = io.StringIO(), io.StringIO()
        report = self.folder / "report.json"
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = compare.main(["embedded", "--programs", str(self.folder), "--rounds", "2", "--json", str(report)])
        return status, out.getvalue(), json.loads(report.read_text(encoding="utf-8"))

    def test_second_pass_counts_and_goals_are_judged(self):
        self.program("embedded_bench", 700_000, 0.5)
        self.program("raw_rocksdb", 2_000_000, 0.25)
        status, out, report = self.run_embedded()
        self.assertEqual(status, 0)
        through, count, *_ = report["comparisons"]
        self.assertEqual(through["sides"]["ours"]["records_per_second"]["median"], 1_400_000)
        self.assertEqual(through["ratio"]["median"], 0.35)
        self.assertEqual(through["cpu_ratio"]["median"], 0.5)
        self.assertIn(">= 0.6 x: MISSED, >= 1.50 M/s: MISSED", out)
        self.assertIn(">= 1.00 M/s: met", out)
        self.assertIsNone(count["ratio_goal"])

    def test_programs_take_turns(self):
        self.program("embedded_bench", 1_000_000, 0.5)
        self.program("raw_rocksdb", 1_000_000, 0.5)
        self.run_embedded()
        calls = [line.split()[0] for line in (self.folder / "calls").read_text(encoding="utf-8").splitlines()]
        self.assertEqual(calls, ["embedded_bench", "raw_rocksdb"] * 12 + ["embedded_bench"] * 12)

    def test_missing_program_is_said_and_fails_but_the_rest_is_measured(self):
        self.program("raw_rocksdb", 1_000_000, 0.5)
        status, out, report = self.run_embedded()
        self.assertEqual(status, 1)
        self.assertIn("embedded_bench does not exist", out)
        self.assertIn(">= 0.6 x: not measured", out)
        self.assertEqual(len(report["comparisons"][0]["runs"]["peer"]), 2)

    def test_failing_program_is_quoted(self):
        self.program("raw_rocksdb", 1_000_000, 0.5)
        self.program("embedded_bench", 0, 0, "#!/bin/sh\necho 'disk full' >&2\nexit 3\n")
        status, out, _ = self.run_embedded()
        self.assertEqual(status, 1)
        self.assertIn("ended with 3: disk full", out)

    def test_program_without_a_second_pass_is_refused(self):
        self.program("raw_rocksdb", 1_000_000, 0.5)
        self.program("embedded_bench", 0, 0, "#!/bin/sh\necho '{{\"pass\":1}}'\n")
        status, out, _ = self.run_embedded()
        self.assertEqual(status, 1)
        self.assertIn("printed 0 lines of pass 2", out)


if __name__ == "__main__":
    unittest.main()
