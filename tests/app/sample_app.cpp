// sample_app: an application whose lines can misbehave, for the tests of run_app.
//
// It counts the lines of the topic "lines". A line "throw" makes the operator "check" throw. SAMPLE_FAULTS=1 builds a
// topology with two faults. Where a file named by these variables exists, the thread stands still:
//   SAMPLE_GATE   before the tasks run, until the file is gone
//   SAMPLE_HANG   at the line "hang", for as long as the file is there
// Further commands:
//   feed FOLDER FILE...   appends the lines of the files; FOLDER is <state.dir>/<application.id>
//   show FOLDER TOPIC     prints key and value of each record, sorted; "counts" has numbers as values
//   topics FOLDER         prints the names of topics
//   offsets FOLDER        prints the committed offsets
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/app/line_input.hpp>
#include <millrace/app/system_clock.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/base/big_endian.hpp>
#include <millrace/millrace.hpp>

namespace {

using namespace millrace;
using Text = std::string;

void stand_still(const char* variable) {
  const char* file = std::getenv(variable);
  if (file != nullptr && std::filesystem::exists(file)) std::fprintf(stderr, "%s: stands still\n", variable);
  while (file != nullptr && std::filesystem::exists(file)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

class Gate final : public Processor<Text, Text, Text, Text> {
 public:
  void init(Context&) override { stand_still("SAMPLE_GATE"); }
  void process(const Record<Text, Text>& record) override { context().forward(record); }
};

Text check_line(const Text& line) {
  if (line == "throw") throw std::runtime_error("this line is bad");
  if (line == "hang") stand_still("SAMPLE_HANG");
  return line;
}

Topology sample() {
  StreamsBuilder builder;
  auto lines = builder.stream<Text, Text>("lines");
  if (std::getenv("SAMPLE_FAULTS") != nullptr) {
    lines.to("bad topic");
    lines.peek([](const Text&) {}, {.name = "no/name"});
  }
  lines.process([] { return std::make_unique<Gate>(); }, {.name = "gate"})
      .map_values(check_line, {.name = "check"})
      .group_by([](const Text& line) { return line; }, {.name = "line"})
      .count({.store_name = "counted", .name = "count"})
      .to_stream()
      .to("counts");
  return builder.build();
}

int fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

/// Runs `body` with the log of FOLDER.
template <class Body>
int with_log(char** argv, Body body) {
  auto log = open_embedded_log(std::filesystem::path(argv[1]) / "log");
  if (!log) return fail(log.error());
  return body((*log)->log());
}

int feed(int argc, char** argv) {
  return with_log(argv, [&](Log& log) {
    LineInputOptions options{.application_id = "feed", .topic = "lines", .partitions = 2, .chunk_bytes = 1 << 10};
    for (int i = 2; i < argc; ++i) options.files.emplace_back(argv[i]);
    if (auto made = wait(log.admin().ensure_topics({{"lines", 2}})); !made) return fail(made.error());
    SystemClock clock;
    auto fed = LineInput(log, clock, options).run([] { return true; });
    return fed ? 0 : fail(fed.error());
  });
}

int show(int, char** argv) {
  return with_log(argv, [&](Log& log) {
    std::string topic = argv[2];
    std::vector<std::string> lines;
    auto reader = log.open_reader({});
    auto topics = wait(log.admin().topics());
    if (!topics) return fail(topics.error());
    for (const TopicInfo& info : *topics) {
      for (std::int32_t i = 0; info.name == topic && i < info.partitions; ++i) {
        auto slot = reader->assign({topic, Partition(i)}, Offset(0));
        if (!slot) return fail(slot.error());
        while (true) {
          auto fetched = reader->poll(*slot, 1 << 20);
          if (!fetched) return fail(fetched.error());
          if (!*fetched) break;
          for (const RecordView& record : (*fetched)->records) {
            std::string value = topic == "counts" ? std::to_string(read_big_endian<std::int64_t>(*record.value))
                                                  : std::string(record.value.value_or("null"));
            lines.push_back(std::string(record.key.value_or("null")) + "\t" + value);
          }
        }
      }
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string& line : lines) std::puts(line.c_str());
    return 0;
  });
}

int topics(int, char** argv) {
  return with_log(argv, [&](Log& log) {
    auto known = wait(log.admin().topics());
    if (!known) return fail(known.error());
    for (const TopicInfo& info : *known) std::puts(info.name.c_str());
    return 0;
  });
}

int offsets(int, char** argv) {
  return with_log(argv, [&](Log& log) {
    auto committed = wait(log.admin().committed_offsets(std::filesystem::path(argv[1]).filename()));
    if (!committed) return fail(committed.error());
    for (const auto& [partition, offset] : *committed)
      std::printf("%s %lld\n", to_string(partition).c_str(), static_cast<long long>(offset.offset.value()));
    return 0;
  });
}

}  // namespace

int main(int argc, char** argv) {
  AppOptions options;
  options.version = "1.2.3";
  options.description = "Counts lines.";
  options.commands = {{"feed", "Append the lines of files.", feed},
                      {"show", "Print the records of a topic.", show},
                      {"topics", "Print the names of topics.", topics},
                      {"offsets", "Print the committed offsets.", offsets}};
  return run_app(argc, argv, sample, options);
}
