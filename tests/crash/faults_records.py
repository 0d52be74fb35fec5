"""Records that do not decode, functions that throw, results too large for the log: fail, continue, dead-letter."""

from harness import expect, killed_by, last_lines, run
from payments import DEAD, Payments, Program

RECORDS = 20_000
BAD = 200
# Around the commit in which dead letters travel with everything else.
KILLS = ("process/after-record:700", "commit/frozen:3", "log/before-write:4", "log/after-write:2",
         "commit/acknowledged:3", "state/before-apply:2", "state/after-apply:3")


class RecordFaults:
    def __init__(self, build, kind):
        self.build = build
        self.kind = kind
        self.code = {"poison": "MR-0301", "throwing": "MR-0302", "oversized": "MR-0305"}[kind]
        self.name = {"poison": "DeserializationFailed", "throwing": "UserCodeThrew",
                     "oversized": "RecordTooLarge"}[kind]
        self.key = ("deserialization" if kind == "poison" else "processing") + ".exception.handler"
        self.operator = {"poison": "payments", "throwing": "ledger", "oversized": "ledger.to"}[kind]
        # Each of the oversized ones takes more than 64 MiB.
        self.bad = 20 if kind == "oversized" else BAD

    def tests(self):
        return [(f"{self.kind}, fail: stops before it and says where", self.fail),
                (f"{self.kind}, continue: leaves it out and counts it", self.skip),
                (f"{self.kind}, dead-letter: keeps it, once, over kills", self.dead_letter)]

    def _program(self, folder, policy):
        payments = Payments(self.kind, RECORDS, self.bad)
        program = Program(self.build, folder, *self._policies(policy))
        program.feed(payments)
        return payments, program

    def _policies(self, policy):
        """What the other handler does must not matter."""
        return (policy, "fail") if self.kind == "poison" else ("fail", policy)

    def fail(self, folder):
        payments, program = self._program(folder, "fail")
        first = min(payments.bad)
        for _ in range(2):  # it stays where it is, however often it is started
            outcome = run(program.command())
            expect(outcome.code == 1, f"exit code {outcome.code}: {last_lines(outcome.err)}")
            said = outcome.err.strip().splitlines()[-1]
            for part in (self.code, "task 0_0", f"topic payments[0]@{first}", f"operator {self.operator}",
                         f"set {self.key} to continue or dead-letter"):
                expect(part in said, f"the message does not have \"{part}\": {said}")
            program.check(payments, first)
        # The person decides to go on without it.
        program.configure(*self._policies("continue"))
        self._check_dropped(payments, program.run_to_end(payments))
        program.check(payments, RECORDS)
        return f"stopped at offset {first}, went on with continue: {RECORDS - self.bad} of {RECORDS} processed"

    def skip(self, folder):
        payments, program = self._program(folder, "continue")
        self._check_dropped(payments, program.run_to_end(payments))
        program.check(payments, RECORDS)
        return f"{self.bad} left out and counted, {RECORDS - self.bad} processed once"

    def _check_dropped(self, payments, metrics):
        name = f'streams_dropped_records_total{{task="0_0",reason="{self.name}"}}'
        expect(metrics.get(name) == len(payments.bad), f"{name} is {metrics.get(name)}, not {len(payments.bad)}")

    def dead_letter(self, folder):
        payments, program = self._program(folder, "dead-letter")
        for point in KILLS:
            outcome = run(program.command(), {"MILLRACE_CRASH_AT": point})
            expect(killed_by(outcome), f"{point}: exit code {outcome.code}: {last_lines(outcome.err)}")
        program.run_to_end(payments)
        found = program.check(payments, RECORDS)
        self._check_dead_letters(payments, found.topics[DEAD])
        return f"{self.bad} kept with their headers, {RECORDS - self.bad} processed once, over {len(KILLS)} kills"

    def _check_dead_letters(self, payments, rows):
        letters = [(int(row.headers["__streams.errors.offset"]), row.value) for row in rows]
        expect(letters == list(payments.bad.items()), f"{DEAD} has {letters}, not {list(payments.bad.items())}")
        for row in rows:
            for header, value in (("topic", "payments"), ("partition", "0"), ("operator", self.operator),
                                  ("exception", f"{self.code} {self.name}")):
                found = row.headers[f"__streams.errors.{header}"].decode()
                expect(found == value, f"header {header} is {found}, not {value}")
            message = row.headers["__streams.errors.message"].decode()
            expect(f"payments[0]@{int(row.headers['__streams.errors.offset'])}" in message,
                   f"the message does not say where: {message}")
