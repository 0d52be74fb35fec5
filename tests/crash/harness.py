"""What the crash scripts share: running programs, TAP lines, and reading an application's log and stores."""

import collections
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback

# Far more than any run here takes; a program that hangs must not hang the test.
RUN_SECONDS = 60


class Failed(Exception):
    """The reason why a test did not pass."""


class Skipped(Exception):
    """The reason why a test cannot run here."""


Outcome = collections.namedtuple("Outcome", "code out err")


def start(command, env=None, **options):
    """Starts a program with its output in pipes; `env` comes on top of this process's environment."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen([str(part) for part in command], env={**os.environ, **(env or {})}, text=True,
                            stdin=subprocess.DEVNULL, errors="replace", **options)


def finish(process, seconds=RUN_SECONDS):
    """Waits for the end; a negative code is the signal that ended it."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise Failed(f"{process.args[0]} did not end within {seconds} s: {last_lines(err)}") from None
    return Outcome(process.returncode, out, err)


def run(command, env=None, seconds=RUN_SECONDS, **options):
    return finish(start(command, env, **options), seconds)


def last_lines(text, count=5):
    return " | ".join(text.strip().splitlines()[-count:])


def expect(condition, message):
    if not condition:
        raise Failed(message)


class Tap:
    """Prints one line per test; a test that fails does not end the script. Thread-safe."""

    def __init__(self):
        self.count = 0
        self.failed = 0
        self.skipped = 0
        self.why = ""
        self._lock = threading.Lock()

    def report(self, good, text, comment=""):
        with self._lock:
            self.count += 1
            self.failed += not good
            print(f"{'ok' if good else 'not ok'} {self.count} - {text}", flush=True)
            for line in comment.splitlines():
                print(f"# {line}", flush=True)

    def test(self, text, body):
        """Runs body(); what it returns is added to the line."""
        try:
            more = body()
        except Skipped as skipped:
            self.skipped += 1
            self.why = str(skipped)
            self.report(True, f"{text} # SKIP {skipped}")
        except Failed as failure:
            self.report(False, text, str(failure))
        except Exception:  # of this script, or of what it found: no reason to leave out the other tests
            self.report(False, text, traceback.format_exc())
        else:
            self.report(True, f"{text}: {more}" if more else text)

    def end(self, summary):
        """The exit code: 77 if all were skipped. `summary` is the last line, what was measured, or why nothing was."""
        nothing = self.count > 0 and self.skipped == self.count
        print(f"1..{self.count}\n{self.why if nothing else summary}", flush=True)
        return 77 if nothing else 1 if self.failed else 0


