// Playground: runs a topology on the embedded engine, in a folder that is gone afterwards, with records from the
// program itself. It keeps the examples short; an application would call millrace::run_app.
#pragma once

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <millrace/app/line_input.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/millrace.hpp>
#include <millrace/model/partitioner.hpp>

namespace examples {

using std::chrono::milliseconds;

/// A point in event time: `since` the beginning of 2026.
inline millrace::Timestamp at(milliseconds since) {
  return std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + since;
}

/// A folder that is gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "millrace-example-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder can be made: " + path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Everything throws std::runtime_error with the engine's own message.
class Playground {
 public:
  explicit Playground(millrace::Topology topology, millrace::StreamsConfig config = default_config())
      : streams_(std::move(topology), in_folder(std::move(config))) {
    check(streams_.start());
    writer_ = streams_.log().open_writer("playground", [] {});
  }
  ~Playground() { (void)streams_.close(std::chrono::seconds(10)); }
  Playground(const Playground&) = delete;
  Playground& operator=(const Playground&) = delete;

  /// What an example starts from: no HTTP port, and only warnings in the log.
  static millrace::StreamsConfig default_config() {
    millrace::StreamsConfig config = millrace::default_config();
    config.application_id = "example";
    config.metrics_enabled = false;
    config.log_level = millrace::LogLevel::Warn;
    config.commit_interval = milliseconds(10);  // so that results come at once
    return config;
  }

  millrace::Streams& streams() { return streams_; }

  /// Writes one record to a topic; it is there when this returns.
  template <class K, class V>
  void send(const std::string& topic, const K& key, const std::optional<V>& value, millrace::Timestamp timestamp) {
    millrace::Bytes key_bytes;
    millrace::Bytes value_bytes;
    millrace::SerdeFor<K>::serialize(key, key_bytes);
    if (value) millrace::SerdeFor<V>::serialize(*value, value_bytes);
    millrace::RecordBatchBuilder batch;
    batch.add(key_bytes, value ? millrace::OptionalBytesView(value_bytes) : std::nullopt, timestamp, {});
    millrace::Transaction transaction;
    millrace::Partition partition = millrace::partition_for_key(key_bytes, partitions_of(topic));
    transaction.appends.push_back({{topic, partition}, {}});
    transaction.appends.back().batches.push_back(batch.finish());
    check(millrace::wait(writer_->commit(std::move(transaction))));
  }

  /// Writes the lines of a file to a topic, as values without a key; "-" is standard input.
  void send_lines(const std::string& topic, const std::filesystem::path& file) {
    millrace::LineInput input(streams_.log(), streams_.clock(),
                              {.application_id = streams_.config().application_id,
                               .topic = topic,
                               .partitions = partitions_of(topic),
                               .files = {file}});
    check(input.run([&] { return !streams_.failure().has_value(); }));
  }

  /// Waits until everything that was sent is processed and committed.
  void drain() {
    (void)streams_.wait_for(
        [&] {
          auto drained = streams_.drained();
          return streams_.failure() || !drained || *drained;
        },
        std::chrono::minutes(1));
    if (auto failure = streams_.failure()) throw std::runtime_error(failure->to_string());
    if (!check(streams_.drained())) throw std::runtime_error("the engine is not done after a minute");
  }

  /// The records of a topic, partition by partition, in order.
  template <class K, class V>
  std::vector<millrace::Record<K, V>> records(const std::string& topic) {
    std::vector<millrace::Record<K, V>> found;
    auto reader = streams_.log().open_reader([] {});
    for (std::int32_t i = 0; i < partitions_of(topic); ++i) {
      auto slot = check(reader->assign({topic, millrace::Partition(i)}, millrace::Offset(0)));
      while (auto batch = check(reader->poll(slot, 1 << 20))) {
        for (const millrace::RecordView& record : batch->records) {
          millrace::Headers headers;
          if (!record.encoded_headers.empty()) headers = check(millrace::decode_headers(record.encoded_headers));
          found.push_back({decode<K>(record.key), decode<V>(record.value), record.timestamp, std::move(headers)});
        }
      }
    }
    return found;
  }

 private:
  template <class T>
  static T check(millrace::Result<T> result) {
    if (!result) throw std::runtime_error(result.error().to_string());
    return std::move(result).value();
  }
  static void check(const millrace::Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().to_string());
  }
  template <class T>
  static std::optional<T> decode(millrace::OptionalBytesView bytes) {
    if (!bytes) return std::nullopt;
    return check(millrace::SerdeFor<T>::deserialize(*bytes));
  }
  millrace::StreamsConfig in_folder(millrace::StreamsConfig config) const {
    config.state_dir = folder_.path();
    return config;
  }
  std::int32_t partitions_of(const std::string& topic) {
    for (const millrace::TopicInfo& info : check(millrace::wait(streams_.log().admin().topics()))) {
      if (info.name == topic) return info.partitions;
    }
    throw std::runtime_error("there is no topic " + topic);
  }

  TemporaryFolder folder_;
  millrace::Streams streams_;
  std::unique_ptr<millrace::LogWriter> writer_;
};

/// The main() of an example: says what went wrong, if something did.
template <class Body>
int run(Body body) {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace examples
