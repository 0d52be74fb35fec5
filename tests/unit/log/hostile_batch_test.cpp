// Bytes that are not what was written: every one is an error or a batch of the right shape, none a crash.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/base/big_endian.hpp>
#include <millrace/base/varint.hpp>
#include <millrace/log/record_batch.hpp>

namespace millrace {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kHeaderBytes = 13;

class Luck {
 public:
  explicit Luck(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  Bytes bytes(std::size_t size) {
    Bytes bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(engine_());
    return bytes;
  }

 private:
  std::mt19937_64 engine_;
};

EncodedBatch some_batch(Luck& luck) {
  RecordBatchBuilder builder;
  for (std::size_t n = 1 + luck.below(12); n > 0; --n) {
    Bytes key = luck.bytes(luck.below(10));
    Bytes value = luck.bytes(luck.below(80));
    builder.add(luck.below(4) == 0 ? OptionalBytesView() : OptionalBytesView(key),
                luck.below(4) == 0 ? OptionalBytesView() : OptionalBytesView(value),
                Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(luck.below(1 << 30)))),
                luck.bytes(luck.below(3)));
  }
  return builder.finish();
}

/// What compaction might have left of one, which may be nothing.
EncodedBatch some_sparse_batch(Luck& luck) {
  EncodedBatch dense = some_batch(luck);
  std::vector<RecordView> records;
  decode_batch(dense.bytes, Offset(7), Offset(0), records).value();
  SparseBatchBuilder builder;
  builder.begin(Offset(7));
  for (const RecordView& record : records) {
    if (luck.below(3) != 0) builder.add(record);
  }
  std::int32_t count = builder.count();
  return {builder.finish(Offset(7 + dense.count), Timestamp(milliseconds(5))), count};
}

/// Decodes bytes that may be anything. True if they were taken for a batch.
bool decode_anything(const Bytes& hostile) {
  // A copy of exactly their size, so that a sanitizer sees each byte read beyond them.
  std::vector<char> exact(hostile.begin(), hostile.end());
  BytesView batch(exact.data(), exact.size());
  std::vector<RecordView> records;
  auto decoded = decode_batch(batch, Offset(7), Offset(0), records);
  auto count = batch_record_count(batch);
  if (!decoded) {
    EXPECT_EQ(decoded.error().code(), ErrorCode::LogCorrupted);
    return false;
  }
  EXPECT_EQ(records.size(), static_cast<std::size_t>(count.value()));
  auto within = [&](BytesView view) {
    return view.empty() || (view.data() >= batch.data() && view.data() + view.size() <= batch.data() + batch.size());
  };
  std::int64_t least = 7;
  for (const RecordView& record : records) {
    EXPECT_GE(record.offset, Offset(least));
    EXPECT_LT(record.offset, Offset(7).plus(batch_span(batch).value()));
    least = record.offset.value() + 1;
    EXPECT_TRUE(within(record.key.value_or("")));
    EXPECT_TRUE(within(record.value.value_or("")));
    EXPECT_TRUE(within(record.encoded_headers));
  }
  return true;
}

Bytes with_header(std::int32_t count, const Bytes& records) {
  Bytes bytes(1, '\1');
  append_big_endian(bytes, count);
  append_big_endian(bytes, std::int64_t{0});
  return bytes + records;
}

TEST(HostileBatch, CutShortIsRefusedAtEveryLength) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Luck luck(seed);
    for (const Bytes& whole : {some_batch(luck).bytes, some_sparse_batch(luck).bytes}) {
      for (std::size_t size = 0; size < whole.size(); ++size) {
        ASSERT_FALSE(decode_anything(whole.substr(0, size))) << size << " of " << whole.size();
      }
      ASSERT_TRUE(decode_anything(whole));
    }
  }
}

TEST(HostileBatch, WithBytesBehindItIsRefused) {
  Luck luck(1);
  EXPECT_FALSE(decode_anything(some_batch(luck).bytes + Bytes(1, '\0')));
  EXPECT_FALSE(decode_anything(some_sparse_batch(luck).bytes + Bytes(1, '\0')));
}

TEST(HostileBatch, WithAnyBitFlippedDoesNoHarm) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Luck luck(seed);
    for (const Bytes& whole : {some_batch(luck).bytes, some_sparse_batch(luck).bytes}) {
      for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        Bytes flipped = whole;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        // Magic and count must be seen; a flip elsewhere may give other records.
        if (bit < 8 * 5) {
          ASSERT_FALSE(decode_anything(flipped)) << "bit " << bit;
        } else {
          decode_anything(flipped);
        }
      }
    }
  }
}

