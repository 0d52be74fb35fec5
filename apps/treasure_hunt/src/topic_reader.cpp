#include "topic_reader.hpp"

#include <algorithm>

#include <millrace/app/wait.hpp>

namespace hunt {

using namespace millrace;

namespace {

constexpr std::size_t kPollBytes = 1 << 20;

Result<std::map<TopicPartition, OffsetRange>> ranges_of(Log& log, const std::string& topic) {
  auto topics = wait(log.admin().topics());
  if (!topics) return topics.error();
  std::vector<TopicPartition> partitions;
  for (const TopicInfo& info : *topics) {
    for (std::int32_t i = 0; info.name == topic && i < info.partitions; ++i)
      partitions.push_back({topic, Partition(i)});
  }
  return wait(log.admin().offset_ranges(std::move(partitions)));
}

}  // namespace

Result<std::unique_ptr<TopicReader>> TopicReader::open(Log& log, const std::string& topic, From from, WakeUp wake_up) {
  auto ranges = ranges_of(log, topic);
  if (!ranges) return ranges.error();
  std::unique_ptr<TopicReader> reader(new TopicReader(log.open_reader(std::move(wake_up))));
  for (const auto& [partition, range] : *ranges) {
    auto slot = reader->reader_->assign(partition, from == From::Begin ? range.begin : range.end);
    if (!slot) return slot.error();
    reader->slots_.push_back(*slot);
  }
  return reader;
}

Result<std::size_t> TopicReader::poll(const std::function<void(const RecordView&)>& visit) {
  std::size_t records = 0;
  for (ReaderSlot slot : slots_) {
    while (true) {
      auto batch = reader_->poll(slot, kPollBytes);
      if (!batch) return batch.error();
      if (!*batch) break;
      records += (*batch)->records.size();
      for (const RecordView& record : (*batch)->records) visit(record);
    }
  }
  return records;
}

bool TopicReader::at_end() const {
  return std::all_of(slots_.begin(), slots_.end(),
                     [&](ReaderSlot slot) { return reader_->position(slot) >= reader_->end_offset(slot); });
}

Result<std::int64_t> record_count(Log& log, const std::string& topic) {
  auto ranges = ranges_of(log, topic);
  if (!ranges) return ranges.error();
  std::int64_t records = 0;
  for (const auto& [partition, range] : *ranges) records += range.end.value();
  return records;
}

}  // namespace hunt
