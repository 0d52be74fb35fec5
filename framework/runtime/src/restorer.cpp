#include <millrace/runtime/restorer.hpp>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include <millrace/base/crash_point.hpp>
#include <millrace/runtime/input_stamp.hpp>
#include <millrace/runtime/offset_metadata.hpp>

namespace millrace {

namespace {
// Large enough for thousands of records per write, small enough to stop between two.
constexpr std::size_t kRestoreBatchBytes = 4 << 20;
// In place of the id of a commit, where only the beginning is committed.
constexpr const char* kStartCommit = "start";
}  // namespace

/// A task on its way. The stages follow one another; each waits for its Pending.
struct Restorer::Restoring {
  enum class Stage : std::uint8_t { Open, AwaitOffsets, AwaitRanges, AwaitStart, Restore };
  struct Store {
    StoreSpec spec;
    ReaderSlot slot;
    Offset end;
    std::string topic_id;
    TopicPartition changelog;
    std::int64_t total = 0;  // records so far
    CounterHandle restored;
    GaugeHandle remaining;
  };

  TaskId id;
  bool wipe = false;
  Stage stage = Stage::Open;
  std::unique_ptr<TaskStores> stores;
  Pending<OffsetMap> offsets;
  Pending<std::map<TopicPartition, OffsetRange>> ranges;
  Pending<CommitReceipt> start;
  OffsetMap committed;
  /// The committed offsets of its inputs with which something was wrong, until they are read once more.
  std::optional<OffsetMap> doubted;
  std::map<TopicPartition, OffsetRange> range_of;
  std::vector<TaskInput> inputs;
  std::vector<Store> restoring;
};

Restorer::Restorer(TaskEnvironment& environment, RestorerPorts ports, WakeUp wake_up)
    : environment_(environment), ports_(ports), reader_(ports.log.open_reader(std::move(wake_up))) {}

Restorer::~Restorer() = default;

void Restorer::add(TaskId task, bool wipe) {
  auto restoring = std::make_unique<Restoring>();
  restoring->id = task;
  restoring->wipe = wipe;
  tasks_.push_back(std::move(restoring));
}

void Restorer::remove(TaskId task) {
  auto found = std::find_if(tasks_.begin(), tasks_.end(), [&](const auto& t) { return t->id == task; });
  if (found == tasks_.end()) return;
  let_go(**found);
  tasks_.erase(found);
}

/// The stores that it has begun are not complete.
void Restorer::let_go(Restoring& task) {
  for (Restoring::Store& store : task.restoring) {
    reader_->unassign(store.slot);
    tell([&](StateRestoreListener& listener) {
      listener.on_restore_suspended(store.changelog, store.spec.name, store.total);
    });
  }
}

void Restorer::tell(const std::function<void(StateRestoreListener&)>& what) {
  if (ports_.listeners == nullptr || !ports_.listeners->restore) return;
  tell_listener(environment_.logger, "restore", [&] { what(*ports_.listeners->restore); });
}

Result<std::vector<RestoredTask>> Restorer::step() {
  std::vector<RestoredTask> done;
  for (std::size_t i = 0; i < tasks_.size();) {
    Restoring& task = *tasks_[i];
    auto finished = advance(task);
    if (!finished) {
      // What was asked is answered, what was taken is gone: no stage can go on from here.
      begin_anew(task);
      // The tasks that are done come first; an error that stays comes again.
      if (!done.empty()) break;
      return finished.error().at({.task = to_string(task.id)});
    }
    if (!*finished) {
      ++i;
      continue;
    }
    done.push_back({task.id, std::move(task.stores), std::move(task.inputs)});
    tasks_.erase(tasks_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return done;
}

void Restorer::begin_anew(Restoring& task) {
  let_go(task);
  Restoring fresh;
  fresh.id = task.id;
  fresh.wipe = task.wipe;
  task = std::move(fresh);
}

std::vector<TaskId> Restorer::tasks() const {
  std::vector<TaskId> ids;
  for (const auto& task : tasks_) ids.push_back(task->id);
  return ids;
}

bool Restorer::busy() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& task) {
    switch (task->stage) {
      case Restoring::Stage::AwaitOffsets: return task->offsets.ready();
      case Restoring::Stage::AwaitRanges: return task->ranges.ready();
      case Restoring::Stage::AwaitStart: return task->start.ready();
      case Restoring::Stage::Open:
      case Restoring::Stage::Restore: return true;
    }
    return true;
  });
}

