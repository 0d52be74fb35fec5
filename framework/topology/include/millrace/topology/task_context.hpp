// TaskContext: what a node may ask of the task it runs in. The runtime implements it; the Processor API wraps it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/base/clock.hpp>
#include <millrace/base/error.hpp>
#include <millrace/model/observed_times.hpp>
#include <millrace/model/record.hpp>
#include <millrace/topology/node.hpp>
#include <millrace/topology/record_collector.hpp>

namespace millrace {

class StateStore;
struct StoreSpec;

/// Which clock calls a punctuator.
enum class PunctuationType : std::uint8_t {
  StreamTime,  ///< advances with the timestamps of records; first call with the first record
  WallClock,   ///< advances with the machine's clock; first call after one interval
};

/// Called with the time that was reached: stream time or wall-clock time.
using Punctuator = std::function<void(Timestamp)>;
using PunctuatorId = std::uint64_t;  ///< Names a punctuator within its task.

/// A record that an operator kept when it was processed, and that gives a result later.
struct KeptRecord {
  OptionalBytesView key;    ///< serialized
  OptionalBytesView value;  ///< serialized
  Timestamp timestamp{};    ///< event time
};

/// Thread: the one that owns the task.
class TaskContext {
 public:
  TaskContext() = default;
  TaskContext(const TaskContext&) = delete;
  TaskContext& operator=(const TaskContext&) = delete;
  virtual ~TaskContext() = default;

  [[nodiscard]] virtual const TaskId& task_id() const = 0;              ///< Of the task.
  [[nodiscard]] virtual const std::string& application_id() const = 0;  ///< application.id.
  /// Highest timestamp that the task has seen; kNoTimestamp before the first record.
  [[nodiscard]] virtual Timestamp stream_time() const = 0;
  [[nodiscard]] virtual WallTime wall_time() const = 0;  ///< Wall-clock time.
  /// How far event time has come for the windowed operators and window stores of the task.
  [[nodiscard]] virtual ObservedTimes& observed_times() = 0;
  /// Where the current record came from; nullopt within a punctuator or init().
  [[nodiscard]] virtual std::optional<RecordMetadata> record_metadata() const = 0;

  /// The store of that name. Calls fail (StoreMissing) unless the topology connects it to `node`.
  [[nodiscard]] virtual StateStore& state_store(const std::string& node, std::string_view name) = 0;
  /// The spec of a store that state_store() finds.
  [[nodiscard]] virtual const StoreSpec& store_spec(std::string_view name) const = 0;
  /// Where sinks and changelogs write.
  [[nodiscard]] virtual RecordCollector& collector() = 0;

  /// Calls `punctuator` on behalf of `node` every `interval`; missed intervals become one call. REQUIRES: interval >=
  /// 1 ms.
  virtual PunctuatorId schedule(const std::string& node, milliseconds interval, PunctuationType type,
                                Punctuator punctuator) = 0;
  /// Allowed within the punctuator itself. Unknown ids are ignored.
  virtual void cancel(PunctuatorId id) = 0;
  /// Asks for a commit soon after the current record, before the interval is over.
  virtual void request_commit() = 0;

  /// Runs `code`, which makes a result of `kept` while another record is processed. Where it fails, what it wrote and
  /// sent is taken back, and the exception handlers decide as for a record of its own: if they pass over it, perhaps
  /// with `kept` as a dead letter, the record being processed goes on; else that fails.
  virtual void run_apart(const KeptRecord& kept, const std::function<void()>& code) = 0;

  /// Counts a record that an operator drops by its rules: "null key", "late", ...
  virtual void count_dropped(const std::string& node, std::string_view reason) = 0;

  /// Notes the error for the record being processed and throws RecordFailed.
  [[noreturn]] void fail(Error error) {
    note_failure(std::move(error));
    throw RecordFailed{};
  }
  /// The error noted last, which is not to end the current record. REQUIRES: fail() was called just before.
  [[nodiscard]] virtual Error take_noted_failure() = 0;
  /// Translates the exception being handled, thrown by user code in `node`, and fails; `thrower` is what threw.
  /// REQUIRES: within a catch block.
  [[noreturn]] void fail_user_code(const std::string& node, ErrorCode code = ErrorCode::UserCodeThrew,
                                   std::string_view thrower = "the function");

 private:
  /// Keeps the first error noted until the record is settled.
  virtual void note_failure(Error error) = 0;
};

/// Runs `code`, which calls functions of the user on behalf of `node`; what it throws becomes the record's failure.
template <class Code>
decltype(auto) run_user_code(TaskContext& context, const std::string& node, Code&& code) {
  try {
    return code();
  } catch (const RecordFailed&) {
    throw;
  } catch (...) {
    context.fail_user_code(node);
  }
}

}  // namespace millrace
