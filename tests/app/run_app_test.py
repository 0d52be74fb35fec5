#!/usr/bin/env python3
"""run_app: commands, exit codes, messages, signals, the HTTP port and the progress line."""

import contextlib
import os
import pty
import re
import select
import signal
import socket
import sys
import time

import program
from program import PROGRAMS, ProgramTest, SampleTest, get, run, until


class CommandLine(ProgramTest):
    def setUp(self):
        super().setUp()
        self.sample = PROGRAMS["sample_app"]

    def expect_misuse(self, outcome, pattern):
        self.expect(outcome, 2, out="", err=pattern)
        self.assertRegex(outcome.err, r"\AMR-0701 sample_app: .*See sample_app --help\.\n\Z")

    def test_help_goes_to_standard_output_and_names_commands_and_exit_codes(self):
        for flag in ("--help", "-h"):
            outcome = run(self.sample, flag)
            self.expect(outcome, 0, err="")
            for word in ("Counts lines.", "run", "describe", "check", "reset", "feed", "--version", "Exit codes: 0"):
                self.assertIn(word, outcome.out)

    def test_each_command_has_help(self):
        for command, words in {"run": ("--config", "second signal"), "describe": ("--format", "mermaid"),
                               "check": ("--config",), "reset": ("--config", "--yes")}.items():
            outcome = run(self.sample, command, "--help")
            self.expect(outcome, 0, err="")
            for word in words:
                self.assertIn(word, outcome.out)

    def test_version(self):
        self.expect(run(self.sample, "--version"), 0, out="sample_app 1.2.3\n", err="")
        outcome = run(PROGRAMS["treasure_hunt"], "--version")
        self.expect(outcome, 0, err="")
        self.assertRegex(outcome.out, r"\Atreasure_hunt \d+\.\d+\.\d+\n\Z")

    def test_without_a_command_it_names_them(self):
        self.expect_misuse(run(self.sample), "a command is missing: run, describe, check, reset, feed")

    def test_an_unknown_command_and_the_nearest_one(self):
        self.expect_misuse(run(self.sample, "rnu", "--config", "x.yaml"), r'"rnu" is not known; did you mean "run"\?')
        self.expect_misuse(run(self.sample, "descrbe"), r'did you mean "describe"\?')
        self.expect_misuse(run(self.sample, "fed"), r'did you mean "feed"\?')
        self.expect_misuse(run(self.sample, "wibble"), r'the argument "wibble" is not known\. See')

    def test_an_unknown_option_and_the_nearest_one(self):
        self.expect_misuse(run(self.sample, "run", "--confg", "x.yaml"),
                           r'"--confg" is not known; did you mean "--config"')
        self.expect_misuse(run(self.sample, "run", "--confg=x.yaml"), r'"--confg=x.yaml" .*did you mean "--config"')
        self.expect_misuse(run(self.sample, "reset", "--config", "x", "--yess"), r'did you mean "--yes"\?')
        self.expect_misuse(run(self.sample, "--verison"), r'did you mean "--version"\?')

    def test_describe_diff_says_what_an_upgrade_loses(self):
        now = run(self.sample, "describe").out
        same = self.folder / "same.txt"
        with open(same, "w", encoding="utf-8") as file:
            file.write(now)
        outcome = run(self.sample, "describe", "--diff", str(same))
        self.expect(outcome, 0, err="")
        self.assertRegex(outcome.out, r"(?m)^kept store +counted$")
        renamed = self.folder / "renamed.txt"
        with open(renamed, "w", encoding="utf-8") as file:
            file.write(now.replace("counted", "tallied"))
        outcome = run(self.sample, "describe", "--diff", str(renamed))
        self.expect(outcome, 1, err="")
        self.assertRegex(outcome.out, r'(?m)^RENAMED store +tallied: .*name it "tallied" to keep its state$')

    def test_describe_diff_refuses_what_is_no_description(self):
        self.expect(run(self.sample, "describe", "--diff", "/nonexistent"), 2, out="", err="MR-0702: /nonexistent")
        self.expect(run(self.sample, "describe", "--diff", __file__), 2, out="", err="line 1 is none of a description")
        self.expect_misuse(run(self.sample, "describe", "--diff", "x", "--format", "text"), "--format")

    def test_a_missing_option_value_or_a_wrong_one(self):
        for command in ("run", "check", "reset"):
            self.expect_misuse(run(self.sample, command), "--config is required")
            self.expect_misuse(run(self.sample, command, "--config"), "--config")
        self.expect_misuse(run(self.sample, "describe", "--format", "xml"),
                           "--format: xml not in {text,mermaid,graphviz}")
        self.expect_misuse(run(self.sample, "describe", "surplus"), '"surplus" is not known')

    def test_describe_prints_the_topology(self):
        outcome = run(self.sample, "describe")
        self.expect(outcome, 0, err="")
        self.assertIn("Sub-topology: 0", outcome.out)
        self.assertIn("line-repartition", outcome.out)
        outcome = run(self.sample, "describe", "--format", "mermaid")
        self.expect(outcome, 0, err="")
        self.assertTrue(outcome.out.startswith("flowchart"), outcome.out)

    def test_describe_of_a_faulty_topology_names_all_faults(self):
        outcome = run(self.sample, "describe", env={"SAMPLE_FAULTS": "1"})
        self.expect(outcome, 2, out="", err=r"MR-0101 the topology has 2 faults:")
        self.assertIn('"bad topic"', outcome.err)
        self.assertIn('"no/name"', outcome.err)

    def test_describe_to_a_full_disk_fails(self):
        with open("/dev/full", "wb") as full:
            self.expect(run(self.sample, "describe", stdout=full), 1, err="MR-0704: standard output cannot be written")


