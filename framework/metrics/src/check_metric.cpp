// The rules of names: Prometheus' conventions, so that `promtool check metrics` has nothing to say, and our own bound
// on labels.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <millrace/metrics/metric_table.hpp>

namespace millrace {

namespace {

constexpr std::size_t kLabelsMax = 4;
constexpr std::size_t kNameLengthMax = 100;

// Words that promise what a query should derive, another unit than the base unit, or the type.
constexpr std::array<std::string_view, 22> kForbiddenWords = {
    "rate",         "avg",     "average", "min",       "max",       "count",    "sum",          "bucket",
    "ratio",        "counter", "gauge",   "histogram", "ms",        "millis",   "milliseconds", "us",
    "microseconds", "ns",      "minutes", "hours",     "kilobytes", "megabytes"};

// `le` and `quantile` belong to the text format, `job` and `instance` to the scraper.
constexpr std::array<std::string_view, 4> kForbiddenLabels = {"le", "quantile", "job", "instance"};

bool is_snake_case(std::string_view name) {
  auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty() || !letter(name.front()) || name.back() == '_') return false;
  if (name.find("__") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c) || c == '_'; });
}

std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  for (;;) {
    std::size_t end = name.find('_');
    words.push_back(name.substr(0, end));
    if (end == std::string_view::npos) return words;
    name.remove_prefix(end + 1);
  }
}

bool contains(const auto& range, std::string_view wanted) {
  return std::find(range.begin(), range.end(), wanted) != range.end();
}

void check_name(const MetricInfo& info, std::vector<std::string>& findings) {
  if (!is_snake_case(info.name) || info.name.size() > kNameLengthMax) {
    findings.push_back(fmt::format("the name must be lower-case words joined by single underscores, at most {} bytes",
                                   kNameLengthMax));
    return;
  }
  auto words = words_of(info.name);
  if (words.size() < 2) findings.push_back("the name must begin with its subject: hunt_claims_total, not claims");
  for (std::string_view word : words) {
    if (contains(kForbiddenWords, word)) {
      findings.push_back(
          fmt::format("'{}' has no place in a name: use base units and let queries derive the rest", word));
    }
  }
  bool total = words.back() == "total";
  if (info.type == MetricType::Counter && !total) findings.push_back("a counter's name must end in _total");
  if (info.type != MetricType::Counter && contains(words, "total")) {
    findings.push_back(fmt::format("'total' is for counters, and this is a {}", to_string(info.type)));
  }
  std::string_view unit = total && words.size() > 1 ? words[words.size() - 2] : words.back();
  if (info.unit != MetricUnit::None && unit != to_string(info.unit)) {
    findings.push_back(
        fmt::format("the name must end in its unit: _{}{}", to_string(info.unit), total ? "_total" : ""));
  }
  if (info.unit == MetricUnit::None && (unit == "seconds" || unit == "bytes")) {
    findings.push_back(fmt::format("the name ends in '{}' but the unit is not declared", unit));
  }
}

void check_labels(const MetricInfo& info, std::vector<std::string>& findings) {
  if (info.label_names.size() > kLabelsMax) {
    findings.push_back(fmt::format("{} labels, at most {} are allowed", info.label_names.size(), kLabelsMax));
  }
  for (auto label = info.label_names.begin(); label != info.label_names.end(); ++label) {
    if (!is_snake_case(*label)) {
      findings.push_back("a label's name must be lower-case words joined by single underscores");
    } else if (contains(kForbiddenLabels, *label)) {
      findings.push_back(fmt::format("label '{}' is reserved", *label));
    } else if (std::find(info.label_names.begin(), label, *label) != label) {
      findings.push_back(fmt::format("label '{}' is declared twice", *label));
    }
  }
}

}  // namespace

std::vector<std::string> check_metric(const MetricInfo& info) {
  std::vector<std::string> findings;
  check_name(info, findings);
  if (info.help.empty()) findings.push_back("the help text is missing");
  check_labels(info, findings);
  bool histogram = info.type == MetricType::Histogram;
  if (histogram && info.buckets == BucketKind::None) findings.push_back("a histogram needs a bucket kind");
  if (!histogram && info.buckets != BucketKind::None) {
    findings.push_back(fmt::format("buckets are for histograms, and this is a {}", to_string(info.type)));
  }
  return findings;
}

}  // namespace millrace
