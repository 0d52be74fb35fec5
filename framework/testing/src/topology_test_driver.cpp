#include <millrace/testing/topology_test_driver.hpp>

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include <millrace/log/in_process_log.hpp>
#include <millrace/metrics/metrics.hpp>
#include <millrace/model/partitioner.hpp>
#include <millrace/runtime/state_directory.hpp>
#include <millrace/runtime/stream_thread.hpp>
#include <millrace/testing/memory_batch_storage.hpp>

namespace millrace {

namespace {

template <class T>
T require(Result<T> result) {
  if (!result) throw StreamsFailed(result.error());
  return std::move(*result);
}

void require(const Result<void>& result) {
  if (!result) throw StreamsFailed(result.error());
}

}  // namespace

struct TopologyTestDriver::Parts {
  /// What is to be written to a topic, by partition.
  struct Input {
    std::string topic;
    std::vector<RecordBatchBuilder> partitions;
  };
  /// Reads one topic's partitions in turn.
  struct Output {
    std::string topic;
    std::vector<ReaderSlot> slots;
    struct Batch {
      Partition partition;
      FetchedBatch batch;
    };
    std::deque<Batch> fetched;
    std::size_t next = 0;  // within the first of them
    std::size_t unread = 0;
  };

  Parts(Topology given_topology, TestDriverOptions given_options)
      : topology(std::move(given_topology)),
        options(std::move(given_options)),
        clock(options.start),
        clean_budget(memory_shares(options.config).of(MemoryOwner::RecordCaches)) {
    if (options.config.application_id.empty()) options.config.application_id = "test";
    if (options.persistent_stores != nullptr) {
      directory = require(StateDirectory::open(options.config.state_dir, options.config.application_id));
    }
    log = require(InProcessLog::open(storage, executor));
    create_topics();
    commit_each = reads_what_it_writes() || caches();
    reader = log->open_reader({});
    writer = log->open_writer("test-driver", {});
    start();
  }
  ~Parts() {
    outputs.clear();
    thread.reset();
  }

  void create_topics() {
    std::set<std::string> names(options.topics.begin(), options.topics.end());
    for (const NodeSpec& node : topology.nodes()) {
      for (const TopicRef& topic : node.topics) {
        if (!topic.internal) names.insert(topic.name);
      }
    }
    if (!options.config.dead_letter_topic.empty()) names.insert(options.config.dead_letter_topic);
    std::vector<TopicSpec> specs;
    for (const std::string& name : names) specs.push_back({name, options.partitions, CleanupPolicy::Delete});
    require(log->admin().ensure_topics(specs).take());
    const std::string& application = options.config.application_id;
    auto internal =
        require(plan_internal_topics(topology, application, TopicCatalog(require(log->admin().topics().take()))));
    require(log->admin().ensure_topics(internal).take());
    catalog = TopicCatalog(require(log->admin().topics().take()));
  }

  void start() {
    thread.reset();
    TaskBackendFactory& backends = options.persistent_stores != nullptr ? *options.persistent_stores : memory_stores;
    thread = std::make_unique<StreamThread>(StreamThreadPorts{options.config, topology, catalog, clock, logger, metrics,
                                                              *log, backends, directory.get(), clean_budget},
                                            1, fmt::format("run{}", ++runs), WakeUp{});
    drain(!hold);
  }

  /// Steps until every input is processed, and committed if the topology's own input depends on it. Else the commit
  /// waits until somebody could see the difference (settle()).
  void process() { drain(commit_each && !hold); }
  /// Processes and commits.
  void settle() {
    if (!thread->dead()) drain(!hold);
  }

