#!/usr/bin/env bash
# Runs the cases through Kafka Streams and writes expected/, or checks that it would not change.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

check=no
case "$#:${1:-}" in
  0:) ;;
  1:--check) check=yes ;;
  *)
    echo "Usage: tests/semantics/oracle.sh [--check]" >&2
    exit 2
    ;;
esac

# shellcheck source=scripts/setup.sh
. scripts/setup.sh
setup_packages peers || exit 1
if ! setup_phase oracle mvn -q -B -f tests/semantics/oracle/pom.xml "-Doracle.build.dir=$PWD/build/semantics-oracle" \
  package; then
  setup_show_log oracle
  echo "The oracle could not be built; Maven needs the network the first time." >&2
  exit 1
fi

expected=tests/semantics/expected
[ "$check" = no ] || { expected=$(mktemp -d) && trap 'rm -rf "$expected"' EXIT; }
# Expectations of cases that are gone must not stay.
rm -f "$expected"/*.yaml
java -jar build/semantics-oracle/semantics-oracle.jar tests/semantics/cases "$expected" || exit 1
[ "$check" = no ] || diff -ru tests/semantics/expected "$expected"
