"""How a program is killed again and again, and looked at in between; what it counts is for the classes below this."""

import random
import shutil
import time

from harness import Failed, Inspection, expect, finish, killed_by, last_lines, run, start

# Small steps and commits, so that there are many of both; changelogs are compacted, and repartition topics emptied, as
# often as it goes.
CONFIG = """
application.id: {application}
commit.interval.ms: 4
embedded.default.partitions: {partitions}
num.stream.threads: {threads}
max.poll.records: 50
metrics.enabled: false
log.level: warn
repartition.purge.interval.ms: 0
embedded.compaction.min.bytes: 4KiB
"""
PARTITIONS = 3
# The most passages to wait for: what a run may still have before it. Points not listed: MANY.
FEW = {"input/before-append": 3, "poll/fetched": 6, "restore/batch-applied": 2, "shutdown/before-commit": 1,
       "shutdown/after-close": 1, "purge/after-trim": 2, "clean/before-write": 3, "clean/after-write": 3}
MANY = 12
PER_RECORD = ("process/before-record", "process/after-record")
# What has to happen before a point is passed.
IN_ORDER = ("shutdown/before-commit", "shutdown/after-close")
NEEDS_LOST_STATE = "restore/batch-applied"
# Looking opens the files and so mends them: on a copy, and not after each kill.
LOOK_EACH = 3


class Kills:
    """Runs in one state directory after another: a directory is left when its input is done.

    A class below it sets `application` and `records` (about as many as a run has), and has _command(program),
    _inspect(state, complete) and _check_end(outcome). `label` is what the reports call it.
    """

    application = ""
    records = 0
    partitions = PARTITIONS
    threads = 1

    def __init__(self, build, name, folder, seed):
        self.crash_program = build / "tests-bin" / f"{name}_crash"
        self.release_program = build / "bin" / name
        self.inspect_log = build / "tests-bin" / "inspect_log"
        self.folder = folder
        self.chance = random.Random(f"{name} {seed}")
        self.config = folder / f"{name}.yaml"
        self.config.write_text(CONFIG.format(application=self.application, partitions=self.partitions,
                                             threads=self.threads))
        self.label = self.application
        if self.threads > 1:
            self.label += f" with {self.threads} threads and {self.partitions} partitions"
        self.directories = 0
        self.kills = 0
        self.lost = 0
        self.doubled = 0
        self.state = None
        self.begin()

    def begin(self):
        """A fresh directory; what failed in the one before stays there, for a look."""
        self.directories += 1
        self.state = self.folder / f"state-{self.directories}"

    def points(self):
        outcome = run([self.crash_program, "--list-crash-points"] if self.application == "word-count" else
                      [self.crash_program, "demo", "--list-crash-points"])
        expect(outcome.code == 0, f"--list-crash-points: exit code {outcome.code}: {last_lines(outcome.err)}")
        return outcome.out.split()

    def kill_at(self, points, wanted):
        """Kills `wanted` times at each of the points, at passages by chance, then lets it end."""
        self.begin()
        passages = [self._kill(point) for point in points for _ in range(wanted)]
        self._end()
        return f"kills {len(passages)}, at passages {' '.join(map(str, passages))}"

    def kill_at_random(self, wanted):
        """Kills the released program at random moments."""
        self.begin()
        began = time.monotonic()
        self._end()
        longest = 0.6 * (time.monotonic() - began)
        kills = 0
        while kills < wanted:
            kills += self._kill_within(longest)
        self._end()
        return f"kills {kills} within {longest:.2f} s of the start"

    def kill_at_birth(self, wanted):
        """Kills the released program while it makes its directories, each time in a new one."""
        self.begin()
        began = time.monotonic()
        self._end()
        longest = 0.6 * (time.monotonic() - began)
        kills = 0
        while kills < wanted:
            self.begin()
            kills += self._kill_within(longest)
            self._end()
        return f"kills {kills} within {longest:.2f} s of the start"

    def _kill_within(self, longest):
        """False if it ended before that; what it counted is checked then."""
        process = start(self._command(self.release_program))
        time.sleep(self.chance.uniform(0, longest))
        process.kill()
        outcome = finish(process)
        if killed_by(outcome):
            self._after_kill()
            return True
        self._check_end(outcome)
        return False

    def _kill(self, point):
        passage = self._choose(point)
        for _ in range(4):
            outcome = self._run_to(point, passage)
            if killed_by(outcome):
                self._after_kill()
                return passage
            # The input ended before that passage: anew. A fresh run that does not even come by once has no such place.
            self._check_end(outcome)
            passage = 1
        raise Failed(f"{point} was never passed")

    def _choose(self, point):
        if point in PER_RECORD:
            return int((self.records / 2) ** self.chance.random())
        return self.chance.randint(1, FEW.get(point, MANY))

    def _run_to(self, point, passage):
        if point == NEEDS_LOST_STATE:
            self._lose_state()
        process = start(self._command(self.crash_program), {"MILLRACE_CRASH_AT": f"{point}:{passage}"})
        if point in IN_ORDER:
            self._wait_until_running(process)
            time.sleep(self.chance.uniform(0, 0.2))
            process.terminate()
        return finish(process)

    def _lose_state(self):
        """A kill between the log's commit and the state's leaves something to restore."""
        for _ in range(4):
            outcome = run(self._command(self.crash_program),
                          {"MILLRACE_CRASH_AT": f"commit/acknowledged:{self.chance.randint(4, 10)}"})
            if killed_by(outcome):
                self.kills += 1
                return
            self._check_end(outcome)
        raise Failed("commit/acknowledged was never passed")

    def _wait_until_running(self, process):
        """Until it has locked its directory: from then on SIGTERM is a wish."""
        lock = self.state / self.application / "lock"
        while process.poll() is None and not (lock.exists() and lock.read_text().strip() == str(process.pid)):
            time.sleep(0.002)

    def _after_kill(self):
        self.kills += 1
        if self.kills % LOOK_EACH != 0 or not self.state.exists():
            return
        copy = self.folder / "copy"
        shutil.copytree(self.state, copy)
        try:
            self._inspect(copy, complete=False)
        finally:
            shutil.rmtree(copy)

    def _look(self, state, topics, tasks):
        """What lies there; None if it was killed before there was a log."""
        folder = state / self.application
        if not (folder / "log" / "CURRENT").exists():
            return None
        return Inspection(self.inspect_log, folder, topics=topics, tasks=tasks)

    def _end(self):
        self._check_end(run(self._command(self.release_program)))

    def _leave(self):
        """The input is done: goes on with a fresh directory."""
        shutil.rmtree(self.state)
        self.begin()
