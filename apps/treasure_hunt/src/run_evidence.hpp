// RunEvidence: the evidence of a run in this process.
#pragma once

#include <millrace/app/streams.hpp>

#include "evidence.hpp"

namespace hunt {

/// Reads the committed log, and the stores as they lie on the disk.
class RunEvidence final : public Evidence {
 public:
  /// Borrows it. REQUIRES: it was started and has closed.
  explicit RunEvidence(millrace::Streams& streams) : streams_(streams) {}
  millrace::Result<void> each_record(const std::string& topic, const RecordVisitor& visit) override;
  millrace::Result<void> each_entry(const std::string& store, const EntryVisitor& visit) override;

 private:
  millrace::Streams& streams_;
};

}  // namespace hunt
