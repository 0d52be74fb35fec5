#include <millrace/testing/simulated_application.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/model/partitioner.hpp>
#include <millrace/testing/topology_test_driver.hpp>

namespace millrace {

namespace {
constexpr int kIndexesPerProcess = 100;

template <class T>
T require(Result<T> result) {
  if (!result) throw StreamsFailed(result.error());
  return std::move(*result);
}
void require(const Result<void>& result) {
  if (!result) throw StreamsFailed(result.error());
}
}  // namespace

/// Log lines are observable effects.
class SimulatedApplication::TraceLogger final : public Logger {
 public:
  explicit TraceLogger(SeededScheduler& scheduler) : scheduler_(scheduler) {}
  [[nodiscard]] bool enabled(LogLevel level) const override { return level >= LogLevel::Info; }
  void write(LogLevel level, std::string_view component, std::string_view message) override {
    scheduler_.note(fmt::format("{} {}: {}", to_string(level), component, message));
  }

 private:
  SeededScheduler& scheduler_;
};

SimulatedApplication::SimulatedApplication(Topology topology, SimulationOptions options)
    : topology_(std::move(topology)),
      options_(std::move(options)),
      scheduler_(options_.seed, options_.start),
      logger_(std::make_unique<TraceLogger>(scheduler_)) {
  if (options_.config.application_id.empty()) options_.config.application_id = "sim";
  if (options_.wrap_storage) wrapped_storage_ = options_.wrap_storage(storage_);
  open_log();
  create_topics();
  for (int number = 1; number <= options_.processes; ++number) {
    Process& process = processes_[number];
    process.disk = std::make_unique<DurableMemoryState>();
    if (options_.wrap_state) process.state = options_.wrap_state(number, *process.disk);
    process.metrics = std::make_unique<Metrics>();
    process.clean_budget = std::make_unique<CacheBudget>(memory_shares(options_.config).of(MemoryOwner::RecordCaches));
  }
  start_missing_threads();
}

SimulatedApplication::~SimulatedApplication() {
  for (SimThreadId thread : scheduler_.threads()) scheduler_.remove_thread(thread);
  scheduler_.drop_work();
}

void SimulatedApplication::open_log() {
  BatchStorage& storage = wrapped_storage_ ? *wrapped_storage_ : storage_;
  sequencer_ = scheduler_.new_lane("sequencer");
  log_ = require(InProcessLog::open(storage, *sequencer_));
  if (options_.wrap_server) wrapped_server_ = options_.wrap_server(*log_);
  network_ = std::make_unique<SimLog>(wrapped_server_ ? *wrapped_server_ : *log_, scheduler_);
  network_->set_faults(options_.faults);
  if (options_.wrap_log) wrapped_log_ = options_.wrap_log(*network_);
  input_ = log_->open_writer("input", {});
}

template <class T>
T SimulatedApplication::await(Pending<T> answer) {
  while (!answer.ready()) sequencer_->run_one();
  return require(answer.take());
}

void SimulatedApplication::await(Pending<void> answer) {
  while (!answer.ready()) sequencer_->run_one();
  require(answer.take());
}

void SimulatedApplication::create_topics() {
  std::set<std::string> names;
  for (const NodeSpec& node : topology_.nodes()) {
    for (const TopicRef& topic : node.topics) {
      if (!topic.internal) names.insert(topic.name);
    }
  }
  if (!options_.config.dead_letter_topic.empty()) names.insert(options_.config.dead_letter_topic);
  std::vector<TopicSpec> specs;
  for (const std::string& name : names) specs.push_back({name, options_.partitions, CleanupPolicy::Delete});
  LogAdmin& admin = static_cast<Log&>(*log_).admin();
  await(admin.ensure_topics(specs));
  auto internal =
      require(plan_internal_topics(topology_, options_.config.application_id, TopicCatalog(await(admin.topics()))));
  await(admin.ensure_topics(internal));
  catalog_ = TopicCatalog(await(admin.topics()));
}

void SimulatedApplication::start_thread(int number, int index) {
  Process& process = processes_.at(number);
  TaskBackendFactory& state = process.state ? *process.state : *process.disk;
  std::string name = fmt::format("{}-{}", options_.config.application_id, index);
  std::string run_id = fmt::format("run{}", ++runs_);
  SimThreadId id = scheduler_.add_thread(name, [&](WakeUp wake_up) {
    StreamThreadPorts ports{options_.config,  topology_, catalog_, scheduler_.clock(),   *logger_, *process.metrics,
                            log_of_threads(), state,     nullptr,  *process.clean_budget};
    return std::make_unique<StreamThread>(ports, index, run_id, std::move(wake_up));
  });
  running_[id] = {number, index, name};
}

void SimulatedApplication::start_missing_threads() {
  // Threads that ended go first: their numbers are free again.
  for (SimThreadId id : threads()) {
    if (!scheduler_.thread(id).dead()) continue;
    scheduler_.remove_thread(id);
    running_.erase(id);
  }
  for (const auto& [number, process] : processes_) {
    for (int i = 1; i <= options_.threads; ++i) {
      int index = (number - 1) * kIndexesPerProcess + i;
      bool there = std::any_of(running_.begin(), running_.end(),
                               [&](const auto& running) { return running.second.index == index; });
      if (!there) start_thread(number, index);
    }
  }
}

void SimulatedApplication::write(const std::string& topic, OptionalBytesView key, OptionalBytesView value,
                                 Timestamp timestamp, std::optional<Partition> partition) {
  if (!partition) partition = key ? partition_for_key(*key, options_.partitions) : Partition(0);
  RecordBatchBuilder batch;
  batch.add(key, value, timestamp, {});
  Transaction transaction;
  transaction.appends.push_back({{topic, *partition}, {}});
  transaction.appends.back().batches.push_back(batch.finish());
  scheduler_.note("input for " + to_string(transaction.appends.back().target));
  (void)await(input_->commit(std::move(transaction)));
}

std::vector<SimulatedApplication::ReadRecord> SimulatedApplication::read(const TopicPartition& partition) {
  auto reader = log_->open_reader({});
  auto slot = require(reader->assign(partition, Offset(0)));
  std::vector<ReadRecord> records;
  while (true) {
    auto fetched = require(reader->poll(slot, std::size_t{1} << 20));
    if (!fetched) return records;
    for (const RecordView& record : fetched->records) {
      ReadRecord& copy = records.emplace_back();
      if (record.key) copy.key = Bytes(*record.key);
      if (record.value) copy.value = Bytes(*record.value);
      copy.timestamp = record.timestamp;
      copy.headers = require(decode_headers(record.encoded_headers));
    }
  }
}

bool SimulatedApplication::run_until_caught_up(std::uint64_t most_picks, milliseconds most_time) {
  const std::uint64_t last_pick = scheduler_.picks() + most_picks;
  const SteadyTime deadline = scheduler_.clock().steady_now() + most_time;
  while (!caught_up()) {
    if (failure() || scheduler_.picks() >= last_pick || scheduler_.clock().steady_now() >= deadline) return false;
    for (int i = 0; i < 16; ++i) scheduler_.pick();
  }
  return true;
}

std::vector<TopicPartition> SimulatedApplication::inputs() const {
  std::vector<TopicPartition> partitions;
  for (const Subtopology& subtopology : topology_.subtopologies()) {
    for (const TopicRef& topic : subtopology.source_topics) {
      std::string name = topic.full_name(options_.config.application_id);
      for (std::int32_t i = 0; i < catalog_.find(name)->partitions; ++i) partitions.push_back({name, Partition(i)});
    }
  }
  return partitions;
}

bool SimulatedApplication::caught_up() {
  std::size_t running = 0;
  for (SimThreadId id : scheduler_.threads()) {
    const StreamThread& thread = scheduler_.thread(id);
    if (!thread.dead() && !thread.quiescent()) return false;
    running += thread.status().running.size();
  }
  // One that was given and is not yet taken up has no thread that is busy with it.
  if (running != plan_tasks(topology_, options_.config.application_id, catalog_).size()) return false;
  LogAdmin& admin = static_cast<Log&>(*log_).admin();
  auto committed = await(admin.committed_offsets(options_.config.application_id));
  auto ranges = await(admin.offset_ranges(inputs()));
  return std::all_of(ranges.begin(), ranges.end(), [&](const auto& range) {
    auto at = committed.find(range.first);
    return at != committed.end() && at->second.offset == range.second.end;
  });
}

std::optional<Error> SimulatedApplication::failure() {
  for (SimThreadId id : scheduler_.threads()) {
    const StreamThread& thread = scheduler_.thread(id);
    if (thread.dead() && thread.failure()) return thread.failure();
  }
  return std::nullopt;
}

std::vector<SimThreadId> SimulatedApplication::threads() const { return scheduler_.threads(); }

void SimulatedApplication::stop_thread(SimThreadId id) {
  scheduler_.thread(id).request_stop();
  scheduler_.wake(id);
}

void SimulatedApplication::request_commit(SimThreadId id) {
  scheduler_.thread(id).request_commit();
  scheduler_.wake(id);
}

void SimulatedApplication::crash_thread(SimThreadId id) {
  scheduler_.note("crash of " + running_.at(id).name);
  running_.erase(id);
  // The threads of one process share a log that sees them go. The process that has the only thread is another matter.
  if (options_.processes == 1) scheduler_.remove_thread(id);
  else network_->while_crashing(options_.session, [&] { scheduler_.remove_thread(id); });
}

void SimulatedApplication::crash_process(int number, std::size_t lost_changes) {
  scheduler_.note(fmt::format("crash of process {}", number));
  for (SimThreadId id : threads()) {
    if (running_.at(id).process == number) crash_thread(id);
  }
  if (options_.processes == 1) {
    input_.reset();
    scheduler_.drop_work();
    wrapped_log_.reset();
    network_.reset();
    wrapped_server_.reset();
    log_.reset();
    open_log();
  }
  if (lost_changes > 0) {
    scheduler_.note(fmt::format("process {} loses {} changes of state", number, lost_changes));
    processes_.at(number).disk->lose_last(lost_changes);
  }
}

std::vector<int> SimulatedApplication::processes() const {
  std::vector<int> numbers;
  for (const auto& [number, process] : processes_) numbers.push_back(number);
  return numbers;
}

}  // namespace millrace