class Check(SampleTest):
    def test_a_good_file(self):
        self.expect(run(self.sample, "check", "--config", self.config), 0, out=f"{self.config}: ok\n", err="")
        self.assertFalse((self.folder / "state").exists(), "check made the state directory")

    def test_all_findings_of_file_and_topology_at_once(self):
        faulty = self.write("faulty.yaml", "application.id: sample\ncomit.interval.ms: 10\nnum.stream.threads: many\n"
                                           "metrics.port: 70000\n")
        for command in ("check", "run", "reset"):
            outcome = run(self.sample, command, "--config", faulty, env={"SAMPLE_FAULTS": "1"})
            self.expect(outcome, 2, out="")
            for text in (f"{faulty}:2:1: ", 'did you mean "commit.interval.ms"?', f"{faulty}:3:", '"many"',
                         f"{faulty}:4:", "70000", "MR-0101 the topology has 2 faults", '"bad topic"', '"no/name"'):
                self.assertIn(text, outcome.err)
        self.assertFalse((self.folder / "state").exists())

    def test_a_file_that_is_not_there(self):
        outcome = run(self.sample, "check", "--config", self.folder / "none.yaml")
        self.expect(outcome, 2, out="", err="none.yaml: .*No such file")

    def test_topic_names_that_become_too_long_with_the_application_id(self):
        config = self.configure(**{"application.id": "a" * 240})
        for command in ("check", "run", "reset"):
            outcome = run(self.sample, command, "--config", config)
            self.expect(outcome, 2, out="", err="MR-0101 the topology has 2 faults")
            self.assertRegex(outcome.err, r'operator "count": its changelog topic "a+-counted-changelog" would have')
            self.assertRegex(outcome.err, r'operator "check.group_by": its repartition topic .* shorter by 8')
        self.assertFalse((self.folder / "state").exists())


