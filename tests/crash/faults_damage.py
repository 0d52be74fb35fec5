"""Damaged files: state is wiped and restored, the log is refused."""

import os
import pathlib
import shutil

from faults_disk import check_refused
from harness import expect, killed_by, run
from word_count_kills import WordCountKills

FILES = 12


def middle(path, share=0.5):
    return int(path.stat().st_size * share)


def flip(path, share=0.5):
    """Sixteen bytes become others."""
    at = middle(path, share)
    with open(path, "r+b") as file:
        file.seek(at)
        bytes_there = file.read(16)
        file.seek(at)
        file.write(bytes(byte ^ 0x5a for byte in bytes_there))


def riddle(path):
    """So often that whatever is read has been hit."""
    for at in range(0, path.stat().st_size, 2048):
        flip(path, at / path.stat().st_size)


def cut(path):
    os.truncate(path, middle(path))


def garbage(path):
    path.write_bytes(b"\x00\x7fnothing that anybody wrote\n")


def one(folder, pattern):
    """The largest file of that name."""
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_size)
    expect(found and found[-1].stat().st_size > 0, f"{folder} has no {pattern} worth damaging")
    return found[-1]


class Damage:
    """Counts half of its files, and keeps what it has then; every test damages a copy, and counts on."""

    words_per_file = 3000

    def __init__(self, build):
        self.build = build
        self.bases = {}

    def _words(self, folder, killed):
        """A copy of a directory that a program has left in order, or that it was killed in."""
        words = WordCountKills(self.build, folder, 1, self.words_per_file, FILES)
        words.state = folder / "state"
        if killed not in self.bases:
            words.use(FILES // 2)
            if killed:
                self._kill_with_writes(words)
            else:
                words.check(run(words.command()))
            self.bases[killed] = folder.parent / f"base-{killed}"
            shutil.move(words.state, self.bases[killed])
        shutil.copytree(self.bases[killed], words.state)
        words.use(FILES)
        return words


    def _kill_with_writes(self, words):
        """Until the write-ahead logs of log and state have something in them."""
        shared = words.state / words.application
        while not all(any(wal.stat().st_size > 0 for wal in (shared / part).glob("*.log")) for part in ("log", "1_0")):
            outcome = run(words.command_to_crash(), {"MILLRACE_CRASH_AT": "state/after-all:3"})
            expect(killed_by(outcome), f"it was not killed: exit code {outcome.code}")


class CorruptedState(Damage):
    def tests(self):
        state = [("a table with flipped bytes", False, "*.sst", flip, False),
                 ("a table with a flipped footer", False, "*.sst", lambda path: flip(path, 0.999), True),
                 ("a table that is cut", False, "*.sst", cut, True),
                 ("a table that is gone", False, "*.sst", pathlib.Path.unlink, True),
                 ("no CURRENT", False, "CURRENT", pathlib.Path.unlink, True),
                 ("a CURRENT of garbage", False, "CURRENT", garbage, True),
                 ("no manifest", False, "MANIFEST-*", pathlib.Path.unlink, True),
                 ("a manifest that is cut", False, "MANIFEST-*", cut, True),
                 ("a manifest with flipped bytes", False, "MANIFEST-*", flip, True),
                 ("a write-ahead log with flipped bytes, after a kill", True, "*.log", flip, False),
                 ("a write-ahead log that is cut, after a kill", True, "*.log", cut, False)]
        tests = [(f"state: {text}: restored from the changelog", lambda folder, rest=rest: self.restored(folder, *rest))
                 for text, *rest in state]
        return tests + [("state: a task's folder is gone: restored from the changelog", self.gone),
                        ("state: a table with flipped bytes, found when all is counted", self.found_late)]

    def restored(self, folder, killed, pattern, damage, wiped):
        """`wiped`: it must be found before anything is read, and said. Else it may be, or only a tail is restored."""
        words = self._words(folder, killed)
        task = words.state / words.application / "1_0"
        path = one(task, pattern)
        damage(path)
        outcome = run(words.command())
        warned = [line for line in outcome.err.splitlines() if "MR-0403" in line]
        words.check(outcome)
        if wiped or warned:
            expect(warned, f"no warning: {outcome.err}")
            for part in ("task 1_0", str(task), "the state is wiped and restored from its changelog"):
                expect(part in warned[0], f"the warning does not have \"{part}\": {warned[0]}")
        return f"{'wiped, ' if warned else ''}{words.records} words counted once"

    def gone(self, folder):
        words = self._words(folder, False)
        shutil.rmtree(words.state / words.application / "1_0")
        words.check(run(words.command()))
        return f"{words.records} words counted once"

    def found_late(self, folder):
        """Nothing is left to process, so the first to read the table is who prints it."""
        words = self._words(folder, False)
        words.use(FILES // 2)
        flip(one(words.state / words.application / "1_0", "*.sst"))
        outcome = run(words.command())
        if outcome.code != 0:
            check_refused(outcome, "MR-0403", "1_0")
            outcome = run(words.command())
        words.check(outcome)
        return f"{words.records} words counted once"


class CorruptedLog(Damage):
    def tests(self):
        log = [("a table with flipped bytes, needed to restore", False, "*.sst", riddle, True),
               ("a table with a flipped footer", False, "*.sst", lambda path: flip(path, 0.999), False),
               ("a table that is cut", False, "*.sst", cut, False),
               ("a table that is gone", False, "*.sst", pathlib.Path.unlink, False),
               ("no CURRENT", False, "CURRENT", pathlib.Path.unlink, False),
               ("a CURRENT of garbage", False, "CURRENT", garbage, False),
               ("no manifest", False, "MANIFEST-*", pathlib.Path.unlink, False),
               ("a manifest that is cut", False, "MANIFEST-*", cut, False),
               ("a manifest with flipped bytes", False, "MANIFEST-*", flip, False),
               ("a write-ahead log with flipped bytes, after a kill", True, "*.log", flip, False),
               ("a write-ahead log that is gone, after a kill", True, "*.log", pathlib.Path.unlink, False)]
        tests = [(f"log: {text}: refused, and nothing wiped", lambda folder, rest=rest: self.refused(folder, *rest))
                 for text, *rest in log]
        return tests + [("log: beyond repair: begun anew in the way the message names", self.begun_anew),
                        ("log: killed while it was made: begun anew", self.half_made)]

    def refused(self, folder, killed, pattern, damage, restoring):
        words = self._words(folder, killed)
        shared = words.state / words.application
        path = one(shared / "log", pattern)
        backup = path.read_bytes()
        damage(path)
        if restoring:
            for task in words.tasks:
                shutil.rmtree(shared / task)
        before = self._tables(shared)
        for _ in range(2):
            outcome = run(words.command())
            code, said = check_refused(outcome, "MR-0504", shared / "log", "from a backup")
        named = path.name in said
        # Nothing was wiped: with the file from a backup everything is as it was.
        gone = before - self._tables(shared)
        expect(not gone, f"gone: {gone}")
        path.write_bytes(backup)
        words.check(run(words.command()))
        return f"{code}, {'the file' if named else 'the folder'} named; with the file back {words.records} words " \
               f"counted once"

    @staticmethod
    def _tables(shared):
        """The files that hold records. Manifests and options are written anew whenever a database is opened."""
        return {entry.name for entry in (shared / "log").iterdir() if entry.suffix == ".sst"}

    def begun_anew(self, folder):
        words = self._words(folder, False)
        shared = words.state / words.application
        garbage(one(shared / "log", "MANIFEST-*"))
        check_refused(run(words.command()), "MR-0504", "delete the folder of the application in state.dir")
        shutil.rmtree(shared)
        words.check(run(words.command()))
        return f"{words.records} words counted once"

    def half_made(self, folder):
        """What a process leaves that is killed between the first two files of its database."""
        words = WordCountKills(self.build, folder, 1, 200, 2)
        words.state = folder / "state"
        log = words.state / words.application / "log"
        log.mkdir(parents=True)
        (log / "MILLRACE-FORMAT").write_text("millrace log 2\n")
        (log / "MANIFEST-000001").write_bytes(b"half a manif")
        words.check(run(words.command()))
        return f"{words.records} words counted once"
