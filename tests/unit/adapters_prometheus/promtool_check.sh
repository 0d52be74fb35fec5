#!/bin/sh
# promtool has nothing to say about a scrape that shows every metric of the table.
# Usage: promtool_check.sh <path of scripts/promtool.sh> <path of test_adapters_prometheus>
set -eu
promtool=$("$1") || { echo "skipped: there is no promtool"; exit 77; }
text=$(mktemp)
trap 'rm -f "$text"' EXIT
MILLRACE_METRICS_TEXT="$text" "$2" --gtest_filter=PrometheusText.ShowsEveryMetricOfTheTable >/dev/null
said=$("$promtool" check metrics <"$text" 2>&1) || { echo "promtool refuses the text: $said"; exit 1; }
[ -z "$said" ] || { echo "promtool says: $said"; exit 1; }
echo "promtool is silent about $(grep -c '^# TYPE' "$text") metrics"
