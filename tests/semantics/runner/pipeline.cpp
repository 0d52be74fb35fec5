#include "pipeline.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "functions.hpp"

namespace millrace::semantics {

namespace {

std::string text(const YAML::Node& line, const char* key, const std::string& otherwise = {}) {
  return line[key] ? line[key].as<std::string>() : otherwise;
}

std::chrono::milliseconds duration(const YAML::Node& line, const char* key) {
  return std::chrono::milliseconds(line[key] ? line[key].as<std::int64_t>() : 0);
}

/// Named if the line says `store`; caches if it says `caching`.
template <class V>
Materialized<std::string, V> materialized(const YAML::Node& line) {
  return {.store_name = text(line, "store"), .caching = line["caching"] && line["caching"].as<bool>()};
}

[[noreturn]] void unknown(const std::string& what, const std::string& op) {
  throw std::runtime_error("unknown " + what + ": " + op);
}

template <class K>
KTable<K, std::string> shown(const KTable<K, std::int64_t>& counts) {
  return counts.map_values([](std::int64_t count) { return std::to_string(count); });
}

}  // namespace

Pipeline::Pipeline(const YAML::Node& lines) {
  for (const YAML::Node& line : lines) {
    last_ = make(line);
    if (line["as"]) made_[text(line, "as")] = last_;
  }
}

Pipeline::Made Pipeline::make(const YAML::Node& line) {
  const std::string op = text(line, "op");
  if (op == "stream" || op == "table") return make_source(op, line);
  const Made of = line["of"] ? made_.at(text(line, "of")) : last_;
  return std::visit(
      [&](const auto& operand) -> Made {
        if constexpr (std::is_same_v<std::decay_t<decltype(operand)>, std::monostate>) unknown("operand of", op);
        else return apply(op, operand, line);
      },
      of);
}

Pipeline::Made Pipeline::make_source(const std::string& op, const YAML::Node& line) {
  Consumed<std::string, std::string> consumed;
  if (line["extractor"]) consumed.timestamp_extractor = extractor(text(line, "extractor"));
  if (op == "stream") return builder_.stream<std::string, std::string>(text(line, "topic"), consumed);
  return builder_.table<std::string, std::string>(text(line, "topic"), materialized<std::string>(line), consumed);
}

Pipeline::Made Pipeline::apply(const std::string& op, const Stream& stream, const YAML::Node& line) {
  if (op == "filter") return stream.filter(predicate(line["if"]));
  if (op == "filter_not") return stream.filter_not(predicate(line["if"]));
  if (op == "map_values") return stream.map_values(mapper(text(line, "with", "same")));
  if (op == "flat_map_values") return stream.flat_map_values([](const Text& value) { return words(value); });
  if (op == "select_key") return stream.select_key(selector(text(line, "key", "key")));
  if (op == "map") {
    return stream.map([key_of = selector(text(line, "key", "key")), value_of = mapper(text(line, "with", "same"))](
                          const Text& key, const Text& value) {
      return KeyValue{key_of(key, value), value_of(value)};
    });
  }
  if (op == "flat_map") {
    return stream.flat_map([](const Text& key, const Text& value) {
      std::vector<KeyValue<std::string, Text>> pairs;
      for (std::string& word : words(value)) pairs.push_back({std::move(word), key});
      return pairs;
    });
  }
  if (op == "merge") return stream.merge(std::get<Stream>(made_.at(text(line, "with"))));
  if (op == "split") return split(stream, line);
  if (op == "repartition") return stream.repartition({.name = text(line, "name")});
  if (op == "to_table") return stream.to_table(materialized<std::string>(line));
  if (op == "group_by_key") return stream.group_by_key();
  if (op == "group_by") return stream.group_by(selector(text(line, "key", "key")));
  if (op == "join" || op == "left_join" || op == "outer_join") return join(op, stream, line);
  if (op == "to") return to(stream, line);
  unknown("verb of a stream", op);
}

Pipeline::Made Pipeline::split(const Stream& stream, const YAML::Node& line) {
  auto split = stream.split({.name = "split-"});
  for (const YAML::Node& branch : line["branches"]) split.branch(predicate(branch["if"]), {.name = text(branch, "as")});
  auto streams = line["default"] ? split.default_branch({.name = text(line, "default")}) : split.no_default_branch();
  for (auto& [name, branch] : streams) made_[name.substr(std::string("split-").size())] = branch;
  return stream;
}

Pipeline::Made Pipeline::join(const std::string& op, const Stream& stream, const YAML::Node& line) {
  const Made& other = made_.at(text(line, "with"));
  if (const auto* table = std::get_if<Table>(&other)) {
    if (op == "join") return stream.join(*table, joined);
    return stream.left_join(*table, joined);
  }
  const auto& right = std::get<Stream>(other);
  const auto windows =
      JoinWindows::of_time_difference_and_grace(std::chrono::milliseconds(0), duration(line, "grace_ms"))
          .before(duration(line, "before_ms"))
          .after(duration(line, "after_ms"));
  if (op == "join") return stream.join(right, joined, windows);
  if (op == "left_join") return stream.left_join(right, joined, windows);
  return stream.outer_join(right, joined, windows);
}

Pipeline::Made Pipeline::to(const Stream& stream, const YAML::Node& line) {
  if (line["topic"]) {
    add_sink(text(line, "topic"));
    stream.to(text(line, "topic"));
    return stream;
  }
  // To the topic "<prefix><first character of the value>".
  for (const YAML::Node& topic : line["topics"]) add_sink(topic.as<std::string>());
  stream.to([prefix = text(line, "prefix")](const Text& key, const Text& value) {
    return prefix + selector("first")(key, value).value_or("null");
  });
  return stream;
}

Pipeline::Made Pipeline::apply(const std::string& op, const Table& table, const YAML::Node& line) {
  if (op == "filter") return table.filter(predicate(line["if"]), materialized<std::string>(line));
  if (op == "filter_not") return table.filter_not(predicate(line["if"]), materialized<std::string>(line));
  if (op == "map_values") return table.map_values(mapper(text(line, "with")), materialized<std::string>(line));
  if (op == "to_stream") return table.to_stream();
  if (op == "group_by") {
    return table.group_by([key_of = selector(text(line, "key"))](const Text& key, const Text& value) {
      return KeyValue{key_of(key, value), value};
    });
  }
  unknown("verb of a table", op);
}

Pipeline::Made Pipeline::apply(const std::string& op, const WindowTable& table, const YAML::Node&) {
  if (op != "to_stream") unknown("verb of a windowed table", op);
  return table.to_stream().select_key([](const Windowed<std::string>& key, const Text&) {
    return fmt::format("{}@{}/{}", key.key, key.window.start.time_since_epoch().count(),
                       key.window.end.time_since_epoch().count());
  });
}

Pipeline::Made Pipeline::apply(const std::string& op, const Group& group, const YAML::Node& line) {
  if (op == "windowed_by") {
    auto windows = TimeWindows::of(duration(line, "size_ms")).grace(duration(line, "grace_ms"));
    return group.windowed_by(line["advance_ms"] ? windows.advance_by(duration(line, "advance_ms")) : windows);
  }
  if (op == "count") {
    count_stores_.insert(text(line, "store"));
    return shown(group.count(materialized<std::int64_t>(line)));
  }
  auto combine = combiner(text(line, "with"));
  if (op == "reduce") {
    return group.reduce([combine](const std::string& old, const std::string& value) { return combine(old, value); },
                        materialized<std::string>(line));
  }
  if (op == "aggregate") {
    return group.aggregate(
        [] { return std::string("0"); },
        [combine](const std::string&, const std::string& value, const std::string& old) { return combine(old, value); },
        materialized<std::string>(line));
  }
  unknown("verb of a group", op);
}

Pipeline::Made Pipeline::apply(const std::string& op, const WindowGroup& group, const YAML::Node& line) {
  if (op == "count") return shown(group.count());
  auto combine = combiner(text(line, "with"));
  if (op == "reduce") {
    return group.reduce([combine](const std::string& old, const Text& value) { return combine(old, value); });
  }
  if (op == "aggregate") {
    return group.aggregate(
        [] { return std::string("0"); },
        [combine](const std::string&, const Text& value, const std::string& old) { return combine(old, value); });
  }
  unknown("verb of a windowed group", op);
}

Pipeline::Made Pipeline::apply(const std::string& op, const TableGroup& group, const YAML::Node& line) {
  if (op == "count") {
    count_stores_.insert(text(line, "store"));
    return shown(group.count(materialized<std::int64_t>(line)));
  }
  auto add = combiner(text(line, "with"));
  auto subtract = combiner(text(line, "minus"));
  if (op == "reduce") {
    return group.reduce([add](const std::string& old, const std::string& value) { return add(old, value); },
                        [subtract](const std::string& old, const std::string& value) { return subtract(old, value); },
                        materialized<std::string>(line));
  }
  if (op == "aggregate") {
    return group.aggregate(
        [] { return std::string("0"); },
        [add](const std::string&, const std::string& value, const std::string& old) { return add(old, value); },
        [subtract](const std::string&, const std::string& value, const std::string& old) {
          return subtract(old, value);
        },
        materialized<std::string>(line));
  }
  unknown("verb of a grouped table", op);
}

void Pipeline::add_sink(const std::string& topic) {
  if (std::find(sinks_.begin(), sinks_.end(), topic) == sinks_.end()) sinks_.push_back(topic);
}

}  // namespace millrace::semantics
