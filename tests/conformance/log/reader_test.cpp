// Reading: positions, bounds, and that records come back as they were written.
#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log_under_test.hpp"

namespace millrace::log_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr std::size_t kAnyBytes = 1 << 20;

class Reader : public LogTest {
 protected:
  /// Values of one poll; fails the test on an error.
  static std::vector<std::string> poll(LogReader& reader, ReaderSlot slot, std::size_t max_bytes = kAnyBytes) {
    std::vector<std::string> values;
    auto fetched = reader.poll(slot, max_bytes).value();
    if (!fetched) return values;
    for (const RecordView& view : fetched->records) values.emplace_back(view.value.value_or("(null)"));
    EXPECT_EQ(fetched->next, reader.position(slot));
    EXPECT_GT(fetched->size_bytes, 0U);
    return values;
  }
};
INSTANTIATE_TEST_SUITE_P(Log, Reader, ::testing::ValuesIn(kAllLogs),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Reader, GivesRecordsBackAsTheyWereWritten) {
  create("t");
  const Bytes all_bytes = [] {
    Bytes bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    return bytes;
  }();
  Bytes headers;
  encode_headers({{"null", std::nullopt}, {"empty", ""}, {"", "unnamed"}}, headers);
  std::vector<TestRecord> records{{std::nullopt, std::nullopt, 5, {}},
                                  {"", "", 0, {}},
                                  {all_bytes, std::nullopt, -1, {}},
                                  {std::nullopt, all_bytes, 3, headers},
                                  {"k", "v", 253402300799999, headers}};
  Transaction transaction;
  transaction.appends.push_back({partition("t"), {batch_of(records)}});
  commit(std::move(transaction));
  EXPECT_THAT(read(partition("t")), ElementsAreArray(records));
  reopen();
  EXPECT_THAT(read(partition("t")), ElementsAreArray(records));
}

TEST_P(Reader, NumbersRecordsAcrossBatches) {
  create("t");
  Transaction transaction;
  transaction.appends.push_back({partition("t"), {batch_of({record("a"), record("b")}), batch_of({record("c")})}});
  commit(std::move(transaction));
  auto reader = log().open_reader({});
  auto slot = reader->assign(partition("t"), Offset(0)).value();
  auto fetched = reader->poll(slot, kAnyBytes).value();
  ASSERT_TRUE(fetched.has_value());
  ASSERT_EQ(fetched->records.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(fetched->records[i].offset, Offset(static_cast<std::int64_t>(i)));
}

TEST_P(Reader, CountsSmallRecordsByWhatTheyTakeDecoded) {
  constexpr std::size_t kRecordsInBatch = 100;
  constexpr std::size_t kMostBytes = 10 * kRecordsInBatch * sizeof(RecordView);
  create("t");
  Transaction transaction;
  transaction.appends.push_back({partition("t"), {}});
  for (int i = 0; i < 50; ++i)
    transaction.appends.back().batches.push_back(batch_of(std::vector<TestRecord>(kRecordsInBatch, record("v"))));
  commit(std::move(transaction));
  auto reader = log().open_reader({});
  const std::size_t read = poll(*reader, reader->assign(partition("t"), Offset(0)).value(), kMostBytes).size();
  EXPECT_GT(read, 5 * kRecordsInBatch);
  EXPECT_LE(read, 10 * kRecordsInBatch);
}

TEST_P(Reader, BeginsAndSeeksWithinABatch) {
  create("t");
  Transaction transaction;
  transaction.appends.push_back(
      {partition("t"), {batch_of({record("a"), record("b"), record("c")}), batch_of({record("d")})}});
  commit(std::move(transaction));
  auto reader = log().open_reader({});
  auto slot = reader->assign(partition("t"), Offset(1)).value();
  EXPECT_EQ(reader->position(slot), Offset(1));
  EXPECT_THAT(poll(*reader, slot), ElementsAre("b", "c", "d"));
  reader->seek(slot, Offset(2));
  EXPECT_EQ(reader->position(slot), Offset(2));
  EXPECT_THAT(poll(*reader, slot), ElementsAre("c", "d"));
  reader->seek(slot, Offset(0));
  EXPECT_THAT(poll(*reader, slot), ElementsAre("a", "b", "c", "d"));
  reader->seek(slot, Offset(4));
  EXPECT_THAT(poll(*reader, slot), IsEmpty());
}

TEST_P(Reader, HasNothingAtTheEndUntilMoreIsWritten) {
  create("t");
  auto reader = log().open_reader({});
  auto slot = reader->assign(partition("t"), Offset(0)).value();
  EXPECT_EQ(reader->end_offset(slot), Offset(0));
  EXPECT_FALSE(reader->poll(slot, kAnyBytes).value().has_value());
  EXPECT_FALSE(reader->poll(slot, kAnyBytes).value().has_value());
  write(partition("t"), {"a"});
  EXPECT_TRUE(eventually([&] { return reader->end_offset(slot) == Offset(1); }));
  EXPECT_THAT(poll(*reader, slot), ElementsAre("a"));
  EXPECT_THAT(poll(*reader, slot), IsEmpty());
}

TEST_P(Reader, FetchesAtLeastOneRecordHoweverFewBytesAreWanted) {
  create("t");
  write(partition("t"), {"first", "second", "third"});
  auto reader = log().open_reader({});
  auto slot = reader->assign(partition("t"), Offset(0)).value();
  EXPECT_THAT(poll(*reader, slot, 1), ElementsAre("first"));
  EXPECT_THAT(poll(*reader, slot, 0), ElementsAre("second"));
  EXPECT_THAT(poll(*reader, slot, kAnyBytes), ElementsAre("third"));
}

TEST_P(Reader, SaysWhichOffsetIsOutOfRange) {
  create("t", 2);
  write(partition("t", 1), {"a", "b"});
  auto reader = log().open_reader({});
  for (std::int64_t offset : {3, 1000, -1}) {
    auto slot = reader->assign(partition("t", 1), Offset(offset)).value();
    auto fetched = reader->poll(slot, kAnyBytes);
    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().code(), ErrorCode::OffsetOutOfRange);
    EXPECT_EQ(fetched.error().where().topic, "t");
    EXPECT_EQ(fetched.error().where().partition, 1);
    EXPECT_EQ(fetched.error().where().offset, offset);
    // A seek mends it.
    reader->seek(slot, Offset(1));
    EXPECT_THAT(poll(*reader, slot), ElementsAre("b"));
    reader->unassign(slot);
  }
}