class Run(SampleTest):
    def test_it_counts_until_it_is_told_to_stop(self):
        self.feed("a", "b", "a")
        outcome = self.process(3)
        self.assertEqual(self.counts(), {"a": 2, "b": 1})
        self.assertNotIn("error", outcome.err)

    def test_it_goes_on_where_it_stopped(self):
        self.feed("a", "b", "a")
        self.process(3)
        self.feed("a", "c")
        self.process(2)
        self.assertEqual(self.counts(), {"a": 3, "b": 1, "c": 1})
        self.assertEqual(len(self.show("counts")), 5)

    def test_a_failing_function_ends_it_and_says_where(self):
        self.feed("a", "b", "throw")
        outcome = self.launch().finish()
        self.expect(outcome, 1, out="",
                    err=r"MR-0302 task 0_\d, topic lines\[\d\]@\d, operator check: .*this line is bad")
        self.assertRegex(outcome.err, r"To mend it: .*processing\.exception\.handler")

    def test_a_failing_function_may_be_passed_over(self):
        self.feed("a", "throw", "a")
        outcome = self.process(2, self.configure(**{"processing.exception.handler": "continue"}))
        self.assertEqual(self.counts(), {"a": 2})
        self.assertRegex(outcome.err,
                         r"WARN sample-1 task: MR-0302 .* lines\[\d\]@\d, operator check: .* It was skipped\.")

    def test_a_second_process_is_refused_and_told_who_was_first(self):
        first = self.launch()
        self.wait_until_ready(first)
        outcome = self.launch().finish()
        self.expect(outcome, 1, out="", err="MR-0401")
        self.assertIn(f"the process with pid {first.process.pid} uses the state directory {self.home}", outcome.err)
        self.expect(first.stop(), 0)

    def test_a_state_directory_that_is_a_file(self):
        blocked = self.write("blocked", "")
        config = self.configure(**{"state.dir": str(blocked)})
        self.expect(run(self.sample, "run", "--config", config), 1, out="", err=f"MR-0402: .*{blocked}")

    def test_what_another_version_wrote_is_refused_and_left_alone(self):
        self.feed("a")
        self.process(1)
        task = next(path for path in self.home.iterdir() if path.name.startswith("1_"))
        for stamp, code in ((self.home / "format", "MR-0406"), (self.home / "log" / "MILLRACE-FORMAT", "MR-0513"),
                            (task / "MILLRACE-FORMAT", "MR-0406")):
            ours = stamp.read_text()
            theirs = re.sub(r"\d+", lambda version: str(int(version[0]) + 1), ours, count=1)
            self.assertNotEqual(ours, theirs)
            stamp.write_text(theirs)
            outcome = self.launch().finish()
            self.expect(outcome, 1, out="", err=code)
            self.assertIn(str(stamp), outcome.err)
            self.assertEqual(stamp.read_text(), theirs)
            stamp.write_text(ours)
        self.feed("a")
        self.process(1)
        self.assertEqual(self.counts(), {"a": 2})

    def test_closed_standard_streams_harm_nothing(self):
        self.feed("a", "b")
        detached = self.start("sh", "-c", f'exec "{self.sample}" run --config "{self.config}" <&- >&- 2>&-')
        port = until(lambda: listening_port(detached.process.pid), "it listens")
        until(lambda: get(port, "/readyz")[0] == 200, "/readyz says 200")
        self.wait_until_processed(port, 2)
        self.expect(detached.stop(), 0, out="", err="")
        self.assertEqual(self.counts(), {"a": 1, "b": 1})


