#include <millrace/base/read_mostly_mutex.hpp>

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace millrace {
namespace {

// What a writer changes together, readers see together, and a writer comes through however many readers there are: the
// test would not end otherwise.
TEST(ReadMostlyMutex, LetsAWriterThroughReadersThatNeverPause) {
  constexpr int kWrites = 2000;
  ReadMostlyMutex mutex;
  int left = 0;
  int right = 0;
  std::atomic<bool> torn{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (bool done = false; !done;) {
        std::shared_lock lock(mutex);
        if (left != right) torn = true;
        done = left == kWrites;
      }
    });
  }
  for (int i = 0; i < kWrites; ++i) {
    std::unique_lock lock(mutex);
    ++left;
    ++right;
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_FALSE(torn);
}

TEST(ReadMostlyMutex, IsSharedByReaders) {
  ReadMostlyMutex mutex;
  std::shared_lock mine(mutex);
  // Ends only if it need not wait for this one.
  std::thread([&] { std::shared_lock its(mutex); }).join();
  SUCCEED();
}

}  // namespace
}  // namespace millrace
