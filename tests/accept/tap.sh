# shellcheck shell=bash
# TAP for acceptance scripts: source it, call check for each line, finish with tap_end.
#
#   check "description" command arguments...
#
# A command succeeds or fails by its exit code; the last line that it prints is the measured value and stands in the
# line. On failure, all it printed follows as comments. Exit code 77: skipped, the last line says why.

tap_count=0
tap_failures=0
tap_log=$(mktemp)
trap 'rm -f "$tap_log"' EXIT

check() {
  local description=$1 status=0 value
  shift
  tap_count=$((tap_count + 1))
  "$@" >"$tap_log" 2>&1 || status=$?
  value=$(grep -v '^[[:space:]]*$' "$tap_log" | tail -n 1)
  case $status in
    0) echo "ok $tap_count - $description: $value" ;;
    77) echo "ok $tap_count - $description # SKIP $value" ;;
    *)
      tap_failures=$((tap_failures + 1))
      echo "not ok $tap_count - $description: $value"
      tail -n 40 "$tap_log" | sed 's/^/# /'
      ;;
  esac
}

tap_end() {
  echo "1..$tap_count"
  [ "$tap_failures" -eq 0 ]
}
