"""Kills word_count and checks what it counted in the end, and what lies on the disk in between."""

import collections
import random
import re
import shutil
import signal
import time

from harness import Failed, Inspection, expect, finish, killed_by, last_lines, run, start

APPLICATION = "word-count"
PARTITIONS = 3
STORE = "word-counts"
CHANGELOG = f"{APPLICATION}-{STORE}-changelog"
OUTPUT = "word-counts-output"
# Small steps and commits, so that there are many of both.
CONFIG = f"""
application.id: {APPLICATION}
commit.interval.ms: 4
embedded.default.partitions: {PARTITIONS}
max.poll.records: 50
metrics.enabled: false
log.level: warn
"""
# The most passages to wait for: what a run may still have before it. Points not listed: MANY.
FEW = {"input/before-append": 3, "poll/fetched": 6, "restore/batch-applied": 2, "shutdown/before-commit": 1,
       "shutdown/after-close": 1}
MANY = 12
RECORDS = {"process/before-record": 8000, "process/after-record": 8000}
# What has to happen before a point is passed.
ENDS_IN_ORDER = ("shutdown/before-commit", "shutdown/after-close")
NEEDS_LOST_STATE = "restore/batch-applied"


class Text:
    """Files of generated words, and how often each word is in them."""

    def __init__(self, folder, seed, files=12, words_per_file=12_000):
        chance = random.Random(seed)
        vocabulary = sorted({"".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randint(2, 9)))
                             for _ in range(6000)})
        self.files = []
        self.counts = collections.Counter()
        folder.mkdir()
        for number in range(files):
            # Some words are frequent, most are rare.
            words = [vocabulary[int(len(vocabulary) * chance.random() ** 3)] for _ in range(words_per_file)]
            lines = [" ".join(words[i:i + 11]) for i in range(0, len(words), 11)]
            text = "".join(line.capitalize() + chance.choice([".", ",", "!", " 7"]) + "\n" for line in lines)
            path = folder / f"text-{number:02}.txt"
            path.write_text(text)
            self.files.append(path)
            self.counts.update(re.findall("[a-z]+", text.lower()))

    def expected_output(self):
        return "".join(f"{word}\t{count}\n" for word, count in sorted(self.counts.items()))


