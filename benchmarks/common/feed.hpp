// The records that a topology is fed with, and what has to come out. DriverPass.java feeds the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include <millrace/base/big_endian.hpp>
#include <millrace/model/record.hpp>

#include "topologies.hpp"
#include "workload.hpp"

namespace millrace::bench {

struct FeedRecord {
  const char* topic;
  const std::string& key;
  const std::string& value;
  Timestamp time;
};

/// First the rows of the table, if there is one; they are not counted. Then a record for each of the workload; a join
/// of two streams takes turns, and both records of a pair have the same key.
class Feed {
 public:
  Feed(Shape shape, const Workload& workload)
      : shape_(shape),
        workload_(workload),
        expected_(shape == Shape::StreamStreamJoin ? expected_pairs() : workload.size()) {}

  [[nodiscard]] Shape shape() const { return shape_; }
  [[nodiscard]] std::vector<std::string> topics() const {
    if (shape_ == Shape::StreamTableJoin) return {kTable, kInput};
    if (shape_ == Shape::StreamStreamJoin) return {kInput, kRight};
    return {kInput};
  }
  [[nodiscard]] std::size_t rows() const { return shape_ == Shape::StreamTableJoin ? workload_.keys().size() : 0; }
  /// Without the rows: what is counted.
  [[nodiscard]] std::size_t size() const { return workload_.size(); }

  [[nodiscard]] FeedRecord row(std::size_t i) const {
    return {kTable, workload_.keys()[i], workload_.value_of_pool(i % Workload::kValuePool), Timestamp(kRows)};
  }
  [[nodiscard]] FeedRecord at(std::size_t i) const {
    if (shape_ == Shape::StreamStreamJoin) {
      return {i % 2 == 0 ? kInput : kRight, workload_.key(i / 2), workload_.value(i), pair_time(i / 2)};
    }
    return {kInput, workload_.key(i), workload_.value(i),
            Timestamp(kBegin + std::chrono::milliseconds(static_cast<std::int64_t>(i / kRecordsPerMillisecond)))};
  }

  /// How many records come out.
  [[nodiscard]] std::size_t expected_outputs() const { return expected_; }

 private:
  static constexpr std::chrono::milliseconds kBegin{1'700'000'000'000};
  // Before all that is joined with them: of equal timestamps either may come first.
  static constexpr std::chrono::milliseconds kRows = kBegin - std::chrono::milliseconds(1);
  static constexpr std::size_t kRecordsPerMillisecond = 64;

  /// One pair a millisecond.
  [[nodiscard]] static Timestamp pair_time(std::size_t pair) {
    return Timestamp(kBegin + std::chrono::milliseconds(static_cast<std::int64_t>(pair)));
  }

  /// Counted without a join: pairs of the same key that are at most the window apart.
  [[nodiscard]] std::size_t expected_pairs() const {
    std::unordered_map<std::string, std::deque<std::size_t>> recent;  // pairs, by key
    std::size_t found = 0;
    const auto reach = static_cast<std::size_t>(kJoinWindow.count());
    const std::size_t pairs = workload_.size() / 2;  // an odd last record has no other side
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      auto& same = recent[workload_.key(pair)];
      while (!same.empty() && pair - same.front() > reach) same.pop_front();
      found += 1 + 2 * same.size();
      same.push_back(pair);
    }
    if (workload_.size() % 2 == 1) {
      const auto& same = recent[workload_.key(pairs)];
      for (const std::size_t other : same) found += pairs - other <= reach ? 1 : 0;
    }
    return found;
  }

  const Shape shape_;
  const Workload& workload_;
  const std::size_t expected_;
};

/// Checks the output of a single partition, record by record: a fast engine that loses some is none.
class OutputCheck {
 public:
  OutputCheck(const Feed& feed, const Workload& workload) : feed_(feed), workload_(workload) {
    for (std::size_t i = 0; i < feed.rows(); ++i) row_of_key_[feed.row(i).key] = i;
  }

  /// False if this is not what comes next.
  [[nodiscard]] bool take(const RecordView& record) {
    if (found_ == feed_.expected_outputs() || !record.key || !record.value) return false;
    const std::size_t i = found_++;
    switch (feed_.shape()) {
      case Shape::PassThrough: return *record.key == workload_.key(i) && *record.value == workload_.value(i);
      case Shape::Count:
      case Shape::RepartitionCount:
        return *record.key == workload_.key(i) && number(*record.value) == ++counts_[Bytes(*record.key)];
      case Shape::TumblingCount:  // the key is followed by the window's start: a count of its own
        return record.key->starts_with(workload_.key(i)) && number(*record.value) == ++counts_[Bytes(*record.key)];
      case Shape::StreamTableJoin: {
        const FeedRecord row = feed_.row(row_of_key_.at(workload_.key(i)));
        return *record.key == workload_.key(i) && *record.value == join_values(workload_.value(i), row.value);
      }
      case Shape::StreamStreamJoin: return true;  // only how many is known without joining
    }
    return false;
  }
  [[nodiscard]] bool complete() const { return found_ == feed_.expected_outputs(); }
  [[nodiscard]] std::size_t found() const { return found_; }

 private:
  static std::int64_t number(BytesView value) { return value.size() == 8 ? read_big_endian<std::int64_t>(value) : -1; }

  const Feed& feed_;
  const Workload& workload_;
  std::unordered_map<std::string, std::size_t> row_of_key_;
  std::unordered_map<Bytes, std::int64_t> counts_;
  std::size_t found_ = 0;
};

}  // namespace millrace::bench