// True when the task is done.
Result<bool> Restorer::advance(Restoring& task) {
  switch (task.stage) {
    case Restoring::Stage::Open:
      MILLRACE_TRY(open_stores(task));
      task.offsets = ports_.log.admin().committed_offsets(environment_.config.application_id);
      task.stage = Restoring::Stage::AwaitOffsets;
      [[fallthrough]];
    case Restoring::Stage::AwaitOffsets: {
      if (!task.offsets.ready()) return false;
      auto offsets = task.offsets.take();
      if (!offsets) return offsets.error();
      task.committed = std::move(*offsets);
      std::vector<TopicPartition> wanted = inputs_of(task.id);
      for (const StoreSpec& store : task.stores->specs()) {
        if (store.logged) wanted.push_back(changelog_of(task.id, store));
      }
      // After the committed offsets: a changelog end read now is not older than they are.
      task.ranges = ports_.log.admin().offset_ranges(std::move(wanted));
      task.stage = Restoring::Stage::AwaitRanges;
      [[fallthrough]];
    }
    case Restoring::Stage::AwaitRanges: {
      if (!task.ranges.ready()) return false;
      auto ranges = task.ranges.take();
      if (!ranges) return ranges.error();
      task.range_of = std::move(*ranges);
      if (auto resolved = resolve_inputs(task); !resolved) return doubt(task, resolved.error());
      task.stage = Restoring::Stage::AwaitStart;
      [[fallthrough]];
    }
    case Restoring::Stage::AwaitStart: {
      if (task.start.active()) {
        if (!task.start.ready()) return false;
        auto started = task.start.take();
        if (!started) return started.error();
      }
      MILLRACE_TRY(begin_stores(task));
      task.stage = Restoring::Stage::Restore;
      [[fallthrough]];
    }
    case Restoring::Stage::Restore: return restore_some(task);
  }
  return false;
}

// Offsets and ranges are two answers. Another member that has the task now, while this one does not know yet, may have
// committed in between: then the ranges do not belong to the offsets, and nothing is wrong. So an error counts only if
// the offsets are the same after the ranges were read.
Result<bool> Restorer::doubt(Restoring& task, const Error& error) {
  if (error.code() != ErrorCode::ChangelogWithoutOffsets && error.code() != ErrorCode::OffsetOutOfRange) return error;
  OffsetMap used = offsets_of(task);
  if (task.doubted == used) return error;
  task.doubted = std::move(used);
  task.inputs.clear();
  task.offsets = ports_.log.admin().committed_offsets(environment_.config.application_id);
  task.stage = Restoring::Stage::AwaitOffsets;
  return false;
}

/// Those of its inputs that are committed.
OffsetMap Restorer::offsets_of(const Restoring& task) const {
  OffsetMap offsets;
  for (const TopicPartition& partition : inputs_of(task.id)) {
    if (auto found = task.committed.find(partition); found != task.committed.end()) offsets.insert(*found);
  }
  return offsets;
}

std::vector<TopicPartition> Restorer::inputs_of(TaskId task) const {
  std::vector<TopicPartition> inputs;
  for (const TopicRef& topic : environment_.topology.subtopology(task.subtopology).source_topics) {
    inputs.push_back({topic.full_name(environment_.config.application_id), task.partition});
  }
  return inputs;
}