TEST_P(Reader, RefusesUnknownPartitions) {
  create("t");
  auto reader = log().open_reader({});
  for (const auto& unknown : {partition("t", 1), partition("t", -1), partition("u")}) {
    auto slot = reader->assign(unknown, Offset(0));
    ASSERT_FALSE(slot) << to_string(unknown);
    EXPECT_EQ(slot.error().code(), ErrorCode::TopicUnknown);
  }
}

TEST_P(Reader, KeepsPartitionsApart) {
  create("t", 3);
  for (std::int32_t i = 0; i < 3; ++i) write(partition("t", i), {"p" + std::to_string(i)});
  auto reader = log().open_reader({});
  std::vector<ReaderSlot> slots;
  for (std::int32_t i = 0; i < 3; ++i) slots.push_back(reader->assign(partition("t", i), Offset(0)).value());
  EXPECT_THAT(poll(*reader, slots[2]), ElementsAre("p2"));
  EXPECT_THAT(poll(*reader, slots[0]), ElementsAre("p0"));
  reader->unassign(slots[0]);
  auto again = reader->assign(partition("t", 1), Offset(0)).value();
  EXPECT_THAT(poll(*reader, again), ElementsAre("p1"));
  EXPECT_THAT(poll(*reader, slots[1]), ElementsAre("p1"));
}

TEST_P(Reader, LetsFetchedRecordsLiveOnAfterSeekAndUnassign) {
  create("t");
  const std::string large(100'000, 'x');
  write(partition("t"), {large, "small"});
  auto reader = log().open_reader({});
  auto slot = reader->assign(partition("t"), Offset(0)).value();
  auto fetched = reader->poll(slot, kAnyBytes).value();
  reader->seek(slot, Offset(0));
  auto again = reader->poll(slot, kAnyBytes).value();
  reader->unassign(slot);
  for (int i = 0; i < 50; ++i) write(partition("t"), {std::string(100'000, 'y')});
  ASSERT_EQ(fetched->records.size(), 2U);
  EXPECT_EQ(*fetched->records[0].value, large);
  EXPECT_EQ(*fetched->records[1].value, "small");
  EXPECT_EQ(*again->records[0].value, large);
}

TEST_P(Reader, IsWokenWhenRecordsCome) {
  create("t");
  std::atomic<int> wakes{0};
  auto reader = log().open_reader([&] { ++wakes; });
  auto slot = reader->assign(partition("t"), Offset(0)).value();
  std::atomic<int> answers{0};
  auto writer = log().open_writer("w", [&] { ++answers; });
  int before = wakes;
  Transaction transaction;
  transaction.appends = {append(partition("t"), {"a"})};
  auto pending = writer->commit(std::move(transaction));
  EXPECT_TRUE(eventually([&] { return wakes > before && answers > 0; }));
  // Whoever is woken finds what he was woken for.
  EXPECT_TRUE(pending.ready());
  EXPECT_THAT(poll(*reader, slot), ElementsAre("a"));
}

TEST_P(Reader, TakesRecordsOfFiveMegabytes) {
  create("t");
  std::vector<std::string> values;
  for (char c : {'a', 'b', 'c'}) values.push_back(std::string(5 << 20, c));
  write(partition("t"), {values[0], "between", values[1], values[2]});
  for (int round = 0; round < 2; ++round) {
    auto back = read_values(partition("t"));
    ASSERT_EQ(back.size(), 4U);
    EXPECT_TRUE(back[0] == values[0] && back[2] == values[1] && back[3] == values[2]);
    EXPECT_EQ(back[1], "between");
    reopen();
  }
}

TEST_P(Reader, ReadsSmallAndLargeBatchesInTheirOrder) {
  create("t", 2);
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 60; ++i) {
    // Around the size at which the embedded log changes the place of a batch, too.
    std::size_t size = i % 3 == 0 ? 10 : i % 3 == 1 ? 4050 + i : 20'000;
    expected.emplace_back(size, static_cast<char>('a' + i % 26));
    write(partition("t", 1), {expected.back()});
    write(partition("t", 0), {"noise"});
  }
  EXPECT_EQ(read_values(partition("t", 1)), expected);
  reopen();
  EXPECT_EQ(read_values(partition("t", 1)), expected);
  EXPECT_EQ(read_values(partition("t", 1), Offset(58)),
            std::vector<std::string>(expected.begin() + 58, expected.end()));
}

}  // namespace
}  // namespace millrace::log_conformance
