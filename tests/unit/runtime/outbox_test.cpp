// The outbox: what is sealed leaves, what failed is taken back.
#include <millrace/runtime/outbox.hpp>

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace {
namespace {

using namespace runtime_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Box {
  void add(int topic, int partition, const std::string& value) {
    outbox.add(topics[topic], Partition(partition), "k", OptionalBytesView(value), at(1), {}).value();
  }
  /// "topic[partition] value value ..." for each partition, sorted.
  std::vector<std::string> freeze() {
    std::vector<std::string> texts;
    for (const PartitionAppend& append : outbox.freeze()) {
      std::string text = to_string(append.target);
      for (const EncodedBatch& batch : append.batches) {
        std::vector<RecordView> records;
        decode_batch(batch.bytes, Offset(0), Offset(0), records).value();
        EXPECT_EQ(records.size(), static_cast<std::size_t>(batch.count));
        for (const RecordView& record : records) text += " " + std::string(*record.value);
      }
      texts.push_back(text);
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  TopicCatalog catalog{{{"a", "id-a", 2}, {"b", "id-b", 1}}};
  Metrics metrics;
  Outbox outbox{catalog, metrics};
  std::vector<OutputTopic> topics{outbox.open("a").value(), outbox.open("b").value()};
};

TEST(Outbox, GivesSealedRecordsInOrderPerPartition) {
  Box box;
  box.add(0, 0, "1");
  box.add(0, 1, "2");
  box.outbox.seal();
  box.add(0, 0, "3");
  box.add(1, 0, "4");
  box.outbox.seal();
  EXPECT_THAT(box.freeze(), ElementsAre("a[0] 1 3", "a[1] 2", "b[0] 4"));
  EXPECT_TRUE(box.outbox.empty());
  EXPECT_THAT(box.freeze(), IsEmpty());
}

TEST(Outbox, TakesBackWhatWasNotSealedInAllPartitions) {
  Box box;
  box.add(0, 0, "kept");
  box.outbox.seal();
  std::int64_t sealed_bytes = box.outbox.size_bytes();
  box.add(0, 0, "gone");
  box.add(0, 1, "gone");
  box.add(1, 0, "gone");
  box.add(0, 0, "gone");
  box.outbox.rollback();
  EXPECT_EQ(box.outbox.size_bytes(), sealed_bytes);
  box.add(0, 1, "after");
  box.outbox.seal();
  EXPECT_THAT(box.freeze(), ElementsAre("a[0] kept", "a[1] after"));
}

TEST(Outbox, TakesBackAPartOfARecord) {
  Box box;
  box.add(0, 0, "sealed");
  box.outbox.seal();
  box.add(0, 0, "kept");
  box.add(0, 1, "also kept");
  const auto part = box.outbox.savepoint();
  const std::int64_t kept_bytes = box.outbox.size_bytes();
  box.add(0, 0, "gone");
  box.add(0, 1, "gone");
  box.add(1, 0, "gone");
  box.outbox.rollback(part);
  EXPECT_EQ(box.outbox.size_bytes(), kept_bytes);
  box.outbox.seal();
  EXPECT_THAT(box.freeze(), ElementsAre("a[0] sealed kept", "a[1] also kept"));
  box.outbox.commit_ended();

  box.add(0, 0, "kept");
  const auto again = box.outbox.savepoint();
  box.add(0, 1, "gone");
  box.outbox.rollback(again);
  box.add(0, 0, "after");
  box.outbox.rollback();
  EXPECT_TRUE(box.outbox.empty());
}

TEST(Outbox, IsEmptyAfterTakingBackItsOnlyRecords) {
  Box box;
  box.add(0, 0, "gone");
  EXPECT_FALSE(box.outbox.empty());
  box.outbox.rollback();
  EXPECT_TRUE(box.outbox.empty());
  EXPECT_THAT(box.freeze(), IsEmpty());
}

TEST(Outbox, ForgetsEverythingWhenCleared) {
  Box box;
  box.add(0, 0, "1");
  box.outbox.seal();
  box.add(1, 0, "2");
  box.outbox.clear();
  EXPECT_TRUE(box.outbox.empty());
  EXPECT_THAT(box.freeze(), IsEmpty());
  box.add(0, 0, "3");
  box.outbox.seal();
  EXPECT_THAT(box.freeze(), ElementsAre("a[0] 3"));
}

TEST(Outbox, CountsItsBytes) {
  Box box;
  std::int64_t before = box.outbox.size_bytes();
  box.add(0, 0, std::string(1000, 'x'));
  EXPECT_GE(box.outbox.size_bytes() - before, 1000);
  EXPECT_LT(box.outbox.size_bytes() - before, 1100);
}

TEST(Outbox, TakesBackALargeRecordBehindAFullBatch) {
  Box box;
  for (int i = 0; i < 10; ++i) {
    box.add(0, 0, std::string(50'000, static_cast<char>('a' + i)));
    box.outbox.seal();
    box.add(0, 0, std::string(300'000, '!'));
    box.outbox.rollback();
  }
  auto texts = box.freeze();
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_EQ(texts[0].find('!'), std::string::npos);
  EXPECT_EQ(texts[0].size(), 4 + 10 * 50'001U);
}

TEST(Outbox, KeepsNullsHeadersAndTimestamps) {
  Box box;
  Bytes headers;
  encode_headers({{"h", "1"}}, headers);
  box.outbox.add(box.topics[1], Partition(0), std::nullopt, std::nullopt, at(77), headers).value();
  box.outbox.add(box.topics[1], Partition(0), "", "", at(3), {}).value();
  box.outbox.seal();
  auto appends = box.outbox.freeze();
  std::vector<RecordView> records;
  decode_batch(appends.at(0).batches.at(0).bytes, Offset(0), Offset(0), records).value();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_FALSE(records[0].key.has_value());
  EXPECT_FALSE(records[0].value.has_value());
  EXPECT_EQ(records[0].timestamp, at(77));
  EXPECT_EQ(records[0].encoded_headers, headers);
  EXPECT_EQ(records[1].key, "");
  EXPECT_EQ(records[1].timestamp, at(3));
}

TEST(Outbox, RefusesUnknownTopicsAndPartitions) {
  Box box;
  auto unknown = box.outbox.open("c");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::TopicUnknown);
  EXPECT_THAT(unknown.error().message(), HasSubstr("\"c\""));
  for (int partition : {-1, 2}) {
    auto added = box.outbox.add(box.topics[0], Partition(partition), "k", "v", at(0), {});
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code(), ErrorCode::PartitionOutOfRange);
    EXPECT_THAT(added.error().message(), AllOf(HasSubstr("of a, which has 2"), HasSubstr(std::to_string(partition))));
  }
  EXPECT_TRUE(box.outbox.empty());
}

TEST(Outbox, RefusesARecordThatNoLogTakes) {
  Box box;
  auto added = box.outbox.add(box.topics[0], Partition(0), "k", std::string(65 << 20, 'x'), at(0), {});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code(), ErrorCode::RecordTooLarge);
  EXPECT_THAT(added.error().message(), HasSubstr("68157441 bytes"));
  EXPECT_TRUE(box.outbox.empty());
}

TEST(Outbox, AgreesWithAModelUnderRandomOperations) {
  std::mt19937 random(5);
  Box box;
  std::vector<std::vector<std::string>> sealed(3), open(3);
  for (int i = 0; i < 5000; ++i) {
    switch (random() % 8) {
      case 5:
        box.outbox.seal();
        sealed = open;
        break;
      case 6:
        box.outbox.rollback();
        open = sealed;
        break;
      case 7: {
        if (random() % 20 != 0) break;
        box.outbox.rollback();
        open = sealed;
        std::vector<std::string> expected;
        for (std::size_t p = 0; p < 3; ++p) {
          if (sealed[p].empty()) continue;
          std::string text = p < 2 ? "a[" + std::to_string(p) + "]" : "b[0]";
          for (const auto& value : sealed[p]) text += " " + value;
          expected.push_back(text);
          sealed[p].clear();
          open[p].clear();
        }
        ASSERT_EQ(box.freeze(), expected);
        break;
      }
      default: {
        std::size_t place = random() % 3;
        std::string value = std::to_string(i) + std::string(random() % 3000, '.');
        box.add(place < 2 ? 0 : 1, place < 2 ? static_cast<int>(place) : 0, value);
        open[place].push_back(value);
      }
    }
  }
}

}  // namespace
}  // namespace millrace