TopicPartition Restorer::changelog_of(TaskId task, const StoreSpec& store) const {
  return {store.changelog().full_name(environment_.config.application_id), task.partition};
}

Result<void> Restorer::open_stores(Restoring& task) {
  std::vector<StoreSpec> specs;
  for (const std::string& name : environment_.topology.subtopology(task.id.subtopology).stores) {
    specs.push_back(environment_.topology.stores().at(name));
  }
  auto path =
      ports_.directory != nullptr ? ports_.directory->task_path(task.id) : std::filesystem::path(to_string(task.id));
  if (task.wipe) MILLRACE_TRY(ports_.backends.destroy(path));
  std::vector<Error> warnings;
  auto stores = TaskStores::open(specs, path, ports_.backends, ports_.clean_budget, warnings);
  for (const Error& warning : warnings) {
    environment_.logger.warn("restorer", warning.at({.task = to_string(task.id)}).to_string());
  }
  if (!stores) return stores.error();
  task.stores = std::move(*stores);
  return {};
}

const NodeSpec* Restorer::source_of(const Restoring& task, const TopicPartition& partition) const {
  const NodeSpec* source = nullptr;
  for (const TopicRef& topic : environment_.topology.subtopology(task.id.subtopology).source_topics) {
    if (topic.full_name(environment_.config.application_id) == partition.topic)
      source = &environment_.topology.source_of(topic);
  }
  return source;
}

Result<Offset> Restorer::resolve_start(const Restoring& task, const TopicPartition& partition) const {
  const OffsetRange& range = task.range_of.at(partition);
  const NodeSpec* source = source_of(task, partition);
  // What the application itself wrote to a repartition topic is always read from its beginning.
  bool internal = source != nullptr && source->topics.front().internal;
  OffsetReset reset = internal ? OffsetReset::Earliest
                               : (source != nullptr && source->offset_reset ? *source->offset_reset
                                                                            : environment_.config.auto_offset_reset);
  switch (reset) {
    case OffsetReset::Earliest: return range.begin;
    case OffsetReset::Latest: return range.end;
    case OffsetReset::None: break;
  }
  return Error(ErrorCode::NoCommittedOffset, "the group has no committed offset for this partition",
               {.topic = partition.topic, .partition = partition.partition.value()});
}

/// Where to go on if the committed offset is not in the log. Nowhere if it is beyond the end, where there never was
/// anything to process: the log has lost records, or is another one. Nor in a repartition topic, of which only what is
/// processed is ever deleted.
Result<Offset> Restorer::pass_over_gap(const Restoring& task, const TopicPartition& partition, Offset committed) {
  const OffsetRange& range = task.range_of.at(partition);
  const Error gone(ErrorCode::OffsetOutOfRange,
                   fmt::format("the committed offset {} is not within [{}, {}]", committed.value(), range.begin.value(),
                               range.end.value()),
                   {.topic = partition.topic, .partition = partition.partition.value(), .offset = committed.value()});
  const NodeSpec* source = source_of(task, partition);
  const bool internal = source != nullptr && source->topics.front().internal;
  if (committed > range.end || internal || task.doubted != offsets_of(task)) return gone;
  auto from = resolve_start(task, partition);
  if (!from) return gone;
  const std::int64_t lost = from->value() - committed.value();
  environment_.logger.warn(
      "restorer", fmt::format("task {}, {}: the committed offset {} is no longer in the log, which has [{}, {}]: {} "
                              "records were never processed; going on at {}, as auto.offset.reset says",
                              to_string(task.id), to_string(partition), committed.value(), range.begin.value(),
                              range.end.value(), lost, from->value()));
  CounterHandle& counter = never_processed_[task.id];
  if (!counter)
    counter = environment_.metrics.counter(MetricId::DroppedRecords, {to_string(task.id), "offset_out_of_range"});
  counter->increment(static_cast<std::uint64_t>(lost));
  return *from;
}

