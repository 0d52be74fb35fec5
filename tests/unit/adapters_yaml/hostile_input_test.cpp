// Whatever bytes there are, the outcome is a configuration or a ConfigError, and soon.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include <millrace/adapters/yaml/load_config.hpp>

namespace millrace {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> environment(std::string_view name) {
  return name == "SET" ? std::optional<std::string>("value") : std::nullopt;
}

constexpr std::string_view kSeedText = R"(# every construct once
application.id: word-count
state:
  dir: "${SET:-./state}/\u00e4"
commit: {interval.ms: 100ms, x: [1, {a: b}]}
embedded.topic.lines.partitions: '4'
? log.level
: |
  info
metrics.enabled: true   # comment
errors.dead.letter.queue.topic.name: &a >-
  folded
  text
processing.exception.handler: *a
fetch.max.bytes: !!str 4MiB
max.poll.records: ~
task.timeout.ms: file:/nowhere
--- %
)";

/// What every reader gets: any outcome but these two is a failure of the test.
void read(const std::string& text) {
  try {
    static_cast<void>(load_config_text(text, "f.yaml", {}, environment));
  } catch (const ConfigError& error) {
    ASSERT_FALSE(error.findings().empty());
    for (const ConfigFinding& finding : error.findings()) {
      ASSERT_EQ(finding.file, "f.yaml");
      ASSERT_GE(finding.line, 1) << finding.to_string();
      ASSERT_GE(finding.column, 1) << finding.to_string();
      ASSERT_FALSE(finding.remedy.empty()) << finding.to_string();
    }
  }
}

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  std::string mutate(std::string text) {
    for (std::size_t edits = 1 + below(6); edits > 0; --edits) edit(text);
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }

  char byte() {
    static constexpr std::string_view kSpecial =
        "{}[]:,-?&*!|>'\"%@`#\\ \t\n\r~<=$.\0\x04\x85\xc2\xff\xef"
        "0aZ";
    return below(3) == 0 ? static_cast<char>(below(256)) : kSpecial[below(kSpecial.size())];
  }

  void edit(std::string& text) {
    if (text.empty()) text = "a";
    std::size_t at = below(text.size());
    std::size_t length = std::min(text.size() - at, 1 + below(12));
    switch (below(6)) {
      case 0: text[at] = byte(); break;
      case 1: text.insert(at, 1 + below(3), byte()); break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(below(text.size()), text.substr(at, length)); break;
      case 4: text[at] = static_cast<char>(text[at] ^ (1 << below(8))); break;
      default: text.resize(at); break;
    }
  }

  std::mt19937 random_;
};

TEST(HostileInput, MutatedFilesGiveAConfigurationOrFindings) {
  std::ifstream stream(fs::path(MILLRACE_SOURCE_DIR) / "config/word_count.yaml", std::ios::binary);
  std::string valid{std::istreambuf_iterator<char>(stream), {}};
  ASSERT_NO_THROW(static_cast<void>(load_config_text(valid, "f.yaml", {}, environment)));
  Mutator mutator(20'240'601);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = mutator.mutate(i % 2 == 0 ? valid : std::string(kSeedText));
    ASSERT_NO_FATAL_FAILURE(read(text)) << "mutation " << i << ":\n" << text;
  }
}

TEST(HostileInput, BytesWithoutAnySenseGiveFindings) {
  std::mt19937 random(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string text(1 + random() % 200, '\0');
    // Half of them ASCII, or hardly any would get past the check for UTF-8.
    for (char& c : text) c = static_cast<char>(i % 2 == 0 ? random() % 256 : 0x20 + random() % 95);
    ASSERT_NO_FATAL_FAILURE(read(text)) << "round " << i;
  }
}

// A mebibyte of what parsers are slow or recursive about. Each must come to an end well within the test's time limit.
TEST(HostileInput, LargeInputsOfOneKindComeToAnEnd) {
  constexpr std::size_t kSize = std::size_t{1} << 20;
  for (std::string_view unit :
       {"[",    "{",   "]",     "? ",   "- ",        "a: ",          "a:\n",     "&a ",  "*a\n", "!a ",    "\"",
        "'",    "|\n", "#\n",   "{a: ", "[a, ",      "\n",           " ",        "a",    "a\n",  "a: b\n", "---\n",
        "%x\n", "${",  "- a\n", "\t",   "a: ${X}\n", "\"a\": 'b'\n", "<<: *a\n", "? a\n"}) {
    std::string text;
    while (text.size() + unit.size() <= kSize) text += unit;
    ASSERT_NO_FATAL_FAILURE(read(text)) << "many of \"" << unit << "\"";
    ASSERT_NO_FATAL_FAILURE(read("application.id: " + text.substr(0, kSize / 8))) << "many of \"" << unit << "\"";
  }
}

TEST(HostileInput, TheByteThatEndsFilesForTheYamlLibraryDoesNotEndThem) {
  try {
    static_cast<void>(load_config_text("application.id: a\n# \x04\nlog.level: loud\n", "f.yaml", {}, environment));
    FAIL() << "the rest of the file was ignored";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.findings().at(0).line, 2);
  }
}

}  // namespace
}  // namespace millrace
