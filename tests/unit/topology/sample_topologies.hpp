// Topologies that several tests look at.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace::sample {

using Text = std::string;

inline std::vector<Text> words_of(const Text& line) { return {line}; }

inline Topology word_count() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("text-lines")
      .flat_map_values(words_of)
      .group_by([](const Text&, const Text& word) { return word; })
      .count({.store_name = "word-counts"})
      .to_stream()
      .to("word-counts-output");
  return builder.build();
}

class Relay : public Processor<Text, Text, Text, Text> {
  void process(const Record<Text, Text>& record) override { context().forward(record); }
};
class End : public Processor<Text, Text> {
  void process(const Record<Text, Text>&) override {}
};

/// Every operator there is, once unnamed; some a second time with a name.
inline Topology every_operator() {
  StreamsBuilder builder;
  builder.add_state_store(KeyValueStoreBuilder<Text, std::int64_t>{.name = "seen"});
  builder.add_state_store(KeyValueStoreBuilder<Text, Text>{.name = "scratch", .persistent = false});
  auto left = builder.stream<Text, Text>("left");
  auto right = builder.stream<Text, Text>("right", {.name = "the-right", .offset_reset = OffsetReset::Latest});
  auto kept = left.filter([](const Text&, const Text& v) { return !v.empty(); })
                  .filter_not([](const Text& v) { return v == "x"; }, {.name = "no-x"})
                  .map_values([](const Text& v) { return v + "!"; })
                  .flat_map_values(words_of)
                  .peek([](const Text&, const Text&) {});
  auto mapped = right.map([](const Text& k, const Text& v) {
                       return KeyValue{v, k};
                     })
                    .flat_map([](const Text& k, const Text& v) {
                      return std::vector{KeyValue{k, v}};
                    })
                    .select_key([](const Text& k, const Text&) { return k + k; });
  auto merged = kept.merge(mapped);
  merged.for_each([](const Text&, const Text&) {});
  auto relayed = merged.process([] { return std::make_unique<Relay>(); }, {.stores = {"seen", "scratch"}});
  relayed.process([] { return std::make_unique<End>(); }, {.stores = {"seen"}, .name = "the-end"});
  relayed.to("relayed");
  merged.group_by_key().count().to_stream().to("counted");
  left.group_by_key().reduce([](const Text& a, const Text& b) { return a + b; }).to_stream().to("reduced");
  left.group_by([](const Text& v) { return v; }, {.name = "by-value"})
      .aggregate([] { return std::int64_t{0}; }, [](const Text&, const Text&, std::int64_t n) { return n + 1; },
                 {.store_name = "totals", .persistent = false, .name = "total"})
      .to_stream({.name = "total-changes"})
      .to("totals", {.name = "totals-out"});
  builder.table<Text, Text>("profiles").to_stream().to("profile-changes");
  builder.table<Text, Text>("rows", {.store_name = "rows-store"}).to_stream().to("row-changes");
  return builder.build();
}

class Shout : public FixedKeyProcessor<Text, Text, Text> {
  void process(const FixedKeyRecord<Text, Text>& record) override { context().forward(record); }
};

/// A stream that is cut, sent through topics of its own, and written where a function says.
inline Topology branches() {
  StreamsBuilder builder;
  auto cut = builder.stream<Text, Text>("in")
                 .split()
                 .branch([](const Text& v) { return v.empty(); }, {.name = "empty"})
                 .branch([](const Text& v) { return v.size() < 9; })
                 .default_branch();
  cut.at("in.split.empty").process_values([] { return std::make_unique<Shout>(); }).to([](const Text& v) { return v; });
  auto by_value = cut.at("in.split.2").select_key([](const Text& v) { return v; });
  by_value.repartition({.partitions = 8}).to("spread");
  by_value.to_table({.store_name = "latest"}).to_stream().to("changes");
  (void)cut.at("in.split.0").to_table({.name = "plain"});
  return builder.build();
}

/// Tables that are made of tables, and a stream that meets them.
inline Topology tables() {
  StreamsBuilder builder;
  auto people = builder.table<Text, Text>("people");
  auto named = people.filter([](const Text& v) { return !v.empty(); });
  auto sizes = named.map_values([](const Text& v) { return static_cast<std::int64_t>(v.size()); });
  sizes.group_by([](const Text& k, std::int64_t size) { return KeyValue{size, k}; }).count().to_stream().to("sizes");
  named.filter_not([](const Text& v) { return v == "x"; }, {.store_name = "known"})
      .to_stream([](const std::optional<Text>& v) { return v; })
      .to("known-changes");
  auto visits = builder.stream<Text, Text>("visits");
  visits.join(sizes, [](const Text& v, std::int64_t) { return v; }).to("joined");
  visits.select_key([](const Text& v) { return v; })
      .left_join(named, [](const Text& v, const std::optional<Text>&) { return v; })
      .to("left-joined");
  return builder.build();
}

}  // namespace millrace::sample
