// TopologyTestDriver: runs a topology in a test, record by record, without threads, files or a broker.
//
//   millrace::TopologyTestDriver driver(word_count());
//   auto lines = driver.create_input_topic<std::string, std::string>("text-lines");
//   auto counts = driver.create_output_topic<std::string, std::int64_t>("word-counts-output");
//   lines.pipe_input("", "to be or not to be");
//   EXPECT_EQ(counts.read_key_values_to_map()["be"], 2);
//
// It is no second engine: the tasks, the commit and the restoring are those of production, over a log in memory and a
// clock that is moved by hand. As with Kafka Streams' driver every input is processed before pipe_input returns, and is
// committed before anything could tell: before the topology reads what it wrote, before an output topic is read, before
// the clock moves, before a restart; only then is a failing commit reported. So the caches of stores give out each
// change by itself, as with that driver; hold_commits() lets them gather. Beyond that driver: several partitions,
// restarts, and crashes before a commit.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <millrace/config/streams_config.hpp>
#include <millrace/metrics/snapshot.hpp>
#include <millrace/processor/key_value_store.hpp>
#include <millrace/processor/window_store.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include <millrace/state/task_backend.hpp>
#include <millrace/testing/manual_clock.hpp>
#include <millrace/topology/topology.hpp>

namespace millrace {

/// How a driver is set up.
struct TestDriverOptions {
  /// application_id defaults to "test"; everything else as in production. num_stream_threads is 1.
  StreamsConfig config{};
  /// The wall clock at the start.
  WallTime start{};
  /// Of every source and output topic.
  int partitions = 1;
  /// Further topics: what a function of the topology may choose to write to.
  std::vector<std::string> topics{};
  /// Opens the stores that are declared persistent, in config.state_dir, which is then locked as in production.
  /// Outlives the driver. Null: they are in memory too, and restored from the changelogs at each start.
  TaskBackendFactory* persistent_stores = nullptr;
};

/// Thrown by the driver when the application died, as it would in production; what() is the error's text.
class StreamsFailed : public std::runtime_error {
 public:
  /// For the driver.
  explicit StreamsFailed(Error error) : std::runtime_error(error.to_string()), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const { return error_; }  ///< Why the application died.

 private:
  Error error_;
};

/// A record as a test writes or reads it.
template <class K, class V>
using TestRecord = Record<K, V>;

template <class K, class V>
class TestInputTopic;
template <class K, class V>
class TestOutputTopic;
template <class K, class V>
class TestStore;
template <class K, class V>
class TestWindowStore;

/// Runs a topology in a test. See the head of this file. Thread: one owner.
class TopologyTestDriver {
 public:
  /// Starts the application. Throws StreamsFailed if it dies at once.
  explicit TopologyTestDriver(Topology topology, TestDriverOptions options = {});
  ~TopologyTestDriver();
  TopologyTestDriver(const TopologyTestDriver&) = delete;
  TopologyTestDriver& operator=(const TopologyTestDriver&) = delete;

  /// Records without a timestamp of their own get `start`, and `advance` more for each further record.
  template <class K, class V>
  [[nodiscard]] TestInputTopic<K, V> create_input_topic(const std::string& topic, Serde<K> key_serde = {},
                                                        Serde<V> value_serde = {}, Timestamp start = Timestamp{},
                                                        milliseconds advance = milliseconds(0));
  /// Reads a topic from its beginning, as far as this driver has not read it.
  template <class K, class V>
  [[nodiscard]] TestOutputTopic<K, V> create_output_topic(const std::string& topic, Serde<K> key_serde = {},
                                                          Serde<V> value_serde = {});

  /// Moves the clock, calls the wall-clock punctuators that are due, and commits.
  void advance_wall_clock_time(milliseconds by);
  [[nodiscard]] ManualClock& clock();  ///< What the application takes for the machine's clocks.

  /// The store of a processor or a table, over all partitions; that of a table, or another timestamped one, with the
  /// plain values, or with their timestamps if V is a ValueAndTimestamp. Throws std::invalid_argument if the topology
  /// has none of that name.
  template <class K, class V>
  [[nodiscard]] TestStore<K, V> get_key_value_store(const std::string& name);
  /// The window store of a processor or of a windowed aggregation, over all partitions; without the windows that its
  /// retention has left behind. Throws as get_key_value_store() does.
  template <class K, class V>
  [[nodiscard]] TestWindowStore<K, V> get_window_store(const std::string& name);

