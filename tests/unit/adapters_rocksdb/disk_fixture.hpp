// Disk: a log and the state of a task on a disk that is full, fails or loses power.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "faulty_disk.hpp"
#include "files.hpp"
#include "numbered_log.hpp"
#include "numbered_state.hpp"

namespace millrace::rocksdb_test {

// More than fits into the memtables, so that a flush finds no room too.
inline constexpr std::int64_t kMostCommits = 2000;

/// Fails the test unless the log has the transactions 1 to some number, whole; returns it.
inline std::int64_t transactions_in(const std::filesystem::path& directory) {
  auto log = open_embedded_log(directory, small_log()).value();
  create_numbered(log->log()).value();
  auto small = read_all(log->log(), kSmall).value();
  auto large = read_all(log->log(), kLarge).value();
  EXPECT_EQ(small.size(), large.size());
  for (std::size_t i = 0; i < std::min(small.size(), large.size()); ++i) {
    EXPECT_TRUE(small[i] == numbered_record(kSmall, static_cast<std::int64_t>(i) + 1)) << i;
    EXPECT_TRUE(large[i] == numbered_record(kLarge, static_cast<std::int64_t>(i) + 1)) << i;
  }
  auto offsets = await(log->log().admin().committed_offsets(kGroup)).value();
  auto found = static_cast<std::int64_t>(small.size());
  EXPECT_EQ(offsets.empty() ? 0 : offsets.at(kSmall).offset.value(), found);
  return found;
}

/// The same for task state.
inline std::int64_t commits_in(const std::filesystem::path& directory) {
  RocksDbTaskBackendFactory factory(small_state());
  auto backend = factory.open(directory, kStores).value();
  std::int64_t found = backend->stamp("left").value().next.value();
  for (const std::string& store : kStores) {
    EXPECT_EQ(backend->stamp(store).value().next.value(), found);
    EXPECT_TRUE(read_all(backend->store(store)).value() == expected_after(found, store)) << store;
  }
  return found;
}

class Disk : public ::testing::Test {
 protected:
  std::filesystem::path directory() { return scratch_ / "database"; }
  std::filesystem::path image() { return other_scratch_ / "image"; }
  std::unique_ptr<EmbeddedLog> open_log(const EmbeddedLogOptions& options = small_log()) {
    auto log = open_embedded_log(directory(), options).value();
    create_numbered(log->log()).value();
    return log;
  }
  std::unique_ptr<TaskBackend> open_state() { return factory_.open(directory(), kStores).value(); }

  ScratchDirectory scratch_;
  ScratchDirectory other_scratch_;
  FaultyDisk disk_{scratch_.path()};
  RocksDbTaskBackendFactory factory_{small_state()};
};

/// Keeps what it is told.
class TestLogger final : public Logger {
 public:
  bool enabled(LogLevel) const override { return true; }
  void write(LogLevel level, std::string_view component, std::string_view message) override {
    std::lock_guard lock(mutex_);
    if (level == LogLevel::Error) errors_ += std::string(component) + ": " + std::string(message) + "\n";
  }
  std::string errors() {
    std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  std::mutex mutex_;
  std::string errors_;
};

}  // namespace millrace::rocksdb_test
