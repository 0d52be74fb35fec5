#!/usr/bin/env bash
# Installs the Debian packages of the groups named (packages.txt) that are missing: scripts/packages.sh build tests
set -u
cd "$(dirname "$0")/.." || exit 2
if [ $# -eq 0 ] || [ "$1" = --help ]; then
  echo "Usage: scripts/packages.sh GROUP...; the groups of packages.txt:" >&2
  sed -n 's/^# \([a-z]*\): /  \1: /p' packages.txt >&2
  [ "${1:-}" = --help ]
  exit $((2 * $?))
fi
# shellcheck source=scripts/setup.sh
. scripts/setup.sh
setup_packages "$@"
