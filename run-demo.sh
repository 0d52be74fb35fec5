#!/usr/bin/env bash
# Installs what is missing, builds the treasure hunt (preset release) and shows it live.
set -u
cd "$(dirname "$0")" || exit 2

usage() {
  cat <<'TEXT'
Usage: ./run-demo.sh [--seconds N] [--players N] [--seed N] [--tamper] [--help]

Installs missing Debian packages (packages.txt), builds the treasure hunt into build/release and runs it: simulated
players hunt, the leaderboard is shown live, and an audit recomputes everything from the input log. The last line is
`audit: ok ...`, or what differs (exit code 1).

  --seconds N  how long to play
  --players N  how many players are simulated
  --seed N     what the players' luck is drawn from: the same seed, the same game
  --tamper     changes one stored value behind the engine's back; the audit must name it
  --help       this text

`build/release/bin/treasure_hunt demo --help` names the defaults once it is built.
TEXT
}

# Checked here as well: nobody should wait for a build to hear of a typing error.
refuse() {
  echo "run-demo.sh: $1" >&2
  usage >&2
  exit 2
}

arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --help | -h) usage; exit 0 ;;
    --tamper) arguments+=("$1") ;;
    --seconds | --players | --seed)
      [[ ${2:-} =~ ^[0-9]+$ ]] || refuse "$1 needs a whole number, not '${2:-}'"
      arguments+=("$1" "$2")
      shift
      ;;
    *) refuse "not understood: $1" ;;
  esac
  shift
done

# shellcheck source=scripts/setup.sh
. scripts/setup.sh
setup_packages build tests benchmarks || exit 1
setup_configure || exit 1
setup_build treasure_hunt || exit 1
exec "$SETUP_BUILD_DIR/bin/treasure_hunt" demo "${arguments[@]}"
