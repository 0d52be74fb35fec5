#include <millrace/model/partitioner.hpp>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace millrace {
namespace {

std::int32_t as_java(BytesView key) { return static_cast<std::int32_t>(murmur2(key)); }

// From UtilsTest.testMurmur2 of Kafka's own tests: what other clients of the same topics compute.
TEST(Murmur2, GivesTheNumbersOfKafkasClients) {
  EXPECT_EQ(as_java("21"), -973932308);
  EXPECT_EQ(as_java("foobar"), -790332482);
  EXPECT_EQ(as_java("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(as_java("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(as_java("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971);
  EXPECT_EQ(as_java("abc"), 479470107);
}

TEST(Murmur2, TakesBytesAsUnsigned) {
  // Tails of one, two and three bytes with the top bit set; computed with the algorithm of Utils.murmur2, in which each
  // byte is masked with 0xff.
  auto reference = [](const std::string& data) {
    const std::uint32_t m = 0x5bd1e995;
    auto size = static_cast<std::uint32_t>(data.size());
    std::uint32_t h = 0x9747b28cU ^ size;
    auto at = [&](std::uint32_t i) { return static_cast<std::uint32_t>(data[i]) & 0xffU; };
    for (std::uint32_t i = 0; i < size / 4; ++i) {
      std::uint32_t k = at(i * 4) + (at(i * 4 + 1) << 8) + (at(i * 4 + 2) << 16) + (at(i * 4 + 3) << 24);
      k *= m;
      k ^= k >> 24;
      k *= m;
      h *= m;
      h ^= k;
    }
    std::uint32_t tail = size & ~3U;
    if (size % 4 == 3) h ^= at(tail + 2) << 16;
    if (size % 4 >= 2) h ^= at(tail + 1) << 8;
    if (size % 4 >= 1) h = (h ^ at(tail)) * m;
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return h;
  };
  std::string key;
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(murmur2(key), reference(key)) << "of " << key.size() << " bytes";
    key.push_back(static_cast<char>(0xff - i * 3));
  }
}

TEST(PartitionForKey, ClearsTheSignAndTakesTheRemainder) {
  // Utils.toPositive(-973932308) = 1173551340
  EXPECT_EQ(partition_for_key("21", 7), Partition(1173551340 % 7));
  EXPECT_EQ(partition_for_key("21", 1), Partition(0));
  EXPECT_EQ(partition_for_key("abc", 10), Partition(479470107 % 10));
}

TEST(PartitionForKey, AlwaysNamesAPartitionThatExists) {
  for (std::int32_t count : {1, 2, 3, 7, 100, 2147483647}) {
    for (int i = 0; i < 1000; ++i) {
      Partition partition = partition_for_key("key-" + std::to_string(i), count);
      EXPECT_GE(partition.value(), 0);
      EXPECT_LT(partition.value(), count);
    }
  }
}

TEST(PartitionForKey, TakesTheEmptyKey) { EXPECT_EQ(partition_for_key("", 5), partition_for_key(std::string(), 5)); }

}  // namespace
}  // namespace millrace
