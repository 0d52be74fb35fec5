"""Kills treasure_hunt; its audit recounts everything that is in the log, and this counts what came into the log."""

import re
import time

from harness import Inspection, expect, finish, killed_by, last_lines, run, start
from kills import PARTITIONS, Kills

COMMANDS = "hunt-commands"
STORES = ("progress", "answers", "treasures", "leaderboard", "failures")
CHANGELOGS = {store: f"treasure-hunt-{store}-changelog" for store in STORES}
AUDIT = re.compile(r"^audit: ok (\d+) commands", re.MULTILINE)


class HuntKills(Kills):
    application = "treasure-hunt"

    def __init__(self, build, folder, seed, seconds):
        super().__init__(build, "treasure_hunt", folder, seed)
        self.seed = seed
        self.tasks = self._stores_by_task()
        self.file, self.records = self._write_commands(seconds)

    def points(self):
        """It has no repartition topic that could be emptied."""
        return [point for point in super().points() if not point.startswith("purge/")]

    def kill_players(self, wanted):
        """Simulated players, who die with the engine: what they had sent by then is answered later."""
        self.begin()
        for _ in range(wanted):
            process = start(self._play(2))
            time.sleep(self.chance.uniform(0.05, 0.8))
            process.kill()
            expect(killed_by(finish(process)), "it ended before its time")
            self._after_kill()
        commands = self._audited(run(self._play(1)))
        self._inspect(self.state, complete=True)
        self._leave()
        return f"kills {wanted}, {commands} commands"

    def _command(self, program):
        return [program, "demo", "--state-dir", self.state, "--config", self.config, "--input", self.file]

    def _play(self, seconds):
        return [self.release_program, "demo", "--state-dir", self.state, "--config", self.config, "--seconds", seconds,
                "--players", 300, "--rate", 6000, "--seed", self.seed]

    def _write_commands(self, seconds):
        """What simulated players send in a run of their own, as a file."""
        self._audited(run(self._play(seconds)))
        rows = Inspection(self.inspect_log, self.state / self.application, topics=[COMMANDS]).topics[COMMANDS]
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

    def _inspect(self, state, complete):
        found = self._look(state, CHANGELOGS.values(), self.tasks)
        if found is not None:
            for store, changelog in CHANGELOGS.items():
                found.check_fold(store, changelog, complete)
        return found

    def _audited(self, outcome):
        """The audit is content: each command in the log is answered once. Returns their number."""
        audit = AUDIT.search(outcome.out)
        expect(outcome.code == 0 and audit,
               f"exit code {outcome.code}: {last_lines(outcome.out)}; {last_lines(outcome.err)}")
        return int(audit[1])

    def _check_end(self, outcome):
        """The file is played, and each line has become one command."""
        commands = self._audited(outcome)
        self.lost += max(self.records - commands, 0)
        self.doubled += max(commands - self.records, 0)
        expect(commands == self.records, f"{self.records} lines became {commands} commands")
        self._inspect(self.state, complete=True)
        self._leave()