  void drain(bool commit) {
    for (int idle = 0; !(commit ? thread->quiescent() : thread->caught_up());) {
      if (thread->dead()) fail();
      if (commit) thread->request_commit();
      SteadyTime next = thread->step();
      if (next <= clock.steady_now()) {
        idle = 0;
        continue;
      }
      // Everything answers at once here: nothing to do twice in a row is the end.
      if (++idle >= 2) break;
    }
    if (thread->dead()) fail();
  }
  /// Only committed records can be read: through a repartition topic, for example.
  [[nodiscard]] bool reads_what_it_writes() const {
    std::set<std::string> read;
    for (const NodeSpec& node : topology.nodes()) {
      if (node.kind != NodeKind::Source) continue;
      for (const TopicRef& topic : node.topics) read.insert(topic.full_name(options.config.application_id));
    }
    if (read.contains(options.config.dead_letter_topic)) return true;
    return std::any_of(topology.nodes().begin(), topology.nodes().end(), [&](const NodeSpec& node) {
      if (node.kind != NodeKind::Sink) return false;
      if (node.topics.empty()) return true;  // it may choose one that is read
      return std::any_of(node.topics.begin(), node.topics.end(), [&](const TopicRef& topic) {
        return read.contains(topic.full_name(options.config.application_id));
      });
    });
  }

  /// What a cache gives out depends on when it is flushed.
  [[nodiscard]] bool caches() const {
    return std::any_of(topology.stores().begin(), topology.stores().end(),
                       [](const auto& store) { return store.second.caching; });
  }

  [[noreturn]] void fail() {
    const auto& failure = thread->failure();
    throw failure ? StreamsFailed(*failure)
                  : StreamsFailed(Error(ErrorCode::TransactionAborted, "the driver was closed"));
  }

  void stop() {
    if (!thread || thread->dead()) return;
    thread->request_stop();
    while (!thread->dead()) thread->step();
  }

  std::vector<std::pair<TaskId, KeyValueBytesStore*>> stores(const std::string& name) {
    std::vector<std::pair<TaskId, KeyValueBytesStore*>> found;
    for (const TaskId& task : plan_tasks(topology, options.config.application_id, catalog)) {
      if (KeyValueBytesStore* store = thread->find_store(task, name)) found.emplace_back(task, store);
    }
    return found;
  }

  Input& input(const std::string& topic) {
    if (last_input != nullptr && last_input->topic == topic) return *last_input;
    auto known = inputs.find(topic);
    if (known == inputs.end()) {
      const TopicInfo* info = catalog.find(topic);
      if (info == nullptr) throw std::invalid_argument("the topology does not read a topic " + topic);
      known = inputs.emplace(topic, Input{topic, {}}).first;
      known->second.partitions.resize(static_cast<std::size_t>(info->partitions));
    }
    last_input = &known->second;
    return known->second;
  }

  /// Writes what was added to the log as one transaction, and processes it.
  void pipe(Input& from) {
    Transaction transaction;
    for (std::size_t i = 0; i < from.partitions.size(); ++i) {
      if (from.partitions[i].empty()) continue;
      PartitionAppend& append = transaction.appends.emplace_back();
      append.target = {from.topic, Partition(static_cast<std::int32_t>(i))};
      append.batches.push_back(from.partitions[i].finish());
    }
    if (transaction.appends.empty()) return;
    require(writer->commit(std::move(transaction)).take());
    process();
  }

  Output& output(const std::string& topic) {
    if (last_output != nullptr && last_output->topic == topic) return *last_output;
    return *(last_output = &find_output(topic));
  }
  Output& find_output(const std::string& topic) {
    auto known = outputs.find(topic);
    if (known != outputs.end()) return known->second;
    const TopicInfo* info = catalog.find(topic);
    if (info == nullptr) throw std::invalid_argument("the topology neither reads nor writes a topic " + topic);
    Output& fresh = outputs[topic];
    fresh.topic = topic;
    for (std::int32_t i = 0; i < info->partitions; ++i)
      fresh.slots.push_back(require(reader->assign({topic, Partition(i)}, Offset(0))));
    return fresh;
  }

