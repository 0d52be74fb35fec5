#include <millrace/adapters/yaml/load_config.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::optional<std::string> no_environment(std::string_view) { return std::nullopt; }

Environment variables(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

/// A folder for one test.
class LoadConfig : public testing::Test {
 protected:
  LoadConfig() : folder_(fs::path(testing::TempDir()) / ("millrace-yaml-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~LoadConfig() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }

  /// `text` as the value of state.dir.
  std::string state_dir(const std::string& value, const Environment& environment = no_environment) const {
    return load_config_text("application.id: a\nstate.dir: " + value + "\n", folder_ / "f.yaml", {}, environment)
        .state_dir.string();
  }

  fs::path folder_;
};

std::string message_of(const std::function<void()>& function) {
  try {
    function();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST_F(LoadConfig, TakesFlatNestedAndMixedKeys) {
  fs::path file = write("f.yaml",
                        "application:\n  id: words\ncommit.interval:\n  ms: 5s\n"
                        "embedded: {topic: {text-lines: {partitions: 3}, a.b.partitions: 2}, log.fsync: true}\n"
                        "\"metrics.port\": '9000'\n");
  StreamsConfig config = load_config(file);
  EXPECT_EQ(config.application_id, "words");
  EXPECT_EQ(config.commit_interval, std::chrono::seconds(5));
  EXPECT_EQ(config.topic_partitions, (std::map<std::string, int>{{"text-lines", 3}, {"a.b", 2}}));
  EXPECT_TRUE(config.log_fsync);
  EXPECT_EQ(config.metrics_port, 9000);
}

TEST_F(LoadConfig, ReportsPositionsOfKeysAndValues) {
  auto settings = load_yaml_file(write("f.yaml", "a:\n  b.c:   x\nd: \"y\"\ne:\n"), no_environment);
  ASSERT_EQ(settings.size(), 3u);
  EXPECT_EQ(settings[0].key, "a.b.c");
  EXPECT_EQ(std::tuple(settings[0].line, settings[0].column, settings[0].value_line, settings[0].value_column),
            std::tuple(2, 3, 2, 10));
  EXPECT_EQ(settings[0].kind, SettingKind::Plain);
  EXPECT_EQ(settings[1].kind, SettingKind::Quoted);
  EXPECT_EQ(settings[2].kind, SettingKind::Null);
}

TEST_F(LoadConfig, ReplacesVariablesWithinValues) {
  auto environment = variables({{"USER", "ada"}, {"EMPTY", ""}});
  EXPECT_EQ(state_dir("/var/${USER}/x", environment), "/var/ada/x");
  EXPECT_EQ(state_dir("${USER}${USER}", environment), "adaada");
  EXPECT_EQ(state_dir("/x${EMPTY}", environment), "/x");
  EXPECT_EQ(state_dir("${MISSING:-/tmp/a:-b}", environment), "/tmp/a:-b");
  EXPECT_EQ(state_dir("${EMPTY:-/tmp}", environment), "/tmp");
  EXPECT_EQ(state_dir("${USER:-/tmp}", environment), "ada");
  EXPECT_EQ(state_dir("/x${MISSING:-}", environment), "/x");
  EXPECT_EQ(state_dir("'${USER}'", environment), "ada");
}

TEST_F(LoadConfig, LeavesDollarsThatAreNoReferences) {
  EXPECT_EQ(state_dir("$5"), "$5");
  EXPECT_EQ(state_dir("a$$b"), "a$$b");
  EXPECT_EQ(state_dir("$${USER}"), "${USER}");
  EXPECT_EQ(state_dir("a$${b}$"), "a${b}$");
}

TEST_F(LoadConfig, DoesNotReplaceWithinWhatAVariableHolds) {
  EXPECT_EQ(state_dir("${A}", variables({{"A", "${B}"}, {"B", "x"}})), "${B}");
  EXPECT_EQ(state_dir("${A}", variables({{"A", "file:/etc/hostname"}})), "file:/etc/hostname");
}

TEST_F(LoadConfig, ReadsTheEnvironmentOfTheProcess) {
  ASSERT_EQ(setenv("MILLRACE_TEST_DIR", "/from/environment", 1), 0);
  EXPECT_EQ(state_dir("${MILLRACE_TEST_DIR}", process_environment()), "/from/environment");
}

TEST_F(LoadConfig, ReadsValuesFromFilesBesideItAndStripsOneLineBreak) {
  write("dir.txt", "/from/file\n");
  write("crlf.txt", "/from/file\r\n");
  write("two.txt", "/from/file\n\n");
  EXPECT_EQ(state_dir("file:dir.txt"), "/from/file");
  EXPECT_EQ(state_dir("file:" + (folder_ / "dir.txt").string()), "/from/file");
  EXPECT_EQ(state_dir("file:${F}/dir.txt", variables({{"F", folder_.string()}})), "/from/file");
  EXPECT_EQ(state_dir("file:crlf.txt"), "/from/file");
  EXPECT_EQ(state_dir("file:two.txt"), "/from/file\n");
}

TEST_F(LoadConfig, RefusesToReadEndlessOrLargeFilesForAValue) {
  write("large.txt", std::string(100'000, 'x'));
  EXPECT_THAT(message_of([&] { state_dir("file:large.txt"); }), HasSubstr("is larger than 64 KiB"));
  EXPECT_THAT(message_of([&] { state_dir("file:/dev/zero"); }), HasSubstr("it is not a regular file"));
  EXPECT_THAT(message_of([&] { state_dir("file:" + std::string(5000, 'x')); }), HasSubstr("File name too long"));
}

TEST_F(LoadConfig, SaysWhyAFileCannotBeRead) {
  auto code_of = [](const fs::path& file) {
    try {
      static_cast<void>(load_config(file));
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), testing::StartsWith(file.string() + ": "));
      return error.code();
    }
    return ErrorCode::LogUnavailable;
  };
  EXPECT_EQ(code_of(folder_ / "missing.yaml"), ErrorCode::ConfigUnreadable);
  EXPECT_EQ(code_of(folder_), ErrorCode::ConfigUnreadable);
  EXPECT_EQ(code_of(write("large.yaml", std::string((1 << 20) + 1, '#'))), ErrorCode::ConfigInvalid);
  EXPECT_EQ(code_of("/dev/zero"), ErrorCode::ConfigInvalid);
}

TEST_F(LoadConfig, TakesAFileOfExactlyOneMebibyte) {
  std::string text = "application.id: a\n#";
  text.resize(1 << 20, '#');
  EXPECT_EQ(load_config(write("f.yaml", text)).application_id, "a");
}

TEST_F(LoadConfig, TakesALongNestedKeyUpToTheDepthLimit) {
  auto nested = [](int depth) {
    std::string text = "application.id: a\n";
    for (int i = 0; i < depth; ++i) text += (i == 0 ? "x: {" : "x: {");
    return text + "x: 1" + std::string(static_cast<std::size_t>(depth), '}') + "\n";
  };
  auto read = [&](int depth) {
    return message_of([&] { static_cast<void>(load_config_text(nested(depth), "f.yaml", {}, no_environment)); });
  };
  EXPECT_THAT(read(63), HasSubstr("unknown key"));
  EXPECT_THAT(read(64), HasSubstr("nested more than 64 deep"));
}

TEST_F(LoadConfig, LoaderAndParserFindingsComeTogetherInOrder) {
  try {
    static_cast<void>(load_config_text("application.id: ${A}\nwibble: 1\nstate.dir: file:gone\nlog.level: loud\n",
                                       folder_ / "f.yaml", {}, no_environment));
    FAIL();
  } catch (const ConfigError& error) {
    std::vector<int> lines;
    for (const ConfigFinding& finding : error.findings()) lines.push_back(finding.line);
    EXPECT_THAT(lines, ElementsAre(1, 2, 3, 4));
  }
}

TEST_F(LoadConfig, GivesApplicationsTheirOwnKeys) {
  std::vector<Property> properties = {{.name = "hunt.players", .type = PropertyType::Int, .default_value = "1"}};
  StreamsConfig config = load_config_text("application.id: a\nhunt: {players: 9}\n", "f.yaml", properties);
  EXPECT_EQ(config.application_value("hunt.players").as_int(), 9);
}

}  // namespace
}  // namespace millrace
