#include <gtest/gtest.h>

#include "latency.hpp"

namespace hunt {
namespace {

using std::chrono::milliseconds;

TEST(Latencies, PercentilesAreTheSmallestThatEnoughDoNotExceed) {
  Latencies latencies;
  EXPECT_EQ(latencies.percentile(0.5), milliseconds(0));
  for (int i = 1; i <= 100; ++i) latencies.add(milliseconds(i));
  EXPECT_EQ(latencies.percentile(0.5), milliseconds(50));
  EXPECT_EQ(latencies.percentile(0.99), milliseconds(99));
  EXPECT_EQ(latencies.percentile(1), milliseconds(100));
  EXPECT_EQ(latencies.percentile(0), milliseconds(1));
}

TEST(Latencies, ExtremesStayInBounds) {
  Latencies latencies;
  latencies.add(milliseconds(-5));
  latencies.add(std::chrono::hours(1));
  EXPECT_EQ(latencies.percentile(0.5), milliseconds(0));
  EXPECT_EQ(latencies.percentile(0.9), std::chrono::seconds(10));
}

}  // namespace
}  // namespace hunt
