// What people read about broken configurations, to the letter; see README.md here.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/adapters/yaml/load_config.hpp>

namespace millrace {
namespace {

namespace fs = std::filesystem;

const fs::path kBroken = fs::path(MILLRACE_SOURCE_DIR) / "tests/config/broken";
constexpr std::string_view kSecret = "hunter2";

const std::vector<Property> kHuntProperties = {
    {.name = "hunt.players", .type = PropertyType::Int, .default_value = "100", .min = 1, .max = 100'000},
    {.name = "hunt.seed", .type = PropertyType::Int, .default_value = "1"},
    {.name = "hunt.map", .type = PropertyType::Path, .required = true},
};

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<fs::path> fixtures() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kBroken)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().filename());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<std::string> environment(std::string_view name) {
  if (name == "MILLRACE_TEST_WORDS") return "hunter2 hunter2";
  if (name == "MILLRACE_TEST_NUMBER") return "hunter2";
  if (name == "MILLRACE_TEST_EMPTY") return "";
  return std::nullopt;
}

std::vector<Property> application_properties(const fs::path& fixture) {
  return fixture.string().find("application-keys") != std::string::npos ? kHuntProperties : std::vector<Property>();
}

/// The message, with a newline at its end; empty when the file was taken.
std::string message_of(const fs::path& fixture) {
  try {
    static_cast<void>(load_config(fixture, application_properties(fixture), environment));
  } catch (const ConfigError& error) {
    return std::string(error.what()) + "\n";
  }
  return {};
}

class BrokenConfig : public testing::Test {
 protected:
  void SetUp() override { fs::current_path(kBroken); }
};

TEST_F(BrokenConfig, GivesTheGoldenMessages) {
  bool update = std::getenv("MILLRACE_UPDATE_GOLDEN") != nullptr;
  ASSERT_GE(fixtures().size(), 30u);
  for (const fs::path& fixture : fixtures()) {
    std::string message = message_of(fixture);
    fs::path expected = fs::path(fixture).replace_extension(".expected");
    if (update) std::ofstream(expected, std::ios::binary) << message;
    EXPECT_FALSE(message.empty()) << fixture << " was taken, but it is broken";
    EXPECT_EQ(message, read(expected)) << fixture;
  }
}

TEST_F(BrokenConfig, NamesFileLineAndColumnInEveryLine) {
  for (const fs::path& fixture : fixtures()) {
    std::istringstream lines(message_of(fixture));
    for (std::string line; std::getline(lines, line);) {
      int row = 0;
      int column = 0;
      std::string format = fixture.string() + ":%d:%d: ";
      ASSERT_EQ(std::sscanf(line.c_str(), format.c_str(), &row, &column), 2) << line;
      EXPECT_GE(row, 1) << line;
      EXPECT_GE(column, 1) << line;
      EXPECT_NE(line.find("; "), std::string::npos) << "no remedy: " << line;
    }
  }
}

TEST_F(BrokenConfig, PrintsNoValueFromTheEnvironmentOrAFile) {
  for (const fs::path& fixture : fixtures()) {
    try {
      static_cast<void>(load_config(fixture, application_properties(fixture), environment));
    } catch (const ConfigError& error) {
      EXPECT_EQ(std::string(error.what()).find(kSecret), std::string::npos) << error.what();
      for (const ConfigFinding& finding : error.findings()) {
        EXPECT_EQ(finding.text.find(kSecret), std::string::npos) << finding.to_string();
      }
    }
  }
}

TEST_F(BrokenConfig, PrintsOnlyPlainTextToTheTerminal) {
  for (const fs::path& fixture : fixtures()) {
    for (char c : message_of(fixture)) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << fixture << ": " << int(c);
  }
}

}  // namespace
}  // namespace millrace
