// Record batches: what goes in comes out, and what is taken back leaves no trace.
#include <millrace/log/record_batch.hpp>

#include <algorithm>
#include <limits>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

struct Record {
  std::optional<Bytes> key;
  std::optional<Bytes> value;
  std::int64_t time_ms = 0;
  Bytes headers;
};

void add(RecordBatchBuilder& builder, const Record& record) {
  builder.add(record.key, record.value, Timestamp(std::chrono::milliseconds(record.time_ms)), record.headers);
}

EncodedBatch encode(const std::vector<Record>& records) {
  RecordBatchBuilder builder;
  for (const Record& record : records) add(builder, record);
  return builder.finish();
}

std::vector<RecordView> decode(const EncodedBatch& batch, Offset base = Offset(0), Offset from = Offset(0)) {
  std::vector<RecordView> records;
  decode_batch(batch.bytes, base, from, records).value();
  return records;
}

void expect_round_trip(const std::vector<Record>& records) {
  auto batch = encode(records);
  EXPECT_EQ(batch.count, static_cast<std::int32_t>(records.size()));
  EXPECT_EQ(batch_record_count(batch.bytes).value(), batch.count);
  auto decoded = decode(batch, Offset(1000));
  ASSERT_EQ(decoded.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(decoded[i].key, records[i].key);
    EXPECT_EQ(decoded[i].value, records[i].value);
    EXPECT_EQ(decoded[i].timestamp.time_since_epoch().count(), records[i].time_ms);
    EXPECT_EQ(decoded[i].encoded_headers, records[i].headers);
    EXPECT_EQ(decoded[i].offset, Offset(1000 + static_cast<std::int64_t>(i)));
  }
}

TEST(RecordBatch, TellsNullFromEmpty) {
  expect_round_trip({{std::nullopt, std::nullopt}, {"", ""}, {std::nullopt, ""}, {"", std::nullopt}});
}

TEST(RecordBatch, KeepsAnyBytes) {
  Bytes all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  expect_round_trip({{all, all, 0, all}, {Bytes(1 << 20, '\xff'), Bytes(1, '\0'), 0, ""}});
}

TEST(RecordBatch, KeepsTimestampsInAnyOrder) {
  expect_round_trip({{"k", "v", 1'700'000'000'000}, {"k", "v", 0}, {"k", "v", 1'800'000'000'000}, {"k", "v", -1}});
}

TEST(RecordBatch, KeepsTimestampsAtBothEndsOfTime) {
  expect_round_trip({{"k", "v", kEarliest}, {"k", "v", kLatest}, {"k", "v", 0}});
  expect_round_trip({{"k", "v", kLatest}, {"k", "v", kEarliest}, {"k", "v", -1}});
}

TEST(RecordBatch, HoldsManyRecords) {
  std::vector<Record> records;
  for (int i = 0; i < 10'000; ++i) records.push_back({std::to_string(i), Bytes(i % 200, 'v'), i});
  expect_round_trip(records);
}

TEST(RecordBatch, GivesTheRecordsFromAnOffsetOn) {
  auto batch = encode({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  EXPECT_EQ(decode(batch, Offset(10), Offset(0)).size(), 3U);
  auto last = decode(batch, Offset(10), Offset(12));
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].key, "c");
  EXPECT_EQ(last[0].offset, Offset(12));
  EXPECT_THAT(decode(batch, Offset(10), Offset(13)), IsEmpty());
}

TEST(RecordBatch, AppendsToWhatWasDecodedBefore) {
  auto first = encode({{"a", "1"}});
  auto second = encode({{"b", "2"}, {"c", "3"}});
  std::vector<RecordView> records;
  decode_batch(first.bytes, Offset(0), Offset(0), records).value();
  decode_batch(second.bytes, Offset(1), Offset(0), records).value();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[2].key, "c");
  EXPECT_EQ(records[2].offset, Offset(2));
}

/// A batch that compaction leaves of `dense`, of which the records at these offsets stay.
Bytes sparse_of(const EncodedBatch& dense, Offset base, const std::vector<std::int64_t>& kept) {
  SparseBatchBuilder builder;
  builder.begin(base);
  for (const RecordView& record : decode(dense, base)) {
    if (std::find(kept.begin(), kept.end(), record.offset.value()) != kept.end()) builder.add(record);
  }
  return builder.finish(base.plus(dense.count), Timestamp(milliseconds(77)));
}