@contextlib.contextmanager
def scratch(name):
    """A folder of its own; stays behind when a test failed in it, and says where it is."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"millrace-{name}-"))
    kept = []
    try:
        yield folder, kept
    except BaseException:
        kept.append(folder)
        raise
    finally:
        if kept:
            print(f"# kept for a look: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


Row = collections.namedtuple("Row", "partition offset timestamp key value headers")


class Inspection:
    """Topics, group offsets and stores of an application that is not running."""

    def __init__(self, inspect_log, folder, topics=(), groups=(), tasks=None):
        self.topics = {topic: [] for topic in topics}
        self.ranges = {}  # by topic and partition: its first and its next offset
        self.offsets = collections.defaultdict(dict)
        self.stamps = {}
        self.gaps = 0  # partitions that were found compacted
        self.entries = collections.defaultdict(dict)
        tasks = {task: stores for task, stores in (tasks or {}).items() if (folder / task).exists()}
        command = [inspect_log, folder]
        for topic in topics:
            command += ["--topic", topic]
        for group in groups:
            command += ["--offsets", group]
        for task, stores in tasks.items():
            command += ["--task", f"{task}={','.join(stores)}"]
        outcome = run(command)
        expect(outcome.code == 0, f"inspect_log failed: {last_lines(outcome.err)}")
        for line in outcome.out.splitlines():
            self._take(line.split("\t"))

    def _take(self, fields):
        kind, name = fields[0], fields[1]
        if kind == "topic":
            partition, offset, timestamp, key, value, headers = fields[2:]
            self.topics[name].append(Row(int(partition), int(offset), int(timestamp), unhex(key), unhex(value),
                                         parse_headers(headers)))
        elif kind == "range":
            self.ranges[name, int(fields[2])] = int(fields[3]), int(fields[4])
        elif kind == "offset":
            self.offsets[name][fields[2], int(fields[3])] = int(fields[4])
        elif kind == "stamp":
            self.stamps[name, fields[2]] = int(fields[3])
        else:
            self.entries[name, fields[2]][unhex(fields[3])] = unhex(fields[4])

    def check_fold(self, store, changelog, complete):
        """Each task's store is the fold of its changelog up to the store's stamp, and the stamp is not beyond the end;
        `complete`: it is the end. Where compaction has made gaps, the records up to the stamp are not all there: then
        the store, with the records from the stamp on, is the fold of them all."""
        for (task, name), stamp in self.stamps.items():
            if name != store:
                continue
            partition = int(task.split("_")[1])
            begin, end = self.ranges.get((changelog, partition), (0, 0))
            expect(stamp <= end, f"task {task}: store {store} is at {stamp}, ahead of its changelog's end {end}")
            if complete:
                expect(stamp == end, f"task {task}: store {store} is at {stamp}, its changelog ends at {end}")
            rows = [row for row in self.topics[changelog] if row.partition == partition]
            if len(rows) == end - begin:
                fold = fold_of(row for row in rows if row.offset < stamp)
                self._compare(task, store, fold, self.entries[task, store])
                continue
            self.gaps += 1
            fold = fold_of(rows)
            rest = [row for row in rows if row.offset >= stamp]
            caught_up = [self._with_rest(self.entries[task, store], rest, stamped) for stamped in (True, False)]
            self._compare(task, store, fold, caught_up[0] if caught_up[0] == with_stamps(fold) else caught_up[1])

    @staticmethod
    def _with_rest(entries, rows, stamped):
        """The entries of a store after these rows."""
        entries = dict(entries)
        for row in rows:
            if row.value is None:
                entries.pop(row.key, None)
            else:
                entries[row.key] = stamp_of(row.timestamp) + row.value if stamped else row.value
        return entries

    def _compare(self, task, store, fold, entries):
        # A timestamped store holds eight bytes of timestamp before each value, a plain one the value.
        plain = {key: value for key, (_, value) in fold.items()}
        stamped = with_stamps(fold)
        if entries in (plain, stamped):
            return
        for key in sorted(set(fold) | set(entries)):
            if entries.get(key) not in (plain.get(key), stamped.get(key)) or (key in fold) != (key in entries):
                raise Failed(f"task {task}: store {store}: {key!r}: the store has {entries.get(key)!r}, "
                             f"its changelog {fold.get(key)!r}")
        raise Failed(f"task {task}: store {store}: timestamps differ from those of the changelog")


def stamp_of(timestamp):
    return timestamp.to_bytes(8, "big", signed=True)


def with_stamps(fold):
    return {key: stamp_of(timestamp) + value for key, (timestamp, value) in fold.items()}


def fold_of(rows):
    """What is left of each key, by key: its timestamp and value."""
    fold = {}
    for row in rows:
        if row.value is None:
            fold.pop(row.key, None)
        else:
            fold[row.key] = (row.timestamp, row.value)
    return fold


def parse_headers(text):
    pairs = (header.split("=") for header in text.split(",")) if text else ()
    return {unhex(name).decode(): unhex(value) for name, value in pairs}


def unhex(text):
    return None if text == "-" else bytes.fromhex(text)


def killed_by(outcome, number=signal.SIGKILL):
    return outcome.code == -number


def fail_usage(message):
    print(message, file=sys.stderr)
    sys.exit(2)
