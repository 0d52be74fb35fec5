// Reading while another thread writes: never half a transaction.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "log_under_test.hpp"

namespace millrace::log_conformance {
namespace {

class Concurrency : public LogTest {
 protected:
  static constexpr int kTransactions = 300;
  static constexpr std::int64_t kBatches = 3;

  /// Each transaction puts its number, kBatches times, into both partitions.
  void write_all() {
    auto writer = log().open_writer("w", {});
    for (int i = 0; i < kTransactions; ++i) {
      std::string number = std::to_string(i);
      // Of both places in which the embedded log keeps batches.
      if (i % 4 == 0) number += std::string(5000, ' ');
      std::vector<std::string> values(kBatches, number);
      Transaction transaction;
      transaction.appends = {append(partition("t", 0), values), append(partition("t", 1), values)};
      transaction.group = "g";
      transaction.offsets[partition("in")] = {Offset(i + 1), ""};
      await(writer->commit(std::move(transaction))).value();
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Log, Concurrency, ::testing::ValuesIn(kAllLogs),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Concurrency, ReadersSeeWholeTransactionsInOrder) {
  create("t", 2);
  std::thread writing([this] { write_all(); });
  auto reader = log().open_reader({});
  ReaderSlot slots[] = {reader->assign(partition("t", 0), Offset(0)).value(),
                        reader->assign(partition("t", 1), Offset(0)).value()};
  std::int64_t seen[] = {0, 0};
  bool whole = true;
  bool in_order = true;
  auto done = [&] { return seen[0] == kTransactions * kBatches && seen[1] == seen[0]; };
  EXPECT_TRUE(eventually([&] {
    for (std::size_t i : {0U, 1U}) {
      auto fetched = reader->poll(slots[i], std::size_t{1} << 30).value();
      if (!fetched) continue;
      whole = whole && fetched->next.value() % kBatches == 0;
      for (const RecordView& view : fetched->records) {
        in_order = in_order && std::stoll(std::string(*view.value)) == seen[i]++ / kBatches;
      }
    }
    return done();
  }));
  writing.join();
  EXPECT_TRUE(whole);
  EXPECT_TRUE(in_order);
}

TEST_P(Concurrency, RangesAndOffsetsAreThoseOfWholeTransactions) {
  create("t", 2);
  std::thread writing([this] { write_all(); });
  bool whole = true;
  EXPECT_TRUE(eventually([&] {
    auto before = committed("g");
    auto ranges = await(log().admin().offset_ranges({partition("t", 0), partition("t", 1)})).value();
    auto after = committed("g");
    std::int64_t end = ranges.at(partition("t", 0)).end.value();
    whole = whole && end == ranges.at(partition("t", 1)).end.value() && end % kBatches == 0;
    std::int64_t least = before.empty() ? 0 : before.at(partition("in")).offset.value();
    std::int64_t most = after.empty() ? 0 : after.at(partition("in")).offset.value();
    whole = whole && least <= end / kBatches && end / kBatches <= most;
    return most == kTransactions;
  }));
  writing.join();
  EXPECT_TRUE(whole);
}

TEST_P(Concurrency, ManyWritersShareTheLog) {
  if (std::string(GetParam().name) == "Memory") GTEST_SKIP() << "its commits run on the caller's thread";
  create("t");
  constexpr int kWriters = 4;
  constexpr int kEach = 50;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([this, w] {
      auto writer = log().open_writer("w" + std::to_string(w), {});
      for (int i = 0; i < kEach; ++i) {
        Transaction transaction;
        transaction.appends = {append(partition("t"), {std::to_string(w) + ":" + std::to_string(i)})};
        await(writer->commit(std::move(transaction))).value();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> next(kWriters, 0);
  for (const std::string& value : read_values(partition("t"))) {
    auto writer = static_cast<std::size_t>(value[0] - '0');
    EXPECT_EQ(value.substr(2), std::to_string(next[writer]++));
  }
  EXPECT_EQ(next, std::vector<int>(kWriters, kEach));
}

}  // namespace
}  // namespace millrace::log_conformance
