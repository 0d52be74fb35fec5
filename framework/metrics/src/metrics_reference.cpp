#include <fmt/format.h>

#include <millrace/metrics/metric_table.hpp>

namespace millrace {

namespace {

std::string labels_text(const MetricInfo& info) {
  std::string text;
  for (const auto& label : info.label_names) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", label);
  return text;
}

std::string edges_text(BucketKind kind) {
  std::string text;
  for (double edge : bucket_edges(kind)) text += fmt::format("{}{}", text.empty() ? "" : ", ", edge);
  return text;
}

}  // namespace

std::string metrics_reference() {
  std::string page =
      "# Metrics\n\n"
      "<!-- Generated from framework/metrics/include/millrace/metrics/metric_table.def. Do not edit:\n"
      "     MILLRACE_UPDATE_DOCS=1 test_metrics writes it anew. -->\n\n"
      "`GET /metrics` on the application's port answers in Prometheus' text format. Rates, averages and quantiles are\n"
      "left to queries. An application may declare metrics of its own; they keep the same rules.\n\n"
      "| Name | Type | Unit | Labels | Buckets | Meaning |\n"
      "|---|---|---|---|---|---|\n";
  for (const MetricInfo& info : metric_table()) {
    std::string_view buckets = info.buckets == BucketKind::Latency        ? "latency"
                               : info.buckets == BucketKind::ShortLatency ? "short latency"
                                                                          : "";
    page += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", info.name, to_string(info.type), to_string(info.unit),
                        labels_text(info), buckets, info.help);
  }
  page += fmt::format("\nBucket edges in seconds: latency {}; short latency {}.\n", edges_text(BucketKind::Latency),
                      edges_text(BucketKind::ShortLatency));
  page +=
      "\nA metric has at most 1,000 series. Those beyond are not exported: a warning names the metric, and\n"
      "`millrace_metrics_rejected_series_total` counts them.\n";
  return page;
}

}  // namespace millrace
