#!/usr/bin/env python3
"""treasure_hunt demo: plays, audits, and ends as it should."""

import json
import os
import signal
import sys

import program
from program import PROGRAMS, ProgramTest, run, until

COMMANDS = [
    {"kind": "join", "player": "ada", "hunt": "hunt-1", "command_id": "1"},
    {"kind": "scan", "player": "ada", "hunt": "hunt-1", "command_id": "2", "clue": 1, "code": "wrong"},
]


class TreasureHunt(ProgramTest):
    def setUp(self):
        super().setUp()
        self.program = PROGRAMS["treasure_hunt"]
        self.scratch = self.folder / "tmp"
        self.scratch.mkdir()
        self.env = {"TMPDIR": str(self.scratch)}

    def demo(self, *arguments, **options):
        return run(self.program, "demo", *arguments, env=self.env, **options)

    def expect_audited(self, outcome, code=0):
        self.expect(outcome, code)
        self.assertRegex(outcome.out.splitlines()[-1], r"\Aaudit: ok " if code == 0 else r"\Aaudit: ")
        self.assertEqual(list(self.scratch.iterdir()), [], "a temporary folder was left behind")

    def test_it_plays_and_audits(self):
        self.expect_audited(self.demo("--seconds", "1", "--players", "20", "--seed", "3"))

    def test_the_audit_finds_what_was_tampered_with(self):
        self.expect_audited(self.demo("--seconds", "1", "--players", "50", "--tamper"), code=1)

    def test_commands_from_a_file_and_once_more(self):
        text = "".join(json.dumps(command) + "\n" for command in COMMANDS)
        state = self.folder / "state"
        for _ in range(2):
            self.expect_audited(self.demo("--input", self.write("commands", text), "--state-dir", state))
        outcome = self.demo("--input", self.write("other", text.replace("ada", "bob")), "--state-dir", state)
        self.expect(outcome, 1, err=r"treasure_hunt: MR-0703: .*other does not begin with")

    def test_a_missing_file(self):
        self.expect(self.demo("--input", self.folder / "none"), 1, err="MR-0702: cannot read .*none")

    def test_a_pipe_that_pauses_is_followed_live_and_does_not_hold_up_the_end(self):
        source, sink = os.pipe()
        self.addCleanup(os.close, sink)
        running = self.start(self.program, "demo", "--input", "-", "--state-dir", self.folder / "state",
                             stdin=source, env=self.env)
        os.close(source)
        os.write(sink, json.dumps(COMMANDS[0]).encode() + b"\n")
        lock = self.folder / "state" / "treasure-hunt" / "lock"
        until(lambda: lock.exists() and lock.read_text().strip(), "it has begun")
        outcome = running.stop(signal.SIGTERM)
        self.expect_audited(outcome)

    def test_ctrl_c_ends_it_early_with_the_audit(self):
        running = self.start(self.program, "demo", "--seconds", "600", "--players", "20", env=self.env)
        until(lambda: list(self.scratch.glob("treasure_hunt-*")), "it has begun")
        outcome = running.stop(signal.SIGINT)
        self.expect_audited(outcome)
        self.assertLess(outcome.seconds, 30)

    def test_mistakes(self):
        self.expect(self.demo("--player", "3"), 2, out="",
                    err=r'MR-0701 treasure_hunt demo: .*did you mean "--players"')
        self.expect(self.demo("--players", "0"), 2, out="", err="MR-0701 treasure_hunt demo: --players: ")
        self.expect(self.demo("--seconds", "1", "--input", "x"), 2, out="", err="MR-0701")
        self.env["TMPDIR"] = str(self.folder / "none")
        self.expect(self.demo("--seconds", "1"), 1, out="", err="MR-0402: no temporary folder")

    def test_standard_output_that_is_full(self):
        with open("/dev/full", "wb") as full:
            self.expect(self.start(self.program, "demo", "--seconds", "1", "--players", "5", env=self.env,
                                   stdout=full).finish(), 1, err="MR-0704")


if __name__ == "__main__":
    sys.exit(program.main([TreasureHunt]))
