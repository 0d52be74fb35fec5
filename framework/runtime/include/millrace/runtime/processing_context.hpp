// ProcessingContext: one task's TaskContext: the record or punctuation being processed, time, schedules, output.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <millrace/runtime/punctuators.hpp>
#include <millrace/runtime/task_environment.hpp>
#include <millrace/runtime/task_stores.hpp>

namespace millrace {

/// Thread: the one that owns the task.
class ProcessingContext final : public TaskContext,
                                private RecordCollector,
                                private ChangeLoggerFactory,
                                private WriteContextSource {
 public:
  /// Says what the exception handlers do about a failure whose work was taken back. An error: the record fails by it.
  using PassOver = std::function<Result<void>(const Error& error)>;

  /// Borrows environment and stores; they outlive the context. `times` are those committed last.
  ProcessingContext(TaskEnvironment& environment, TaskId task, TaskStores& stores, ObservedTimes::Snapshot times,
                    PassOver pass_over);

  // --- TaskContext ---
  const TaskId& task_id() const override { return task_; }  ///< Of the task.
  /// application.id.
  const std::string& application_id() const override { return environment_.config.application_id; }
  Timestamp stream_time() const override { return stream_time_; }
  WallTime wall_time() const override { return environment_.clock.wall_now(); }  ///< As the clock has it.
  ObservedTimes& observed_times() override { return observed_times_; }
  const ObservedTimes& observed_times() const { return observed_times_; }  ///< Of all operators of the task.
  std::optional<RecordMetadata> record_metadata() const override;
  StateStore& state_store(const std::string& node, std::string_view name) override;
  const StoreSpec& store_spec(std::string_view name) const override {
    return environment_.topology.stores().at(std::string(name));
  }
  RecordCollector& collector() override { return *this; }
  PunctuatorId schedule(const std::string& node, milliseconds interval, PunctuationType type,
                        Punctuator punctuator) override;
  void cancel(PunctuatorId id) override;
  void request_commit() override { commit_requested_ = true; }
  void run_apart(const KeptRecord& kept, const std::function<void()>& code) override;
  void count_dropped(const std::string& node, std::string_view reason) override;
  Error take_noted_failure() override { return take_failure(); }

  // --- for the task ---
  /// From now on messages name this record.
  void begin_record(const TopicPartition& partition, const RecordView& record) {
    partition_ = &partition;
    record_ = &record;
    stream_time_before_ = stream_time_;
    if (record.timestamp > stream_time_) stream_time_ = record.timestamp;
  }
  /// The record begun last does not move stream time.
  void forget_record_time() { stream_time_ = stream_time_before_; }
  /// A punctuator is called: there is no current record, `time` is the timestamp of what it sends.
  void begin_punctuation(Timestamp time);
  /// A change that a cache held back goes on its way, as what was processed at its last write would have sent it.
  /// `change` outlives the processing.
  void begin_cached_change(const CachedChange& change, bool timestamped);
  /// No record is processed any more.
  void end() {
    partition_ = nullptr;
    record_ = nullptr;
  }
  /// Runs `code`; whatever it throws is noted as the failure.
  template <class Code>
  void run_noting(Code&& code) {
    try {
      code();
    } catch (const RecordFailed&) {  // noted already
    } catch (...) {
      try {
        fail_user_code("");
      } catch (const RecordFailed&) {
      }
    }
  }
  [[nodiscard]] bool failed() const { return failure_.has_value(); }  ///< True after a failure was noted.
  [[nodiscard]] Error take_failure();                                 ///< The failure noted. REQUIRES: failed().
  /// Where the current record stands.
  [[nodiscard]] Where where() const;
  void reset_stream_time(Timestamp time) { stream_time_ = time; }  ///< Sets stream time, after a rewind.
  /// True if a processor asked for a commit.
  [[nodiscard]] bool commit_requested() const { return commit_requested_; }
  /// The same, and forgets it.
  [[nodiscard]] bool take_commit_request() { return std::exchange(commit_requested_, false); }
  [[nodiscard]] PunctuationSchedule& stream_schedule() { return stream_schedule_; }  ///< Punctuators of stream time.
  [[nodiscard]] PunctuationSchedule& wall_schedule() { return wall_schedule_; }  ///< Punctuators of wall-clock time.
  /// Sends the current record's bytes, with headers that say what went wrong, to the dead-letter topic.
  [[nodiscard]] Result<void> send_dead_letter(const Error& error);

 private:
  class TopicChangeLogger;

  void note_failure(Error error) override;

  OutputTopic open(const TopicRef& topic) override;
  std::optional<OutputTopic> find(const std::string& topic) override;
  std::int32_t partition_count(OutputTopic topic) const override { return environment_.outbox.partition_count(topic); }
  void send(const std::string& node, OutputTopic topic, std::optional<Partition> partition, OptionalBytesView key,
            OptionalBytesView value, Timestamp timestamp, BytesView encoded_headers) override;
  std::unique_ptr<ChangeLogger> make_logger(const StoreSpec& store) override;
  WriteContextSource::Current current() const override;
  [[nodiscard]] Partition spread(std::int32_t partition_count) const;
  [[nodiscard]] Timestamp current_time() const;

  TaskEnvironment& environment_;
  const TaskId task_;
  TaskStores& stores_;
  ObservedTimes observed_times_;
  const PassOver pass_over_;
  PunctuationSchedule stream_schedule_;
  PunctuationSchedule wall_schedule_;
  PunctuatorId next_punctuator_ = 1;
  const TopicPartition* partition_ = nullptr;
  const RecordView* record_ = nullptr;
  RecordView cached_record_;  // what record_ points to while a cached change is processed
  Timestamp punctuation_time_{};
  Timestamp stream_time_ = kNoTimestamp;
  Timestamp stream_time_before_ = kNoTimestamp;
  bool commit_requested_ = false;
  std::optional<Error> failure_;
  std::map<std::string, CounterHandle, std::less<>> dropped_;
  std::map<std::string, CounterHandle, std::less<>> dead_letters_;
};

}  // namespace millrace
