"""Time, randomness and threads come through ports: their sources live in app/ and adapters/ only."""

import re

from tree import without_comments_and_strings

ALLOWED = ("framework/app/", "framework/adapters/")
FORBIDDEN = [
    (re.compile(r"\b(u|nano)?sleep(_for|_until)?\s*\("), "sleeps: return the next deadline instead"),
    (re.compile(r"\w+_clock::now\s*\("), "reads a clock of the machine: take a millrace::Clock"),
    (re.compile(r"\b(time\s*\(\s*(nullptr|NULL|0)\s*\)|(gettimeofday|clock_gettime)\s*\()"),
     "reads a clock of the machine: take a millrace::Clock"),
    (re.compile(r"\b(s?rand|random)\s*\(|\brandom_device\b"), "draws from the machine's luck: take a seed"),
    (re.compile(r"\bstd::(jthread|thread)\b|\bpthread_create\b"), "starts a thread: app/ owns all threads"),
    (re.compile(r"\bstd::async\b"), "starts a thread: take a millrace::Executor"),
    (re.compile(r"\bcondition_variable(_any)?\b"), "waits: return and be called again instead"),
]


def check(tree):
    for path in tree.cpp_files:
        if not path.startswith("framework/") or path.startswith(ALLOWED):
            continue
        for number, line in enumerate(without_comments_and_strings(tree.text(path)).splitlines(), 1):
            for pattern, why in FORBIDDEN:
                found = pattern.search(line)
                if found:
                    yield f"{path}:{number}: '{found[0].strip()}' {why}"
