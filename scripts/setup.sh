# shellcheck shell=bash
# Shared by run-tests.sh, run-demo.sh and the scripts under benchmarks/ and tests/accept/. Source it from the root of
# the repository:
#
#   . scripts/setup.sh
#   setup_packages build tests      # groups of packages.txt; installs what is missing
#   setup_configure                 # preset release -> build/release
#   setup_build treasure_hunt       # targets; `all` is everything
#   setup_phase NAME COMMAND...     # one line with seconds; the output goes to build/logs/NAME.log
#
# Each returns non-zero after saying what failed, or exits with 2 when only a person can go on.

SETUP_BUILD_DIR=build/release
SETUP_LOG_DIR=build/logs

# Runs COMMAND quietly and says how long it took. While it runs, shows the last line of its log: every second on a
# terminal, once a minute elsewhere (a log that grows by the second helps nobody).
setup_phase() {
  local name=$1 log="$SETUP_LOG_DIR/$1.log" begin=$SECONDS status=0 pid
  shift
  mkdir -p "$SETUP_LOG_DIR"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # An interrupted script must not leave a build behind.
  # shellcheck disable=SC2064
  trap "kill $pid 2>/dev/null; exit 130" INT TERM
  setup_watch "$name" "$pid" "$log"
  wait "$pid" || status=$?
  trap - INT TERM
  [ -t 1 ] && printf '\r\033[K'
  if [ "$status" -eq 0 ]; then
    printf '%-12s ok      %4d s\n' "$name" $((SECONDS - begin))
  else
    printf '%-12s FAILED  %4d s\n' "$name" $((SECONDS - begin))
  fi
  return "$status"
}

setup_watch() {
  local name=$1 pid=$2 log=$3 begin=$SECONDS shown=$SECONDS last
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    [ $((SECONDS - shown)) -ge 1 ] || continue
    if [ ! -t 1 ] && [ $((SECONDS - shown)) -lt 60 ]; then continue; fi
    shown=$SECONDS
    last=$(tail -n 1 "$log" | tr -d '\r' | cut -c 1-80)
    if [ -t 1 ]; then
      printf '\r\033[K%-12s %4d s  %s' "$name" $((SECONDS - begin)) "$last"
    else
      printf '%-12s ...     %4d s  %s\n' "$name" $((SECONDS - begin)) "$last"
    fi
  done
}

# The end of a failed phase's log, and where the whole of it is.
setup_show_log() {
  local log="$SETUP_LOG_DIR/$1.log"
  echo "--- the last lines of $log:" >&2
  tail -n "${2:-40}" "$log" >&2
  echo "--- the whole log: $PWD/$log" >&2
}

# The packages of the groups named, one per line.
setup_list_packages() {
  local group
  for group in "$@"; do
    if ! grep -q "^# $group:" packages.txt; then
      echo "packages.txt has no group '$group'" >&2
      return 1
    fi
    awk -v group="# $group:" 'index($0, "#") == 1 {on = index($0, group) == 1; next} NF && on' packages.txt
  done
}

# Those of the packages named that are not installed.
setup_missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# How this user may run apt-get: nothing for root, sudo if it asks no password. Returns 1 if neither.
setup_become_root() {
  if [ "$(id -u)" -eq 0 ]; then
    echo env
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    echo "sudo -n env"
  else
    return 1
  fi
}

# Package lists may be missing (fresh image) or stale (a version that the mirror no longer has): then update and try
# once more.
setup_apt_install() {
  local apt="$1 DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300"
  shift
  if apt-cache policy "$@" 2>/dev/null | grep -c 'Candidate: [^(]' | grep -qx "$#"; then
    $apt install -y --no-install-recommends "$@" && return 0
  fi
  $apt update && $apt install -y --no-install-recommends "$@" && return 0
  echo "trying once more in 5 s"
  sleep 5
  $apt update && $apt install -y --no-install-recommends "$@"
}

setup_packages() {
  local packages missing as_root
  if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system. Install by hand what packages.txt lists, then configure and build with CMake" >&2
    echo "(cmake --preset release && cmake --build --preset release)." >&2
    exit 2
  fi
  packages=$(setup_list_packages "$@") || exit 2
  # shellcheck disable=SC2086
  missing=$(setup_missing_packages $packages | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if ! as_root=$(setup_become_root); then
    echo "Packages are missing, and this user is neither root nor may use sudo without a password. Run:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing% }" >&2
    exit 2
  fi
  # shellcheck disable=SC2086
  if ! setup_phase packages setup_apt_install "$as_root" $missing; then
    setup_show_log packages
    echo "To try by hand: apt-get update && apt-get install -y --no-install-recommends ${missing% }" >&2
    return 1
  fi
}

# One compiler per core, but no more than one per GiB of free memory: swapping is slower than waiting.
setup_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo 2>/dev/null)
  [ "${memory:-0}" -ge 1 ] || memory=1
  [ "$memory" -lt "$cores" ] && cores=$memory
  echo "$cores"
}

# Clones at different places share what ccache knows: paths count from the root of the repository.
export CCACHE_BASEDIR=$PWD
export CCACHE_NOHASHDIR=true

setup_configure() {
  setup_phase configure cmake --preset release || { setup_show_log configure; return 1; }
}

# The first error is above the tail when several compilers ran: show it.
setup_build() {
  if ! setup_phase build ninja -C "$SETUP_BUILD_DIR" -j "$(setup_jobs)" "$@"; then
    setup_show_log build
    grep -m 5 -E '(^|[ :])(fatal )?error:' "$SETUP_LOG_DIR/build.log" >&2
    return 1
  fi
}