class WordCountKills:
    """Runs in one state directory after another: a directory is left when its input is counted."""

    def __init__(self, build, folder, seed):
        self.crash_program = build / "tests-bin" / "word_count_crash"
        self.release_program = build / "bin" / "word_count"
        self.inspect_log = build / "tests-bin" / "inspect_log"
        self.folder = folder
        self.chance = random.Random(f"word_count {seed}")
        self.text = Text(folder / "text", seed)
        self.config = folder / "word_count.yaml"
        self.config.write_text(CONFIG)
        self.directories = 0
        self.kills = 0
        self.lost = 0
        self.doubled = 0
        self.state = self._fresh()

    def points(self):
        outcome = run([self.crash_program, "--list-crash-points"])
        expect(outcome.code == 0, "word_count_crash --list-crash-points failed")
        return outcome.out.split()

    def kill_at(self, point, wanted):
        """Kills at `wanted` passages of `point`, then lets it end."""
        passages = []
        misses = 0
        while len(passages) < wanted:
            passage = self._choose(point) if misses == 0 else 1
            outcome = self._run_to(point, passage)
            if killed_by(outcome):
                passages.append(passage)
                self._after_kill(len(passages))
                misses = 0
                continue
            # The input ended before that passage; begin anew. A fresh run that never comes by even once: no such place.
            self._check_end(outcome)
            misses += 1
            expect(misses <= 3, f"{point} was never passed")
        self._end()
        return f"kills {len(passages)}, at passages {' '.join(map(str, passages))}"

    def kill_at_random(self, wanted):
        """Kills the released program at random moments."""
        kills = 0
        seconds = self._seconds_of_a_run()
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

    def stop(self, wanted):
        """Stops it by SIGTERM at random moments: it ends in order within ten seconds, and goes on the next time."""
        stops = 0
        longest = 0.0
        while stops < wanted:
            process = start(self._command(self.release_program))
            self._wait_until_running(process)
            time.sleep(self.chance.uniform(0, 0.1))
            began = time.monotonic()
            process.terminate()
            outcome = finish(process)
            longest = max(longest, time.monotonic() - began)
            if outcome.code == 0:
                self._check_end(outcome)
                continue
            expect(outcome.code == 128 + signal.SIGTERM, f"exit code {outcome.code}: {last_lines(outcome.err)}")
            stops += 1
            # After a commit in order nothing is behind.
            self._inspect(self.state, complete=True)
        self._end()
        expect(longest <= 10, f"a stop took {longest:.1f} s")
        return f"stops {stops}, the longest took {longest:.2f} s"

    def _choose(self, point):
        if point in RECORDS:
            return int(RECORDS[point] ** self.chance.random())
        return self.chance.randint(1, FEW.get(point, MANY))

    def _run_to(self, point, passage):
        if point == NEEDS_LOST_STATE:
            self._lose_state()
        process = start(self._command(self.crash_program), {"MILLRACE_CRASH_AT": f"{point}:{passage}"})
        if point in ENDS_IN_ORDER:
            self._wait_until_running(process)
            time.sleep(self.chance.uniform(0, 0.1))
            process.terminate()
        return finish(process)

    def _lose_state(self):
        """A kill between the log's commit and the state's leaves something to restore."""
        outcome = run(self._command(self.crash_program),
                      {"MILLRACE_CRASH_AT": f"commit/acknowledged:{self.chance.randint(6, 12)}"})
        if not killed_by(outcome):
            self._check_end(outcome)
            self._lose_state()
            return
        self.kills += 1

    def _wait_until_running(self, process):
        last_task = self.state / APPLICATION / f"1_{PARTITIONS - 1}"
        while process.poll() is None and not last_task.exists():
            time.sleep(0.002)

    def _command(self, program):
        return [program, "--state-dir", self.state, "--config", self.config, *self.text.files]

    def _fresh(self):
        self.directories += 1
        return self.folder / f"state-{self.directories}"

    def _seconds_of_a_run(self):
        began = time.monotonic()
        self._end()
        return time.monotonic() - began

    def _after_kill(self, number):
        self.kills += 1
        # Looking opens the files and so mends them: on a copy, and not each time.
        if number % 3 != 0:
            return
        copy = self.folder / "copy"
        shutil.copytree(self.state, copy)
        self._inspect(copy, complete=False)
        shutil.rmtree(copy)

    def _inspect(self, state, complete):
        tasks = {f"1_{partition}": [STORE] for partition in range(PARTITIONS)}
        if not (state / APPLICATION / "log" / "CURRENT").exists():
            return None  # killed before there was a log
        found = Inspection(self.inspect_log, state / APPLICATION, topics=[CHANGELOG, OUTPUT], tasks=tasks)
        found.check_fold(STORE, CHANGELOG, complete)
        self._check_sequence(found, whole=False)
        return found

    def _end(self):
        self._check_end(run(self._command(self.release_program)))

    def _check_end(self, outcome):
        """The input is counted: everything is as if nothing had happened. Goes on with a fresh directory."""
        expect(outcome.code == 0, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        if outcome.out != self.text.expected_output():
            printed = {word: int(count) for word, count in
                       (line.split("\t") for line in outcome.out.splitlines())}
            self._compare_counts(printed, "printed")
        found = self._inspect(self.state, complete=True)
        self._check_sequence(found, whole=True)
        shutil.rmtree(self.state)
        self.state = self._fresh()

    def _check_sequence(self, found, whole):
        """The output has for each word 1, 2, 3, ... in this order, and in the end as many as the word occurs."""
        last = collections.Counter()
        for row in found.topics[OUTPUT]:
            word, count = row.key.decode(), int.from_bytes(row.value, "big", signed=True)
            if count != last[word] + 1:
                self.doubled += count <= last[word]
                self.lost += count > last[word]
                raise Failed(f"{OUTPUT}: {word}: {count} comes after {last[word]}")
            last[word] = count
        if whole:
            self._compare_counts(last, OUTPUT)

    def _compare_counts(self, counts, where):
        lost = self.text.counts - collections.Counter(counts)
        doubled = collections.Counter(counts) - self.text.counts
        self.lost += sum(lost.values())
        self.doubled += sum(doubled.values())
        expect(not lost and not doubled, f"{where}: lost {dict(lost.most_common(5))} of {sum(lost.values())}, "
                                         f"doubled {dict(doubled.most_common(5))} of {sum(doubled.values())}")
