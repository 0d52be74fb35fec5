// Defects that seeds have found, each with its schedule spelled out: a seed alone rots when the code changes.
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include <millrace/testing/simulated_application.hpp>
#include "cases.hpp"
#include "forwarding.hpp"

namespace millrace::simulation {
namespace {

/// Aborts the transactions of those numbers, counted from 1, and says how many there were. Where tasks begin is not
/// counted.
class AbortingLog final : public ForwardingLog {
 public:
  AbortingLog(Log& behind, std::set<int> aborted, int& seen)
      : ForwardingLog(behind), aborted_(std::move(aborted)), seen_(seen) {}
  std::unique_ptr<LogWriter> open_writer(const std::string& writer_id, WakeUp wake_up) override {
    return std::make_unique<Writer>(behind_.open_writer(writer_id, std::move(wake_up)), aborted_, seen_);
  }

 private:
  class Writer final : public LogWriter {
   public:
    Writer(std::unique_ptr<LogWriter> behind, const std::set<int>& aborted, int& seen)
        : behind_(std::move(behind)), aborted_(aborted), seen_(seen) {}
    Pending<CommitReceipt> commit(Transaction transaction) override {
      const bool start = !transaction.offsets.empty() && transaction.offsets.begin()->second.offset == Offset(0);
      if (start || !aborted_.contains(++seen_)) return behind_->commit(std::move(transaction));
      return ready(Result<CommitReceipt>(Error(ErrorCode::TransactionAborted, "by the test")));
    }

   private:
    std::unique_ptr<LogWriter> behind_;
    const std::set<int>& aborted_;
    int& seen_;
  };
  const std::set<int> aborted_;
  int& seen_;
};

/// Runs one record through a topology that processes at least once.
void expect_committed(std::set<int> aborted, int transactions) {
  int seen = 0;
  SimulationOptions options{.seed = 1, .partitions = 1, .threads = 1};
  options.config.processing_guarantee = ProcessingGuarantee::AtLeastOnce;
  options.wrap_log = [&](Log& log) { return std::make_unique<AbortingLog>(log, aborted, seen); };
  SimulatedApplication app(cases().front().topology(), options);
  app.write("in", "k", "v", Timestamp{});
  EXPECT_TRUE(app.run_until_caught_up());
  EXPECT_EQ(seen, transactions);
  EXPECT_EQ(app.read({"out", Partition(0)}).size(), 1U) << "what was written is not written again";
}

/// Seed 156: records written, the commit of their offsets aborted, and no more input. The task thought that there was
/// nothing to commit: its group stood still before the end for ever.
TEST(Found, OffsetsThatWereNotCommittedAreCommittedLater) {
  expect_committed({}, 2);  // the record, its offset
  expect_committed({2}, 4);
}

/// Seed 1382: the same, and the commit that was to take the offsets along is aborted as well.
TEST(Found, OffsetsAreOwedThroughMoreAborts) {
  expect_committed({2, 3}, 5);
  expect_committed({2, 4}, 6);
}

}  // namespace
}  // namespace millrace::simulation
