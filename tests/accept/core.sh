#!/usr/bin/env bash
# The evidence for the core: one TAP line for each thing that it must show, with the measured value.
#
#   tests/accept/core.sh            from anywhere; builds what is missing
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/accept/tap.sh
. tests/accept/tap.sh
# shellcheck source=scripts/setup.sh
. scripts/setup.sh

work=$(mktemp -d)
trap 'rm -rf "$work" "$tap_log"' EXIT

prepare() {
  setup_packages build tests benchmarks peers && setup_configure && setup_build all
}

# Test cases whose names match; the last line counts them.
cases() {
  ctest --test-dir "$SETUP_BUILD_DIR" --output-on-failure --no-tests=error -LE '^soak$' -R "$1" >"$work/cases" 2>&1 ||
    { cat "$work/cases"; return 1; }
  sed -n 's/^100% tests passed.* out of \([0-9]*\)$/\1 cases passed/p' "$work/cases"
}

kills() { python3 tests/crash/kill.py "$SETUP_BUILD_DIR"; }
fault() { python3 tests/crash/faults.py "$SETUP_BUILD_DIR" "$1"; }
sanitized() { python3 tests/sanitizers/sanitized.py "$1"; }

benchmark() {
  local suite=$1 records=$2 rounds=$3 only=$4
  benchmarks/run.sh "$suite" --records "$records" --rounds "${ACCEPT_ROUNDS:-$rounds}" --json "$work/$suite.json" \
    --only "$only"
}
measured() { python3 tests/accept/measured.py "$work/$1.json" "${@:2}"; }

prepare >"$work/prepare" 2>&1 || { cat "$work/prepare"; echo "Bail out! the build failed"; exit 1; }

check "4 threads, 16 partitions: the results of one thread" cases 'StreamThreads.*FourGiveTheResultsOfOne'
check "threads, tasks that move, listeners, handlers" \
  cases '^(app\.StreamThreads|runtime\.(Threads|Lifecycle)|app\.StreamsLifecycle)'
check "kills, also with 4 threads and 16 partitions: nothing lost, nothing twice" kills
check "simulation: 8,000 seeds with crashes give the reference's output; crashes at every step; planted bugs found" \
  cases '^simulation\.'
check "operators: as Kafka Streams, case by case" cases '^semantics\.'
check "expectations are what Kafka Streams gives today" tests/semantics/oracle.sh --check
check "stores: all kinds against models" cases '^conformance_state\.'
for name in poison throwing oversized full_disk corrupted_state corrupted_log unwritable locked format input_changed \
  offset_gone signals memory file_descriptors http_abuse; do
  check "fault $name: message, policy, nothing lost" fault "$name"
done
for preset in asan-ubsan tsan; do
  if [ -f tests/sanitizers/sanitized.py ]; then
    check "$preset: silent" sanitized "$preset"
  fi
done
check "benchmarks/run.sh micro: windows, repartition, joins, with Kafka Streams side by side" benchmark micro 200000 1 \
  '^driver (tumbling|repartition|stream)'
for topology in tumbling-count repartition-count stream-table-join stream-stream-join; do
  # What fails is less than noise explains; the goal is told. Each record of the repartition is committed twice.
  floor=2
  [ "$topology" = repartition-count ] && floor=1
  check "TopologyTestDriver, $topology" measured micro "driver $topology" "$floor"
  [ "$topology" = stream-stream-join ] ||
    check "TopologyTestDriver, $topology, by list" measured micro "driver $topology, by list" "$floor"
done
check "benchmarks/run.sh embedded: windows, repartition, joins, commits" benchmark embedded 2000000 1 \
  '^(engine (tumbling|repartition|stream)|commits)'
for topology in tumbling-count repartition-count stream-table-join stream-stream-join; do
  check "embedded engine, exactly once, $topology" measured embedded "engine $topology" 0.01
done
for kind in "not synced" "synced" "every 10 ms, synced"; do
  check "commits $kind: processing ahead against waiting" measured embedded "commits $kind" 0.5
done
# The program decides: every count right, resident memory within the limit.
memory() { "$SETUP_BUILD_DIR/bin/memory_bench" --keys 10000000 --budget-mib 512 --limit-mib 700; }
check "10 million keys, a budget of 512 MiB: at most 700 MiB resident" memory
check "benchmarks/run.sh queries: point reads from other threads while it counts" benchmark queries 3000000 5 '.'
for store in rocksdb memory; do
  check "point reads while it counts, $store" measured queries "count with reads, $store" 0.5
done
# What the time is worth is told: on a shared machine it decides nothing.
compiled() {
  cases '^benchmarks\.compile\.thirty_operators$' &&
    grep '^thirty operators at' "$SETUP_BUILD_DIR/Testing/Temporary/LastTest.log"
}
check "a 30-operator topology compiles" compiled
check "the stranger's path" tests/consumer/stranger.sh
tap_end
