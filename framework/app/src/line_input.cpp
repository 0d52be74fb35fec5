#include <millrace/app/line_input.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include <millrace/app/wait.hpp>
#include <millrace/base/crash_point.hpp>
#include "line_file.hpp"

namespace millrace {

namespace {
constexpr std::chrono::seconds kCommitTimeout{60};
constexpr std::chrono::microseconds kPause{200};
constexpr std::chrono::microseconds kPauseWhileWaiting{20'000};
}

class LineInput::Impl {
 public:
  Impl(Log& log, const Clock& clock, LineInputOptions options)
      : log_(log),
        clock_(clock),
        options_(std::move(options)),
        group_(options_.application_id + "-input"),
        writer_(log.open_writer(group_, {})) {}

  Result<bool> run(const std::function<bool()>& paced);
  std::uint64_t appended_bytes() const { return appended_bytes_.load(); }

 private:
  Result<void> load_positions();
  Result<bool> open_files(const std::function<bool()>& paced);
  Result<bool> append_file(std::size_t index, const std::function<bool()>& paced);
  Result<LineFile::Next> append_chunk(std::size_t index, LineFile& file, const std::function<bool()>& paced);
  /// False if it was told to stop while the log waits for something, such as space on the disk.
  Result<bool> commit(Transaction transaction, const std::function<bool()>& paced);
  // The file's position in the committed offsets: its place among the files is the number of the partition.
  TopicPartition position_key(std::size_t file) const { return {group_, Partition(static_cast<std::int32_t>(file))}; }

  Log& log_;
  const Clock& clock_;
  const LineInputOptions options_;
  const std::string group_;
  std::unique_ptr<LogWriter> writer_;
  OffsetMap positions_;
  std::vector<std::unique_ptr<LineFile>> files_;
  std::atomic<std::uint64_t> appended_bytes_{0};
  std::uint64_t chunks_ = 0;
};

LineInput::LineInput(Log& log, const Clock& clock, LineInputOptions options)
    : impl_(std::make_unique<Impl>(log, clock, std::move(options))) {}
LineInput::~LineInput() = default;
Result<bool> LineInput::run(const std::function<bool()>& paced) { return impl_->run(paced); }
std::uint64_t LineInput::appended_bytes() const { return impl_->appended_bytes(); }

Result<bool> LineInput::Impl::run(const std::function<bool()>& paced) {
  MILLRACE_TRY(load_positions());
  // A file that is missing, or another one than before, is found before anything is appended.
  auto ready = open_files(paced);
  if (!ready || !*ready) return ready;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    MILLRACE_TRY(files_[i]->open());
    auto whole = append_file(i, paced);
    if (!whole || !*whole) return whole;
    files_[i]->rest();
  }
  return true;
}

Result<void> LineInput::Impl::load_positions() {
  auto committed = wait(log_.admin().committed_offsets(group_));
  if (!committed) return committed.error();
  positions_ = std::move(*committed);
  for (const auto& [file, position] : positions_) {
    if (static_cast<std::size_t>(file.partition.value()) < options_.files.size()) continue;
    return Error(ErrorCode::InputChanged, fmt::format("{} was read before and is not among the files now",
                                                      position.metadata.substr(position.metadata.find(' ') + 1)));
  }
  return {};
}

Result<bool> LineInput::Impl::open_files(const std::function<bool()>& paced) {
  files_.clear();
  for (std::size_t i = 0; i < options_.files.size(); ++i) {
    auto file = std::make_unique<LineFile>(options_.files[i]);
    MILLRACE_TRY(file->open());
    if (auto known = positions_.find(position_key(i)); known != positions_.end()) {
      // "<hash> <path>"
      const std::string& metadata = known->second.metadata;
      auto space = metadata.find(' ');
      auto same = file->skip(static_cast<std::uint64_t>(known->second.offset.value()), metadata.substr(0, space),
                             metadata.substr(space + 1), paced);
      if (!same || !*same) return same;
    }
    file->rest();
    files_.push_back(std::move(file));
  }
  return true;
}

Result<bool> LineInput::Impl::append_file(std::size_t index, const std::function<bool()>& paced) {
  while (true) {
    if (!paced()) return false;
    auto next = append_chunk(index, *files_[index], paced);
    if (!next) return next.error();
    if (*next == LineFile::Next::End) return true;
    if (*next == LineFile::Next::Pause) files_[index]->wait_briefly();
  }
}

/// What comes after the chunk: Line if it ended only because it is long enough.
Result<LineFile::Next> LineInput::Impl::append_chunk(std::size_t index, LineFile& file,
                                                     const std::function<bool()>& paced) {
  std::uint64_t before = file.position();
  // A chunk goes to one partition: fewer, larger batches. Which one follows from the number of the chunk.
  RecordBatchBuilder batch;
  Timestamp now = clock_.wall_now();
  LineFile::Next after = LineFile::Next::Line;
  while (file.position() - before < options_.chunk_bytes) {
    BytesView line;
    auto next = file.next_line(line);
    if (!next) return next.error();
    after = *next;
    if (after != LineFile::Next::Line) break;
    batch.add(std::nullopt, line, now, {});
  }
  if (batch.empty()) return after;
  Transaction transaction;
  Partition partition(static_cast<std::int32_t>(chunks_++ % static_cast<std::uint64_t>(options_.partitions)));
  transaction.appends.push_back({{options_.topic, partition}, {}});
  transaction.appends.back().batches.push_back(batch.finish());
  transaction.group = group_;
  transaction.offsets[position_key(index)] = {Offset(static_cast<std::int64_t>(file.position())),
                                              file.hash() + " " + std::filesystem::absolute(file.path()).string()};
  MILLRACE_CRASH_POINT("input/before-append");
  auto committed = commit(std::move(transaction), paced);
  if (!committed) return committed.error();
  if (!*committed) return LineFile::Next::Line;  // paced() is asked again, and then it ends
  appended_bytes_ += file.position() - before;
  return after;
}

Result<bool> LineInput::Impl::commit(Transaction transaction, const std::function<bool()>& paced) {
  auto pending = writer_->commit(std::move(transaction));
  auto overdue = clock_.steady_now() + kCommitTimeout;
  while (!pending.ready()) {
    const bool waits = log_.obstacle().has_value();
    if (waits) {
      // What is written when it is over has the position with it: the next run goes on behind it.
      if (!paced()) return false;
      overdue = clock_.steady_now() + kCommitTimeout;
    }
    if (clock_.steady_now() > overdue)
      return Error(ErrorCode::LogUnavailable, fmt::format("no answer within {} s", kCommitTimeout.count()));
    std::this_thread::sleep_for(waits ? kPauseWhileWaiting : kPause);
  }
  auto receipt = pending.take();
  if (!receipt) return receipt.error();
  return true;
}

}  // namespace millrace
