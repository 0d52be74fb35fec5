// memory.budget.bytes, whole: a small budget, more input and state than fits, and every owner within its part.
#include <filesystem>
#include <map>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/app/streams.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/config/memory_shares.hpp>
#include <millrace/config/parse_config.hpp>
#include <millrace/dsl/streams_builder.hpp>
#include <millrace/metrics/snapshot.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace {
namespace {

namespace fs = std::filesystem;
using Text = std::string;

constexpr int kPartitions = 4;
constexpr int kTransactions = 120;
constexpr int kRecords = 250;  // of a transaction, in each partition
constexpr std::size_t kValueBytes = 300;

/// The latest value of each key.
Topology latest() {
  StreamsBuilder builder;
  builder.stream<Text, Text>("in")
      .group_by_key()
      .reduce([](const Text&, const Text& value) { return value; }, {.store_name = "latest"})
      .to_stream()
      .to("out");
  return builder.build();
}

std::map<std::string, double> gauges(Streams& streams, std::string_view metric) {
  std::map<std::string, double> values;
  for (const FamilySnapshot& family : streams.metrics().snapshot()) {
    if (family.info.name != metric) continue;
    for (const SeriesSnapshot& series : family.series) values[series.label_values.at(0)] = series.value;
  }
  return values;
}

/// What an owner may hold for a moment: a record, a batch or a block that is in use, a commit that is one write.
double most_bytes(const MemoryShares& shares, MemoryOwner owner) {
  return static_cast<double>(shares.bytes[static_cast<std::size_t>(owner)]) * 1.5;
}

TEST(Memory, ASmallBudgetTakesALargeInputAndEveryOwnerKeepsToItsPart) {
  const fs::path folder = fs::path(::testing::TempDir()) / ("memory-" + std::to_string(::getpid()));
  StreamsConfig config = default_config();
  config.application_id = "app";
  config.state_dir = folder;
  config.metrics_enabled = false;
  config.log_level = LogLevel::Error;
  config.default_partitions = kPartitions;
  config.memory_budget_bytes = 32 << 20;
  config.commit_interval = milliseconds(50);
  const MemoryShares shares = memory_shares(config);
  {
    Streams streams(latest(), config);
    streams.start().value();
    // All at once: 36 MiB of input wait from the beginning.
    auto writer = streams.log().open_writer("test", {});
    int number = 0;
    for (int t = 0; t < kTransactions; ++t) {
      Transaction transaction;
      for (int p = 0; p < kPartitions; ++p) {
        RecordBatchBuilder batch;
        for (int i = 0; i < kRecords; ++i, ++number) {
          batch.add("key" + std::to_string(number % 40'000), Text(kValueBytes, 'v'), Timestamp(milliseconds(number)),
                    {});
        }
        transaction.appends.push_back({{"in", Partition(p)}, {}});
        transaction.appends.back().batches.push_back(batch.finish());
      }
      wait(writer->commit(std::move(transaction))).value();
    }
    std::map<std::string, double> most;
    ASSERT_TRUE(streams.wait_for(
        [&] {
          for (const auto& [owner, bytes] : gauges(streams, "streams_memory_bytes"))
            most[owner] = std::max(most[owner], bytes);
          return streams.drained().value();
        },
        std::chrono::seconds(120)));
    auto budgets = gauges(streams, "streams_memory_budget_bytes");
    ASSERT_EQ(most.size(), kMemoryOwners);
    ASSERT_EQ(budgets.size(), kMemoryOwners);
    for (std::size_t i = 0; i < kMemoryOwners; ++i) {
      auto owner = std::string(to_string(static_cast<MemoryOwner>(i)));
      SCOPED_TRACE(owner);
      EXPECT_EQ(budgets[owner], static_cast<double>(shares.bytes[i]));
      EXPECT_GT(most[owner], 0) << "the gauge never moved";
      EXPECT_LE(most[owner], most_bytes(shares, static_cast<MemoryOwner>(i)));
    }
    EXPECT_TRUE(streams.close(std::chrono::seconds(60)));
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace millrace
