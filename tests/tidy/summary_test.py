#!/usr/bin/env python3
"""scripts/test_summary.py counts what ctest wrote, and never takes a test that could not run for a skipped one."""

import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"))

import test_summary  # noqa: E402

PASSED = '<testcase name="a" time="0.5" status="run"><system-out>fine</system-out></testcase>'
FAILED = '<testcase name="b" time="1" status="fail"><failure message=""/><system-out>x != y</system-out></testcase>'
SKIPPED = ('<testcase name="c" time="0" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
           "<system-out>needs root</system-out></testcase>")
MISSING = ('<testcase name="d" time="0" status="notrun"><skipped message="Unable to find executable"/>'
           "<system-out></system-out></testcase>")
TAP = ('<testcase name="e" time="9" status="{}"><system-out>1..3\nok 1 - restores\n{}\n# note\n'
       "ok 3 - full disk # SKIP no tmpfs\n</system-out></testcase>")


class Summary(unittest.TestCase):
    def summarize(self, *cases, arguments=()):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(f"<testsuite>{''.join(cases)}</testsuite>")
            file.flush()
            out = io.StringIO()
            status = test_summary.main([*arguments, file.name], out)
        return status, out.getvalue().splitlines()

    def test_all_passed(self):
        status, lines = self.summarize(PASSED, PASSED)
        self.assertEqual((status, lines), (0, ["2 passed, 0 failed, 0 skipped"]))

    def test_failures_are_shown_and_the_last_line_is_the_count(self):
        status, lines = self.summarize(PASSED, FAILED, SKIPPED)
        self.assertEqual(status, 1)
        self.assertEqual(lines[-1], "1 passed, 1 failed, 1 skipped")
        self.assertIn("FAILED: b", lines)
        self.assertIn("    x != y", lines)
        self.assertIn("skipped: c (needs root)", lines)

    def test_program_that_is_missing_has_failed(self):
        status, lines = self.summarize(PASSED, MISSING)
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_tap_lines_count_one_by_one(self):
        status, lines = self.summarize(TAP.format("run", "ok 2 - kills"))
        self.assertEqual((status, lines[-1]), (0, "2 passed, 0 failed, 1 skipped"))
        status, lines = self.summarize(TAP.format("fail", "not ok 2 - kills"))
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed, 1 skipped"))
        self.assertIn("    # note", lines)

    def test_tap_script_that_failed_without_saying_so_has_failed(self):
        status, lines = self.summarize(TAP.format("fail", "ok 2 - kills"))
        self.assertEqual((status, lines[-1]), (1, "2 passed, 1 failed, 1 skipped"))

    def test_nothing_ran(self):
        status, lines = self.summarize()
        self.assertEqual((status, lines[-1]), (1, "0 passed, 0 failed, 0 skipped"))

    def test_ctest_that_failed_without_a_failed_case(self):
        status, lines = self.summarize(PASSED, arguments=["--ctest-status", "8"])
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_file_that_is_missing(self):
        out = io.StringIO()
        self.assertEqual(test_summary.main(["/nonexistent/results.xml"], out), 1)
        self.assertEqual(out.getvalue().splitlines()[-1], "0 passed, 1 failed, 0 skipped")

    def test_slowest_first(self):
        _, lines = self.summarize(PASSED, FAILED, arguments=["--slowest", "1"])
        self.assertEqual(lines[:2], ["the 1 slowest:", "       1.0 s  b"])


if __name__ == "__main__":
    unittest.main()
