#include <string>

#include <gtest/gtest.h>

#include <millrace/model/ids.hpp>
#include <millrace/model/kafka_name.hpp>
#include <millrace/model/record.hpp>

namespace millrace {
namespace {

TEST(KafkaName, TakesWhatKafkaTakes) {
  for (const char* name : {"a", "word-counts", "A.b_c-9", "...", "_"}) {
    EXPECT_TRUE(is_valid_kafka_name(name)) << name;
  }
  EXPECT_TRUE(is_valid_kafka_name(std::string(249, 'x')));
}

TEST(KafkaName, RefusesWhatKafkaRefuses) {
  for (const char* name : {"", ".", "..", "a b", "a/b", "a\n", "\xc3\xa4", "a:b", "a,b", "a\\b", "a\"b"}) {
    EXPECT_FALSE(is_valid_kafka_name(name)) << name;
  }
  EXPECT_FALSE(is_valid_kafka_name(std::string(250, 'x')));
  EXPECT_FALSE(is_valid_kafka_name(std::string("a\0b", 3)));
}

TEST(Ids, ReadAsKafkaStreamsWritesThem) {
  EXPECT_EQ(to_string(TopicPartition{"lines", Partition(3)}), "lines[3]");
  EXPECT_EQ(to_string(TaskId{SubtopologyId(0), Partition(12)}), "0_12");
}

TEST(Ids, SortBySubtopologyThenPartition) {
  TaskId early{SubtopologyId(0), Partition(10)};
  TaskId late{SubtopologyId(1), Partition(2)};
  EXPECT_LT(early, late);
  EXPECT_LT((TaskId{SubtopologyId(0), Partition(2)}), early);
}

TEST(Ids, NoTimestampIsBeforeEveryValidOne) { EXPECT_LT(kNoTimestamp, Timestamp{}); }

TEST(Record, KeepsTimestampAndHeadersUnderAnotherKeyOrValue) {
  Record<std::string, int> record{"k", 1, Timestamp(std::chrono::milliseconds(5)), {{"h", "v"}}};
  auto valued = record.with_value<std::string>("one");
  EXPECT_EQ(valued.key, "k");
  EXPECT_EQ(valued.value, "one");
  EXPECT_EQ(valued.timestamp, record.timestamp);
  EXPECT_EQ(valued.headers, record.headers);
  auto keyed = record.with_key<int>(std::nullopt);
  EXPECT_FALSE(keyed.key.has_value());
  EXPECT_EQ(keyed.value, 1);
  EXPECT_EQ(keyed.timestamp, record.timestamp);
  EXPECT_EQ(keyed.headers, record.headers);
}

}  // namespace
}  // namespace millrace
