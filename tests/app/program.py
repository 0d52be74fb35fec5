"""Runs programs, talks to them while they run, and prints one line of TAP per test."""

import argparse
import collections
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

# Far more than anything here takes, also on a busy machine; what hangs must not hang the tests.
PATIENCE_SECONDS = 60

PROGRAMS = {}

Outcome = collections.namedtuple("Outcome", "code out err seconds")


def until(condition, what, seconds=PATIENCE_SECONDS):
    """Waits for condition() to hold, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


class Running:
    """A program that runs; what it says is collected while it does."""

    def __init__(self, command, env=None, **options):
        self.command = [str(part) for part in command]
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        self.began = time.monotonic()
        self.process = subprocess.Popen(self.command, env={**os.environ, **(env or {})}, **options)
        self.texts = {"out": b"", "err": b""}
        self.readers = []
        for name, stream in (("out", self.process.stdout), ("err", self.process.stderr)):
            if stream is not None:
                reader = threading.Thread(target=self._read, args=(name, stream), daemon=True)
                reader.start()
                self.readers.append(reader)

    def _read(self, name, stream):
        while block := os.read(stream.fileno(), 65536):
            self.texts[name] += block

    @property
    def err(self):
        return self.texts["err"].decode(errors="replace")

    def wait_for_err(self, pattern, seconds=PATIENCE_SECONDS):
        """Waits until standard error has a match for the pattern."""
        def found():
            match = re.search(pattern, self.err)
            if not match and self.process.poll() is not None:
                self.finish()
                match = re.search(pattern, self.err)
                if not match:
                    raise AssertionError(f"ended with {self.process.returncode} before /{pattern}/: {self.err}")
            return match
        return until(found, f"/{pattern}/ on standard error", seconds)

    def send(self, number):
        self.process.send_signal(number)

    def finish(self, seconds=PATIENCE_SECONDS):
        """Waits for the end; a negative code is the signal that ended it."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {seconds} s: {self.command}: {self.err}") from None
        for reader in self.readers:
            reader.join(PATIENCE_SECONDS)
        return Outcome(self.process.returncode, self.texts["out"].decode(errors="replace"), self.err,
                       time.monotonic() - self.began)

    def stop(self, number=signal.SIGTERM, seconds=PATIENCE_SECONDS):
        """Sends a signal and waits; `seconds` of the outcome count from the signal."""
        began = time.monotonic()
        self.send(number)
        outcome = self.finish(seconds)
        return outcome._replace(seconds=time.monotonic() - began)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run(*command, data=None, env=None, **options):
    """Runs a program to its end, with `data` as its standard input."""
    if data is None:
        return Running(command, env, **options).finish()
    program = Running(command, env, stdin=subprocess.PIPE, **options)
    with contextlib.suppress(BrokenPipeError):
        program.process.stdin.write(data)
    with contextlib.suppress(BrokenPipeError):
        program.process.stdin.close()
    return program.finish()


def get(port, path):
    """Status and text of a page."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class ProgramTest(unittest.TestCase):
    """Each test has a folder of its own."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-app-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.started = []
        self.addCleanup(lambda: [program.kill() for program in self.started])

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def start(self, *command, **options):
        program = Running(command, **options)
        self.started.append(program)
        return program

    def expect(self, outcome, code, out=None, err=None):
        """`out` is all of standard output, `err` a pattern within standard error, "" for nothing there."""
        shown = f"{outcome.code}\n--- out\n{outcome.out[-2000:]}\n--- err\n{outcome.err[-2000:]}"
        self.assertEqual(outcome.code, code, shown)
        if out is not None:
            self.assertEqual(outcome.out, out, shown)
        if err == "":
            self.assertEqual(outcome.err, "", shown)
        elif err is not None:
            self.assertRegex(outcome.err, err, shown)


class SampleTest(ProgramTest):
    """With a configuration for sample_app, and a way to give it lines."""

    def setUp(self):
        super().setUp()
        self.sample = PROGRAMS["sample_app"]
        self.config = self.configure()
        self.home = self.folder / "state" / "sample"

    def configure(self, name="sample.yaml", **settings):
        """Writes a configuration; an underscore in a setting's name stands for a dot."""
        lines = {"application.id": "sample", "state.dir": str(self.folder / "state"), "commit.interval.ms": "20",
                 "metrics.port": "0", "embedded.topic.lines.partitions": "2"}
        lines.update({key.replace("_", "."): value for key, value in settings.items()})
        return self.write(name, "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None))

    def feed(self, *lines):
        """Appends lines while the application is not running."""
        self.fed = getattr(self, "fed", "") + "".join(f"{line}\n" for line in lines)
        # The log lies in a folder that the application would make.
        self.home.mkdir(parents=True, exist_ok=True)
        self.expect(run(self.sample, "feed", self.home, self.write("fed.txt", self.fed)), 0)

    def show(self, topic):
        outcome = run(self.sample, "show", self.home, topic)
        self.expect(outcome, 0)
        return outcome.out.splitlines()

    def counts(self):
        """The highest count of each line, as the output topic has it."""
        best = collections.Counter()
        for row in self.show("counts"):
            key, value = row.split("\t")
            best[key] = max(best[key], int(value))
        return dict(best)

    def launch(self, config=None, env=None, **options):
        return self.start(self.sample, "run", "--config", config or self.config, env=env, **options)

    def port_of(self, program):
        return int(program.wait_for_err(r"http://127\.0\.0\.1:(\d+)/")[1])

    def wait_until_ready(self, program):
        port = self.port_of(program)
        until(lambda: get(port, "/readyz")[0] == 200, "/readyz says 200")
        return port

    def wait_until_processed(self, port, lines):
        """Each line is processed twice: as it comes, and as a key to be counted."""
        def processed():
            text = get(port, "/metrics")[1]
            return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                       if line.startswith("streams_records_processed_total{"))
        until(lambda: processed() >= 2 * lines, f"{lines} lines are processed")

    def process(self, lines, config=None, env=None):
        """Runs until that many lines are processed, and stops."""
        program = self.launch(config, env)
        self.wait_until_processed(self.wait_until_ready(program), lines)
        outcome = program.stop()
        self.expect(outcome, 0, out="")
        return outcome


def main(cases):
    """Runs the test classes named on the command line, all without one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("classes", nargs="*")
    for name in ("word-count", "treasure-hunt", "sample-app"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    options = parser.parse_args()
    PROGRAMS.update(word_count=options.word_count, treasure_hunt=options.treasure_hunt, sample_app=options.sample_app)
    count = failed = 0
    for case in cases:
        if options.classes and case.__name__ not in options.classes:
            continue
        for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):
            count += 1
            result = unittest.TestResult()
            test.run(result)
            text = test.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", " ")
            print(f"{'ok' if result.wasSuccessful() else 'not ok'} {count} - {text}")
            failed += not result.wasSuccessful()
            for _, trace in result.errors + result.failures:
                print("\n".join(f"# {line}" for line in trace.splitlines()))
            sys.stdout.flush()
    print(f"1..{count}")
    return 1 if failed or count == 0 else 0
