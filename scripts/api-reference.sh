#!/usr/bin/env bash
# Writes the API reference into build/api (open build/api/index.html). A warning, such as a public member about which
# nothing is said, is a failure: exit code 1. Exit code 77: doxygen is not installed (group docs of packages.txt).
set -u
cd "$(dirname "$0")/.." || exit 2
if ! command -v doxygen >/dev/null; then
  echo "skipped: doxygen is not installed: scripts/packages.sh docs"
  exit 77
fi
mkdir -p build/api || exit 1
if ! said=$(doxygen docs/Doxyfile 2>&1) || [ -n "$said" ]; then
  echo "$said" | sed "s|^$PWD/||"
  echo "Say above the member, or behind it with ///<, what its caller needs to know; names in detail are left out."
  exit 1
fi
echo "build/api/index.html"
