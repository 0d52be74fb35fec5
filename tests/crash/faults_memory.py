"""Too little memory: a control group that holds a program to less than the machine has."""

import collections
import contextlib
import os
import pathlib

from harness import Skipped, expect, killed_by, last_lines, run
from million_keys import word

MIB = 1 << 20
KEYS = 400_000
ROUNDS = 3
BUDGET_MIB = 96
ENOUGH_MIB = 256
# Too little for it, from the largest down: one of them is met in the middle of its work.
TOO_LITTLE_MIB = (56, 40, 24)
CONFIG = f"""
application.id: word-count
embedded.default.partitions: 2
memory.budget.bytes: {BUDGET_MIB}MiB
metrics.enabled: false
"""


class MemoryGroup:
    """A memory control group below our own, of either version; gone with the block."""

    def __init__(self, limit_bytes):
        self._limit_bytes = limit_bytes
        self._place = None

    def __enter__(self):
        parent, self._limit, self._peak = self._find()
        self._place = parent / f"millrace-faults-{os.getpid()}-{self._limit_bytes}"
        try:
            self._place.mkdir()
            (self._place / self._limit).write_text(str(self._limit_bytes))
        except OSError as failure:
            self.__exit__()
            raise Skipped(f"no memory control group can be made: {failure}") from None
        with contextlib.suppress(OSError):  # no swap instead of memory; kernels may be without
            (self._place / ("memory.swap.max" if self._limit == "memory.max" else "memory.swappiness")).write_text("0")
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._place.rmdir()

    @staticmethod
    def _find():
        """The folder of our own group, and the names of its files."""
        groups = [line.split(":", 2) for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines()]
        root = pathlib.Path("/sys/fs/cgroup")
        for _, controllers, path in groups:
            if "memory" in controllers.split(",") and (root / "memory").is_dir():
                return root / "memory" / path.lstrip("/"), "memory.limit_in_bytes", "memory.max_usage_in_bytes"
        for number, controllers, path in groups:
            if number == "0" and not controllers and (root / "cgroup.controllers").exists():
                return root / path.lstrip("/"), "memory.max", "memory.peak"
        raise Skipped("there are no memory control groups")

    def options(self):
        """For a process that is to be in it."""
        procs = self._place / "cgroup.procs"
        return {"preexec_fn": lambda: procs.write_text(str(os.getpid()))}

    def peak_mib(self):
        """What its processes have used at most, caches of files included."""
        try:
            return int((self._place / self._peak).read_text()) // MIB
        except OSError:
            return 0


class Memory:
    """word_count with more state than it may hold in memory."""

    def __init__(self, build):
        self.program = build / "bin" / "word_count"

    def tests(self):
        return [(f"a budget of {BUDGET_MIB} MiB in a group of {ENOUGH_MIB} MiB: it goes through", self.enough),
                ("the kernel kills it for its memory: it goes on afterwards, and nothing is lost", self.too_little)]

    def enough(self, folder):
        self._prepare(folder)
        with MemoryGroup(ENOUGH_MIB * MIB) as group:
            outcome = run(self.command, seconds=300, **group.options())
            peak = group.peak_mib()
        self._check(outcome)
        return f"{KEYS * ROUNDS} words, {KEYS} different ones; at most {peak} MiB, caches of files included"

    def too_little(self, folder):
        self._prepare(folder)
        killed = []
        for limit in TOO_LITTLE_MIB:
            with MemoryGroup(limit * MIB) as group:
                outcome = run(self.command, seconds=300, **group.options())
            if outcome.code == 0:
                break
            expect(killed_by(outcome), f"{limit} MiB: exit code {outcome.code}: {last_lines(outcome.err)}")
            killed.append(limit)
        expect(killed, f"none of {TOO_LITTLE_MIB} MiB was too little: the test shows nothing")
        self._check(run(self.command, seconds=300))
        return f"killed at {', '.join(map(str, killed))} MiB; {KEYS * ROUNDS} words counted once"

    def _prepare(self, folder):
        words = [word(number) for number in range(KEYS)]
        text = folder / "words.txt"
        with open(text, "w", encoding="ascii") as out:
            for _ in range(ROUNDS):
                out.writelines(" ".join(words[at:at + 10]) + "\n" for at in range(0, KEYS, 10))
        self.expected = collections.Counter({name: ROUNDS for name in words})
        config = folder / "word_count.yaml"
        config.write_text(CONFIG)
        self.command = [self.program, "--state-dir", folder / "state", "--config", config, text]

    def _check(self, outcome):
        expect(outcome.code == 0, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        found = {name: int(count) for name, count in (line.split("\t") for line in outcome.out.splitlines())}
        wrong = sum(found.get(name) != count for name, count in self.expected.items())
        expect(not wrong and len(found) == KEYS, f"{wrong} counts of {len(found)} are wrong")