  /// Names of the topics that were written to, internal ones included.
  [[nodiscard]] std::vector<std::string> produced_topic_names();
  [[nodiscard]] MetricsSnapshot metrics() const;  ///< Every series, as /metrics would show it.

  /// Stops in order and starts again on the same log; in-memory state is restored from the changelogs.
  void restart();
  /// From now on inputs are processed but not committed, until crash() or commit(): caches keep what they hold, unless
  /// config.record_cache_max_bytes is too little for it.
  void hold_commits();
  void commit();  ///< Commits, also between hold_commits() and crash().
  /// Drops everything that was not committed, as a killed process does, and starts again on the same log.
  void crash();
  /// Stops in order: the processors' close() is called. The destructor does it too.
  void close();

  /// For the templates below: bytes in and out.
  void pipe_bytes(const std::string& topic, std::optional<Partition> partition, OptionalBytesView key,
                  OptionalBytesView value, Timestamp timestamp, const Headers& headers) {
    add_bytes(topic, partition, key, value, timestamp, headers);
    process_input(topic);
  }
  /// One of several records that process_input() then processes, in order.
  void add_bytes(const std::string& topic, std::optional<Partition> partition, OptionalBytesView key,
                 OptionalBytesView value, Timestamp timestamp, const Headers& headers);
  void process_input(const std::string& topic);  ///< Processes what add_bytes() added.
  /// A record as it stands in the log.
  struct BytesRecord {
    RecordView record;    ///< borrowed until the next call of any kind
    Partition partition;  ///< where it was read
  };
  /// The next record of a topic that this driver has not read; in order per partition.
  [[nodiscard]] std::optional<BytesRecord> read_bytes(const std::string& topic);
  [[nodiscard]] std::size_t queue_size(const std::string& topic);  ///< Records that read_bytes() has still to give.
  /// Cheaper than queue_size() while there is something to read.
  [[nodiscard]] bool has_output(const std::string& topic);
  /// The stored bytes of a key, whichever task has it.
  [[nodiscard]] std::optional<Bytes> read_store(const std::string& store, BytesView key);
  /// All entries of all tasks, in the order of keys.
  [[nodiscard]] std::vector<std::pair<Bytes, Bytes>> read_store_all(const std::string& store);
  /// Throws std::invalid_argument if there is no such store.
  [[nodiscard]] const StoreSpec& store_spec(const std::string& store) const;
  /// What a window store holds, in the order of the stored keys. Throws std::invalid_argument if it is none.
  struct WindowEntry {
    Bytes key;      ///< serialized, without its window
    Window window;  ///< in which it lies
    Bytes value;    ///< serialized
  };
  /// Throws std::invalid_argument if there is no such store.
  [[nodiscard]] std::vector<WindowEntry> read_window_store(const std::string& store);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Writes to a source topic.
template <class K, class V>
class TestInputTopic {
 public:
  /// See TopologyTestDriver::create_input_topic.
  TestInputTopic(TopologyTestDriver& driver, std::string topic, Serde<K> key_serde, Serde<V> value_serde,
                 Timestamp start, milliseconds advance)
      : driver_(&driver),
        topic_(std::move(topic)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)),
        next_(start),
        advance_(advance) {}

  /// Writes a record with the next timestamp and processes it.
  void pipe_input(const std::optional<K>& key, const std::optional<V>& value) {
    pipe_input(key, value, next_);
    next_ += advance_;
  }
  /// Writes a record with this timestamp and processes it.
  void pipe_input(const std::optional<K>& key, const std::optional<V>& value, Timestamp timestamp) {
    add(key, value, timestamp, {}, std::nullopt);
    driver_->process_input(topic_);
  }
  /// Writes this record, to a partition of choice, and processes it.
  void pipe_input(const Record<K, V>& record, std::optional<Partition> partition = std::nullopt) {
    add(record.key, record.value, record.timestamp, record.headers, partition);
    driver_->process_input(topic_);
  }
  /// As if each were piped in turn, but faster. Where one fails that does not keep those after it from the topic.
  void pipe_record_list(const std::vector<Record<K, V>>& records) {
    for (const Record<K, V>& record : records) add(record.key, record.value, record.timestamp, record.headers, {});
    driver_->process_input(topic_);
  }
  /// As if each pair were piped in turn.
  void pipe_key_value_list(const std::vector<std::pair<std::optional<K>, std::optional<V>>>& records) {
    for (const auto& [key, value] : records) {
      add(key, value, next_, {}, {});
      next_ += advance_;
    }
    driver_->process_input(topic_);
  }
  /// As if each value were piped in turn, without a key.
  void pipe_value_list(const std::vector<std::optional<V>>& values) {
    for (const std::optional<V>& value : values) {
      add(std::nullopt, value, next_, {}, {});
      next_ += advance_;
    }
    driver_->process_input(topic_);
  }
  void pipe_value(std::optional<V> value) { pipe_input(std::nullopt, std::move(value)); }  ///< A record without a key.
  /// Bytes that need not decode.
  void pipe_bytes(OptionalBytesView key, OptionalBytesView value) {
    driver_->pipe_bytes(topic_, std::nullopt, key, value, next_, {});
    next_ += advance_;
  }

