// Evidence: what a run left behind, for the audit to read.
#pragma once

#include <functional>
#include <string>

#include <millrace/base/bytes.hpp>
#include <millrace/base/result.hpp>

namespace hunt {

class Evidence {
 public:
  Evidence() = default;
  Evidence(const Evidence&) = delete;
  Evidence& operator=(const Evidence&) = delete;
  virtual ~Evidence() = default;

  using RecordVisitor = std::function<void(millrace::OptionalBytesView key, millrace::OptionalBytesView value)>;
  using EntryVisitor = std::function<void(millrace::BytesView key, millrace::BytesView value)>;

  /// All records of a topic; those of a partition in their order, one partition after the other.
  [[nodiscard]] virtual millrace::Result<void> each_record(const std::string& topic, const RecordVisitor& visit) = 0;
  /// All entries of a store over all tasks, in any order; values without the timestamp that tables keep beside them.
  [[nodiscard]] virtual millrace::Result<void> each_entry(const std::string& store, const EntryVisitor& visit) = 0;
};

}  // namespace hunt
