#!/usr/bin/env python3
"""word_count: what it counts, what it keeps between runs, what it refuses, how it ends."""

import array
import collections
import fcntl
import os
import pty
import random
import re
import signal
import sys
import termios

import program
from program import PROGRAMS, ProgramTest, run, until

MIB = 1 << 20


def reference(*texts):
    """What word_count must print, by another way: maximal runs of ASCII letters, lower-cased, in byte order."""
    counts = collections.Counter()
    for text in texts:
        counts.update(word.lower() for word in re.findall(rb"[A-Za-z]+", text))
    return "".join(f"{word.decode()}\t{counts[word]}\n" for word in sorted(counts))


class WordCountTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.program = PROGRAMS["word_count"]
        self.state = self.folder / "state"
        self.scratch = self.folder / "tmp"
        self.scratch.mkdir()
        self.env = {"TMPDIR": str(self.scratch)}

    def count(self, *arguments, **options):
        return run(self.program, *arguments, env=self.env, **options)

    def keep(self, *arguments, **options):
        return self.count("--state-dir", self.state, *arguments, **options)

    def expect_counts(self, outcome, *texts):
        self.expect(outcome, 0, out=reference(*texts))
        # On a slow machine there may be lines of progress.
        self.assertNotIn("MR-", outcome.err)
        self.expect_no_scratch()

    def expect_no_scratch(self):
        self.assertEqual(list(self.scratch.iterdir()), [], "a temporary folder was left behind")

    def begun(self):
        return list(self.scratch.glob("word_count-*"))

    def locked(self):
        lock = self.state / "word-count" / "lock"
        return lock.exists() and lock.read_text().strip()

    def launch(self, *arguments, **options):
        return self.start(self.program, *arguments, env=self.env, **options)

    def reads_a_pipe(self, *arguments):
        """A word_count that waits for the pipe which is its standard input, and the pipe's other end."""
        source, sink = os.pipe()
        self.addCleanup(os.close, sink)
        running = self.launch(*arguments, stdin=source)
        os.close(source)
        return running, sink


