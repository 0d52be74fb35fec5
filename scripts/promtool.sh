#!/usr/bin/env bash
# Prints the path of a promtool: the system's own if there is one, else that of Debian's package `prometheus`, which is
# unpacked into build/tools. It is not installed: installing it would start a Prometheus server.
#
#   scripts/promtool.sh            fetches it if need be
#   scripts/promtool.sh --offline  only looks
#
# Exit codes: 0 printed, 1 there is none, and standard error says why.
set -u
cd "$(dirname "$0")/.." || exit 1

if command -v promtool; then exit 0; fi
tools=$PWD/build/tools
if [ -x "$tools/promtool" ]; then
  echo "$tools/promtool"
  exit 0
fi
if [ "${1:-}" = --offline ]; then
  echo "promtool is not there: scripts/promtool.sh fetches it" >&2
  exit 1
fi

# shellcheck source=scripts/setup.sh
. scripts/setup.sh
package=$(setup_list_packages unpacked) || exit 1
mkdir -p "$tools" || exit 1
scratch=$(mktemp -d "$tools/fetch.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
fetch() { (cd "$scratch" && apt-get -o APT::Sandbox::User=root download "$package"); }
if ! fetch >"$scratch/log" 2>&1; then
  as_root=$(setup_become_root) && $as_root apt-get update >>"$scratch/log" 2>&1
  fetch >>"$scratch/log" 2>&1
fi
if ! dpkg -x "$scratch/$package"_*.deb "$scratch/unpacked" 2>>"$scratch/log" ||
  ! mv "$scratch/unpacked/usr/bin/promtool" "$tools/promtool"; then
  echo "apt-get cannot download the package $package, or it has no promtool:" >&2
  tail -n 3 "$scratch/log" >&2
  exit 1
fi
echo "$tools/promtool"
