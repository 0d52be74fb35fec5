// inspect_log: prints what an application that is not running has in its log and its stores, one tab-separated line
// each; bytes in hexadecimal, null as "-", headers as name=value,name=value.
//
//   topic   NAME partition offset timestamp key value headers
//   offset  GROUP topic partition offset
//   stamp   TASK STORE next
//   entry   TASK STORE key value
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/adapters/rocksdb/rocksdb_state.hpp>
#include <millrace/app/wait.hpp>

namespace {

using namespace millrace;

constexpr std::size_t kPollBytes = std::size_t{1} << 20;

std::string hex(OptionalBytesView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  if (!bytes) return "-";
  std::string text;
  for (unsigned char c : *bytes) {
    text += kDigits[c >> 4];
    text += kDigits[c & 15];
  }
  return text;
}

std::string headers_of(const RecordView& record) {
  auto headers = decode_headers(record.encoded_headers);
  if (!headers) return "?";
  std::string text;
  for (const Header& header : *headers) {
    if (!text.empty()) text += ',';
    text += hex(header.name) + "=" + hex(header.value);
  }
  return text;
}

void print_partition(const TopicPartition& id, const std::vector<RecordView>& records) {
  for (const RecordView& record : records) {
    std::printf("topic\t%s\t%d\t%lld\t%lld\t%s\t%s\t%s\n", id.topic.c_str(), static_cast<int>(id.partition.value()),
                static_cast<long long>(record.offset.value()),
                static_cast<long long>(record.timestamp.time_since_epoch().count()), hex(record.key).c_str(),
                hex(record.value).c_str(), headers_of(record).c_str());
  }
}

/// A topic that does not exist has no records.
Result<void> print_topic(Log& log, const std::string& name) {
  auto topics = wait(log.admin().topics());
  if (!topics) return topics.error();
  for (const TopicInfo& topic : *topics) {
    if (topic.name != name) continue;
    auto reader = log.open_reader([] {});
    for (std::int32_t i = 0; i < topic.partitions; ++i) {
      TopicPartition id{name, Partition(i)};
      auto ranges = wait(log.admin().offset_ranges({id}));
      if (!ranges) return ranges.error();
      const OffsetRange& range = ranges->at(id);
      std::printf("range\t%s\t%d\t%lld\t%lld\n", name.c_str(), i, static_cast<long long>(range.begin.value()),
                  static_cast<long long>(range.end.value()));
      auto slot = reader->assign(id, range.begin);
      if (!slot) return slot.error();
      while (reader->position(*slot) < reader->end_offset(*slot)) {
        auto batch = reader->poll(*slot, kPollBytes);
        if (!batch) return batch.error();
        if (*batch) print_partition(id, (*batch)->records);
      }
    }
  }
  return {};
}

Result<void> print_offsets(Log& log, const std::string& group) {
  auto offsets = wait(log.admin().committed_offsets(group));
  if (!offsets) return offsets.error();
  for (const auto& [id, committed] : *offsets) {
    std::printf("offset\t%s\t%s\t%d\t%lld\n", group.c_str(), id.topic.c_str(), static_cast<int>(id.partition.value()),
                static_cast<long long>(committed.offset.value()));
  }
  return {};
}

Result<void> print_task(const std::filesystem::path& folder, const std::string& task,
                        const std::vector<std::string>& stores) {
  RocksDbTaskBackendFactory factory;
  auto backend = factory.open(folder / task, stores);
  if (!backend) return backend.error();
  for (const std::string& store : stores) {
    auto stamp = (*backend)->stamp(store);
    if (!stamp) return stamp.error();
    std::printf("stamp\t%s\t%s\t%lld\n", task.c_str(), store.c_str(), static_cast<long long>(stamp->next.value()));
    auto entries = (*backend)->store(store).range({});
    if (!entries) return entries.error();
    for (; (*entries)->valid(); (*entries)->next()) {
      std::printf("entry\t%s\t%s\t%s\t%s\n", task.c_str(), store.c_str(), hex((*entries)->key()).c_str(),
                  hex((*entries)->value()).c_str());
    }
    MILLRACE_TRY((*entries)->status());
  }
  return {};
}

struct Arguments {
  std::filesystem::path folder;
  std::vector<std::string> topics;
  std::vector<std::string> groups;
  std::vector<std::string> tasks;
};

/// "0_1=words,lines" -> {"0_1", {"words", "lines"}}
std::pair<std::string, std::vector<std::string>> parse_task(const std::string& text) {
  auto equals = text.find('=');
  std::pair<std::string, std::vector<std::string>> task{text.substr(0, equals), {}};
  for (std::size_t begin = equals; begin != std::string::npos;) {
    std::size_t end = text.find(',', begin + 1);
    task.second.push_back(text.substr(begin + 1, end == std::string::npos ? end : end - begin - 1));
    begin = end;
  }
  return task;
}

Result<void> inspect(const Arguments& arguments) {
  if (!arguments.topics.empty() || !arguments.groups.empty()) {
    auto log = open_embedded_log(arguments.folder / "log");
    if (!log) return log.error();
    for (const std::string& topic : arguments.topics) MILLRACE_TRY(print_topic((*log)->log(), topic));
    for (const std::string& group : arguments.groups) MILLRACE_TRY(print_offsets((*log)->log(), group));
  }
  for (const std::string& text : arguments.tasks) {
    auto [task, stores] = parse_task(text);
    MILLRACE_TRY(print_task(arguments.folder, task, stores));
  }
  return {};
}

/// False if the command line is not understood.
bool parse(int argc, char** argv, Arguments& arguments) {
  if (argc % 2 != 0) return false;  // options come in pairs, after the program's name and the folder
  arguments.folder = argv[1];
  for (int i = 2; i < argc; i += 2) {
    std::string_view option = argv[i];
    if (option == "--topic") arguments.topics.emplace_back(argv[i + 1]);
    else if (option == "--offsets") arguments.groups.emplace_back(argv[i + 1]);
    else if (option == "--task") arguments.tasks.emplace_back(argv[i + 1]);
    else return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(
        "inspect_log FOLDER [--topic TOPIC]... [--offsets GROUP]... [--task TASK=STORE,...]...\n"
        "FOLDER is state.dir/application.id. Name every store of a task: others are dropped.\n",
        stderr);
    return 2;
  }
  auto inspected = inspect(arguments);
  if (!inspected) {
    std::fprintf(stderr, "inspect_log: %s\n", inspected.error().to_string().c_str());
    return 1;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
