// Short forms for tests of windowed operators.
#pragma once

#include <string>
#include <vector>

#include <millrace/serde/windowed.hpp>

#include "dsl_test.hpp"

namespace millrace::dsl_test {

inline std::int64_t ms(Timestamp time) { return time.time_since_epoch().count(); }

/// "a[0,10)=value@5" of what "out" has had since the last call, from windows of `size_ms`.
template <class V>
std::vector<std::string> read_windows(TopologyTestDriver& driver, std::int64_t size_ms,
                                      const std::string& topic = "out") {
  std::vector<std::string> texts;
  auto serde = time_windowed_serde<Text>(milliseconds(size_ms));
  for (const auto& r : driver.create_output_topic<Windowed<Text>, V>(topic, serde).read_records_to_list()) {
    texts.push_back(r.key->key + "[" + std::to_string(ms(r.key->window.start)) + "," +
                    std::to_string(ms(r.key->window.end)) + ")=" + show(r.value) + "@" +
                    std::to_string(ms(r.timestamp)));
  }
  return texts;
}

/// "a[0,10)=value" of what a window store holds.
template <class V>
std::vector<std::string> stored_windows(TopologyTestDriver& driver, const std::string& store) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : driver.get_window_store<Text, V>(store).all()) {
    texts.push_back(key.key + "[" + std::to_string(ms(key.window.start)) + "," + std::to_string(ms(key.window.end)) +
                    ")=" + show(value));
  }
  return texts;
}

}  // namespace millrace::dsl_test
