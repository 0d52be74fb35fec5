// Builds the topology that a case describes; Pipeline.java of the oracle builds the same for Kafka Streams.
#pragma once

#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <millrace/millrace.hpp>

#include "case.hpp"

namespace millrace::semantics {

/// Each line works on what the line before made, or on what `of` names. Keys and values are strings; counts become
/// strings at once; a windowed key becomes "key@start/end".
class Pipeline {
 public:
  explicit Pipeline(const YAML::Node& lines);

  [[nodiscard]] Topology build() const { return builder_.build(); }
  /// The topics written to, in the order of the lines.
  [[nodiscard]] const std::vector<std::string>& sinks() const { return sinks_; }
  /// Whether the store of that name holds counts.
  [[nodiscard]] bool counts(const std::string& store) const { return count_stores_.contains(store); }

 private:
  using Stream = KStream<std::string, std::string>;
  using Table = KTable<std::string, std::string>;
  using WindowTable = KTable<Windowed<std::string>, std::string>;
  using Group = KGroupedStream<std::string, std::string>;
  using WindowGroup = TimeWindowedKStream<std::string, std::string>;
  using TableGroup = KGroupedTable<std::string, std::string>;
  using Made = std::variant<std::monostate, Stream, Table, WindowTable, Group, WindowGroup, TableGroup>;

  [[nodiscard]] Made make(const YAML::Node& line);
  [[nodiscard]] Made make_source(const std::string& op, const YAML::Node& line);
  [[nodiscard]] Made apply(const std::string& op, const Stream& stream, const YAML::Node& line);
  [[nodiscard]] Made apply(const std::string& op, const Table& table, const YAML::Node& line);
  [[nodiscard]] Made apply(const std::string& op, const WindowTable& table, const YAML::Node& line);
  [[nodiscard]] Made apply(const std::string& op, const Group& group, const YAML::Node& line);
  [[nodiscard]] Made apply(const std::string& op, const WindowGroup& group, const YAML::Node& line);
  [[nodiscard]] Made apply(const std::string& op, const TableGroup& group, const YAML::Node& line);
  [[nodiscard]] Made join(const std::string& op, const Stream& stream, const YAML::Node& line);
  [[nodiscard]] Made split(const Stream& stream, const YAML::Node& line);
  [[nodiscard]] Made to(const Stream& stream, const YAML::Node& line);
  void add_sink(const std::string& topic);

  StreamsBuilder builder_;
  std::map<std::string, Made> made_;
  Made last_;
  std::vector<std::string> sinks_;
  std::set<std::string> count_stores_;
};

}  // namespace millrace::semantics
