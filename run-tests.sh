#!/usr/bin/env bash
# Installs what is missing, builds everything (preset release) and runs the tests.
set -u
cd "$(dirname "$0")" || exit 2

usage() {
  cat <<'TEXT'
Usage: ./run-tests.sh [--full | --soak | --help]

Installs missing Debian packages (packages.txt), builds the preset `release` into build/release and runs the tests.
The last line is `N passed, N failed, N skipped`; the exit code is 0 only if nothing failed and something ran.

  (no flag)  every test of at most seconds: unit, conformance, configuration and tidy tests
  --full     also the tests labelled `full`: crash tests and the acceptance scripts; prints the ten slowest
  --soak     only the tests labelled `soak`: hours of evidence
  --help     this text

Exit codes: 0 all passed, 1 a test or a step failed, 2 wrong usage, or a package that only a person can install.
TEXT
}

mode=default
case "$#:${1:-}" in
  0:) ;;
  1:--full) mode=full ;;
  1:--soak) mode=soak ;;
  1:--help | 1:-h) usage; exit 0 ;;
  *)
    echo "run-tests.sh: not understood: $*" >&2
    usage >&2
    exit 2
    ;;
esac

# shellcheck source=scripts/setup.sh
. scripts/setup.sh
setup_packages build tests benchmarks docs || exit 1
# Tests that need promtool say so and are skipped where it cannot be had.
setup_phase promtool scripts/promtool.sh || setup_show_log promtool 3
setup_configure || exit 1
setup_build all || exit 1

case "$mode" in
  default) select=(--label-exclude '^(full|soak)$') ;;
  full) select=(--label-exclude '^soak$') ;;
  soak) select=(--label-regex '^soak$') ;;
esac

# Two at a time; what needs the machine for itself is marked RUN_SERIAL (label `serial`).
junit="$PWD/$SETUP_BUILD_DIR/test-results.xml"
rm -f "$junit"
status=0
setup_phase tests ctest --test-dir "$SETUP_BUILD_DIR" --parallel 2 --output-on-failure --no-tests=error \
  --test-output-size-passed 200000 --test-output-size-failed 200000 --output-junit "$junit" "${select[@]}" || status=$?

summary=(--ctest-status "$status" --log "$SETUP_LOG_DIR/tests.log")
[ "$mode" = full ] && summary+=(--slowest 10)
exec python3 scripts/test_summary.py "${summary[@]}" "$junit"
