#include <millrace/runtime/stream_task.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>
#include <millrace/base/crash_point.hpp>
#include <millrace/runtime/input_stamp.hpp>
#include <millrace/runtime/offset_metadata.hpp>
#include "settled_failures.hpp"

namespace millrace {

namespace {
constexpr int kLatencyClockStride = 15;
// Changes that are given out for one record at most, where a cache is too full: no record takes for ever.
constexpr int kEvictionsPerRecord = 64;
// How often the caches are gone through for one commit. One time is enough unless operators write to stores above them.
constexpr int kFlushRoundsMax = 1000;

bool is_undecodable(const Error& error) {
  return error.code() == ErrorCode::DeserializationFailed || error.code() == ErrorCode::InvalidTimestamp;
}
}  // namespace

Result<std::unique_ptr<StreamTask>> StreamTask::create(TaskEnvironment& environment, TaskId id,
                                                       std::unique_ptr<TaskStores> stores, LogReader& reader,
                                                       const std::vector<TaskInput>& inputs) {
  std::unique_ptr<StreamTask> task(new StreamTask(environment, id, std::move(stores), reader));
  for (const TaskInput& input : inputs) {
    merge_observed_times(task->committed_times_, input.times);
    MILLRACE_TRY(task->queues_.add(input.partition, input.from, input.partition_time));
  }
  task->committed_ = inputs;
  MILLRACE_TRY(task->build_nodes());
  task->publish_stores();
  return task;
}

StreamTask::StreamTask(TaskEnvironment& environment, TaskId id, std::unique_ptr<TaskStores> stores, LogReader& reader)
    : environment_(environment),
      id_(id),
      stores_(std::move(stores)),
      queues_(reader, static_cast<std::size_t>(environment.config.fetch_max_bytes), environment.metrics,
              {environment.config.max_task_idle, &environment.clock}, &environment.memory.fetched),
      processed_(environment.metrics.counter(MetricId::RecordsProcessed, {to_string(id)})),
      stream_punctuations_(environment.metrics.counter(MetricId::Punctuations, {"stream_time"})),
      wall_punctuations_(environment.metrics.counter(MetricId::Punctuations, {"wall_clock_time"})),
      settled_(std::make_unique<SettledFailures>(environment.logger, environment.clock)) {}

StreamTask::~StreamTask() {
  // Before the stores go.
  if (environment_.stores != nullptr) environment_.stores->reads(id_).withdraw(publication_);
  note_dirty_bytes(0);
}

void StreamTask::publish_stores() {
  if (environment_.stores != nullptr) publication_ = environment_.stores->reads(id_).publish(stores_->committed());
}

void StreamTask::wire_nodes() {
  const Subtopology& subtopology = environment_.topology.subtopology(id_.subtopology);
  nodes_.clear();
  node_by_id_.clear();
  for (NodeId node : subtopology.nodes) {
    const NodeSpec& spec = environment_.topology.node(node);
    nodes_.push_back(run_user_code(*context_, spec.name, [&] { return spec.factory(); }));
    node_by_id_[node] = nodes_.back().get();
  }
  for (NodeId node : subtopology.nodes) {
    std::vector<Node*> children;
    for (NodeId child : environment_.topology.node(node).children) children.push_back(node_by_id_.at(child));
    node_by_id_.at(node)->bind(environment_.topology.node(node).name, std::move(children));
  }
}

Result<void> StreamTask::build_nodes() {
  const Topology& topology = environment_.topology;
  const Subtopology& subtopology = topology.subtopology(id_.subtopology);
  nodes_.clear();  // before the context and the stores that they refer to
  source_of_partition_.clear();
  latency_of_partition_.clear();
  const std::int64_t sent_before_bytes = environment_.outbox.size_bytes();
  try {
    context_ = std::make_unique<ProcessingContext>(environment_, id_, *stores_, committed_times_,
                                                   [this](const Error& error) { return pass_over(error); });
    wire_nodes();
    Timestamp stream_time = kNoTimestamp;
    for (const TaskInput& input : committed_) stream_time = std::max(stream_time, input.partition_time);
    context_->reset_stream_time(stream_time);
    context_->begin_punctuation(stream_time);
    for (auto at = nodes_.rbegin(); at != nodes_.rend(); ++at) {
      run_user_code(*context_, (*at)->name(), [&] { (*at)->init(*context_); });
      if (context_->failed()) throw RecordFailed{};  // noted, and swallowed by user code
    }
  } catch (const RecordFailed&) {
    // What init() wrote or sent does not count.
    stores_->rollback();
    environment_.outbox.rollback();
    if (context_ && context_->failed()) return context_->take_failure().with_disposition(Disposition::StopApplication);
    return Error(ErrorCode::TopicUnknown, "a changelog topic is missing", {.task = to_string(id_)});
  }
  stores_->seal();
  environment_.outbox.seal();
  context_->observed_times().seal();
  note_dirty_bytes(stores_->dirty_bytes());
  // What init() wrote, sent or asked for needs a commit as a record does; wants_commit() without one would wait for
  // ever.
  dirty_ = wants_commit() || stores_->dirty_bytes() > 0 || environment_.outbox.size_bytes() > sent_before_bytes;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    queues_.extract_time_by(i, nullptr);
    for (const TopicRef& topic : subtopology.source_topics) {
      if (topic.full_name(environment_.config.application_id) != queues_.id(i).topic) continue;
      const NodeSpec& source = topology.source_of(topic);
      source_of_partition_.push_back(static_cast<SourceNode*>(node_by_id_.at(source.id)));
      SourceNode* node = source_of_partition_.back();
      if (node->extracts_time()) queues_.extract_time_by(i, node);
      latency_of_partition_.push_back(environment_.metrics.histogram(MetricId::RecordE2eLatency, {source.name}));
    }
  }
  MILLRACE_ASSERT(source_of_partition_.size() == queues_.size(), "every input partition has a source");
  return {};
}

