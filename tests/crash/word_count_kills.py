"""Kills word_count and checks what it counted in the end, and what lies on the disk in between."""

import collections
import random
import re
import signal
import time

from harness import Failed, expect, finish, last_lines, start
from kills import Kills

STORE = "word-counts"
CHANGELOG = f"word-count-{STORE}-changelog"
OUTPUT = "word-counts-output"


class Text:
    """Files of generated words, and how often each word is in them."""

    def __init__(self, folder, seed, words_per_file, files):
        chance = random.Random(seed)
        vocabulary = sorted({"".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randint(2, 9)))
                             for _ in range(6000)})
        self.files = []
        self._counts = []
        folder.mkdir()
        for number in range(files):
            # Some words are frequent, most are rare.
            words = [vocabulary[int(len(vocabulary) * chance.random() ** 3)] for _ in range(words_per_file)]
            lines = [" ".join(words[i:i + 11]) for i in range(0, len(words), 11)]
            text = "".join(line.capitalize() + chance.choice([".", ",", "!", " 7"]) + "\n" for line in lines)
            path = folder / f"text-{number:02}.txt"
            path.write_text(text)
            self.files.append(path)
            self._counts.append(collections.Counter(re.findall("[a-z]+", text.lower())))

    def counts(self, files):
        """How often each word is in the first `files` of them."""
        return sum(self._counts[:files], collections.Counter())


class WordCountKills(Kills):
    application = "word-count"

    def __init__(self, build, folder, seed, words_per_file, files=12, threads=1, partitions=Kills.partitions,
                 caching=False):
        self.threads = threads
        self.options = ["--caching"] if caching else []
        self.partitions = partitions
        self.tasks = {f"1_{partition}": [STORE] for partition in range(partitions)}
        super().__init__(build, "word_count", folder, seed)
        if caching:
            self.label += " with a cache"
        self.text = Text(folder / "text", seed, words_per_file, files)
        self.use(files)

    def use(self, files):
        """From now on its input are the first `files` of the text's."""
        self.files = self.text.files[:files]
        self.counts = self.text.counts(files)
        self.records = sum(self.counts.values())

    def stop(self, wanted):
        """Stops it by SIGTERM at random moments: it ends in order within ten seconds, and goes on the next time."""
        self.begin()
        stops = 0
        longest = 0.0
        while stops < wanted:
            process = start(self._command(self.release_program))
            self._wait_until_running(process)
            time.sleep(self.chance.uniform(0, 0.3))
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

    def _command(self, program):
        return [program, "--state-dir", self.state, "--config", self.config, *self.options, *self.files]

    def _inspect(self, state, complete):
        found = self._look(state, [CHANGELOG, OUTPUT], self.tasks)
        if found is not None:
            found.check_fold(STORE, CHANGELOG, complete)
            self._check_sequence(found)
        return found

    def _check_end(self, outcome):
        self.check(outcome)
        self._leave()

    def command(self):
        return self._command(self.release_program)

    def command_to_crash(self):
        return self._command(self.crash_program)

    def check(self, outcome):
        """The input is counted: everything is as if nothing had happened."""
        expect(outcome.code == 0, f"exit code {outcome.code}: {last_lines(outcome.err)}")
        if outcome.out != "".join(f"{word}\t{count}\n" for word, count in sorted(self.counts.items())):
            printed = {word: int(count) for word, count in
                       (line.split("\t") for line in outcome.out.splitlines())}
            self._compare_counts(printed, "printed")
            raise Failed("the counts are printed in another order than that of their words' bytes")
        self._compare_counts(self._check_sequence(self._inspect(self.state, complete=True)), OUTPUT)

    def _check_sequence(self, found):
        """The output has for each word 1, 2, 3, ... in this order; behind a cache, some. Returns the last ones."""
        last = {}
        for row in found.topics[OUTPUT]:
            count = int.from_bytes(row.value, "big", signed=True)
            before = last.get(row.key, 0)
            if count <= before or (count > before + 1 and not self.options):
                self.doubled += count <= before
                self.lost += count > before
                raise Failed(f"{OUTPUT}: {row.key.decode()}: {count} comes after {before}")
            last[row.key] = count
        return {word.decode(): count for word, count in last.items()}

    def _compare_counts(self, counts, where):
        lost = self.counts - collections.Counter(counts)
        doubled = collections.Counter(counts) - self.counts
        self.lost += sum(lost.values())
        self.doubled += sum(doubled.values())
        expect(not lost and not doubled, f"{where}: lost {dict(lost.most_common(5))} of {sum(lost.values())}, "
                                         f"doubled {dict(doubled.most_common(5))} of {sum(doubled.values())}")