class Stop(SampleTest):
    def hang(self, config=None):
        """An application whose thread stands still in a function of the user."""
        hang = self.write("hang", "")
        self.feed("a", "hang", "b")
        running = self.launch(config, {"SAMPLE_HANG": str(hang)})
        running.wait_for_err("SAMPLE_HANG: stands still")
        return running

    def test_sigterm_and_sigint_end_it_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            running = self.launch()
            self.wait_until_ready(running)
            outcome = running.stop(number)
            self.expect(outcome, 0, out="")
            self.assertLess(outcome.seconds, 10)

    def test_sigterm_before_it_is_ready(self):
        gate = self.write("gate", "")
        running = self.launch(self.configure(**{"shutdown.timeout.ms": "300"}), {"SAMPLE_GATE": str(gate)})
        running.wait_for_err("SAMPLE_GATE: stands still")
        outcome = running.stop()
        self.expect(outcome, 1, err="stopped without waiting for its threads")
        self.assertLess(outcome.seconds, 10)

    def test_a_second_signal_ends_it_at_once(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            running = self.hang()
            running.send(signal.SIGTERM)
            until(lambda: 'state="pending_shutdown"} 1' in get(self.port_of(running), "/metrics")[1], "it is stopping")
            outcome = running.stop(number)
            self.expect(outcome, code, out="", err="stopped at once: what was not committed is processed again")
            self.assertLess(outcome.seconds, 5)

    def test_a_thread_that_does_not_end_is_left_behind(self):
        running = self.hang(self.configure(**{"shutdown.timeout.ms": "300"}))
        outcome = running.stop()
        self.expect(outcome, 1, out="",
                    err="sample_app: stopped without waiting for its threads, which did not end within 300 ms")
        self.assertLess(outcome.seconds, 10)
        # Nothing of it is lost, nothing counted twice.
        self.process(3)
        self.assertEqual(self.counts(), {"a": 1, "hang": 1, "b": 1})


    def test_a_standard_error_that_nobody_reads_does_not_hold_up_the_end(self):
        for signals, code in (([signal.SIGTERM], 1), ([signal.SIGTERM, signal.SIGINT], 130)):
            source, sink = os.pipe()
            fill(sink)
            # It waits in its first line, that of the port.
            config = self.configure(**{"shutdown.timeout.ms": "5000" if code == 130 else "300"})
            running = self.launch(config, stderr=sink)
            os.close(sink)
            until(lambda: listening_port(running.process.pid), "it listens")
            for number in signals[:-1]:
                running.send(number)
                # Two at the same moment would be taken in any order.
                until(lambda: not pending_signals(running.process.pid), "the signal is taken")
            outcome = running.stop(signals[-1])
            os.close(source)
            self.expect(outcome, code, out="")
            self.assertLess(outcome.seconds, 5)


class Http(SampleTest):
    def test_metrics_and_health_share_one_port(self):
        running = self.launch()
        port = self.wait_until_ready(running)
        status, text = get(port, "/metrics")
        self.assertEqual(status, 200)
        self.assertIn('streams_state{state="running"} 1', text)
        self.assertIn("millrace_build_info{", text)
        self.assertEqual(get(port, "/healthz"), (200, "ok\n"))
        self.assertIn('"ready":true', get(port, "/readyz")[1])
        self.assertEqual(get(port, "/nowhere")[0], 404)
        self.expect(running.stop(), 0)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5)

    def test_it_is_healthy_before_it_is_ready(self):
        gate = self.write("gate", "")
        running = self.launch(env={"SAMPLE_GATE": str(gate)})
        port = self.port_of(running)
        status, text = get(port, "/readyz")
        self.assertEqual(status, 503, text)
        self.assertIn("the application is rebalancing", text)
        self.assertEqual(get(port, "/healthz"), (200, "ok\n"))
        self.assertIn('streams_state{state="rebalancing"} 1', get(port, "/metrics")[1])
        gate.unlink()
        until(lambda: get(port, "/readyz")[0] == 200, "/readyz says 200")
        self.expect(running.stop(), 0)

    def test_only_the_machine_itself_reaches_it(self):
        running = self.launch()
        port = self.wait_until_ready(running)
        with open("/proc/net/tcp", encoding="ascii") as table:
            listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
        self.assertIn(f"0100007F:{port:04X}", listening)
        self.assertNotIn(f"00000000:{port:04X}", listening)
        self.expect(running.stop(), 0)

    def test_a_taken_port_gives_way_to_the_next_and_says_so(self):
        with taken_port() as port:
            # Also when only warnings are logged: who looks at the configured port sees somebody else's metrics.
            running = self.launch(self.configure(**{"metrics.port": port, "log.level": "warn"}))
            match = running.wait_for_err(r"port (\d+) is taken: metrics and health on http://127\.0\.0\.1:(\d+)/")
            self.assertEqual(int(match[1]), port)
            self.assertGreater(int(match[2]), port)
            self.assertEqual(get(int(match[2]), "/healthz"), (200, "ok\n"))
            self.expect(running.stop(), 0)

    def test_two_applications_with_one_configured_port(self):
        port = free_port()
        first = self.launch(self.configure(**{"metrics.port": port}))
        first_port = self.port_of(first)
        second = self.launch(self.configure("b.yaml", **{"metrics.port": port, "application.id": "other"}))
        self.assertNotEqual(self.port_of(second), first_port)
        self.expect(second.stop(), 0)
        self.expect(first.stop(), 0)

    def test_it_can_be_switched_off(self):
        self.feed("a")
        running = self.launch(self.configure(**{"metrics.enabled": "false"}))
        running.wait_for_err("running")
        self.assertNotIn("http://", running.err)
        self.expect(running.stop(), 0)


