"""faulty_topology, as scripts see it: its input, and what it should make of it."""

import collections
import json
import random

from harness import Failed, Inspection, expect, last_lines, run
from service import Service

APPLICATION = "payments-test"
TASK = "0_0"
STORE = "totals"
CHANGELOG = f"{APPLICATION}-{STORE}-changelog"
OUTPUT = "totals-output"
DEAD = "dead-payments"
# Small steps, and commits of some seven hundred payments, so that the bad ones stand in many transactions.
CONFIG = """
application.id: {application}
state.dir: {state}
commit.interval.ms: 4
producer.buffer.max.bytes: 64KiB
max.poll.records: 50
metrics.port: 0
deserialization.exception.handler: {poison}
processing.exception.handler: {throwing}
{more}
"""
POISON = (b"no json at all", b'{"account":"ada"}', b'{"account":"ada","amount":"five"}', b"[]", b"", b"\xff\xfe\x00",
          b'{"account":"ada","amount":5')
MISHAPS = ("throw", "throw-number")


class Payments:
    """Generated payments; `bad` of them, never the first, are poison, make the processor throw, or make a
    result that is too large."""

    def __init__(self, kind, count, bad, seed=1):
        chance = random.Random(f"{kind} {seed}")
        self.bad = dict.fromkeys(sorted(chance.sample(range(1, count), bad)))
        self.lines = []
        self.good = []
        for offset in range(count):
            account, amount = f"account-{int(40 * chance.random() ** 2)}", chance.randint(1, 100)
            payment = {"account": account, "amount": amount}
            if offset not in self.bad:
                self.good.append((offset, account, amount))
            elif kind == "throwing":
                payment["mishap"] = chance.choice(MISHAPS)
            elif kind == "oversized":
                payment["mishap"] = "huge"
            line = json.dumps(payment).encode()
            if offset in self.bad and kind == "poison":
                line = chance.choice(POISON)
            if offset in self.bad:
                self.bad[offset] = line
            self.lines.append(line)

    def write(self, path):
        path.write_bytes(b"".join(line + b"\n" for line in self.lines))

    def totals(self, end):
        """The output that the good payments before `end` make, in order, and each account's last total."""
        sums = collections.Counter()
        output = []
        for offset, account, amount in self.good:
            if offset >= end:
                break
            sums[account] += amount
            output.append((account, sums[account]))
        return output, dict(sums)


class Program:
    """faulty_topology in a directory of its own."""

    def __init__(self, build, folder, poison="fail", throwing="fail", more=""):
        self.build = build
        self.folder = folder
        self.state = folder / "state"
        self.config = folder / "payments.yaml"
        self.configure(poison, throwing, more)

    def configure(self, poison, throwing, more=""):
        if "dead-letter" in (poison, throwing):
            more += f"\nerrors.dead.letter.queue.topic.name: {DEAD}"
        self.config.write_text(CONFIG.format(application=APPLICATION, state=self.state, poison=poison,
                                             throwing=throwing, more=more))

    def command(self):
        return [self.build / "tests-bin" / "faulty_topology", "run", "--config", self.config]

    def feed(self, payments):
        path = self.folder / "payments.jsonl"
        payments.write(path)
        outcome = run([self.build / "tests-bin" / "faulty_topology", "feed", self.config, path])
        expect(outcome.code == 0, f"feed: exit code {outcome.code}: {last_lines(outcome.err)}")

    def run_to_end(self, payments):
        """Runs until everything is processed, stops it, and returns the metrics it had then."""
        wanted = len(payments.lines) - self.position(self.look())
        with Service(self.command()) as service:
            service.wait(lambda: service.total("streams_records_processed_total") >= wanted,
                         f"{wanted} records are processed")
            metrics = service.metrics()
            outcome = service.stop()
            expect(outcome.code == 0, f"exit code {outcome.code} after SIGTERM: {last_lines(outcome.err)}")
        return metrics

    def look(self):
        return Inspection(self.build / "tests-bin" / "inspect_log", self.state / APPLICATION,
                          topics=[OUTPUT, CHANGELOG, DEAD], groups=[APPLICATION], tasks={TASK: [STORE]})

    def position(self, found):
        """The committed one."""
        return found.offsets[APPLICATION].get(("payments", 0), 0)

    def check(self, payments, end, in_order=True):
        """Everything before offset `end` is processed once, nothing after it; returns what lies there. Where it has not
        ended in order, its store may be behind."""
        found = self.look()
        position = self.position(found)
        expect(position == end, f"the committed position is {position}, not {end}")
        output, sums = payments.totals(end)
        written = [(row.key.decode(), int.from_bytes(row.value, "big", signed=True)) for row in found.topics[OUTPUT]]
        if written != output:
            at = next((i for i, pair in enumerate(zip(written, output)) if pair[0] != pair[1]),
                      min(len(written), len(output)))
            raise Failed(f"{OUTPUT}: {len(written)} records, {len(output)} expected; the first that differs is {at}: "
                         f"{written[at:at + 1]}, not {output[at:at + 1]}")
        found.check_fold(STORE, CHANGELOG, complete=in_order)
        stored = {key.decode(): int.from_bytes(value, "big", signed=True)
                  for key, value in found.entries[TASK, STORE].items()}
        expect(stored == sums or not in_order, f"store {STORE}: {stored}, not {sums}")
        return found
