// World: stream threads over a log in memory, stepped by hand. State and log outlive the threads, as they outlive a
// process; dropping a thread without stopping it is a crash.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/log/in_process_log.hpp>
#include <millrace/metrics/metrics.hpp>
#include <millrace/runtime/stream_thread.hpp>
#include <millrace/serde/basic.hpp>
#include <millrace/testing/manual_clock.hpp>
#include <millrace/testing/memory_batch_storage.hpp>

#include "faulty_log.hpp"

namespace millrace::runtime_test {

using Text = std::string;
using Number = std::int64_t;

inline Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

/// Keeps what was logged.
class Lines final : public Logger {
 public:
  [[nodiscard]] bool enabled(LogLevel level) const override { return level >= LogLevel::Info; }
  void write(LogLevel, std::string_view component, std::string_view message) override {
    text += std::string(component) + ": " + std::string(message) + "\n";
  }
  std::string text;
};

/// Task state that stays when it is closed, by directory; the next apply() may be made to fail.
class SurvivingBackends final : public TaskBackendFactory {
 public:
  Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path& directory,
                                            const std::vector<std::string>& stores) override {
    if (on_open) on_open(directory);
    auto& kept = kept_[directory];
    if (!kept) kept = std::make_shared<MemoryTaskBackend>(stores);
    return std::unique_ptr<TaskBackend>(std::make_unique<Handle>(*this, directory, kept));
  }
  Result<void> destroy(const std::filesystem::path& directory) override {
    ++destroyed;
    kept_.erase(directory);
    return {};
  }
  using Kept = std::map<std::filesystem::path, std::shared_ptr<TaskBackend>>;
  /// Takes the disk away, leaving an empty one.
  Kept take() { return std::exchange(kept_, {}); }
  void put(Kept kept) { kept_ = std::move(kept); }

  std::optional<Error> next_apply;   ///< the next apply() ends with it, once
  std::optional<Error> every_apply;  ///< as long as it is set
  int destroyed = 0;
  std::function<void(const std::filesystem::path&)> on_open;
  std::function<void(const std::filesystem::path&)> on_close;

 private:
  class Handle final : public TaskBackend {
   public:
    Handle(SurvivingBackends& owner, std::filesystem::path directory, std::shared_ptr<TaskBackend> kept)
        : owner_(owner), directory_(std::move(directory)), kept_(std::move(kept)) {}
    ~Handle() override {
      if (owner_.on_close) owner_.on_close(directory_);
    }
    StoreBackend& store(const std::string& name) override { return kept_->store(name); }
    Result<ChangelogStamp> stamp(const std::string& store) override { return kept_->stamp(store); }
    Result<void> apply(const TaskChanges& changes) override {
      if (auto error = std::exchange(owner_.next_apply, std::nullopt)) return *error;
      if (owner_.every_apply) return *owner_.every_apply;
      return kept_->apply(changes);
    }
    Result<void> wipe(const std::string& store) override { return kept_->wipe(store); }

   private:
    SurvivingBackends& owner_;
    std::filesystem::path directory_;
    std::shared_ptr<TaskBackend> kept_;
  };
  Kept kept_;
};

/// "in" counted by key into the store "counts" and the topic "out".
inline Topology counting() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in").group_by_key().count({.store_name = "counts"}).to_stream().to("out");
  return builder.build();
}

class World {
 public:
  explicit World(Topology topology_of_it, StreamsConfig settings = {}, int partitions = 1)
      : topology(std::move(topology_of_it)), config(std::move(settings)) {
    config.application_id = "app";
    log = std::move(InProcessLog::open(storage, executor).value());
    faulty = std::make_unique<FaultyLog>(*log);
    raw_writer_ = log->open_writer("test", {});
    for (const NodeSpec& node : topology.nodes()) {
      for (const TopicRef& topic : node.topics) {
        if (!topic.internal) create(topic.name, partitions);
      }
    }
    prepare();
    static int worlds = 0;
    state_root_ = std::filesystem::path(::testing::TempDir()) /
                  ("millrace-world-" + std::to_string(::getpid()) + "-" + std::to_string(++worlds));
    directory = std::move(StateDirectory::open(state_root_, "app").value());
  }
  ~World() {
    threads.clear();
    directory.reset();
    std::error_code ignored;
    std::filesystem::remove_all(state_root_, ignored);
  }

  void create(const std::string& topic, int partitions) {
    log->admin().ensure_topics({{topic, partitions, CleanupPolicy::Delete}}).take().value();
  }
  /// Creates the internal topics that are missing and looks at all of them.
  void prepare() {
    catalog = TopicCatalog(log->admin().topics().take().value());
    log->admin().ensure_topics(plan_internal_topics(topology, "app", catalog).value()).take().value();
    catalog = TopicCatalog(log->admin().topics().take().value());
  }