Result<std::size_t> StreamTask::process(std::size_t max) {
  std::size_t count = 0;
  Result<void> ended;
  latency_clock_age_ = latency_clock_stride_;  // time has passed since the last call
  while (count < max && !wants_commit()) {
    auto filled = queues_.fill();
    if (!filled) return filled.error().at({.task = to_string(id_)});
    if (!*filled) break;
    do {
      ended = process_one();
      if (!ended) break;
      ++count;
    } while (count < max && queues_.ready() && !wants_commit());
    if (!ended) break;
  }
  processed_->increment(count);
  if (!ended) return ended.error();
  return count;
}

void StreamTask::accept(SourceNode& source, const RecordQueues::Head& head) {
  if (head.record->timestamp < Timestamp{}) [[unlikely]]
    return refuse_time(source, head);
  source.accept(*head.record);
}

/// The record has no valid time: it fails, or is left out if an extractor wants that.
void StreamTask::refuse_time(SourceNode& source, const RecordQueues::Head& head) {
  if (const auto& error = queues_.time_error(head.partition)) context_->fail(*error);
  if (!source.extracts_time()) {
    context_->fail(
        Error(ErrorCode::InvalidTimestamp,
              fmt::format("the record's timestamp is {} ms", head.record->timestamp.time_since_epoch().count()),
              {.node = source.name()}));
  }
  context_->count_dropped(source.name(), "invalid_timestamp");
  settled_->note(Error(ErrorCode::InvalidTimestamp, "the record has no valid time", context_->where()), "skipped");
  undecodable_ = true;
}

template <class Body>
Result<void> StreamTask::run_atom(Body&& body) {
  context_->run_noting(body);
  if (context_->failed()) [[unlikely]]
    return settle_failure();
  stores_->seal();
  environment_.outbox.seal();
  context_->observed_times().seal();
  note_dirty_bytes(stores_->dirty_bytes());
  return {};
}

void StreamTask::note_dirty_bytes(std::int64_t bytes) {
  environment_.memory.transaction_buffer_bytes += bytes - std::exchange(noted_dirty_bytes_, bytes);
}

/// The wall clock, as exact as it matters: reading it costs as much as a cheap operator does. While records take less
/// than a millisecond together it is read for each 16th, else for each.
WallTime StreamTask::processed_at() {
  if (latency_clock_age_ < latency_clock_stride_) {
    ++latency_clock_age_;
    return latency_clock_;
  }
  const WallTime now = environment_.clock.wall_now();
  latency_clock_stride_ = now - latency_clock_ < milliseconds(1) ? kLatencyClockStride : 0;
  latency_clock_age_ = 0;
  latency_clock_ = now;
  return now;
}

