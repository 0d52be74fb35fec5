"""A disk that is full, and places that cannot be written to."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import Skipped, expect, last_lines, run
from service import Service
from word_count_kills import WordCountKills

NAMESPACE = "MILLRACE_FAULTS_NAMESPACE"
NOBODY = 65534


def mount(*arguments):
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)


def can_mount():
    with tempfile.TemporaryDirectory() as folder:
        if shutil.which("mount") is None or mount("-t", "tmpfs", "-o", "size=1m", "none", folder).returncode != 0:
            return False
        subprocess.run(["umount", folder], check=True)
    return True


def become_able_to_mount():
    """Without the right to mount, goes on in a user namespace of its own, where there are any."""
    if can_mount() or os.environ.get(NAMESPACE):
        return
    if shutil.which("unshare") and subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0:
        os.environ[NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "-rm", sys.executable, *sys.argv])


@contextlib.contextmanager
def disk(folder, options):
    """A small disk of its own."""
    if not can_mount():
        raise Skipped("no small disk can be mounted: neither root, nor in a user namespace")
    folder.mkdir()
    mounted = mount("-t", "tmpfs", "-o", options, "none", folder)
    expect(mounted.returncode == 0, mounted.stderr)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder, options):
    mounted = mount("-o", f"remount,{options}", folder)
    expect(mounted.returncode == 0, mounted.stderr)


def fill(place, left_bytes):
    """A file that leaves so much room."""
    filler = place / "filler"
    space = os.statvfs(place)
    with open(filler, "wb") as out:
        os.posix_fallocate(out.fileno(), 0, space.f_bavail * space.f_frsize - left_bytes)
    return filler


def check_refused(outcome, *parts):
    """Exit code 1, and a last line that a person can use."""
    expect(outcome.code == 1, f"exit code {outcome.code}: {last_lines(outcome.err)}")
    said = (outcome.err.strip().splitlines() or [""])[-1]
    for part in ("MR-", "To mend it: ", *map(str, parts)):
        expect(part in said, f"the message does not have \"{part}\": {said}")
    return re.search(r"MR-\d+", said)[0], said


class FullDisk:
    def __init__(self, build):
        self.build = build

    def tests(self):
        become_able_to_mount()
        sizes = [(f"full disk, after {size >> 20} MiB: waits, says so, and goes on by itself when there is room",
                  lambda folder, size=size: self.fills(folder, size)) for size in (1 << 20, 3 << 20, 6 << 20, 12 << 20)]
        return sizes + [("full disk of one task's state: waits, says so, and goes on by itself when there is room",
                         self.state_only),
                        *((f"full disk, after {size >> 20} MiB: killed while it waits, it goes on when there is room",
                           lambda folder, size=size: self.killed(folder, size)) for size in (2 << 20, 8 << 20)),
                        ("full disk: stopped while it waits, it ends in time", self.stopped),
                        ("full disk, from the start: does not begin, and does when there is room", self.from_the_start)]

    def _words(self, folder, place):
        words = WordCountKills(self.build, folder, 1, words_per_file=12_000)
        words.config.write_text(words.config.read_text().replace("metrics.enabled: false", "metrics.port: 0")
                                .replace("log.level: warn", "log.level: info"))
        words.state = place / "state"
        return words

    def _wait_until_full(self, service, place):
        """Not ready, with the reason; alive; it commits nothing any more; and the log has it once."""
        quiet = {"since": time.monotonic(), "commits": None}

        def waits():
            status, body = service.ask("/readyz")
            found = re.findall("MR-0(412|514)", body)
            commits = service.total("streams_commits_total")
            if status != 503 or not found or commits != quiet["commits"]:
                quiet.update(since=time.monotonic(), commits=commits)
            quiet.update(body=body, code=found and f"MR-0{found[0]}")
            return time.monotonic() - quiet["since"] > 3
        service.wait(waits, "/readyz names the full disk, and nothing is committed", pause=0.05)
        code, body = quiet["code"], quiet["body"]
        for part in (str(place), "No space left on device", "bytes are free", "needed to go on", "free disk space"):
            expect(part in body, f"/readyz does not have \"{part}\": {body}")
        expect(service.get("/healthz") is not None, "/healthz says that it is dead")
        waits_for_log = service.total("streams_log_waits")
        expect(waits_for_log == (code == "MR-0514"), f"{code}, and streams_log_waits is {waits_for_log}")
        self._check_lines(service.err, code)
        return code

    @staticmethod
    def _check_lines(err, code):
        lines = [line for line in err.splitlines() if "MR-0" in line]
        expect(len(lines) == 1 and code in lines[0], f"not one line of the log, with {code}: {lines[:4]}")
        for part in ("bytes are free", "To mend it: free disk space"):
            expect(part in lines[0], f"the line of the log does not have \"{part}\": {lines[0]}")

    def fills(self, folder, left_bytes):
        with disk(folder / "disk", "size=64m") as place:
            words = self._words(folder, place)
            filler = fill(place, left_bytes)
            # Not into a pipe: nobody reads it before the end.
            with open(folder / "out", "w") as out, Service(words.command(), stdout=out) as service:
                code = self._wait_until_full(service, place)
                filler.unlink()
                outcome = service.ended()
            self._check_lines(outcome.err, code)
            words.check(outcome._replace(out=(folder / "out").read_text()))
        return f"{code}, then {words.records} words counted once"

    def state_only(self, folder):
        """The log has room, and what it committed is in it."""
        words = self._words(folder, folder)
        shared = words.state / words.application
        shared.mkdir(parents=True, mode=0o750)
        with disk(shared / "1_0", "size=800k,mode=750") as place:
            with open(folder / "out", "w") as out, Service(words.command(), stdout=out) as service:
                code = self._wait_until_full(service, place)
                expect(code == "MR-0412", f"it says {code}")
                remount(place, "size=64m")
                outcome = service.ended()
            self._check_lines(outcome.err, code)
            words.check(outcome._replace(out=(folder / "out").read_text()))
        return f"{code}, then {words.records} words counted once"

    def killed(self, folder, left_bytes):
        with disk(folder / "disk", "size=64m") as place:
            words = self._words(folder, place)
            filler = fill(place, left_bytes)
            with Service(words.command()) as service:
                code = self._wait_until_full(service, place)
            again = [self._started_when_full(words, place) for _ in range(2)]
            filler.unlink()
            words.check(run(words.command()))
        return f"{code}, then {' and '.join(again)}, then {words.records} words counted once"

    def _started_when_full(self, words, place):
        """It waits, and is killed, or does not begin; whichever, with the reason."""
        with Service(words.command()) as service:
            service.wait(lambda: not service.running() or service.ask("/readyz")[0] == 503 and
                         "No space left on device" in service.ask("/readyz")[1], "/readyz names the full disk",
                         may_end=True)
            if service.running():
                return "waited"
            check_refused(service.ended(), place, "No space left on device")
            return "was refused"

    def stopped(self, folder):
        with disk(folder / "disk", "size=64m") as place:
            words = self._words(folder, place)
            filler = fill(place, 12 << 20)
            with Service(words.command()) as service:
                self._wait_until_full(service, place)
                began = time.monotonic()
                outcome = service.stop(seconds=30)
                took = time.monotonic() - began
            expect(took < 11, f"the stop took {took:.1f} s")
            # The thread may have committed all that it processed, and only what is to be processed next waits.
            if outcome.code != 128 + signal.SIGTERM:
                check_refused(outcome, "MR-0514", place, "bytes are free", "stopped while a commit waited",
                              "processed again at the next start")
            filler.unlink()
            words.check(run(words.command()))
        return f"exit code {outcome.code} within {took:.1f} s, then {words.records} words counted once"

    def from_the_start(self, folder):
        with disk(folder / "disk", "size=64m") as place:
            words = self._words(folder, place)
            filler = fill(place, 0)
            codes = []
            for _ in range(2):  # it is as full the second time
                code, said = check_refused(run(words.command()), place, "No space left on device")
                codes.append(code)
                expect("space" in said.split("To mend it: ")[1], f"the remedy does not speak of space: {said}")
            filler.unlink()
            words.check(run(words.command()))
        return f"{' and '.join(codes)}, then {words.records} words counted once"


def as_nobody():
    """Options for a child that is not root; none if nobody here is."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


