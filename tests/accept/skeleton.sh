#!/usr/bin/env bash
# The evidence for the first version: one TAP line for each thing that it must show, with the measured value.
#
#   tests/accept/skeleton.sh            from anywhere; builds what is missing
#
# ./run-tests.sh --full runs it too. Then the line about ./run-tests.sh itself is skipped: it would run itself.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/accept/tap.sh
. tests/accept/tap.sh
# shellcheck source=scripts/setup.sh
. scripts/setup.sh

work=$(mktemp -d)
trap 'rm -rf "$work" "$tap_log"' EXIT
bin=$SETUP_BUILD_DIR/bin

prepare() {
  setup_packages build tests benchmarks peers && setup_configure && setup_build all
}

demo() {
  ./run-demo.sh --seconds 10 --players 300 --seed 7 >"$work/demo" 2>&1 || { cat "$work/demo"; return 1; }
  cat "$work/demo"
  tail -n 1 "$work/demo" | grep -q '^audit: ok'
}

tampered_demo() {
  local status=0
  ./run-demo.sh --seconds 3 --players 100 --seed 7 --tamper >"$work/tampered" 2>&1 || status=$?
  cat "$work/tampered"
  local key
  key=$(sed -n 's/^tamper: store [a-z-]*, task [0-9_]*: \([^ ]*\) .*/\1/p' "$work/tampered")
  [ "$status" -eq 1 ] && [ -n "$key" ] || return 1
  grep "^audit: store .*: $key:" "$work/tampered"
}

# Stands for the stranger: nothing but what is committed.
tests_green() {
  if [ -n "${MILLRACE_INSIDE_RUN_TESTS:-}" ]; then
    echo "this script is part of that run"
    return 77
  fi
  git clone -q . "$work/clone" && (cd "$work/clone" && ./run-tests.sh </dev/null)
}

# Not the topology's code: coreutils.
reference_counts() {
  LC_ALL=C tr -cs 'A-Za-z' '\n' <"$1" | LC_ALL=C tr 'A-Z' 'a-z' | sed '/^$/d' | LC_ALL=C sort | uniq -c |
    awk '{ print $2 "\t" $1 }'
}

word_count_equals_coreutils() {
  find -L /usr/share/common-licenses /usr/share/doc -type f \( -path '*/common-licenses/*' -o -name copyright \) \
    -print0 | LC_ALL=C sort -z | xargs -0 cat >"$work/texts"
  reference_counts "$work/texts" >"$work/expected"
  "$bin/word_count" "$work/texts" >"$work/counted" || return 1
  cmp "$work/expected" "$work/counted" || return 1
  echo "$(stat -c %s "$work/texts") bytes, $(awk '{ n += $2 } END { print n }' "$work/counted") words," \
    "$(wc -l <"$work/counted") distinct, no difference"
}

kills() { python3 tests/crash/kill.py "$SETUP_BUILD_DIR"; }
million_keys() { python3 tests/crash/million_keys.py "$SETUP_BUILD_DIR"; }
fault() { python3 tests/crash/faults.py "$SETUP_BUILD_DIR" "$1"; }

# Fewer records than benchmarks/run.sh takes on its own: goals are told here, and decided on an idle machine.
benchmark() {
  local suite=$1 records=$2
  shift 2
  benchmarks/run.sh "$suite" --records "$records" --rounds "${ACCEPT_ROUNDS:-1}" --json "$work/$suite.json" "$@"
}
measured() { python3 tests/accept/measured.py "$work/$1.json" "${@:2}"; }

prepare >"$work/prepare" 2>&1 || { cat "$work/prepare"; echo "Bail out! the build failed"; exit 1; }

check "./run-demo.sh ends with audit: ok" demo
check "./run-demo.sh --tamper: the audit names the changed value" tampered_demo
check "./run-tests.sh is green in a fresh clone" tests_green
check "word_count over Debian's licence and copyright texts equals coreutils" word_count_equals_coreutils
check "kills: nothing lost, nothing twice" kills
check "1 million keys: processing again within a second" million_keys
for name in poison throwing full_disk corrupted_state corrupted_log unwritable locked format input_changed signals; do
  check "fault $name: message, policy, nothing lost" fault "$name"
done
check "benchmarks/run.sh micro, with Kafka Streams side by side" benchmark micro 300000 \
  --only 'cost per edge|^driver (pass-through|count)'
check "cost per operator edge" measured micro edges
for topology in "pass-through" "pass-through, by list" "count, in memory" "count, in memory, by list" \
  "count, RocksDB"; do
  check "TopologyTestDriver, $topology, against Kafka Streams'" measured micro "driver $topology" 2
done
check "benchmarks/run.sh embedded, with raw RocksDB side by side" benchmark embedded 2000000 \
  --only '^engine (pass-through|count)$'
check "embedded engine, exactly once, pass-through, against raw RocksDB" measured embedded "engine pass-through" 0.25
check "embedded engine, exactly once, count, against raw RocksDB" measured embedded "engine count" 0.1
tap_end