  StreamThread& start(int index = 1) {
    StreamThreadPorts ports{config,  topology, catalog,         clock,  logger,         metrics,
                            *faulty, backends, directory.get(), budget, registry.get(), &listeners};
    auto& thread = threads[index];
    thread.reset();
    thread = std::make_unique<StreamThread>(ports, index, "run" + std::to_string(++runs_), WakeUp{});
    return *thread;
  }
  StreamThread& thread(int index = 1) { return *threads.at(index); }
  void crash(int index = 1) { threads.erase(index); }

  /// Steps all threads until nobody has anything to do at once; with `commit`, what was processed is committed.
  void run(bool commit = true, int max_steps = 2000) {
    for (int idle = 0; idle < 4 && max_steps > 0; --max_steps) {
      bool busy = false;
      for (auto& [index, stepped] : threads) {
        if (commit) stepped->request_commit();
        busy |= stepped->step() <= clock.steady_now();
      }
      idle = busy ? 0 : idle + 1;
    }
    EXPECT_GT(max_steps, 0) << "the threads never came to rest";
  }
  /// run(), and again after the back-off of a retry.
  void run_with_retries() {
    for (int i = 0; i < 4; ++i) {
      run();
      clock.advance(milliseconds(150));
    }
    run();
  }
  void stop(int index = 1) {
    thread(index).request_stop();
    for (int i = 0; i < 100 && !thread(index).dead(); ++i) thread(index).step();
    EXPECT_TRUE(thread(index).dead());
  }

  void produce(const std::string& topic, OptionalBytesView key, OptionalBytesView value, Timestamp time = {},
               int partition = 0) {
    RecordBatchBuilder batch;
    batch.add(key, value, time, {});
    Transaction transaction;
    transaction.appends.push_back({{topic, Partition(partition)}, {}});
    transaction.appends.back().batches.push_back(batch.finish());
    raw_writer_->commit(std::move(transaction)).take().value();
  }
  void commit_offset(const std::string& topic, std::int64_t offset) {
    Transaction transaction;
    transaction.group = "app";
    transaction.offsets[{topic, Partition(0)}] = {Offset(offset), "by hand"};
    raw_writer_->commit(std::move(transaction)).take().value();
  }
  std::int64_t committed_offset(const std::string& topic, int partition = 0) {
    auto offsets = log->admin().committed_offsets("app").take().value();
    auto found = offsets.find({topic, Partition(partition)});
    return found == offsets.end() ? -1 : found->second.offset.value();
  }

  /// "key=value" of all committed records of a topic whose values are numbers.
  std::vector<std::string> numbers(const std::string& topic) {
    std::vector<std::string> texts;
    each(topic, [&](const RecordView& r) {
      texts.push_back(Text(r.key.value_or("null")) + "=" +
                      (r.value ? std::to_string(Serde<Number>().deserialize(*r.value).value()) : "null"));
    });
    return texts;
  }
  /// "key=value" of all committed records of a topic whose values are text.
  std::vector<std::string> texts(const std::string& topic) {
    std::vector<std::string> found;
    each(topic, [&](const RecordView& r) {
      found.push_back(Text(r.key.value_or("null")) + "=" + Text(r.value.value_or("null")));
    });
    return found;
  }
  /// The count of `key` in the store "counts" of task 0_<partition>.
  Number stored(BytesView key, int partition = 0, int index = 1) {
    KeyValueBytesStore* store = thread(index).find_store({SubtopologyId(0), Partition(partition)}, "counts");
    if (store == nullptr) return -1;
    auto value = store->get(key).value();
    return value ? Serde<Number>().deserialize(value_of(*value)).value() : 0;
  }

  ManualClock clock;
  MemoryBatchStorage storage;
  InlineExecutor executor;
  std::unique_ptr<InProcessLog> log;
  std::unique_ptr<FaultyLog> faulty;
  Topology topology;
  StreamsConfig config;
  TopicCatalog catalog;
  Lines logger;
  RuntimeListeners listeners;
  Metrics metrics;
  SurvivingBackends backends;
  CacheBudget budget{1 << 20};
  std::unique_ptr<StateDirectory> directory;
  std::unique_ptr<StoreRegistry> registry;  ///< a test's that reads stores from outside
  std::map<int, std::unique_ptr<StreamThread>> threads;

 private:
  template <class Visit>
  void each(const std::string& topic, Visit visit) {
    const auto all = log->admin().topics().take().value();
    auto reader = log->open_reader({});
    for (const TopicInfo& info : all) {
      if (info.name != topic) continue;
      for (int i = 0; i < info.partitions; ++i) {
        auto slot = reader->assign({topic, Partition(i)}, Offset(0)).value();
        while (auto batch = reader->poll(slot, 1 << 20).value()) {
          for (const RecordView& record : batch->records) visit(record);
        }
      }
    }
  }

  std::unique_ptr<LogWriter> raw_writer_;
  std::filesystem::path state_root_;
  int runs_ = 0;
};

}  // namespace millrace::runtime_test