Result<void> StreamTask::process_one() {
  MILLRACE_CRASH_POINT("process/before-record");
  RecordQueues::Head head = queues_.choose();
  SourceNode& source = *source_of_partition_[head.partition];
  context_->begin_record(queues_.id(head.partition), *head.record);
  dirty_ = true;
  auto ended = run_atom([&] { accept(source, head); });
  if (!ended) [[unlikely]] {
    context_->end();
    return ended;
  }
  if (!undecodable_) latency_of_partition_[head.partition]->observe(processed_at() - head.record->timestamp);
  context_->end();
  if (std::exchange(undecodable_, false)) queues_.skip(head.partition);
  else queues_.pop(head.partition);
  MILLRACE_CRASH_POINT("process/after-record");
  if (environment_.cache_budget.exceeded()) [[unlikely]]
    MILLRACE_TRY(evict());
  if (context_->stream_schedule().due(context_->stream_time())) {
    return punctuate(context_->stream_schedule(), context_->stream_time(), context_->stream_time(),
                     stream_punctuations_);
  }
  return {};
}

Result<void> StreamTask::settle_failure() {
  Error error = context_->take_failure();
  stores_->rollback();
  environment_.outbox.rollback();
  context_->observed_times().rollback();
  if (error.disposition() != Disposition::SkipRecord) return error;
  undecodable_ = is_undecodable(error);
  // A poison record's time is no more to be trusted than its bytes.
  if (undecodable_) context_->forget_record_time();
  MILLRACE_TRY(pass_over(error));
  environment_.outbox.seal();
  return {};
}

Result<void> StreamTask::pass_over(const Error& error) {
  if (error.disposition() != Disposition::SkipRecord) return error;
  const StreamsConfig& config = environment_.config;
  std::string what_was_done = "skipped";
  switch (is_undecodable(error) ? config.deserialization_exception_handler : config.processing_exception_handler) {
    case ExceptionResponse::Fail: return error.with_disposition(Disposition::StopApplication);
    case ExceptionResponse::Continue:
      context_->count_dropped(error.where().node, error_code_info(error.code()).name);
      break;
    case ExceptionResponse::DeadLetter:
      MILLRACE_TRY(context_->send_dead_letter(error));
      what_was_done = "sent to " + config.dead_letter_topic;
      break;
  }
  settled_->note(error, what_was_done);
  return {};
}

Result<void> StreamTask::punctuate(PunctuationSchedule& schedule, Timestamp reached, Timestamp time,
                                   CounterHandle& counter) {
  for (const PunctuationSchedule::Due& due : schedule.take_due(reached)) {
    if (!schedule.scheduled(due.id)) continue;  // cancelled by one that was called before it
    context_->begin_punctuation(time);
    dirty_ = true;
    counter->increment();
    auto called = run_atom([&] { run_user_code(*context_, due.node, [&] { due.punctuator(time); }); });
    undecodable_ = false;  // that was no record
    if (!called) return called;
    if (environment_.cache_budget.exceeded()) MILLRACE_TRY(evict());
  }
  return {};
}

Result<void> StreamTask::punctuate() {
  if (context_->wall_schedule().next() == Timestamp::max()) return {};
  const Timestamp reached = on_schedule(environment_.clock.steady_now());
  if (!context_->wall_schedule().due(reached)) return {};
  return punctuate(context_->wall_schedule(), reached, environment_.clock.wall_now(), wall_punctuations_);
}

SteadyTime StreamTask::next_punctuation() const {
  const Timestamp next = context_->wall_schedule().next();
  return next == Timestamp::max() ? SteadyTime::max() : SteadyTime(next.time_since_epoch());
}

bool StreamTask::wants_commit() const {
  const ThreadMemory& memory = environment_.memory;
  return context_->commit_requested() || environment_.outbox.size_bytes() >= memory.outbox_max_bytes ||
         memory.transaction_buffer_bytes >= memory.transaction_buffer_max_bytes;
}

Result<void> StreamTask::flush_one(CachingKeyValueBytesStore& cache) {
  bool told = false;
  std::optional<CachedChange> change;
  auto take_and_log = [&] {
    auto taken = cache.take();
    if (!taken) context_->fail(taken.error().at({.store = cache.name()}));
    change = *taken;
    if (!change) return;
    context_->begin_cached_change(*change, cache.timestamped());
    cache.log(*change);
  };
  auto ended = run_atom([&] {
    take_and_log();
    if (change && cache.listener() != nullptr) cache.listener()->emit(*change);
    told = true;
  });
  undecodable_ = false;  // that was no record
  // An exception handler has passed over what failed below; the row stays, and with it its record in the changelog.
  if (ended && !told) ended = keep_row(take_and_log);
  context_->end();
  return ended;
}