  void fetch(Output& from) {
    settle();
    for (std::size_t i = 0; i < from.slots.size(); ++i) {
      while (auto batch = require(reader->poll(from.slots[i], 1 << 20))) {
        from.unread += batch->records.size();
        from.fetched.push_back({Partition(static_cast<std::int32_t>(i)), std::move(*batch)});
      }
    }
  }
  /// The next record that was fetched already.
  static std::optional<BytesRecord> take(Output& from) {
    while (!from.fetched.empty() && from.next == from.fetched.front().batch.records.size()) {
      from.fetched.pop_front();
      from.next = 0;
    }
    if (from.fetched.empty()) return std::nullopt;
    --from.unread;
    const Output::Batch& first = from.fetched.front();
    return BytesRecord{first.batch.records[from.next++], first.partition};
  }

  Topology topology;
  TestDriverOptions options;
  ManualClock clock;
  NullLogger logger;
  Metrics metrics;
  MemoryTaskBackendFactory memory_stores;
  std::unique_ptr<StateDirectory> directory;
  CacheBudget clean_budget;
  MemoryBatchStorage storage;
  InlineExecutor executor;
  std::unique_ptr<InProcessLog> log;
  TopicCatalog catalog;
  std::unique_ptr<LogReader> reader;
  std::unique_ptr<LogWriter> writer;
  std::unique_ptr<StreamThread> thread;
  std::map<std::string, Input> inputs;
  Input* last_input = nullptr;
  std::map<std::string, Output> outputs;
  Output* last_output = nullptr;
  int runs = 0;
  bool hold = false;
  bool commit_each = false;
  Bytes header_bytes;
};

TopologyTestDriver::TopologyTestDriver(Topology topology, TestDriverOptions options)
    : parts_(std::make_unique<Parts>(std::move(topology), std::move(options))) {}

TopologyTestDriver::~TopologyTestDriver() {
  if (parts_->hold) return;
  close();
}

ManualClock& TopologyTestDriver::clock() { return parts_->clock; }

void TopologyTestDriver::add_bytes(const std::string& topic, std::optional<Partition> partition, OptionalBytesView key,
                                   OptionalBytesView value, Timestamp timestamp, const Headers& headers) {
  Parts::Input& input = parts_->input(topic);
  const auto partitions = static_cast<std::int32_t>(input.partitions.size());
  if (!partition) partition = partitions > 1 && key ? partition_for_key(*key, partitions) : Partition(0);
  parts_->header_bytes.clear();
  encode_headers(headers, parts_->header_bytes);
  if (partition->value() < 0 || partition->value() >= partitions) {
    throw std::invalid_argument(
        fmt::format("topic {} has {} partitions, there is no partition {}", topic, partitions, partition->value()));
  }
  input.partitions[static_cast<std::size_t>(partition->value())].add(key, value, timestamp, parts_->header_bytes);
  // What a topology writes it must be able to read before the next input.
  if (parts_->commit_each) parts_->pipe(input);
}

void TopologyTestDriver::process_input(const std::string& topic) { parts_->pipe(parts_->input(topic)); }

std::optional<TopologyTestDriver::BytesRecord> TopologyTestDriver::read_bytes(const std::string& topic) {
  Parts::Output& output = parts_->output(topic);
  if (output.unread == 0) parts_->fetch(output);
  return Parts::take(output);
}

bool TopologyTestDriver::has_output(const std::string& topic) {
  Parts::Output& output = parts_->output(topic);
  // What was fetched and not read answers the question: nothing need be committed for it.
  if (output.unread == 0) parts_->fetch(output);
  return output.unread > 0;
}

std::size_t TopologyTestDriver::queue_size(const std::string& topic) {
  Parts::Output& output = parts_->output(topic);
  parts_->fetch(output);
  return output.unread;
}

void TopologyTestDriver::advance_wall_clock_time(milliseconds by) {
  parts_->settle();
  parts_->clock.advance(by);
  parts_->thread->step();  // there may be nothing to process, but a punctuator to call
  parts_->settle();
}

std::optional<Bytes> TopologyTestDriver::read_store(const std::string& store, BytesView key) {
  static_cast<void>(store_spec(store));
  for (auto& [task, found] : parts_->stores(store)) {
    auto value = require(found->get(key));
    if (value) return Bytes(*value);
  }
  return std::nullopt;
}

std::vector<std::pair<Bytes, Bytes>> TopologyTestDriver::read_store_all(const std::string& store) {
  static_cast<void>(store_spec(store));
  std::vector<std::pair<Bytes, Bytes>> entries;
  for (auto& [task, found] : parts_->stores(store)) {
    auto iterator = require(found->range({}));
    for (; iterator->valid(); iterator->next()) entries.emplace_back(iterator->key(), iterator->value());
    require(iterator->status());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<TopologyTestDriver::WindowEntry> TopologyTestDriver::read_window_store(const std::string& store) {
  const StoreSpec& spec = store_spec(store);
  if (spec.kind != StoreKind::Window) throw std::invalid_argument("the store " + store + " is no window store");
  std::vector<WindowEntry> entries;
  for (auto& [task, found] : parts_->stores(store)) {
    const Timestamp expired = last_expired_start(parts_->thread->observed_time(task, store), spec.retention);
    auto iterator = require(found->range({}));
    for (; iterator->valid(); iterator->next()) {
      auto key = parse_window_key(iterator->key());
      if (!key || key->start <= expired) continue;
      entries.push_back(
          {Bytes(key->key), {key->start, shift_time(key->start, spec.window_size)}, Bytes(iterator->value())});
    }
    require(iterator->status());
  }
  std::stable_sort(entries.begin(), entries.end(), [](const WindowEntry& a, const WindowEntry& b) {
    return std::tie(a.key, a.window.start) < std::tie(b.key, b.window.start);
  });
  return entries;
}

const StoreSpec& TopologyTestDriver::store_spec(const std::string& store) const {
  auto found = parts_->topology.stores().find(store);
  if (found == parts_->topology.stores().end()) throw std::invalid_argument("the topology has no store " + store);
  return found->second;
}

std::vector<std::string> TopologyTestDriver::produced_topic_names() {
  parts_->settle();
  std::vector<std::string> names;
  const auto topics = require(parts_->log->admin().topics().take());
  for (const TopicInfo& topic : topics) {
    const auto& further = parts_->options.topics;
    bool source_only =
        std::find(further.begin(), further.end(), topic.name) == further.end() &&
        std::none_of(parts_->topology.nodes().begin(), parts_->topology.nodes().end(), [&](const NodeSpec& node) {
          return node.kind == NodeKind::Sink && !node.topics.empty() &&
                 node.topics.front().full_name(parts_->options.config.application_id) == topic.name;
        });
    bool own = topic.name.starts_with(parts_->options.config.application_id + "-") ||
               topic.name == parts_->options.config.dead_letter_topic;
    if (source_only && !own) continue;
    std::vector<TopicPartition> partitions;
    for (std::int32_t i = 0; i < topic.partitions; ++i) partitions.push_back({topic.name, Partition(i)});
    auto ranges = require(parts_->log->admin().offset_ranges(partitions).take());
    bool written =
        std::any_of(ranges.begin(), ranges.end(), [](const auto& entry) { return entry.second.end > Offset(0); });
    if (written) names.push_back(topic.name);
  }
  return names;
}

MetricsSnapshot TopologyTestDriver::metrics() const {
  parts_->settle();
  return parts_->metrics.snapshot();
}

void TopologyTestDriver::restart() {
  parts_->stop();
  parts_->start();
}

void TopologyTestDriver::hold_commits() {
  parts_->settle();
  parts_->hold = true;
}

void TopologyTestDriver::commit() {
  parts_->hold = false;
  parts_->settle();
}

void TopologyTestDriver::crash() {
  parts_->settle();
  parts_->hold = false;
  parts_->start();
}

void TopologyTestDriver::close() { parts_->stop(); }

}  // namespace millrace