 private:
  template <class T>
  static OptionalBytesView encode(const Serde<T>& serde, const std::optional<T>& value, Bytes& out) {
    if (!value) return std::nullopt;
    return serde.encode(*value, out);
  }
  void add(const std::optional<K>& key, const std::optional<V>& value, Timestamp timestamp, const Headers& headers,
           std::optional<Partition> partition) {
    OptionalBytesView encoded_key = encode(key_serde_, key, key_bytes_);
    OptionalBytesView encoded_value = encode(value_serde_, value, value_bytes_);
    driver_->add_bytes(topic_, partition, encoded_key, encoded_value, timestamp, headers);
  }

  TopologyTestDriver* driver_;
  std::string topic_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
  Timestamp next_;
  milliseconds advance_;
  Bytes key_bytes_;
  Bytes value_bytes_;
};

/// Reads what a topology wrote. Reading takes records away.
template <class K, class V>
class TestOutputTopic {
 public:
  /// See TopologyTestDriver::create_output_topic.
  TestOutputTopic(TopologyTestDriver& driver, std::string topic, Serde<K> key_serde, Serde<V> value_serde)
      : driver_(&driver),
        topic_(std::move(topic)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  [[nodiscard]] bool empty() const { return !driver_->has_output(topic_); }  ///< True if there is nothing to read.
  /// How many records there are to read.
  [[nodiscard]] std::size_t queue_size() const { return driver_->queue_size(topic_); }

  /// Throws std::out_of_range if there is none.
  [[nodiscard]] TestRecord<K, V> read_record() {
    const RecordView bytes = next();
    return {decode(key_serde_, bytes.key), decode(value_serde_, bytes.value), bytes.timestamp,
            headers(bytes.encoded_headers)};
  }
  /// Key and value of the next record. Throws std::out_of_range if there is none.
  [[nodiscard]] std::pair<std::optional<K>, std::optional<V>> read_key_value() {
    auto record = read_record();
    return {std::move(record.key), std::move(record.value)};
  }
  /// The value of the next record. Throws std::out_of_range if there is none.
  [[nodiscard]] std::optional<V> read_value() { return decode(value_serde_, next().value); }
  /// All records there are.
  [[nodiscard]] std::vector<TestRecord<K, V>> read_records_to_list() {
    std::vector<TestRecord<K, V>> records;
    while (!empty()) records.push_back(read_record());
    return records;
  }
  /// The latest value of each key; a null removes it. REQUIRES: keys are not null.
  [[nodiscard]] std::map<K, V> read_key_values_to_map() {
    std::map<K, V> table;
    for (auto& record : read_records_to_list()) {
      if (record.value) table.insert_or_assign(*record.key, std::move(*record.value));
      else table.erase(*record.key);
    }
    return table;
  }

 private:
  RecordView next() {
    auto bytes = driver_->read_bytes(topic_);
    if (!bytes) throw std::out_of_range("the topic " + topic_ + " has no further record");
    return bytes->record;
  }
  template <class T>
  static std::optional<T> decode(const Serde<T>& serde, OptionalBytesView bytes) {
    if (!bytes) return std::nullopt;
    auto value = serde.deserialize(*bytes);
    if (!value) throw std::runtime_error(value.error().to_string());
    return std::move(*value);
  }
  static Headers headers(BytesView encoded) {
    if (encoded.empty()) return {};
    auto decoded = decode_headers(encoded);
    if (!decoded) throw std::runtime_error(decoded.error().to_string());
    return std::move(*decoded);
  }

  TopologyTestDriver* driver_;
  std::string topic_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
};

/// Reads a store.
template <class K, class V>
class TestStore {
 public:
  /// See TopologyTestDriver::get_key_value_store.
  TestStore(TopologyTestDriver& driver, std::string name, Serde<K> key_serde = {}, Serde<V> value_serde = {})
      : driver_(&driver),
        name_(std::move(name)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  /// The value of `key`, if there is one.
  [[nodiscard]] std::optional<V> get(const K& key) const {
    Bytes bytes;
    key_serde_.serialize(key, bytes);
    auto found = driver_->read_store(name_, bytes);
    if (!found) return std::nullopt;
    return value(*found);
  }
  /// All entries of all tasks, in the order of the serialized keys.
  [[nodiscard]] std::vector<std::pair<K, V>> all() const {
    std::vector<std::pair<K, V>> entries;
    for (const auto& [key, stored] : driver_->read_store_all(name_)) {
      entries.emplace_back(std::move(key_serde_.deserialize(key).value()), value(stored));
    }
    return entries;
  }

 private:
  V value(BytesView stored) const {
    BytesView bytes = stored;
    if constexpr (!kIsValueAndTimestamp<V>) {
      if (driver_->store_spec(name_).timestamped) bytes = value_of(stored);
    }
    return std::move(value_serde_.deserialize(bytes).value());
  }

  TopologyTestDriver* driver_;
  std::string name_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
};

/// Reads a window store. Timestamped ones show their values without the timestamp.
template <class K, class V>
class TestWindowStore {
 public:
  /// See TopologyTestDriver::get_window_store.
  TestWindowStore(TopologyTestDriver& driver, std::string name, Serde<K> key_serde = {}, Serde<V> value_serde = {})
      : driver_(&driver),
        name_(std::move(name)),
        key_serde_(std::move(key_serde)),
        value_serde_(std::move(value_serde)) {}

