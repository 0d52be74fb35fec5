// FaultyLog: a log whose answers a test spoils.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/log/log.hpp>

namespace millrace::runtime_test {

/// Hands everything on to another log, but for the commits and questions that the test chose.
class FaultyLog final : public Log, private LogAdmin {
 public:
  enum class Commit { Lost, WrittenUnanswered, NeverAnswered };

  explicit FaultyLog(Log& inner) : inner_(inner) {}

  /// The `nth` commit from now on (1: the next) ends with `error`. WrittenUnanswered: it was written all the same.
  void spoil_commit(int nth, Commit how, Error error) { spoiled_ = {commits_ + nth, how, std::move(error)}; }
  /// The next `count` questions for committed offsets, and then as many for ranges, are answered LogUnavailable.
  void spoil_questions(int count) { spoiled_offsets_ = spoiled_ranges_ = count; }
  /// The next question for committed offsets is answered with these, as if it had been asked before the last commits.
  void answer_stale(OffsetMap offsets) { stale_ = std::move(offsets); }
  /// The next deletions of records are not done.
  void spoil_deletions(int count) { spoiled_deletions_ = count; }
  [[nodiscard]] int commits() const { return commits_; }
  /// The next commit stays in flight until it is answered.
  void hold_commit() { hold_ = true; }
  [[nodiscard]] bool holds_a_commit() const { return held_.has_value(); }
  /// Writes the commit held, and answers it.
  void answer_held() {
    Held held = *std::exchange(held_, std::nullopt);
    held.promise.set(held.writer->commit(std::move(held.transaction)).take());
  }
  /// The commit held ends with `error`; with `written` it was written all the same.
  void fail_held(Error error, bool written) {
    Held held = *std::exchange(held_, std::nullopt);
    if (written) held.writer->commit(std::move(held.transaction)).take().value();
    held.promise.set(std::move(error));
  }

  std::unique_ptr<LogReader> open_reader(WakeUp wake_up) override { return inner_.open_reader(std::move(wake_up)); }
  std::unique_ptr<LogWriter> open_writer(const std::string& id, WakeUp wake_up) override {
    return std::make_unique<Writer>(*this, inner_.open_writer(id, std::move(wake_up)));
  }
  std::unique_ptr<LogMembership> join_group(MembershipOptions options) override {
    return inner_.join_group(std::move(options));
  }
  LogAdmin& admin() override { return *this; }
  std::optional<Error> obstacle() const override { return obstacle_error; }

  std::optional<Error> obstacle_error;  ///< what it says that commits wait for

 private:
  struct Spoiled {
    int number;
    Commit how;
    Error error;
  };
  struct Held {
    std::shared_ptr<LogWriter> writer;
    Transaction transaction;
    Promise<CommitReceipt> promise;
  };
  class Writer final : public LogWriter {
   public:
    Writer(FaultyLog& log, std::unique_ptr<LogWriter> inner) : log_(log), inner_(std::move(inner)) {}
    Pending<CommitReceipt> commit(Transaction transaction) override {
      ++log_.commits_;
      if (std::exchange(log_.hold_, false)) {
        return log_.held_.emplace(Held{inner_, std::move(transaction), {}}).promise.pending();
      }
      if (!log_.spoiled_ || log_.spoiled_->number != log_.commits_) return inner_->commit(std::move(transaction));
      Spoiled spoiled = *std::exchange(log_.spoiled_, std::nullopt);
      if (spoiled.how == Commit::WrittenUnanswered) (void)inner_->commit(std::move(transaction)).take();
      if (spoiled.how == Commit::NeverAnswered) return log_.unanswered_.emplace_back().pending();
      return ready<CommitReceipt>(spoiled.error);
    }

   private:
    FaultyLog& log_;
    std::shared_ptr<LogWriter> inner_;
  };

  static Error unavailable() { return Error(ErrorCode::LogUnavailable, "the test spoiled this answer"); }

  Pending<void> ensure_topics(std::vector<TopicSpec> topics) override {
    return inner_.admin().ensure_topics(std::move(topics));
  }
  Pending<std::vector<TopicInfo>> topics() override { return inner_.admin().topics(); }
  Pending<void> delete_topics(std::vector<std::string> names) override {
    return inner_.admin().delete_topics(std::move(names));
  }
  Pending<OffsetMap> committed_offsets(const std::string& group) override {
    if (spoiled_offsets_ > 0 && spoiled_offsets_-- > 0) return ready<OffsetMap>(unavailable());
    if (auto stale = std::exchange(stale_, std::nullopt)) return ready<OffsetMap>(std::move(*stale));
    return inner_.admin().committed_offsets(group);
  }
  Pending<void> delete_group(const std::string& group) override { return inner_.admin().delete_group(group); }
  Pending<std::map<TopicPartition, OffsetRange>> offset_ranges(std::vector<TopicPartition> partitions) override {
    if (spoiled_ranges_ > 0 && spoiled_ranges_-- > 0) {
      return ready<std::map<TopicPartition, OffsetRange>>(unavailable());
    }
    return inner_.admin().offset_ranges(std::move(partitions));
  }
  Pending<void> delete_records(std::map<TopicPartition, Offset> before) override {
    if (spoiled_deletions_ > 0 && spoiled_deletions_-- > 0) return ready<void>(unavailable());
    return inner_.admin().delete_records(std::move(before));
  }

  Log& inner_;
  int commits_ = 0;
  std::optional<Spoiled> spoiled_;
  bool hold_ = false;
  std::optional<Held> held_;
  int spoiled_offsets_ = 0;
  int spoiled_ranges_ = 0;
  std::optional<OffsetMap> stale_;
  int spoiled_deletions_ = 0;
  std::vector<Promise<CommitReceipt>> unanswered_;
};

}  // namespace millrace::runtime_test