TEST(SparseBatch, KeepsRecordsAtTheirOffsets) {
  auto dense =
      encode({{"a", "1", 5, "h"}, {"b", "2", kLatest}, {"c", std::nullopt, kEarliest}, {"", "", -1}, {"e", "5"}});
  Bytes bytes = sparse_of(dense, Offset(100), {101, 102, 103});
  auto header = read_batch_header(bytes).value();
  EXPECT_EQ(header.count, 3);
  EXPECT_EQ(header.span, 5);
  EXPECT_TRUE(header.sparse);
  EXPECT_EQ(header.delete_horizon, Timestamp(milliseconds(77)));
  EXPECT_EQ(batch_span(bytes).value(), 5);
  auto before = decode(dense, Offset(100));
  std::vector<RecordView> after;
  decode_batch(bytes, Offset(100), Offset(0), after).value();
  ASSERT_EQ(after.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(after[i].offset, before[i + 1].offset);
    EXPECT_EQ(after[i].key, before[i + 1].key);
    EXPECT_EQ(after[i].value, before[i + 1].value);
    EXPECT_EQ(after[i].timestamp, before[i + 1].timestamp);
    EXPECT_EQ(after[i].encoded_headers, before[i + 1].encoded_headers);
  }
}

TEST(SparseBatch, GivesTheRecordsFromAnOffsetOn) {
  auto dense = encode({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}});
  Bytes bytes = sparse_of(dense, Offset(10), {10, 13});
  for (std::int64_t from : {11, 12, 13}) {
    std::vector<RecordView> records;
    decode_batch(bytes, Offset(10), Offset(from), records).value();
    ASSERT_EQ(records.size(), 1U) << from;
    EXPECT_EQ(records[0].key, "d");
  }
}

TEST(SparseBatch, MayHoldNothing) {
  Bytes bytes = sparse_of(encode({{"a", "1"}, {"b", "2"}}), Offset(10), {});
  EXPECT_EQ(batch_record_count(bytes).value(), 0);
  EXPECT_EQ(batch_span(bytes).value(), 2);
  std::vector<RecordView> records;
  decode_batch(bytes, Offset(10), Offset(0), records).value();
  EXPECT_THAT(records, IsEmpty());
}

TEST(SparseBatch, CoversMoreOffsetsThanABatchHoldsRecords) {
  auto dense = encode({{"a", "1"}, {"b", "2"}});
  auto records = decode(dense, Offset(5));
  records[1].offset = Offset(std::int64_t{1} << 40);
  SparseBatchBuilder builder;
  builder.begin(Offset(1));
  for (const RecordView& record : records) builder.add(record);
  Bytes bytes = builder.finish(Offset(std::int64_t{1} << 41), kNoTimestamp);
  std::vector<RecordView> after;
  decode_batch(bytes, Offset(1), Offset(0), after).value();
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].offset, Offset(5));
  EXPECT_EQ(after[1].offset, Offset(std::int64_t{1} << 40));
  EXPECT_EQ(batch_span(bytes).value(), (std::int64_t{1} << 41) - 1);
}

TEST(RecordBatchBuilder, TakesBackWhatWasAddedSinceAMark) {
  RecordBatchBuilder builder;
  add(builder, {"kept", "1", 100});
  auto mark = builder.mark();
  add(builder, {"back", "2", 50, "h"});
  add(builder, {"back", "3", 70});
  builder.truncate(mark);
  add(builder, {"next", "4", 200});
  EXPECT_EQ(builder.count(), 2);
  auto batch = builder.finish();
  auto kept = encode({{"kept", "1", 100}, {"next", "4", 200}});
  EXPECT_EQ(batch.bytes, kept.bytes);
}

TEST(RecordBatchBuilder, TakesBackEvenTheFirstRecordWithItsTime) {
  RecordBatchBuilder builder;
  auto mark = builder.mark();
  add(builder, {"back", "1", 12345});
  builder.truncate(mark);
  EXPECT_TRUE(builder.empty());
  EXPECT_EQ(builder.size_bytes(), 0U);
  add(builder, {"kept", "2", 7});
  EXPECT_EQ(builder.finish().bytes, encode({{"kept", "2", 7}}).bytes);
}

TEST(RecordBatchBuilder, BeginsAnewAfterEachBatch) {
  RecordBatchBuilder builder;
  add(builder, {"a", "1", 5});
  auto first = builder.finish();
  EXPECT_TRUE(builder.empty());
  add(builder, {"b", "2", 6});
  EXPECT_EQ(builder.finish().bytes, encode({{"b", "2", 6}}).bytes);
  EXPECT_EQ(first.bytes, encode({{"a", "1", 5}}).bytes);
}

TEST(RecordBatchBuilder, KnowsItsSize) {
  RecordBatchBuilder builder;
  add(builder, {"key", Bytes(1000, 'v'), 5, "headers"});
  std::size_t before = builder.size_bytes();
  EXPECT_EQ(builder.finish().bytes.size(), before);
}

TEST(RecordBatch, ThatIsDamagedIsNamedByItsOffset) {
  auto batch = encode({{"k", "v"}});
  batch.bytes.pop_back();
  std::vector<RecordView> records;
  auto decoded = decode_batch(batch.bytes, Offset(42), Offset(0), records);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code(), ErrorCode::LogCorrupted);
  EXPECT_THAT(decoded.error().message(), HasSubstr("offset 42"));
}

}  // namespace
}  // namespace millrace