TEST(HostileBatch, MutatedAtRandomDoesNoHarm) {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    SCOPED_TRACE(seed);
    Luck luck(seed);
    Bytes bytes = seed % 2 == 0 ? some_batch(luck).bytes : some_sparse_batch(luck).bytes;
    for (std::size_t n = 1 + luck.below(4); n > 0; --n) {
      std::size_t at = luck.below(bytes.size());
      switch (luck.below(4)) {
        case 0: bytes[at] = static_cast<char>(luck.below(256)); break;
        case 1: bytes.insert(at, luck.bytes(1 + luck.below(12))); break;
        case 2: bytes.erase(at, luck.below(20)); break;
        default: bytes.replace(at, luck.below(12), Bytes(1 + luck.below(11), '\xff'));
      }
      if (bytes.empty()) bytes = "x";
    }
    decode_anything(bytes);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(HostileBatch, MadeOfNoiseDoesNoHarm) {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    SCOPED_TRACE(seed);
    Luck luck(seed);
    Bytes noise = luck.bytes(luck.below(200));
    decode_anything(noise);
    // And behind a header that is in order.
    decode_anything(with_header(static_cast<std::int32_t>(1 + luck.below(5)), noise));
    ASSERT_FALSE(HasFailure());
  }
}

TEST(HostileBatch, TakesNoMemoryForRecordsThatCannotBeThere) {
  std::vector<RecordView> records;
  auto decoded = decode_batch(with_header(INT32_MAX, Bytes(100, '\0')), Offset(0), Offset(0), records);
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().message(), HasSubstr("2147483647 records do not fit"));
  EXPECT_EQ(records.capacity(), 0U);
}

TEST(HostileBatch, WithACountOfNoneOrLessIsRefused) {
  for (std::int32_t count : {0, -1, INT32_MIN}) {
    auto counted = batch_record_count(with_header(count, "xxxx"));
    ASSERT_FALSE(counted);
    EXPECT_EQ(counted.error().code(), ErrorCode::LogCorrupted);
    EXPECT_FALSE(decode_anything(with_header(count, "xxxx")));
  }
}

TEST(HostileBatch, OfAnotherFormatIsRefused) {
  Luck luck(1);
  Bytes bytes = some_batch(luck).bytes;
  bytes[0] = '\3';
  EXPECT_EQ(batch_record_count(bytes).error().code(), ErrorCode::LogCorrupted);
  EXPECT_EQ(batch_record_count("").error().code(), ErrorCode::LogCorrupted);
  EXPECT_EQ(batch_record_count(Bytes(kHeaderBytes - 1, '\1')).error().code(), ErrorCode::LogCorrupted);
}

Bytes sparse_header(std::int32_t count, std::int64_t span) {
  Bytes bytes(1, '\2');
  append_big_endian(bytes, count);
  for (std::int64_t number : {std::int64_t{0}, span, std::int64_t{-1}}) append_big_endian(bytes, number);
  return bytes;
}

TEST(HostileBatch, ThatCoversFewerOffsetsThanItHasRecordsIsRefused) {
  for (auto [count, span] : {std::pair<std::int32_t, std::int64_t>{0, 0}, {0, -1}, {2, 1}, {-1, 5}, {1, INT64_MIN}}) {
    EXPECT_FALSE(decode_anything(sparse_header(count, span) + Bytes(10, '\0'))) << count << " in " << span;
  }
  EXPECT_TRUE(decode_anything(sparse_header(0, 1)));
  EXPECT_TRUE(decode_anything(sparse_header(0, INT64_MAX - 7)));
  EXPECT_FALSE(decode_anything(sparse_header(0, INT64_MAX))) << "its end is no offset";
}

TEST(HostileBatch, WithARecordBeyondItsEndIsRefused) {
  for (std::int64_t gap : {std::int64_t{-1}, std::int64_t{3}, INT64_MAX, INT64_MIN}) {
    Bytes record;
    for (std::int64_t number : {gap, std::int64_t{0}, std::int64_t{-1}, std::int64_t{-1}, std::int64_t{0}})
      append_varint(record, number);
    EXPECT_FALSE(decode_anything(sparse_header(1, 3) + record)) << gap;
  }
}

TEST(HostileBatch, WithImpossibleLengthsIsRefused) {
  for (std::int64_t length : {std::int64_t{-2}, std::int64_t{100}, INT64_MAX, INT64_MIN}) {
    Bytes record;
    append_varint(record, 0);
    append_varint(record, length);
    EXPECT_FALSE(decode_anything(with_header(1, record + Bytes(4, '\0')))) << length;
  }
  // Headers may be empty, not null.
  Bytes record;
  for (std::int64_t number : {0, -1, -1, -1}) append_varint(record, number);
  EXPECT_FALSE(decode_anything(with_header(1, record)));
}

}  // namespace
}  // namespace millrace