class Unwritable:
    def __init__(self, build):
        self.build = build

    def tests(self):
        return [("a state directory that nobody may write to", self.forbidden),
                ("a log that nobody may write to", self.forbidden_log),
                ("a state path that is a file", self.is_file),
                ("a disk mounted read-only", self.read_only)]

    def _words(self, folder):
        words = WordCountKills(self.build, folder, 1, words_per_file=100)
        words.release_program = shutil.copy(words.release_program, folder)  # nobody may not even see the build folder
        for path in (folder.parent, folder):
            path.chmod(0o755)
        return words

    def forbidden(self, folder):
        words = self._words(folder)
        words.state = folder / "state"
        words.state.mkdir(mode=0o555)
        code, _ = check_refused(run(words.command(), **as_nobody()), "MR-0402", words.state, "Permission denied",
                             "check that the path is a directory this user can write to")
        expect(not list(words.state.iterdir()), "something was written")
        words.state.chmod(0o777)
        words.check(run(words.command(), **as_nobody()))
        return code

    def forbidden_log(self, folder):
        """It was made by somebody else."""
        if os.geteuid() != 0:
            raise Skipped("needs root, to be somebody else")
        words = self._words(folder)
        words.state = folder / "state"
        words.check(run(words.command()))
        shared = words.state / words.application
        for path in (words.state, shared, shared / "lock"):
            path.chmod(0o777)
        code, _ = check_refused(run(words.command(), **as_nobody()), "MR-0402", shared / "log", "Permission denied")
        words.check(run(words.command()))
        return code

    def is_file(self, folder):
        words = self._words(folder)
        words.state = folder / "state"
        words.state.write_text("not a directory\n")
        code, _ = check_refused(run(words.command()), "MR-0402", words.state, "not a directory")
        expect(words.state.read_text() == "not a directory\n", "the file was changed")
        return code

    def read_only(self, folder):
        words = self._words(folder)
        with disk(folder / "disk", "size=64m") as place:
            words.state = place / "state"
            words.check(run(words.command()))
            remount(place, "ro")
            code, _ = check_refused(run(words.command()), "MR-0402", words.state, "Read-only file system")
            remount(place, "rw")
            words.check(run(words.command()))
        return code
