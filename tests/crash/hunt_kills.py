"""Kills treasure_hunt; its audit recounts everything that is in the log, and this counts what came into the log."""

import random
import re
import shutil
import time

from harness import Inspection, expect, finish, killed_by, last_lines, run, start

APPLICATION = "treasure-hunt"
PARTITIONS = 3
CONFIG = f"""
application.id: {APPLICATION}
commit.interval.ms: 4
embedded.default.partitions: {PARTITIONS}
max.poll.records: 50
metrics.enabled: false
log.level: warn
"""
COMMANDS = "hunt-commands"
STORES = ("progress", "answers", "treasures", "leaderboard", "failures")
AUDIT = re.compile(r"^audit: ok (\d+) commands", re.MULTILINE)
FEW = {"restore/batch-applied": 3, "shutdown/before-commit": 1, "shutdown/after-close": 1}
MANY = 12
RECORDS = {"process/before-record": 5000, "process/after-record": 5000}
NEEDS_LOST_STATE = "restore/batch-applied"


class HuntKills:
    """Runs in one state directory after another: a directory is left when its input file is played."""

    def __init__(self, build, folder, seed, commands):
        self.crash_program = build / "tests-bin" / "treasure_hunt_crash"
        self.release_program = build / "bin" / "treasure_hunt"
        self.inspect_log = build / "tests-bin" / "inspect_log"
        self.folder = folder
        self.seed = seed
        self.chance = random.Random(f"hunt {seed}")
        self.config = folder / "treasure_hunt.yaml"
        self.config.write_text(CONFIG)
        self.kills = 0
        self.lost = 0
        self.doubled = 0
        self.directories = 0
        self.state = self._fresh()
        self.tasks = self._stores_by_task()
        self.file, self.lines = self._write_commands(commands)

    def kill_at(self, point, wanted):
        """Kills at `wanted` passages of `point`, then lets it end."""
        passages = []
        misses = 0
        while len(passages) < wanted:
            passage = self._choose(point) if misses == 0 else 1
            if point == NEEDS_LOST_STATE:
                self._lose_state()
            outcome = run(self._command(self.crash_program), {"MILLRACE_CRASH_AT": f"{point}:{passage}"})
            if killed_by(outcome):
                passages.append(passage)
                self._after_kill(len(passages))
                misses = 0
                continue
            self._check_end(outcome)
            misses += 1
            expect(misses <= 3, f"{point} was never passed")
        self._end()
        return f"kills {len(passages)}, at passages {' '.join(map(str, passages))}"

    def kill_at_random(self, wanted):
        """Kills the released program at random moments."""
        began = time.monotonic()
        self._end()
        seconds = time.monotonic() - began
        kills = 0
        while kills < wanted:
            process = start(self._command(self.release_program))
            time.sleep(self.chance.uniform(0, 0.6 * seconds))
            process.kill()
            outcome = finish(process)
            if not killed_by(outcome):
                self._check_end(outcome)
                continue
            kills += 1
            self._after_kill(kills)
        self._end()
        return f"kills {kills} within {0.6 * seconds:.2f} s of the start"

    def kill_players(self, wanted):
        """The same with simulated players, who die with the engine: what they had sent by then is answered later."""
        for number in range(1, wanted + 1):
            process = start(self._play(2))
            time.sleep(self.chance.uniform(0.05, 0.8))
            process.kill()
            expect(killed_by(finish(process)), "it ended before its time")
            self._after_kill(number)
        outcome = run(self._play(1))
        expect(outcome.code == 0 and AUDIT.search(outcome.out),
               f"exit code {outcome.code}: {last_lines(outcome.out)}; {last_lines(outcome.err)}")
        self._leave()
        return f"kills {wanted}, {AUDIT.search(outcome.out)[1]} commands"

    def _choose(self, point):
        if point in RECORDS:
            return int(RECORDS[point] ** self.chance.random())
        return self.chance.randint(1, FEW.get(point, MANY))

    def _lose_state(self):
        outcome = run(self._command(self.crash_program),
                      {"MILLRACE_CRASH_AT": f"commit/acknowledged:{self.chance.randint(4, 8)}"})
        if not killed_by(outcome):
            self._check_end(outcome)
            self._lose_state()
            return
        self.kills += 1

    def _play(self, seconds):
        return [self.release_program, "demo", "--state-dir", self.state, "--config", self.config, "--seconds", seconds,
                "--players", 300, "--rate", 6000, "--seed", self.seed]

    def _write_commands(self, count):
        """What simulated players send in a run of their own, as a file."""
        outcome = run(self._play(max(1, count // 6000)))
        expect(outcome.code == 0, f"exit code {outcome.code}: {last_lines(outcome.out)}; {last_lines(outcome.err)}")
        rows = Inspection(self.inspect_log, self.state / APPLICATION, topics=[COMMANDS]).topics[COMMANDS]
        rows.sort(key=lambda row: row.timestamp)  # stable: the commands of a player stay in order
        path = self.folder / "commands.jsonl"
        path.write_bytes(b"".join(row.value + b"\n" for row in rows))
        self._leave()
        return path, len(rows)

    def _stores_by_task(self):
        """From the topology's description: `Sub-topology: 1 ...` and, below, the stores of its processors."""
        outcome = run([self.release_program, "describe"])
        expect(outcome.code == 0, "describe failed")
        tasks = {}
        for section in re.split(r"^\s*Sub-topology: ", outcome.out, flags=re.MULTILINE)[1:]:
            number = re.match(r"\d+", section)[0]
            found = re.findall(r"stores: \[([^\]]*)\]", section)
            stores = sorted({store.strip() for names in found for store in names.split(",") if store.strip()})
            if stores:
                tasks.update({f"{number}_{partition}": stores for partition in range(PARTITIONS)})
        known = sorted(store for stores in tasks.values() for store in stores)
        expect(known == sorted(STORES * PARTITIONS), f"describe names other stores: {known}")
        return tasks

    def _command(self, program):
        return [program, "demo", "--state-dir", self.state, "--config", self.config, "--input", self.file]

    def _fresh(self):
        self.directories += 1
        return self.folder / f"hunt-{self.directories}"

    def _after_kill(self, number):
        self.kills += 1
        # Looking opens the files and so mends them: on a copy, and not each time.
        if number % 3 != 0:
            return
        copy = self.folder / "copy"
        shutil.copytree(self.state, copy)
        self._check_folds(copy, complete=False)
        shutil.rmtree(copy)

    def _check_folds(self, state, complete):
        if not (state / APPLICATION / "log" / "CURRENT").exists():
            return  # killed before there was a log
        changelogs = {store: f"{APPLICATION}-{store}-changelog" for store in STORES}
        found = Inspection(self.inspect_log, state / APPLICATION, topics=changelogs.values(), tasks=self.tasks)
        for store, changelog in changelogs.items():
            found.check_fold(store, changelog, complete)

    def _end(self):
        self._check_end(run(self._command(self.release_program)))

    def _check_end(self, outcome):
        """The file is played: the audit is content, and each line has become one command."""
        audit = AUDIT.search(outcome.out)
        expect(outcome.code == 0 and audit,
               f"exit code {outcome.code}: {last_lines(outcome.out)}; {last_lines(outcome.err)}")
        commands = int(audit[1])
        self.lost += max(self.lines - commands, 0)
        self.doubled += max(commands - self.lines, 0)
        expect(commands == self.lines, f"{self.lines} lines became {commands} commands")
        self._leave()

    def _leave(self):
        """Goes on with a fresh directory."""
        self._check_folds(self.state, complete=True)
        shutil.rmtree(self.state)
        self.state = self._fresh()
