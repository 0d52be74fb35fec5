#include <millrace/runtime/processing_context.hpp>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/model/partitioner.hpp>

namespace millrace {

/// Logs the changes of one store to the task's partition of its changelog.
class ProcessingContext::TopicChangeLogger final : public ChangeLogger {
 public:
  TopicChangeLogger(ProcessingContext& context, OutputTopic topic) : context_(context), topic_(topic) {}
  void log_change(BytesView key, OptionalBytesView value, std::optional<Timestamp> timestamp) override {
    context_.send(node_, topic_, context_.task_.partition, key, value, timestamp.value_or(context_.current_time()), {});
  }

 private:
  ProcessingContext& context_;
  OutputTopic topic_;
  const std::string node_;  // none: the message names the changelog
};

ProcessingContext::ProcessingContext(TaskEnvironment& environment, TaskId task, TaskStores& stores,
                                     ObservedTimes::Snapshot times, PassOver pass_over)
    : environment_(environment),
      task_(task),
      stores_(stores),
      observed_times_(std::move(times)),
      pass_over_(std::move(pass_over)) {
  stores_.log_changes_to(*this, *this, environment_.cache_budget);
}

std::optional<RecordMetadata> ProcessingContext::record_metadata() const {
  if (partition_ == nullptr) return std::nullopt;
  return RecordMetadata{partition_->topic, partition_->partition, record_->offset};
}

StateStore& ProcessingContext::state_store(const std::string& node, std::string_view name) {
  const auto& nodes = environment_.topology.nodes();
  auto spec = std::find_if(nodes.begin(), nodes.end(), [&](const NodeSpec& n) { return n.name == node; });
  bool connected =
      spec != nodes.end() && std::find(spec->stores.begin(), spec->stores.end(), name) != spec->stores.end();
  KeyValueBytesStore* store = connected ? stores_.find(name) : nullptr;
  if (store == nullptr) {
    std::string known =
        spec == nodes.end() || spec->stores.empty() ? "none" : fmt::format("{}", fmt::join(spec->stores, ", "));
    fail(Error(ErrorCode::StoreMissing,
               fmt::format("the store \"{}\" is not connected to this operator (connected: {})", name, known),
               {.node = node, .store = std::string(name)}));
  }
  return *store;
}

PunctuatorId ProcessingContext::schedule(const std::string& node, milliseconds interval, PunctuationType type,
                                         Punctuator punctuator) {
  if (interval < milliseconds(1)) {
    fail(Error(ErrorCode::UserCodeThrew,
               fmt::format("a punctuator was scheduled every {} ms: the least is 1 ms", interval.count()),
               {.node = node}));
  }
  PunctuatorId id = next_punctuator_++;
  if (type == PunctuationType::StreamTime) {
    stream_schedule_.add(id, node, Timestamp{}, interval, std::move(punctuator));
  } else {
    // A millisecond begun counts as none: never before the interval is over.
    const Timestamp now = on_schedule(environment_.clock.steady_now() + milliseconds(1) - SteadyTime::duration(1));
    wall_schedule_.add(id, node, now + interval, interval, std::move(punctuator));
  }
  return id;
}

void ProcessingContext::cancel(PunctuatorId id) {
  stream_schedule_.cancel(id);
  wall_schedule_.cancel(id);
}

void ProcessingContext::count_dropped(const std::string&, std::string_view reason) {
  auto found = dropped_.find(reason);
  if (found == dropped_.end()) {
    found = dropped_.emplace(reason, environment_.metrics.counter(MetricId::DroppedRecords, {to_string(task_), reason}))
                .first;
  }
  found->second->increment();
}

void ProcessingContext::run_apart(const KeptRecord& kept, const std::function<void()>& code) {
  if (failed()) throw RecordFailed{};  // noted, and swallowed by user code
  const auto stores = stores_.savepoint();
  const auto outbox = environment_.outbox.savepoint();
  const auto times = observed_times_.mark();
  run_noting(code);
  if (!failed()) [[likely]]
    return;
  stores_.rollback(stores);
  environment_.outbox.rollback(outbox);
  observed_times_.rollback(times);
  const Error cause = take_failure();
  const Error error = Error(cause.code(),
                            fmt::format("for an earlier record, with timestamp {} ms: {}",
                                        kept.timestamp.time_since_epoch().count(), cause.message()),
                            cause.where())
                          .with_disposition(cause.disposition());
  // What fails is the kept record, whose place and headers are not known any more: messages name that of the record
  // being processed.
  RecordView failing{kept.key, kept.value, kept.timestamp, {}, {}};
  if (record_ != nullptr) failing.offset = record_->offset;
  const RecordView* processed = std::exchange(record_, &failing);
  const auto passed_over = pass_over_(error);
  record_ = processed;
  if (!passed_over) fail(passed_over.error());
}

void ProcessingContext::note_failure(Error error) {
  // The first failure is the cause; what user code makes of it is not.
  if (!failure_) failure_ = error.at(where());
}

Error ProcessingContext::take_failure() {
  Error error = std::move(*failure_);
  failure_.reset();
  return error;
}

Where ProcessingContext::where() const {
  Where where{.task = to_string(task_)};
  if (partition_ != nullptr) {
    where.topic = partition_->topic;
    where.partition = partition_->partition.value();
    where.offset = record_->offset.value();
  }
  return where;
}

void ProcessingContext::begin_punctuation(Timestamp time) {
  end();
  punctuation_time_ = time;
  stream_time_before_ = stream_time_;
}

void ProcessingContext::begin_cached_change(const CachedChange& change, bool timestamped) {
  const WriteContext& written = *change.context;
  // Should it end as a dead letter: the row, as the table has it.
  OptionalBytesView value = change.new_value;
  if (timestamped && value) value = value_of(*value);
  cached_record_ = {change.key, value, written.timestamp, written.offset, written.encoded_headers};
  partition_ = written.partition;
  record_ = &cached_record_;
  stream_time_before_ = stream_time_;
}

WriteContextSource::Current ProcessingContext::current() const {
  if (record_ == nullptr) return {punctuation_time_, {}, nullptr, {}};
  return {record_->timestamp, record_->encoded_headers, partition_, record_->offset};
}

Timestamp ProcessingContext::current_time() const {
  return record_ != nullptr ? record_->timestamp : punctuation_time_;
}

OutputTopic ProcessingContext::open(const TopicRef& topic) {
  auto opened = environment_.outbox.open(topic.full_name(application_id()));
  if (!opened) fail(opened.error());
  return *opened;
}

std::optional<OutputTopic> ProcessingContext::find(const std::string& topic) {
  if (is_internal_topic(environment_.topology, application_id(), topic)) return std::nullopt;
  auto opened = environment_.outbox.open(topic);
  return opened ? std::optional<OutputTopic>(*opened) : std::nullopt;
}

// Records without a key stay together for a while, as with Kafka's sticky partitioner; which partition that is follows
// from the input alone, so that processing again gives the same.
Partition ProcessingContext::spread(std::int32_t partition_count) const {
  constexpr std::int64_t kStick = 1024;
  std::int64_t position = partition_ != nullptr ? record_->offset.value() / kStick : 0;
  return Partition(static_cast<std::int32_t>((position + task_.partition.value()) % partition_count));
}

void ProcessingContext::send(const std::string& node, OutputTopic topic, std::optional<Partition> partition,
                             OptionalBytesView key, OptionalBytesView value, Timestamp timestamp,
                             BytesView encoded_headers) {
  if (!partition) {
    std::int32_t count = environment_.outbox.partition_count(topic);
    if (count == 1) partition = Partition(0);
    else partition = key ? partition_for_key(*key, count) : spread(count);
  }
  auto added = environment_.outbox.add(topic, *partition, key, value, timestamp, encoded_headers);
  if (!added) [[unlikely]]
    fail(added.error().at({.node = node}));
}

std::unique_ptr<ChangeLogger> ProcessingContext::make_logger(const StoreSpec& store) {
  return std::make_unique<TopicChangeLogger>(*this, open(store.changelog()));
}

Result<void> ProcessingContext::send_dead_letter(const Error& error) {
  auto topic = environment_.outbox.open(environment_.config.dead_letter_topic);
  if (!topic) return topic.error();
  Headers headers;
  if (record_ != nullptr) {
    if (auto decoded = decode_headers(record_->encoded_headers)) headers = std::move(*decoded);
  }
  // The names that Kafka Streams uses (KIP-1034), and the operator besides.
  headers.add("__streams.errors.exception",
              to_string(error.code()) + " " + std::string(error_code_info(error.code()).name));
  headers.add("__streams.errors.message", error.to_string());
  headers.add("__streams.errors.operator", error.where().node);
  if (partition_ != nullptr) {
    headers.add("__streams.errors.topic", partition_->topic);
    headers.add("__streams.errors.partition", to_string(partition_->partition));
    headers.add("__streams.errors.offset", to_string(record_->offset));
  }
  Bytes encoded;
  encode_headers(headers, encoded);
  OptionalBytesView key = record_ != nullptr ? record_->key : std::nullopt;
  OptionalBytesView value = record_ != nullptr ? record_->value : std::nullopt;
  std::int32_t count = environment_.outbox.partition_count(*topic);
  Partition partition = key ? partition_for_key(*key, count) : spread(count);
  // A log takes no times before the epoch; they are one of the reasons why records come here.
  Timestamp time = std::max(current_time(), Timestamp{});
  MILLRACE_TRY(environment_.outbox.add(*topic, partition, key, value, time, encoded));
  std::string reason(error_code_info(error.code()).name);
  auto found = dead_letters_.find(reason);
  if (found == dead_letters_.end()) {
    found = dead_letters_
                .emplace(reason, environment_.metrics.counter(MetricId::DeadLetterRecords, {to_string(task_), reason}))
                .first;
  }
  found->second->increment();
  return {};
}

}  // namespace millrace
