#include "file_feed.hpp"

#include "topics.hpp"

namespace hunt {

using namespace millrace;

namespace {

// What is read far ahead of the hunt only lies in the log twice.
constexpr std::int64_t kMaxLagRecords = 100'000;
// Some hundred commands: the players' first ones do not wait for the last ones to be read.
constexpr std::size_t kChunkBytes = 64 << 10;

}  // namespace

FileFeed::FileFeed(Streams& streams, const std::filesystem::path& file)
    : streams_(streams),
      // One partition, whatever the topic has: the lines of a player stay in their order.
      input_(streams.log(), streams.clock(),
             {.application_id = streams.config().application_id,
              .topic = kLinesTopic,
              .partitions = 1,
              .files = {file},
              .chunk_bytes = kChunkBytes}),
      thread_([this] { run(); }) {}

FileFeed::~FileFeed() { thread_.join(); }

void FileFeed::run() {
  auto read = input_.run([this] { return paced(); });
  if (!read) failure_ = read.error();
  ended_ = true;
}

bool FileFeed::paced() {
  auto behind = [this] {
    std::int64_t lag = 0;
    for (const ThreadStatus& thread : streams_.thread_status()) lag += thread.lag_records;
    return lag;
  };
  auto stop = [this] { return stopped_ || streams_.failure().has_value(); };
  while (!stop() && behind() > kMaxLagRecords) {
    (void)streams_.wait_for([&] { return stop() || behind() <= kMaxLagRecords; }, std::chrono::seconds(1));
  }
  return !stop();
}

Result<void> FileFeed::tick() {
  if (ended_ && failure_) return *failure_;
  return {};
}

}  // namespace hunt
