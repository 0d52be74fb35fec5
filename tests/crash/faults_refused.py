"""What a program does not begin with: a directory in use, of another format, with another input. And how it stops."""

import hashlib
import shutil
import signal
import time

from faults_disk import check_refused
from harness import expect, killed_by, last_lines, run
from payments import Payments, Program
from service import Service
from word_count_kills import WordCountKills


def content(folder):
    """Of every file but the lock's, which holds a pid."""
    return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


class Locked:
    def __init__(self, build):
        self.build = build

    def tests(self):
        return [("a directory in use: the second process is refused, the first goes on", self.in_use),
                ("a directory whose process was killed is free at once", self.killed)]

    def _running(self, folder):
        program = Program(self.build, folder)
        self.payments = Payments("good", 2000, 0)
        program.feed(self.payments)
        return program, Service(program.command())

    def in_use(self, folder):
        program, first = self._running(folder)
        with first:
            first.wait(first.metrics, "it answers")
            began = time.monotonic()
            check_refused(run(program.command()), "MR-0401", program.state, f"pid {first.process.pid}",
                          "stop that process, or give this one its own state.dir")
            seconds = time.monotonic() - began
            first.wait(lambda: first.total("streams_records_processed_total") == 2000, "all payments are processed")
            outcome = first.stop()
            expect(outcome.code == 0, f"the first: exit code {outcome.code}: {last_lines(outcome.err)}")
        program.check(self.payments, 2000)
        return f"refused within {seconds:.2f} s"

    def killed(self, folder):
        program, first = self._running(folder)
        with first:
            first.wait(first.metrics, "it answers")
            expect(killed_by(first.stop(signal.SIGKILL)), "it was not killed")
        program.run_to_end(self.payments)
        program.check(self.payments, 2000)


class Format:
    def __init__(self, build):
        self.build = build

    def tests(self):
        return [("the directory of a newer version", lambda folder: self.stamp(folder, "format", "millrace-state 2 ",
                                                                              "millrace-state 1 ", "MR-0406")),
                ("the directory of another application", lambda folder: self.stamp(folder, "format", "=other",
                                                                                  "=word-count", "MR-0406")),
                ("the log of a newer version", lambda folder: self.stamp(folder, "log/MILLRACE-FORMAT", "log 9",
                                                                        "log 2", "MR-0513")),
                ("the state of a newer version", lambda folder: self.stamp(folder, "1_0/MILLRACE-FORMAT", "state 2",
                                                                          "state 1", "MR-0406")),
                ("a log folder that holds something else", self.foreign)]

    def _words(self, folder):
        words = WordCountKills(self.build, folder, 1, words_per_file=100)
        words.state = folder / "state"
        return words

    def stamp(self, folder, name, foreign, ours, code):
        words = self._words(folder)
        words.check(run(words.command()))
        path = words.state / words.application / name
        text = path.read_text()
        expect(ours in text, f"{path} says {text}")
        path.write_text(text.replace(ours, foreign))
        before = content(words.state)
        said = check_refused(run(words.command()), code, path, foreign, "nothing was changed")[1]
        changed = {file for file in before if content(words.state).get(file) != before[file]}
        # Who judges the state of a task has opened the log: that writes manifests anew, but nothing into them.
        changed = {file for file in changed if file.parts[1:2] != ("log",) or name.startswith("log")}
        expect(not changed, f"changed although refused ({said}): {changed}")
        path.write_text(text)
        words.check(run(words.command()))
        return code

    def foreign(self, folder):
        words = self._words(folder)
        log = words.state / words.application / "log"
        log.mkdir(parents=True)
        (log / "holiday.jpg").write_text("not a log")
        code, _ = check_refused(run(words.command()), "MR-0513", log, "holiday.jpg")
        expect((log / "holiday.jpg").read_text() == "not a log", "the foreign file was changed")
        return code


class InputChanged:
    def __init__(self, build):
        self.build = build

    def tests(self):
        return [("another first file", lambda folder: self.refused(folder, self.change)),
                ("two files in another order", lambda folder: self.refused(folder, self.swap)),
                ("a file that became shorter", lambda folder: self.refused(folder, self.shorten)),
                ("fewer files", lambda folder: self.refused(folder, self.leave_out))]

    def change(self, words):
        text = words.files[0].read_text()
        words.files[0].write_text("x" + text[1:])
        return words.files[0]

    def swap(self, words):
        words.files[0], words.files[1] = words.files[1], words.files[0]
        return words.files[0]

    def shorten(self, words):
        text = words.files[-1].read_text()
        words.files[-1].write_text(text[:len(text) // 2])
        return words.files[-1]

    def leave_out(self, words):
        return words.files.pop()

    def refused(self, folder, change):
        words = WordCountKills(self.build, folder, 1, words_per_file=500, files=3)
        words.state = folder / "state"
        outcome = run(words.command_to_crash(), {"MILLRACE_CRASH_AT": "commit/acknowledged:3"})
        expect(killed_by(outcome) or outcome.code == 0, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        words.check(run(words.command()))
        shutil.copytree(folder / "text", folder / "original")
        named = change(words)
        code, _ = check_refused(run(words.command()), "MR-0703", named, "another --state-dir")
        shutil.rmtree(folder / "text")
        shutil.move(folder / "original", folder / "text")
        words.use(3)
        words.check(run(words.command()))
        return code


class Signals:
    """SIGTERM while a record's function does not come back."""

    def __init__(self, build):
        self.build = build

    def tests(self):
        return [("a second signal ends it at once", self.twice),
                ("one signal ends it when its time is over, though a thread does not end", self.once)]

    def _hanging(self, folder, timeout):
        program = Program(self.build, folder, more=f"shutdown.timeout.ms: {timeout}")
        payments = Payments("good", 3000, 0)
        payments.lines[2000] = payments.lines[2000][:-1] + b',"mishap":"hang"}'
        program.feed(payments)
        service = Service(program.command())
        service.wait(lambda: "the ledger hangs" in service.err, "it hangs")
        return program, payments, service

    def _check(self, program, payments):
        position = program.position(program.look())
        expect(0 < position <= 2000, f"the committed position is {position}")
        program.check(payments, position, in_order=False)
        return position

    def twice(self, folder):
        program, payments, service = self._hanging(folder, 60_000)
        with service:
            service.process.terminate()
            service.wait(lambda: service.metrics().get('streams_state{state="pending_shutdown"}') == 1, "it stops")
            began = time.monotonic()
            outcome = service.stop()
            seconds = time.monotonic() - began
        expect(outcome.code == 128 + signal.SIGTERM, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        expect("stopped at once" in outcome.err, f"it does not say so: {last_lines(outcome.err)}")
        position = self._check(program, payments)
        return f"within {seconds:.2f} s, {position} payments committed"

    def once(self, folder):
        program, payments, service = self._hanging(folder, 1000)
        with service:
            began = time.monotonic()
            outcome = service.stop()
            seconds = time.monotonic() - began
        expect(outcome.code == 1, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        position = self._check(program, payments)
        expect(seconds <= 10, f"it took {seconds:.1f} s")
        return f"within {seconds:.2f} s, {position} payments committed: {last_lines(outcome.err, 1)}"