class Counting(WordCountTest):
    def test_lines_in_byte_order(self):
        text = b"the cat The DOG\nthe end of the-cat's tail\n"
        outcome = self.count(self.write("a", text))
        self.expect(outcome, 0, out="cat\t2\ndog\t1\nend\t1\nof\t1\ns\t1\ntail\t1\nthe\t4\n")
        self.expect_counts(outcome, text)

    def test_standard_input(self):
        self.expect_counts(self.count(data=b"b a b"), b"b a b")
        self.expect_counts(self.count("-", data=b"b a b"), b"b a b")

    def test_several_files_and_standard_input_between(self):
        first, second = b"one two", b"two three\n"
        outcome = self.count(self.write("a", first), "-", self.write("b", second), data=b"two\n")
        self.expect_counts(outcome, first, second, b"two")

    def test_the_same_file_twice_counts_twice(self):
        file = self.write("a", b"x y\n")
        self.expect_counts(self.count(file, file), b"x y x y")

    def test_nothing_comes_of_nothing(self):
        self.expect_counts(self.count(data=b""))
        self.expect_counts(self.count(self.write("a", b"")))
        self.expect_counts(self.count(self.write("a", b"\n\n 123 \xff\xfe ...\n")))
        self.expect_counts(self.count("/dev/null"))

    def test_odd_bytes(self):
        text = b"one\r\ntwo\rthree\0four\n\0\nNa\xc3\xafve \xff\xfe\x80word\nlast line without newline"
        self.expect_counts(self.count(self.write("a", text)), text)

    def test_random_bytes(self):
        source = random.Random(4)
        text = bytes(source.choice(b"aAbBzZ \n\r\0\xc3@[`{9") for _ in range(300_000))
        self.expect_counts(self.count(self.write("a", text)), text)

    def test_more_than_one_chunk_and_partition(self):
        source = random.Random(5)
        words = [bytes(source.choice(b"abcdefgh") for _ in range(source.randint(1, 4))) for _ in range(2_000)]
        text = b"\n".join(b" ".join(source.choices(words, k=12)) for _ in range(40_000))
        config = self.write("four.yaml", "application.id: words\nmetrics.enabled: false\nlog.level: warn\n"
                                         "embedded.default.partitions: 4\n")
        self.expect_counts(self.count("--config", config, self.write("a", text)), text)

    def test_a_word_of_a_mebibyte(self):
        text = b"a " + b"x" * MIB + b" a\n" + b"x" * MIB + b"\n"
        self.expect_counts(self.count(self.write("a", text)), text)

    def test_a_line_of_a_mebibyte_of_words(self):
        text = b"a b " * (MIB // 4) + b"\nend\n"
        self.expect_counts(self.count(self.write("a", text)), text)

    def test_a_named_pipe(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        running = self.launch(pipe)
        with open(pipe, "wb") as sink:
            sink.write(b"b a\n")
        self.expect_counts(running.finish(), b"b a")

    def test_a_cache_changes_no_count(self):
        text = b"a b a\n" * 500
        self.expect_counts(self.count("--caching", self.write("a", text)), text)

    def test_help_version_and_describe(self):
        outcome = self.count("--help")
        self.expect(outcome, 0, err="")
        for word in ("FILE", "--state-dir", "--config", "--caching", "Exit codes: 0", "143"):
            self.assertIn(word, outcome.out)
        outcome = self.count("--version")
        self.expect(outcome, 0, err="")
        self.assertRegex(outcome.out, r"\Aword_count \d+\.\d+\.\d+\n\Z")
        outcome = self.count("--describe")
        self.expect(outcome, 0, err="")
        self.assertIn("word-counts", outcome.out)


class Resuming(WordCountTest):
    def test_a_run_without_state_directory_is_fresh(self):
        file = self.write("a", b"x\n")
        for _ in range(2):
            self.expect_counts(self.count(file), b"x")

    def test_a_second_run_counts_nothing_twice(self):
        file = self.write("a", b"x y\n")
        for _ in range(3):
            self.expect_counts(self.keep(file), b"x y")

    def test_a_file_that_grew(self):
        self.expect_counts(self.keep(self.write("a", b"x y\n")), b"x y")
        self.expect_counts(self.keep(self.write("a", b"x y\nx\n")), b"x y x")

    def test_a_further_file(self):
        file = self.write("a", b"x y\n")
        self.expect_counts(self.keep(file), b"x y")
        self.expect_counts(self.keep(file, self.write("b", b"x")), b"x y x")

    def test_it_goes_on_after_sigterm(self):
        text = b"one two\nthree\n"
        running, sink = self.reads_a_pipe("--state-dir", self.state)
        os.write(sink, text)
        until(self.locked, "it has begun")
        # Whether or not the lines were read by now, nothing is lost and nothing counted twice.
        outcome = running.stop()
        self.expect(outcome, 143, out="", err="run it again with the same --state-dir and files to go on")
        self.assertLess(outcome.seconds, 10)
        self.expect_counts(self.keep(data=text + b"two\n"), text, b"two")


class Refusing(WordCountTest):
    def test_a_missing_file_before_anything_is_counted(self):
        good = self.write("a", b"x y\n")
        missing = self.folder / "missing"
        for arguments in ((good, missing), (missing, good)):
            outcome = self.count(*arguments)
            self.expect(outcome, 1, out="", err=rf"(?m)^word_count: MR-0702: cannot read {missing}: No such file")
            self.expect_no_scratch()
            self.expect(self.keep(*arguments), 1, out="", err="MR-0702")
        # Nothing of the good file is in the state directory.
        other = self.write("b", b"z\n")
        self.expect_counts(self.keep(other), b"z")

    def test_a_directory(self):
        self.expect(self.count(self.folder), 1, out="", err=rf"MR-0702: cannot read {self.folder}: it is a directory")

    def test_another_file(self):
        first, second = self.write("a", b"x y\n"), self.write("b", b"x z\n")
        self.expect_counts(self.keep(first), b"x y")
        outcome = self.keep(second)
        self.expect(outcome, 1, out="",
                    err=rf"MR-0703: {second} does not begin with the 4 bytes that were read from {first}")
        self.assertIn("another --state-dir", outcome.err)
        self.expect_counts(self.keep(first), b"x y")

    def test_a_file_that_shrank(self):
        self.expect_counts(self.keep(self.write("a", b"x y\nz\n")), b"x y z")
        self.expect(self.keep(self.write("a", b"x y\n")), 1, out="",
                    err="MR-0703: .* has 4 bytes, fewer than the 6 bytes")

    def test_fewer_files_or_another_order(self):
        first, second = self.write("a", b"x\n"), self.write("b", b"y\n")
        self.expect_counts(self.keep(first, second), b"x y")
        self.expect(self.keep(first), 1, out="", err=f"MR-0703: {second} was read before")
        self.expect(self.keep(second, first), 1, out="", err="MR-0703")
        self.expect_counts(self.keep(first, second), b"x y")

    def test_a_line_that_is_too_long(self):
        outcome = self.count(self.write("a", b"short\n" + b"x" * (17 * MIB)))
        self.expect(outcome, 1, out="", err="MR-0305: .*the line at byte 6 is longer than 16777216 bytes")
        self.expect_no_scratch()

    def test_standard_input_that_is_closed(self):
        outcome = self.start("sh", "-c", f'exec "{self.program}" <&-', env=self.env).finish()
        self.expect(outcome, 1, out="", err="MR-0702: cannot read standard input: Bad file descriptor")

    def test_words_on_the_command_line_that_nobody_knows(self):
        self.expect(self.count("--stat-dir", "x"), 2, out="",
                    err=r'\AMR-0701 word_count: the option "--stat-dir" is not known; did you mean "--state-dir"\?')
        self.expect(self.count("--state-dir"), 2, out="", err="MR-0701 word_count: --state-dir")
        self.expect(self.count("--list-crash-points"), 2, out="", err="no crash points")

    def test_a_faulty_configuration(self):
        config = self.write("a.yaml", "application.id: words\ncomit.interval.ms: 1\nlog.level: loud\n")
        outcome = self.count("--config", config, data=b"x")
        self.expect(outcome, 2, out="", err="did you mean \"commit.interval.ms\"")
        self.assertIn('"loud"', outcome.err)

    def test_a_state_directory_that_is_a_file_or_in_use(self):
        self.state.write_bytes(b"")
        self.expect(self.keep(data=b"x"), 1, out="", err=f"MR-0402: .*{self.state}")
        self.state.unlink()
        first, _ = self.reads_a_pipe("--state-dir", self.state)
        until(self.locked, "the first one has begun")
        self.expect(self.keep(data=b"x"), 1, out="", err=f"MR-0401: the process with pid {first.process.pid} uses")
        self.expect(first.stop(), 143)

    def test_a_folder_for_temporary_files_that_is_not_there(self):
        self.env["TMPDIR"] = str(self.folder / "none")
        self.expect(self.count(data=b"x"), 1, out="", err="MR-0402: no temporary folder can be made.*TMPDIR")


class Stopping(WordCountTest):
    def test_a_pipe_that_pauses_does_not_hold_up_the_end(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            running, sink = self.reads_a_pipe()
            until(self.begun, "it has begun")
            os.write(sink, b"half a li")
            outcome = running.stop(number)
            self.expect(outcome, code, out="", err="word_count: stopped; nothing was kept")
            self.assertLess(outcome.seconds, 10)
            self.expect_no_scratch()

    def test_a_named_pipe_without_a_writer_does_not_hold_up_the_end(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        running = self.launch(pipe)
        until(self.begun, "it has begun")
        outcome = running.stop()
        self.expect(outcome, 143, out="")
        self.assertLess(outcome.seconds, 10)

    def test_a_second_signal_ends_it_too(self):
        running, _ = self.reads_a_pipe()
        until(self.begun, "it has begun")
        running.send(signal.SIGTERM)
        outcome = running.stop()
        self.expect(outcome, 143, out="")
        self.assertLess(outcome.seconds, 10)

    def test_a_reader_that_does_not_read_does_not_hold_up_the_end(self):
        words = b"\n".join(b"w" + bytes(random.Random(i).choices(b"abcdefghij", k=30)) for i in range(20_000))
        source, sink = os.pipe()
        self.addCleanup(os.close, source)
        running = self.launch(self.write("a", words), stdout=sink)
        os.close(sink)
        # The engine is closed, the folder gone, the pipe full.
        until(lambda: pending(source) >= 65536, "the pipe is full")
        outcome = running.stop()
        self.expect(outcome, 143)
        self.assertLess(outcome.seconds, 5)
        self.expect_no_scratch()


class Output(WordCountTest):
    def test_progress_on_a_terminal_only_and_not_in_the_output(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        source, sink = os.pipe()
        running = self.launch(stdin=source, stderr=slave)
        os.close(source)
        os.close(slave)
        os.write(sink, b"b a\n")
        seen = b""
        while seen.count(b"\r\x1b[Kword_count: ") < 3:
            seen += os.read(master, 4096)
        os.close(sink)
        self.expect(running.finish(), 0, out=reference(b"a b"))
        self.assertRegex(seen, rb"\r\x1b\[Kword_count: 0\.0 MB read, \d records processed\r")
        self.assertNotIn(b"\n", seen)

    def test_a_pipe_that_is_closed(self):
        source, sink = os.pipe()
        os.close(source)
        for text in (b"x", b" ".join(b"w" * i for i in range(1, 2_000))):
            running = self.launch("--state-dir", self.state, self.write("a", b"x\n" + text[1:]), stdout=sink)
            self.expect(running.finish(), 1, err=r"(?m)^word_count: MR-0704: the counts could not be written")
        os.close(sink)
        # They were counted all the same, once.
        text = (self.folder / "a").read_bytes()
        self.expect_counts(self.keep(self.folder / "a"), text)

    def test_a_reader_that_has_seen_enough(self):
        words = b"\n".join(b"w" + bytes(random.Random(i).choices(b"abcdefghij", k=30)) for i in range(20_000))
        file = self.write("a", words)
        outcome = self.start("bash", "-c", f'"{self.program}" "{file}" | head -1; exit ${{PIPESTATUS[0]}}',
                             env=self.env).finish()
        self.expect(outcome, 1, out=reference(words).splitlines(True)[0], err=r"(?m)^word_count: MR-0704: .*\n\Z")
        self.expect_no_scratch()

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.expect(self.launch(self.write("a", b"x"), stdout=full).finish(), 1, err="MR-0704")
            self.expect(self.launch("--describe", stdout=full).finish(), 1, err="MR-0704")

    def test_standard_output_that_is_closed(self):
        # The next file that is opened must not take its place.
        file = self.write("a", b"x y\n")
        outcome = self.start("sh", "-c", f'exec "{self.program}" --state-dir "{self.state}" "{file}" >&-',
                             env=self.env).finish()
        self.expect(outcome, 1, out="", err="MR-0704")
        self.expect_counts(self.keep(file), b"x y")


def pending(source):
    """Bytes that lie in a pipe."""
    size = array.array("i", [0])
    fcntl.ioctl(source, termios.FIONREAD, size)
    return size[0]


if __name__ == "__main__":
    sys.exit(program.main([Counting, Resuming, Refusing, Stopping, Output]))
