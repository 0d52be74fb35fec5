"""What a program does at limits that others set: too few files, and clients that abuse its HTTP port."""

import contextlib
import re
import resource
import socket
import time

from harness import expect, last_lines, run
from payments import Payments, Program
from service import Service

RECORDS = 20_000


class FileDescriptors:
    """From a limit that is too low for anything, up to one that is enough."""

    LIMITS = (8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 64)

    def __init__(self, build):
        self.build = build

    def tests(self):
        return [("too few files: it says so and ends, and nothing is lost", self.few)]

    def few(self, folder):
        payments = Payments("good", RECORDS, 0)
        program = Program(self.build, folder)
        program.feed(payments)
        refused, worked = [], []
        for limit in self.LIMITS:
            (worked if self._runs_within(program, limit) else refused).append(limit)
        expect(refused, f"each of {self.LIMITS} files was enough: the test shows nothing")
        if program.position(program.look()) < RECORDS:
            program.run_to_end(payments)
        program.check(payments, RECORDS)
        return f"refused with a message at {refused}, ran within {worked}; afterwards all {RECORDS} are processed once"

    @staticmethod
    def _limited(limit):
        return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))}

    def _runs_within(self, program, limit):
        """Whether it comes up; if it does not, the message must be one that a person can act upon."""
        with Service(program.command(), **self._limited(limit)) as service:
            deadline = time.monotonic() + 60
            while service.running() and not service.get("/readyz"):
                expect(time.monotonic() < deadline, f"{limit} files: not ready, not ended: {last_lines(service.err)}")
                time.sleep(0.02)
            if service.running():
                outcome = service.stop()
                expect(outcome.code == 0, f"{limit} files: exit code {outcome.code}: {last_lines(outcome.err)}")
                return True
            outcome = service.ended()
        expect(outcome.code in (1, 127), f"{limit} files: exit code {outcome.code}: {last_lines(outcome.err)}")
        if outcome.code == 127:
            return False  # the loader could not open its libraries: nothing of ours ran
        expect(re.search(r"MR-\d{4}", outcome.err) and "Too many open files" in outcome.err,
               f"{limit} files: no message that helps: {last_lines(outcome.err)}")
        return False


class HttpAbuse:
    """Clients that do what they should not, while records flow."""

    SLOW = 500

    def __init__(self, build):
        self.build = build

    def tests(self):
        return [("500 slow clients, huge headers, paths that climb, garbage: refused, nothing lost", self.abuse)]

    def abuse(self, folder):
        payments = Payments("good", RECORDS, 0)
        program = Program(self.build, folder)
        program.feed(payments)
        with Service(program.command()) as service, contextlib.ExitStack() as slow:
            service.wait(service.metrics, "it answers")
            port = service.port
            opened = self._open_slow(port, slow)
            answers = [self._answer(port, request) for request in self._requests()]
            service.wait(service.metrics, "a scrape gets through")
            service.wait(lambda: service.total("streams_records_processed_total") >= RECORDS, "all is processed")
            expect(service.total("http_connections_rejected_total") > 0, "no connection was refused")
            outcome = service.stop()
            expect(outcome.code == 0, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        for request, answer in zip(self._requests(), answers):
            status = answer.split(b" ")[1:2]
            expect(not answer or (status and status[0].startswith(b"4")),
                   f"{request[:60]!r} is answered {answer[:80]!r}")
            expect(b"root:" not in answer, f"{request[:60]!r} reads a file")
        program.check(payments, RECORDS)
        return f"{opened} slow clients, {len(answers)} bad requests refused, all {RECORDS} processed once"

    @classmethod
    def _open_slow(cls, port, stack):
        """Each begins a request and does not finish it. Those beyond the limit are closed by the other side."""
        opened = 0
        for _ in range(cls.SLOW):
            with contextlib.suppress(OSError):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
                client.sendall(b"GET /metr")
                opened += 1
        return opened

    @staticmethod
    def _requests():
        host = b"Host: 127.0.0.1\r\n\r\n"
        return [b"GET /../../../../etc/passwd HTTP/1.1\r\n" + host,
                b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + host,
                b"GET //etc/passwd HTTP/1.1\r\n" + host,
                b"POST /metrics HTTP/1.1\r\nContent-Length: 9999999999\r\n" + host,
                b"GET /metrics HTTP/1.1\r\nHost: example.org\r\n\r\n",
                b"GET /metrics HTTP/1.1\r\nX-Long: " + b"a" * (1 << 20) + b"\r\n" + host,
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
                b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + host]

    @staticmethod
    def _answer(port, request):
        """What comes back before the connection is closed; nothing if it is closed at once."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            answer = b""
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
                while chunk := client.recv(4096):
                    answer += chunk
            if answer:
                return answer
            time.sleep(0.05)  # the slow clients have all places: the server will throw them out
        return b""