  /// By the serialized key, then by start.
  [[nodiscard]] std::vector<std::pair<Windowed<K>, V>> all() const {
    std::vector<std::pair<Windowed<K>, V>> entries;
    for (const auto& entry : driver_->read_window_store(name_)) {
      BytesView bytes = driver_->store_spec(name_).timestamped ? value_of(entry.value) : BytesView(entry.value);
      entries.emplace_back(Windowed<K>{key_serde_.deserialize(entry.key).value(), entry.window},
                           value_serde_.deserialize(bytes).value());
    }
    return entries;
  }
  /// The value of one window, the first with duplicates.
  [[nodiscard]] std::optional<V> fetch(const K& key, Timestamp start) const {
    for (auto& [windowed, value] : all()) {
      if (windowed.key == key && windowed.window.start == start) return value;
    }
    return std::nullopt;
  }

 private:
  TopologyTestDriver* driver_;
  std::string name_;
  Serde<K> key_serde_;
  Serde<V> value_serde_;
};

template <class K, class V>
TestInputTopic<K, V> TopologyTestDriver::create_input_topic(const std::string& topic, Serde<K> key_serde,
                                                            Serde<V> value_serde, Timestamp start,
                                                            milliseconds advance) {
  return TestInputTopic<K, V>(*this, topic, std::move(key_serde), std::move(value_serde), start, advance);
}

template <class K, class V>
TestOutputTopic<K, V> TopologyTestDriver::create_output_topic(const std::string& topic, Serde<K> key_serde,
                                                              Serde<V> value_serde) {
  return TestOutputTopic<K, V>(*this, topic, std::move(key_serde), std::move(value_serde));
}

template <class K, class V>
TestStore<K, V> TopologyTestDriver::get_key_value_store(const std::string& name) {
  const StoreSpec& spec = store_spec(name);
  const KeyValueTyping<K, V>* typing = stored_typing<K, V>(spec);
  if (typing == nullptr) typing = dynamic_cast<const KeyValueTyping<K, V>*>(spec.typing.get());
  if (typing != nullptr) return TestStore<K, V>(*this, name, typing->key_serde, typing->value_serde);
  return TestStore<K, V>(*this, name);
}

template <class K, class V>
TestWindowStore<K, V> TopologyTestDriver::get_window_store(const std::string& name) {
  const StoreSpec& spec = store_spec(name);
  if (const auto* typing = dynamic_cast<const WindowTyping<K, V>*>(spec.typing.get())) {
    return TestWindowStore<K, V>(*this, name, typing->key_serde, typing->value_serde);
  }
  return TestWindowStore<K, V>(*this, name);
}

}  // namespace millrace