class Progress(SampleTest):
    def test_a_terminal_shows_one_line_that_is_redrawn(self):
        with terminal() as (master, slave):
            running = self.launch(stderr=slave)
            os.close(slave)
            seen = read_until(master, rb"\r\x1b\[Krunning: \d+ records, .*lag \d+.*\r\x1b\[Krunning: ")
            running.send(signal.SIGTERM)
            self.assertEqual(running.process.wait(program.PATIENCE_SECONDS), 0)
            seen += read_rest(master)
            self.assertNotRegex(seen, rb"records, [^\r]*\n", "the live line was left to scroll")
            self.assertRegex(seen, rb"\r\x1b\[K(?![^\n]*records,)", "the live line was not removed in the end")

    def test_a_line_of_the_log_takes_the_place_of_the_live_line(self):
        hang = self.write("hang", "")
        self.feed("hang", "throw")
        config = self.configure(**{"processing.exception.handler": "continue"})
        with terminal() as (master, slave):
            running = self.launch(config, {"SAMPLE_HANG": str(hang)}, stderr=slave)
            os.close(slave)
            read_until(master, rb"\r\x1b\[Krebalancing: 0 records")
            hang.unlink()
            seen = read_until(master, rb"MR-0302[^\n]*\n")
            self.assertRegex(seen, rb"\r\x1b\[K\d{4}-\d\d-\d\dT[^\n]*WARN[^\n]*MR-0302")
            running.send(signal.SIGTERM)
            self.assertEqual(running.process.wait(program.PATIENCE_SECONDS), 0)

    def test_elsewhere_there_is_a_plain_line_now_and_then(self):
        running = self.launch()
        running.wait_for_err(r"(?m)^running: 0 records, 0/s, lag 0$")
        self.expect(running.stop(), 0)
        self.assertNotIn("\r", running.err)
        self.assertNotIn("\x1b", running.err)


@contextlib.contextmanager
def terminal():
    master, slave = pty.openpty()
    try:
        yield master, slave
    finally:
        os.close(master)


def read_until(master, pattern):
    seen = b""
    deadline = time.monotonic() + program.PATIENCE_SECONDS
    while not re.search(pattern, seen, re.DOTALL):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {pattern}: {seen}")
        if select.select([master], [], [], 1)[0]:
            seen += os.read(master, 65536)
    return seen


def read_rest(master):
    seen = b""
    with contextlib.suppress(OSError):  # the terminal is gone with its last user
        while block := os.read(master, 65536):
            seen += block
    return seen


@contextlib.contextmanager
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def free_port():
    with taken_port() as port:
        return port


def pending_signals(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return int(re.search(r"^ShdPnd:\s*(\w+)", status.read(), re.MULTILINE)[1], 16)


def fill(pipe):
    """Leaves no room in a pipe."""
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(pipe, b"x" * 65536):
            pass
    with contextlib.suppress(BlockingIOError):
        while os.write(pipe, b"x"):
            pass
    os.set_blocking(pipe, True)


def listening_port(pid):
    """The port of 127.0.0.1 on which a process listens, None if there is none."""
    sockets = set()
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                sockets.add(os.readlink(entry.path))
    with open("/proc/net/tcp", encoding="ascii") as table:
        for fields in (line.split() for line in table):
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                return int(fields[1].split(":")[1], 16)
    return None


if __name__ == "__main__":
    sys.exit(program.main([CommandLine, Check, Run, Stop, Http, Progress]))
