"""Input that is gone before it was processed: deleted by retention, or by a person."""

import copy

from harness import expect, last_lines, run
from payments import Payments, Program
from service import Service

PROCESSED, BEGIN, END = 1000, 2000, 3000


class OffsetGone:
    """The committed offset is no longer in the log."""

    def __init__(self, build):
        self.build = build

    def tests(self):
        return [("records deleted unprocessed: it goes on behind them, says how many, and counts them", self.goes_on),
                ("the same with auto.offset.reset none: it stops, says where, and changes nothing", self.stops)]

    def goes_on(self, folder):
        payments, program = self._lose_records(folder)
        return self._go_on(payments, program)

    def stops(self, folder):
        payments, program = self._lose_records(folder)
        program.configure("fail", "fail", "auto.offset.reset: none")
        outcome = run(program.command())
        expect(outcome.code == 1, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        for text in ("MR-0510", f"payments[0]@{PROCESSED}", f"[{BEGIN}, {END}]", "set auto.offset.reset"):
            expect(text in outcome.err, f"no {text} in the message: {last_lines(outcome.err)}")
        program.check(payments, PROCESSED)
        program.configure("fail", "fail")
        return "refused; then " + self._go_on(payments, program)

    def _lose_records(self, folder):
        """Of all payments the first are processed, those after them deleted, and the last are still to come."""
        payments = Payments("good", END, 0)
        first = copy.copy(payments)
        first.lines = payments.lines[:PROCESSED]
        program = Program(self.build, folder)
        program.feed(first)
        program.run_to_end(first)
        program.feed(payments)
        outcome = run([self.build / "tests-bin" / "faulty_topology", "forget", program.config, str(BEGIN)])
        expect(outcome.code == 0, f"forget: exit code {outcome.code}: {last_lines(outcome.err)}")
        return payments, program

    @staticmethod
    def _go_on(payments, program):
        with Service(program.command()) as service:
            service.wait(lambda: service.total("streams_records_processed_total") >= END - BEGIN, "it goes on")
            dropped = service.total("streams_dropped_records_total")
            outcome = service.stop()
        expect(outcome.code == 0, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        expect(dropped == BEGIN - PROCESSED, f"{dropped} records are counted as dropped, not {BEGIN - PROCESSED}")
        said = (f"task 0_0, payments[0]: the committed offset {PROCESSED} is no longer in the log, which has "
                f"[{BEGIN}, {END}]: {BEGIN - PROCESSED} records were never processed; going on at {BEGIN}")
        expect(outcome.err.count(said) == 1, f"it is not said once: {last_lines(outcome.err)}")
        kept = copy.copy(payments)
        kept.good = [one for one in payments.good if not PROCESSED <= one[0] < BEGIN]
        program.check(kept, END)
        return f"{BEGIN - PROCESSED} counted as dropped, all others processed once"
