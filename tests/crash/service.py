"""A program that runs until it is told to stop, seen through its metrics port and its standard error."""

import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

from harness import Failed, Outcome, expect, last_lines, start

WAIT_SECONDS = 60


class Service:
    """A running program with a metrics port; its standard error is read as it comes."""

    def __init__(self, command, **options):
        self.began = time.monotonic()
        self.process = start(command, **options)
        self.err = ""
        self._port = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _read(self):
        for line in self.process.stderr:
            self.err += line
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            if found:
                self._port = int(found[1])

    def seconds(self):
        """Since it was started."""
        return time.monotonic() - self.began

    @property
    def port(self):
        """None until it is printed."""
        return self._port

    def running(self):
        return self.process.poll() is None

    def get(self, path):
        """The body, or None while nobody answers with 200."""
        if self._port is None:
            return None
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def ask(self, path):
        """The status and the body, whatever they say; (0, "") while nobody answers."""
        if self._port is None:
            return 0, ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, ""

    def metrics(self):
        """{"name{labels}": value}"""
        text = self.get("/metrics")
        if text is None:
            return {}
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def wait(self, condition, what, seconds=WAIT_SECONDS, pause=0.01, may_end=False):
        deadline = time.monotonic() + seconds
        while not condition():
            expect(may_end or self.running(), f"it ended, exit code {self.process.poll()}: {last_lines(self.err)}")
            expect(time.monotonic() < deadline, f"not within {seconds} s: {what}: {last_lines(self.err)}")
            time.sleep(pause)

    def total(self, name):
        """The sum of a metric over all its labels."""
        return sum(value for series, value in self.metrics().items() if series.split("{")[0] == name)

    def stop(self, number=signal.SIGTERM, seconds=60):
        self.process.send_signal(number)
        return self.ended(seconds)

    def ended(self, seconds=60):
        """The outcome, with all of standard error."""
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"it did not end within {seconds} s: {last_lines(self.err)}") from None
        self._reader.join()
        out = self.process.stdout.read() if self.process.stdout else ""
        return Outcome(self.process.returncode, out, self.err)
