#!/usr/bin/env python3
"""reset: says what it would do, does it with --yes, and leaves everything else as it is."""

import sys

import program
from program import SampleTest, run


class Reset(SampleTest):
    def reset(self, *more):
        return run(self.sample, "reset", "--config", self.config, *more)

    def listed(self, command):
        outcome = run(self.sample, command, self.home)
        self.expect(outcome, 0)
        return outcome.out.splitlines()

    def tasks(self):
        return sorted(path.name for path in self.home.iterdir() if path.is_dir() and path.name != "log")

    def everything(self):
        return self.listed("topics"), self.listed("offsets"), self.tasks(), self.show("counts")

    def test_without_yes_it_says_what_goes_and_changes_nothing(self):
        self.feed("a", "b", "a")
        self.process(3)
        before = self.everything()
        outcome = self.reset()
        self.expect(outcome, 0, err="")
        lines = outcome.out.splitlines()
        self.assertEqual(lines[-1], "nothing was changed: say --yes to do it")
        for topic in ("sample-counted-changelog", "sample-line-repartition"):
            self.assertIn(f"delete internal topic {topic}", lines)
        for task in self.tasks():
            self.assertIn(f"delete local state {self.home / task}", lines)
        self.assertRegex(outcome.out, r"forget the committed offset \d+ of lines\[\d\]")
        self.assertNotIn("topic lines", outcome.out)
        self.assertNotIn("topic counts", outcome.out)
        self.assertEqual(self.everything(), before)

    def test_with_yes_everything_is_counted_anew(self):
        self.feed("a", "b", "a")
        self.process(3)
        said = self.reset().out.splitlines()[:-1]
        outcome = self.reset("--yes")
        self.expect(outcome, 0, err="")
        self.assertEqual(outcome.out.splitlines(), said)
        self.assertEqual(self.listed("topics"), ["counts", "lines"])
        self.assertEqual(self.listed("offsets"), [])
        self.assertEqual(self.tasks(), [])
        self.assertEqual(len(self.show("lines")), 3)
        self.process(3)
        self.assertEqual(self.show("counts"), ["a\t1", "a\t1", "a\t2", "a\t2", "b\t1", "b\t1"])

    def test_after_it_an_input_file_still_is_not_read_again(self):
        self.feed("a", "b")
        self.process(2)
        self.expect(self.reset("--yes"), 0)
        self.feed("c")
        self.assertEqual(len(self.show("lines")), 3)

    def test_twice_does_no_harm(self):
        self.feed("a")
        self.process(1)
        self.expect(self.reset("--yes"), 0)
        self.expect(self.reset("--yes"), 0, out="", err="")

    def test_where_nothing_is_it_says_so_and_makes_nothing(self):
        for more in ((), ("--yes",)):
            outcome = self.reset(*more)
            self.expect(outcome, 0, err="")
            self.assertIn(f"there is no state in {self.home}", outcome.out)
        self.assertFalse(self.home.exists())

    def test_a_running_application_is_not_reset(self):
        self.feed("a", "b", "a")
        self.process(3)
        running = self.launch()
        self.wait_until_ready(running)
        for more in ((), ("--yes",)):
            outcome = self.reset(*more)
            self.expect(outcome, 1, out="", err="MR-0401")
            self.assertIn(f"pid {running.process.pid} uses the state directory {self.home}", outcome.err)
        self.expect(running.stop(), 0)
        self.feed("a")
        self.process(1)
        self.assertEqual(self.counts(), {"a": 3, "b": 1})


if __name__ == "__main__":
    sys.exit(program.main([Reset]))
