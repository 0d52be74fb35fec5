#include "run_evidence.hpp"

#include <millrace/state/buffered_key_value_bytes_store.hpp>

#include "doorbell.hpp"
#include "topic_reader.hpp"

namespace hunt {

using namespace millrace;

Result<void> RunEvidence::each_record(const std::string& topic, const RecordVisitor& visit) {
  Doorbell bell;
  auto reader = TopicReader::open(streams_.log(), topic, TopicReader::From::Begin, [&bell] { bell.ring(); });
  if (!reader) return reader.error();
  while (true) {
    auto read = (*reader)->poll([&](const RecordView& record) { visit(record.key, record.value); });
    if (!read) return read.error();
    if ((*reader)->at_end()) return {};
    bell.wait_until(streams_.clock().steady_now() + std::chrono::milliseconds(50));
  }
}

Result<void> RunEvidence::each_entry(const std::string& store, const EntryVisitor& visit) {
  bool timestamped = streams_.topology().stores().at(store).timestamped;
  return streams_.read_store(
      store, [&](TaskId, BytesView key, BytesView value) { visit(key, timestamped ? value_of(value) : value); });
}

}  // namespace hunt