Result<void> Restorer::resolve_inputs(Restoring& task) {
  Transaction start;
  std::size_t without_offset = 0;
  for (const TopicPartition& partition : inputs_of(task.id)) {
    auto committed = task.committed.find(partition);
    if (committed != task.committed.end()) {
      const OffsetRange& range = task.range_of.at(partition);
      OffsetMetadata metadata = OffsetMetadata::decode(committed->second.metadata);
      Offset offset = committed->second.offset;
      if (offset < range.begin || offset > range.end) {
        auto from = pass_over_gap(task, partition, offset);
        if (!from) return from.error();
        offset = *from;
        start.offsets[partition] = {offset, committed->second.metadata};
      }
      task.inputs.push_back({partition, offset, metadata.partition_time, std::move(metadata.times)});
      continue;
    }
    auto from = resolve_start(task, partition);
    if (!from) return from.error();
    task.inputs.push_back({partition, *from, kNoTimestamp, {}});
    OffsetMetadata metadata{kNoTimestamp, to_string(task.id), "start", kStartCommit, {}};
    start.offsets[partition] = {*from, metadata.encode()};
    ++without_offset;
  }
  if (start.offsets.empty()) return {};
  if (without_offset == task.inputs.size()) {
    for (const StoreSpec& store : task.stores->specs()) {
      if (!store.logged) continue;
      TopicPartition changelog = changelog_of(task.id, store);
      const OffsetRange& range = task.range_of.at(changelog);
      if (range.end == range.begin) continue;
      return Error(ErrorCode::ChangelogWithoutOffsets,
                   fmt::format("the changelog has the offsets {} to {}, but the task has no committed input offsets",
                               range.begin.value(), range.end.value() - 1),
                   {.topic = changelog.topic, .partition = changelog.partition.value(), .store = store.name});
    }
  }
  // Committed before the first record, so that "latest" means the same after a crash.
  start.group = environment_.config.application_id;
  start.member = ports_.membership.member();
  task.start = ports_.writer.commit(std::move(start));
  return {};
}

Result<void> Restorer::begin_stores(Restoring& task) {
  for (const StoreSpec& store : task.stores->specs()) {
    if (store.logged) MILLRACE_TRY(begin_store(task, store));
    else if (store.persistent) MILLRACE_TRY(check_unlogged_store(task, store));
  }
  return {};
}

Result<void> Restorer::check_unlogged_store(Restoring& task, const StoreSpec& spec) {
  auto stamp = task.stores->stamp(spec.name);
  if (!stamp) return stamp.error();
  const ChangelogStamp committed = input_stamp(task.inputs, environment_.catalog);
  if (*stamp == committed) return {};
  if (!stamp->topic_id.empty()) {
    environment_.logger.warn(
        "restorer",
        fmt::format("task {}, store {}: it is not logged, and its local state stands at {}, the committed "
                    "input at {}: the store is cleared and begins empty",
                    to_string(task.id), spec.name, describe_input_stamp(*stamp), describe_input_stamp(committed)));
    return task.stores->wipe(spec.name);
  }
  const bool processed = std::any_of(task.inputs.begin(), task.inputs.end(), [&](const TaskInput& input) {
    auto before = task.committed.find(input.partition);
    return before != task.committed.end() && OffsetMetadata::decode(before->second.metadata).commit_id != kStartCommit;
  });
  if (processed) {
    environment_.logger.warn(
        "restorer", fmt::format("task {}, store {}: it is not logged and has no local state, the committed input "
                                "stands at {}: the store begins empty",
                                to_string(task.id), spec.name, describe_input_stamp(committed)));
  }
  return {};
}

