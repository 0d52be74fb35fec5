#!/usr/bin/env bash
# Builds the release benchmarks, runs ours and the peer's in turn on this machine, prints a table.
set -u
cd "$(dirname "$0")/.." || exit 2

usage() {
  cat <<'TEXT'
Usage: benchmarks/run.sh micro|embedded|queries [--records N] [--rounds N] [--json FILE] [--only REGEX]
                         [--without-java]

  micro      cost per operator edge (Google Benchmark), and our TopologyTestDriver against Kafka Streams' own
  embedded   the embedded engine, exactly-once, against a raw loop of RocksDB batch reads and writes
  queries    the embedded engine while other threads read its store by key, against the same without reads

  --records N      records a pass (micro: 1000000, embedded, queries: 5000000)
  --rounds N       runs of each program, interleaved A B A B (3); of each run the second pass counts
  --json FILE      everything measured, as JSON
  --only REGEX     only the comparisons whose name matches, and "cost per edge" if that does
  --without-java   leaves the Java peer out: no JDK, no Maven, no ratio

Installs missing Debian packages (packages.txt); Maven fetches Kafka Streams. Numbers are only worth something on an
idle machine. Exit codes: 0 all was measured (whether or not a goal was met), 1 something could not be, 2 wrong usage.
TEXT
}

refuse() {
  echo "run.sh: $1" >&2
  usage >&2
  exit 2
}

suite="" java=yes forward=()
while [ $# -gt 0 ]; do
  case "$1" in
    micro | embedded | queries)
      [ -z "$suite" ] || refuse "one suite at a time"
      suite=$1
      ;;
    --records | --rounds)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || refuse "$1 needs a number of at least 1"
      forward+=("$1" "$2")
      shift
      ;;
    --json)
      [ -n "${2:-}" ] || refuse "--json needs a file"
      forward+=("$1" "$2")
      shift
      ;;
    --only)
      [ -n "${2:-}" ] || refuse "--only needs a regular expression"
      forward+=("$1" "$2")
      shift
      ;;
    --without-java) java=no ;;
    --help | -h) usage; exit 0 ;;
    *) refuse "not understood: $1" ;;
  esac
  shift
done
[ -n "$suite" ] || refuse "which suite?"
[ "$suite" = micro ] || java=no

# shellcheck source=scripts/setup.sh
. scripts/setup.sh
groups=(build tests benchmarks)
[ "$java" = yes ] && groups+=(peers)
setup_packages "${groups[@]}" || exit 1
setup_configure || exit 1
setup_build "benchmarks_$suite" || exit 1

if [ "$java" = yes ]; then
  if setup_phase java-driver mvn -q -B -f benchmarks/peers/java-driver/pom.xml \
    "-Ddriver.build.dir=$PWD/build/java-driver" package; then
    forward+=(--java-driver build/java-driver/java-driver.jar)
  else
    setup_show_log java-driver 15
    echo "The Java peer could not be built; Maven needs the network the first time. --without-java leaves it out." >&2
    exit 1
  fi
fi

exec python3 benchmarks/compare.py "$suite" --programs "$SETUP_BUILD_DIR/bin" "${forward[@]}"