template <class Log>
Result<void> StreamTask::keep_row(Log&& log) {
  try {
    log();
  } catch (const RecordFailed&) {  // noted in the context
  }
  if (context_->failed()) {
    stores_->rollback();
    environment_.outbox.rollback();
    // No handler may pass over this: the store would have what its changelog lacks.
    return context_->take_failure().with_disposition(Disposition::StopApplication);
  }
  stores_->seal();
  environment_.outbox.seal();
  return {};
}

Result<void> StreamTask::evict() {
  for (int i = 0; i < kEvictionsPerRecord && environment_.cache_budget.exceeded(); ++i) {
    // Another task's caches may be what is too full; they see to that with their next record.
    CachingKeyValueBytesStore* cache = stores_->fullest_cache();
    if (cache == nullptr) return {};
    MILLRACE_TRY(flush_one(*cache));
  }
  return {};
}

Result<void> StreamTask::flush_caches() {
  for (int round = 0; stores_->pending_cache() != nullptr; ++round) {
    if (round == kFlushRoundsMax) {
      return Error(ErrorCode::CachesNeverSettle,
                   fmt::format("after {} rounds through the caches of the task, \"{}\" is written to again", round,
                               stores_->pending_cache()->name()),
                   {.task = to_string(id_), .store = stores_->pending_cache()->name()});
    }
    for (CachingKeyValueBytesStore* cache : stores_->caches()) {
      // No more than it has now: what is written meanwhile is for the next round.
      for (std::size_t left = cache->pending_entries(); left > 0 && cache->pending(); --left) {
        MILLRACE_TRY(flush_one(*cache));
      }
    }
  }
  return {};
}

void StreamTask::freeze() {
  (void)context_->take_commit_request();
  stores_->freeze();
  frozen_times_ = context_->observed_times().snapshot();
  frozen_.clear();
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    frozen_.push_back({queues_.id(i), queues_.position(i), queues_.partition_time(i), {}});
  }
  dirty_ = false;
}

void StreamTask::add_offsets(OffsetMap& offsets, const std::string& writer_id, const std::string& commit_id) const {
  for (const TaskInput& input : frozen_) {
    OffsetMetadata metadata{input.partition_time, to_string(id_), writer_id, commit_id, frozen_times_};
    offsets[input.partition] = {input.from, metadata.encode()};
  }
}

Result<void> StreamTask::commit(const CommitReceipt& receipt) {
  std::map<std::string, ChangelogStamp> stamps;
  for (const StoreSpec& store : stores_->specs()) {
    if (!store.logged) {
      if (!store.persistent) continue;
      ChangelogStamp stamp = input_stamp(frozen_, environment_.catalog);
      auto before = stores_->stamp(store.name);
      if (!before || *before != stamp) stamps[store.name] = std::move(stamp);
      continue;
    }
    std::string topic = store.changelog().full_name(environment_.config.application_id);
    auto end = receipt.end_of({topic, id_.partition});
    if (end) stamps[store.name] = {environment_.catalog.find(topic)->id, *end};
  }
  committed_ = frozen_;
  committed_times_ = frozen_times_;
  auto applied = stores_->apply_frozen(stamps, committed_times_);
  broken_ = !applied;
  note_dirty_bytes(stores_->dirty_bytes());
  if (!applied) return applied.error().at({.task = to_string(id_)});
  return {};
}

void StreamTask::add_consumed(std::map<TopicPartition, Offset>& consumed) const {
  const std::string& application = environment_.config.application_id;
  for (const TopicRef& topic : environment_.topology.subtopology(id_.subtopology).source_topics) {
    if (!topic.internal) continue;
    for (const TaskInput& input : committed_) {
      if (input.partition.topic == topic.full_name(application)) consumed[input.partition] = input.from;
    }
  }
}

Result<void> StreamTask::abort() {
  stores_->drop_all();
  note_dirty_bytes(0);
  for (std::size_t i = 0; i < committed_.size(); ++i)
    queues_.rewind(i, committed_[i].from, committed_[i].partition_time);
  dirty_ = false;
  return build_nodes();
}

void StreamTask::close() {
  for (auto& node : nodes_) {
    (void)run_atom([&] { run_user_code(*context_, node->name(), [&] { node->close(); }); });
  }
  settled_->end(to_string(id_));
}

std::int64_t StreamTask::lag() const {
  std::int64_t lag = 0;
  for (std::size_t i = 0; i < queues_.size(); ++i) lag += queues_.lag(i);
  return lag;
}

}  // namespace millrace
