#include "cases.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace::simulation {

Bytes value_of(SeededRandom& luck, int number) { return fmt::format("p{}:{}", luck.below(3), number); }
Bytes key_of(SeededRandom& luck) { return fmt::format("k{}", luck.below(5)); }
Timestamp time_of(SeededRandom& luck, int number) {
  return Timestamp(milliseconds(1000 + number * 4 + luck.between(0, 12)));
}

const std::vector<SimulatedApplication::ReadRecord>& Outcome::records(const std::string& topic) {
  auto [known, fresh] = read_.try_emplace(topic);
  if (!fresh) return known->second;
  for (std::int32_t i = 0; i < app_.catalog().find(topic)->partitions; ++i) {
    auto records = app_.read({topic, Partition(i)});
    known->second.insert(known->second.end(), records.begin(), records.end());
  }
  return known->second;
}

std::map<Bytes, std::vector<Bytes>> Outcome::by_key(const std::string& topic) {
  std::map<Bytes, std::vector<Bytes>> values;
  for (const auto& record : records(topic)) {
    values[record.key.value_or("(null)")].push_back(record.value.value_or("(null)"));
  }
  return values;
}

std::map<Bytes, Bytes> Outcome::table(const std::string& store) {
  std::map<Bytes, Bytes> rows;
  for (const auto& record : records(fmt::format("sim-{}-changelog", store))) {
    if (record.value) rows[*record.key] = *record.value;
    else rows.erase(*record.key);
  }
  return rows;
}

void Outcome::expect_equal(const std::string& what, const std::map<Bytes, std::vector<Bytes>>& expected,
                           const std::map<Bytes, std::vector<Bytes>>& found) {
  for (const auto& [key, values] : expected) {
    auto there = found.find(key);
    const std::vector<Bytes> none;
    const std::vector<Bytes>& those = there == found.end() ? none : there->second;
    if (those == values) continue;
    if (at_least_once_) {
      for (const Bytes& value : values) {
        if (std::find(those.begin(), those.end(), value) == those.end()) finding(what + ": lost " + value);
      }
      continue;
    }
    auto differ = std::mismatch(values.begin(), values.end(), those.begin(), those.end());
    finding(fmt::format("{}, key {}: {} values, expected {}; the first that differs is number {}", what, key,
                        those.size(), values.size(), differ.first - values.begin()));
  }
  for (const auto& [key, values] : found) {
    if (!expected.contains(key)) finding(fmt::format("{}: nothing was to come of key {}", what, key));
  }
}

namespace {

/// Stateless operators: each record once, in order.
Case mapping() {
  Case mapping;
  mapping.name = "mapping";
  mapping.topology = [] {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .filter([](const Text& value) { return value.back() != '7'; })
        .map_values([](const Text& value) { return value + "!"; })
        .to("out");
    return builder.build();
  };
  mapping.make = [](SeededRandom& luck, int number) {
    return InputRecord{"in", key_of(luck), value_of(luck, number), time_of(luck, number)};
  };
  mapping.check = [](Outcome& outcome) {
    std::map<Bytes, std::vector<Bytes>> expected;
    for (const auto& [key, values] : outcome.by_key("in")) {
      for (const Bytes& value : values) {
        if (value.back() != '7') expected[key].push_back(value + "!");
      }
    }
    outcome.expect_equal("out", expected, outcome.by_key("out"));
  };
  return mapping;
}

/// A new key, a repartition topic, a count in a persistent store.
Case counting() {
  Case counting;
  counting.name = "counting";
  counting.topology = [] {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .group_by([](const Text& value) { return value.substr(0, value.find(':')); }, {.name = "producers"})
        .count({.store_name = "counts"})
        .to_stream()
        .to("out");
    return builder.build();
  };
  counting.make = [](SeededRandom& luck, int number) {
    return InputRecord{"in", key_of(luck), value_of(luck, number), time_of(luck, number)};
  };
  counting.check = [](Outcome& outcome) {
    std::map<Bytes, Number> count;
    std::map<Bytes, std::vector<Bytes>> expected;
    for (const auto& record : outcome.records("in")) {
      Bytes producer = record.value->substr(0, record.value->find(':'));
      SerdeFor<Number>::serialize(++count[producer], expected[producer].emplace_back());
    }
    outcome.expect_equal("out", expected, outcome.by_key("out"));
    for (const auto& [producer, counts] : expected) {
      if (outcome.table("counts")[producer] != counts.back())
        outcome.finding("the store's count of " + producer + " is another than the input's");
    }
  };
  return counting;
}

bool is_poison(const Bytes& value) {
  return value.size() != sizeof(Number) || *SerdeFor<Number>::deserialize(value) % 5 == 4;
}

/// Records that do not decode and records on which a function throws, to a dead-letter topic in the same transaction.
Case poisoned() {
  Case poisoned;
  poisoned.name = "poisoned";
  poisoned.topology = [] {
    StreamsBuilder builder;
    builder.stream<Text, Number>("in")
        .map_values([](const Number& value) {
          if (value % 5 == 4) throw std::runtime_error("a value that this function does not like");
          return value;
        })
        .group_by_key()
        .reduce([](const Number& sum, const Number& value) { return sum + value; }, {.store_name = "sums"})
        .to_stream()
        .to("out");
    return builder.build();
  };
  poisoned.configure = [](StreamsConfig& config) {
    config.deserialization_exception_handler = ExceptionResponse::DeadLetter;
    config.processing_exception_handler = ExceptionResponse::DeadLetter;
    config.dead_letter_topic = "dead";
  };
  poisoned.make = [](SeededRandom& luck, int number) {
    InputRecord record{"in", key_of(luck), {}, time_of(luck, number)};
    if (luck.below(6) == 0) record.value = value_of(luck, number) + " is no number";
    else SerdeFor<Number>::serialize(number, record.value);
    return record;
  };
  poisoned.check = [](Outcome& outcome) {
    std::map<Bytes, Number> sums;
    std::map<Bytes, std::vector<Bytes>> expected;
    std::map<Bytes, std::vector<Bytes>> dead;
    for (const auto& record : outcome.records("in")) {
      if (is_poison(*record.value)) {
        dead[*record.key].push_back(*record.value);
        continue;
      }
      Number sum = sums[*record.key] += *SerdeFor<Number>::deserialize(*record.value);
      SerdeFor<Number>::serialize(sum, expected[*record.key].emplace_back());
    }
    outcome.expect_equal("out", expected, outcome.by_key("out"));
    outcome.expect_equal("dead letters", dead, outcome.by_key("dead"));
  };
  return poisoned;
}

}  // namespace

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {mapping(), counting(), reducing(), punctuating(), sequencing(),
                                        poisoned(), caching(), windowing(), joining()};
  return all;
}

}  // namespace millrace::simulation
