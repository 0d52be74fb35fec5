#!/usr/bin/env bash
# The stranger's path, timed: a fresh clone, packages, an installed library, a project of one's own made from nothing
# but docs/guide/getting-started.md, and its test. Commands and files are taken from the page of the clone.
#
#   tests/consumer/stranger.sh           clones the repository it stands in (what is committed)
#   tests/consumer/stranger.sh --keep    leaves the folder behind and says where it is
#
# Prints one line per step, `step ... seconds`, and a total. Exit code 0 if every step worked.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
folder=$(mktemp -d "${TMPDIR:-/tmp}/millrace-stranger.XXXXXX") || exit 1
log=$folder/log
if [ "${1:-}" = --keep ]; then
  trap 'echo "left behind: $folder"' EXIT
else
  trap 'rm -rf --one-file-system "$folder"' EXIT
fi
cd "$folder" || exit 1
export MILLRACE_REPOSITORY="file://$root"
page=millrace/docs/guide/getting-started.md
began=$(date +%s.%N)

since() { awk -v from="$1" -v to="$(date +%s.%N)" 'BEGIN {printf "%.1f", to - from}'; }

# step NAME COMMAND...: says how long it took; ends the script if it fails.
step() {
  local name=$1 from
  from=$(date +%s.%N)
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    printf '%-22s FAILED after %s s\n' "$name" "$(since "$from")"
    tail -n 40 "$log"
    exit 1
  fi
  printf '%-22s %8s s\n' "$name" "$(since "$from")"
}

# What a page says under that name, in a shell that stops at the first failure. The page that tells how to
# clone is the one this script stands beside.
follow() {
  local commands
  commands=$(python3 "$root/scripts/guide.py" commands "$1" "$2") && bash -euo pipefail -c "$commands"
}

make_project() { python3 millrace/scripts/guide.py extract "$page" visits && [ -f visits/CMakeLists.txt ]; }

describe() {
  follow "$page" look && grep -q 'visits-per-page' "$log"
}

step clone follow "$root/docs/guide/getting-started.md" clone
step packages follow "$page" packages
step "build and install" follow "$page" install
step "own project" make_project
step "build it" follow "$page" build
step "its driver test" follow "$page" test
step "look at it" describe
printf '%-22s %8s s\n' "fresh clone to tested" "$(since "$began")"
