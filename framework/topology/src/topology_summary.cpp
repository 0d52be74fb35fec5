#include "topology_summary.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::string_view kInternal = "<application.id>-";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    auto comma = text.find(", ");
    items.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 2);
  }
  return items;
}

/// "word: name (rest)".
struct Entry {
  std::string_view word;
  std::string name;
  std::string_view rest;
};
std::optional<Entry> split_entry(std::string_view line) {
  auto colon = line.find(": ");
  auto open = line.find(" (");
  if (colon == std::string_view::npos || open == std::string_view::npos || open < colon || line.back() != ')') {
    return std::nullopt;
  }
  return Entry{line.substr(0, colon), std::string(line.substr(colon + 2, open - colon - 2)),
               line.substr(open + 2, line.size() - open - 3)};
}

class Parser {
 public:
  Result<TopologySummary> run(std::string_view text) {
    while (!text.empty()) {
      auto end = text.find('\n');
      std::string_view line = trimmed(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
      ++number_;
      if (!line.empty() && !take(line)) {
        return Error(ErrorCode::InputUnreadable,
                     fmt::format("line {} is none of a description as `describe` prints it: \"{}\"", number_, line));
      }
    }
    if (!headed_) return Error(ErrorCode::InputUnreadable, "it holds no description as `describe` prints it");
    return std::move(summary_);
  }

 private:
  bool take(std::string_view line) {
    if (line == "Topologies:") return headed_ = true;
    if (!headed_) return false;
    if (line.starts_with("--> ")) return take_children(line.substr(4));
    if (line.starts_with("<-- ")) return true;
    auto entry = split_entry(line);
    if (!entry) return false;
    if (entry->word == "Sub-topology") return take_subtopology(*entry);
    repartition_.clear();
    if (entry->word == "Source") return take_topics(*entry, "topics: [", "]", summary_.sources);
    if (entry->word == "Sink") return take_topics(*entry, "topic: ", "", summary_.sinks);
    if (entry->word == "Processor") return take_operator(*entry);
    return entry->word == "Store" && take_store(*entry);
  }

  // Here the number comes where the others have their name.
  bool take_subtopology(const Entry& entry) {
    int number = 0;
    auto parsed = std::from_chars(entry.name.data(), entry.name.data() + entry.name.size(), number);
    if (parsed.ec != std::errc()) return false;
    subtopology_ = std::string(entry.rest);
    summary_.subtopologies[subtopology_] = number;
    return true;
  }

  bool take_topics(const Entry& entry, std::string_view before, std::string_view after, std::set<std::string>& topics) {
    if (!entry.rest.starts_with(before) || !entry.rest.ends_with(after)) return false;
    auto list = entry.rest.substr(before.size(), entry.rest.size() - before.size() - after.size());
    if (list == "chosen per record") return true;
    for (std::string& topic : split_list(list)) {
      if (!topic.starts_with(kInternal)) topics.insert(std::move(topic));
      else summary_.repartitions[repartition_ = topic];
    }
    return true;
  }

  /// Of the source above, if it reads a repartition topic.
  bool take_children(std::string_view list) {
    if (repartition_.empty() || list == "none") return true;
    for (std::string& child : split_list(list)) summary_.repartitions[repartition_].readers.insert(std::move(child));
    return true;
  }

  bool take_operator(const Entry& entry) {
    constexpr std::string_view kBefore = "stores: [";
    if (!entry.rest.starts_with(kBefore) || entry.rest.back() != ']') return false;
    for (const std::string& store :
         split_list(entry.rest.substr(kBefore.size(), entry.rest.size() - kBefore.size() - 1))) {
      summary_.stores[store].operators.insert(entry.name);
    }
    return true;
  }

  bool take_store(const Entry& entry) {
    auto properties = std::min(entry.rest.find(", rocksdb"), entry.rest.find(", in-memory"));
    if (properties == std::string_view::npos) return false;
    auto& store = summary_.stores[entry.name];
    store.types = std::string(entry.rest.substr(0, properties));
    store.properties = std::string(entry.rest.substr(properties + 2));
    store.subtopology = subtopology_;
    return true;
  }

  TopologySummary summary_;
  std::string subtopology_;
  std::string repartition_;  // of the entry above
  bool headed_ = false;
  int number_ = 0;
};

}  // namespace

Result<TopologySummary> TopologySummary::parse(std::string_view description) { return Parser().run(description); }

}  // namespace millrace
