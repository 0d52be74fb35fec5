// What can go wrong, as a value: a stable code, what the runtime does about it, and where it happened.
//
// An Error is one pointer wide, so that Result<T> costs next to nothing on the way where nothing fails.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// One enumerator per reaction of the runtime. The one switch over it stands in StreamThread.
enum class Disposition : std::uint8_t {
  Retry,             ///< the same call may succeed later: try again with back-off
  SkipRecord,        ///< the exception handler decides: fail, continue or dead-letter
  AbortTransaction,  ///< drop what is not committed, rewind, process again
  RestoreTask,       ///< the task's state cannot be trusted: wipe it and restore from the changelog
  MigrateTask,       ///< this member lost its tasks: drop them and join again
  StopThread,        ///< this stream thread ends
  StopApplication,   ///< a person must act: stop in order, with exit code 1
};

/// Stable error codes; the value is the nnnn of MR-nnnn.
enum class ErrorCode : std::uint16_t {
#define X(number, name, disposition, cause, remedy) name = number,
#include <millrace/base/error_codes.def>
#undef X
};

/// One line of the table of error codes.
struct ErrorCodeInfo {
  ErrorCode code;           ///< the number that users see
  Disposition disposition;  ///< the usual reaction
  std::string_view name;    ///< "DeserializationFailed"
  std::string_view cause;   ///< what went wrong, as part of a sentence
  std::string_view remedy;  ///< what to do, as part of a sentence
};

/// The whole table, in order of number.
[[nodiscard]] const std::vector<ErrorCodeInfo>& error_code_table();

/// The table's line for `code`. REQUIRES: `code` is an enumerator.
[[nodiscard]] const ErrorCodeInfo& error_code_info(ErrorCode code);

/// "MR-0301".
[[nodiscard]] std::string to_string(ErrorCode code);
[[nodiscard]] std::string_view to_string(Disposition disposition);  ///< "SkipRecord".

/// Where an error happened. Empty or negative fields are not known or do not apply, and are not printed.
struct Where {
  std::string task;             ///< "0_1"
  std::string topic;            ///< with partition and offset: "lines[1]@42"
  std::int32_t partition = -1;  ///< within the topic
  std::int64_t offset = -1;     ///< of the record
  std::string node;             ///< name of the operator
  std::string store;            ///< name of the state store
};

/// An error value. Copyable; cheap to move.
class Error {
 public:
  /// `message` says what happened in this case; cause and remedy come from the table.
  Error(ErrorCode code, std::string message, Where where = {});

  [[nodiscard]] ErrorCode code() const { return rep_->code; }                  ///< What kind of failure it is.
  [[nodiscard]] Disposition disposition() const { return rep_->disposition; }  ///< What the runtime does about it.
  /// What happened, without code, place and remedy.
  [[nodiscard]] const std::string& message() const { return rep_->message; }
  [[nodiscard]] const Where& where() const { return rep_->where; }  ///< Where it happened.

  /// The same error with the fields of `where` that were not known yet.
  [[nodiscard]] Error at(const Where& where) const;

  /// The same error with another reaction than its code's usual one.
  [[nodiscard]] Error with_disposition(Disposition disposition) const;

  /// One line for people: "MR-0301 task 0_1, topic lines[1]@42, operator lines.map: <message>. To mend it: <remedy>."
  [[nodiscard]] std::string to_string() const;

 private:
  struct Rep {
    ErrorCode code;
    Disposition disposition;
    std::string message;
    Where where;
  };
  std::shared_ptr<const Rep> rep_;
};

}  // namespace millrace
