#!/usr/bin/env python3
"""Kills word_count and treasure_hunt and checks that nothing is lost and nothing is there twice.

At every named crash point (programs of their own have them), at random moments of the released programs, and by
SIGTERM; word_count also with four threads and sixteen partitions, and with a cache in front of its store. All of them
at the same time. Prints TAP and at the end `kills N lost N doubled N, ...`. The same seed chooses the same passages
and moments.
"""

import argparse
import concurrent.futures
import pathlib
import sys
import time

import harness
from hunt_kills import HuntKills
from word_count_kills import WordCountKills


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="the build folder, with bin and tests-bin")
    parser.add_argument("--short", action="store_true", help="some forty kills instead of hundreds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--point", action="append", help="only these crash points, and nothing at random")
    arguments = parser.parse_args()
    tap = harness.Tap()
    began = time.monotonic()
    victims = []
    with harness.scratch("kill") as (folder, kept):
        tap.test("the applications run without being killed", lambda: victims.extend(make(arguments, folder)))
        if victims:
            kill_all(tap, arguments, *victims)
        if tap.failed:
            kept.append(folder)
    kills, lost, doubled = (sum(getattr(victim, what) for victim in victims) for what in ("kills", "lost", "doubled"))
    if not arguments.point and not arguments.short:
        tap.report(kills >= 200, f"at least 200 kills: {kills}")
    return tap.end(f"kills {kills} lost {lost} doubled {doubled}, seed {arguments.seed}, "
                   f"{time.monotonic() - began:.0f} s")


def make(arguments, folder):
    for name in ("words", "births", "threads", "cached", "hunt"):
        (folder / name).mkdir()
    return (WordCountKills(arguments.build, folder / "words", arguments.seed, 3000 if arguments.short else 6000),
            WordCountKills(arguments.build, folder / "births", arguments.seed, 500, files=1),
            WordCountKills(arguments.build, folder / "threads", arguments.seed, 3000 if arguments.short else 6000,
                           threads=4, partitions=16),
            WordCountKills(arguments.build, folder / "cached", arguments.seed, 3000 if arguments.short else 6000,
                           threads=2, caching=True),
            HuntKills(arguments.build, folder / "hunt", arguments.seed, 1 if arguments.short else 2))


def kill_all(tap, arguments, words, births, threads, cached, hunt):
    """Each application waits for its own disk writes and sleeps its own sleeps: together they take half the time."""
    plans = [named(arguments, words) + word_count_plan(arguments, words, births),
             named(arguments, threads) + threads_plan(arguments, threads),
             named(arguments, cached) + threads_plan(arguments, cached),
             named(arguments, hunt) + hunt_plan(arguments, hunt)]
    with concurrent.futures.ThreadPoolExecutor(len(plans)) as pool:
        for done in [pool.submit(lambda tests: [tap.test(*test) for test in tests], plan) for plan in plans]:
            done.result()


def named(arguments, victim):
    """Ten kills at each point (five with several threads), or one at each of them in one life of a directory."""
    name = victim.label
    known = victim.points()
    points = arguments.point or known
    for point in points:
        if point not in known:
            harness.fail_usage(f"kill.py: there is no crash point {point}: {' '.join(known)}")
    if arguments.short and not arguments.point:
        return [(f"{name} at each crash point", lambda: victim.kill_at(points, 1))]
    each = 10 if victim.threads == 1 else 5
    return [(f"{name} at {point}", lambda point=point: victim.kill_at([point], each)) for point in points]


def word_count_plan(arguments, words, births):
    if arguments.point:
        return []
    return [("word-count at random", lambda: words.kill_at_random(6 if arguments.short else 60)),
            ("word-count at its birth", lambda: births.kill_at_birth(4 if arguments.short else 30)),
            ("word-count, SIGTERM at random", lambda: words.stop(2 if arguments.short else 10))]


def threads_plan(arguments, threads):
    if arguments.point:
        return []
    return [(f"{threads.label} at random", lambda: threads.kill_at_random(4 if arguments.short else 40)),
            (f"{threads.label}, SIGTERM at random", lambda: threads.stop(2 if arguments.short else 10))]


def hunt_plan(arguments, hunt):
    if arguments.point:
        return []
    return [("treasure-hunt at random", lambda: hunt.kill_at_random(4 if arguments.short else 30)),
            ("treasure-hunt with players at random", lambda: hunt.kill_players(2 if arguments.short else 12))]


if __name__ == "__main__":
    sys.exit(main())