namespace {

/// Why the changelog does not lead on from a stamp; empty if it does.
std::string why_unusable(const ChangelogStamp& stamp, const std::string& topic_id, const OffsetRange& changelog) {
  if (stamp.topic_id != topic_id) return "it belongs to another changelog topic";
  if (stamp.next > changelog.end || stamp.next < changelog.begin) {
    return fmt::format("it is at offset {}, the changelog has [{}, {}]", stamp.next.value(), changelog.begin.value(),
                       changelog.end.value());
  }
  // A key that was deleted since would stay in it for ever.
  if (stamp.next < changelog.tombstones_gone) {
    return fmt::format("it is at offset {}, the changelog has no more deletions before {}", stamp.next.value(),
                       changelog.tombstones_gone.value());
  }
  return {};
}

}  // namespace

Result<void> Restorer::begin_store(Restoring& task, const StoreSpec& spec) {
  TopicPartition changelog = changelog_of(task.id, spec);
  const OffsetRange& range = task.range_of.at(changelog);
  const std::string& topic_id = environment_.catalog.find(changelog.topic)->id;
  auto stamp = task.stores->stamp(spec.name);
  if (!stamp) return stamp.error();
  Offset from = stamp->next;
  bool fresh = stamp->topic_id.empty();
  if (std::string why = fresh ? std::string() : why_unusable(*stamp, topic_id, range); !why.empty()) {
    environment_.logger.warn("restorer", fmt::format("task {}, store {}: the local state is wiped and restored: {}",
                                                     to_string(task.id), spec.name, why));
    MILLRACE_TRY(task.stores->wipe(spec.name));
    fresh = true;
  }
  if (fresh) from = range.begin;
  auto slot = reader_->assign(changelog, from);
  if (!slot) return slot.error();
  Restoring::Store store{spec,
                         *slot,
                         range.end,
                         topic_id,
                         changelog,
                         0,
                         environment_.metrics.counter(MetricId::RestoreRecords, {spec.name}),
                         environment_.metrics.gauge(MetricId::RestoreRemaining, {spec.name})};
  store.remaining->set(range.end.value() - from.value());
  task.restoring.push_back(std::move(store));
  tell([&](StateRestoreListener& listener) { listener.on_restore_start(changelog, spec.name, from, range.end); });
  return {};
}

Result<bool> Restorer::restore_some(Restoring& task) {
  while (!task.restoring.empty()) {
    Restoring::Store& store = task.restoring.back();
    bool worked = false;
    if (reader_->position(store.slot) < store.end) {
      auto fetched = reader_->poll(store.slot, kRestoreBatchBytes);
      if (!fetched) return fetched.error();
      if (!*fetched) return false;
      MILLRACE_TRY(task.stores->restore(store.spec.name, (*fetched)->records, {store.topic_id, (*fetched)->next}));
      store.restored->increment((*fetched)->records.size());
      store.total += static_cast<std::int64_t>((*fetched)->records.size());
      tell([&](StateRestoreListener& listener) {
        listener.on_batch_restored(store.changelog, store.spec.name, (*fetched)->next,
                                   static_cast<std::int64_t>((*fetched)->records.size()));
      });
      MILLRACE_CRASH_POINT("restore/batch-applied");
      worked = true;
    }
    std::int64_t remaining = store.end.value() - reader_->position(store.slot).value();
    store.remaining->set(std::max<std::int64_t>(remaining, 0));
    if (remaining > 0) return false;
    // An empty changelog stamps its store too: from now on the state belongs to this topic.
    if (!worked)
      MILLRACE_TRY(task.stores->restore(store.spec.name, {}, {store.topic_id, reader_->position(store.slot)}));
    reader_->unassign(store.slot);
    tell([&](StateRestoreListener& listener) {
      listener.on_restore_end(store.changelog, store.spec.name, store.total);
    });
    task.restoring.pop_back();
    if (worked) return task.restoring.empty();
  }
  return true;
}

std::vector<RestoreProgress> Restorer::progress() const {
  std::vector<RestoreProgress> progress;
  for (const auto& task : tasks_) {
    for (const Restoring::Store& store : task->restoring) {
      progress.push_back({task->id, store.spec.name, store.end.value() - reader_->position(store.slot).value()});
    }
  }
  return progress;
}

}  // namespace millrace
