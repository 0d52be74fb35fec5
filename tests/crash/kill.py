#!/usr/bin/env python3
"""Kills word_count and treasure_hunt and checks that nothing is lost and nothing is there twice.

At every named crash point (programs of their own have them), at random moments of the released programs, and by
SIGTERM. Prints TAP and at the end `# kills N lost N doubled N`. The same seed chooses the same passages and moments.
"""

import argparse
import pathlib
import random
import sys
import time

import harness
from hunt_kills import HuntKills
from word_count_kills import WordCountKills


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="the build folder, with bin and tests-bin")
    parser.add_argument("--short", action="store_true", help="some thirty kills instead of hundreds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--point", action="append", help="only these crash points, and nothing at random")
    arguments = parser.parse_args()
    tap = harness.Tap()
    began = time.monotonic()
    with harness.scratch("kill") as (folder, kept):
        for name in ("words", "hunt"):
            (folder / name).mkdir()
        words = WordCountKills(arguments.build, folder / "words", arguments.seed)
        hunt = HuntKills(arguments.build, folder / "hunt", arguments.seed, 6000 if arguments.short else 12_000)
        test(tap, arguments, words, hunt)
        if tap.failed:
            kept.append(folder)
    kills, lost, doubled = (getattr(words, what) + getattr(hunt, what) for what in ("kills", "lost", "doubled"))
    if not arguments.point and not arguments.short:
        tap.report(kills >= 200, f"at least 200 kills: {kills}")
    tap.comment(f"seed {arguments.seed}, {time.monotonic() - began:.0f} s")
    tap.comment(f"kills {kills} lost {lost} doubled {doubled}")
    return tap.end()


def test(tap, arguments, words, hunt):
    known = words.points()
    for point in arguments.point or known:
        if point not in known:
            harness.fail_usage(f"kill.py: there is no crash point {point}: {' '.join(known)}")
    each = 1 if arguments.short else 10
    hunt_points = known
    if arguments.short:
        hunt_points = random.Random(arguments.seed).sample(known, 4)
    for point in arguments.point or known:
        tap.test(f"word_count at {point}", lambda point=point: words.kill_at(point, each))
    for point in arguments.point or hunt_points:
        tap.test(f"treasure_hunt at {point}", lambda point=point: hunt.kill_at(point, each))
    if arguments.point:
        return
    tap.test("word_count at random", lambda: words.kill_at_random(6 if arguments.short else 60))
    tap.test("word_count, SIGTERM at random", lambda: words.stop(2 if arguments.short else 10))
    tap.test("treasure_hunt at random", lambda: hunt.kill_at_random(4 if arguments.short else 30))
    tap.test("treasure_hunt with players at random", lambda: hunt.kill_players(2 if arguments.short else 12))


if __name__ == "__main__":
    sys.exit(main())
