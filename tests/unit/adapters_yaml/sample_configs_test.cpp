// The files in config/ are what people start from.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <millrace/adapters/yaml/load_config.hpp>

namespace millrace {
namespace {

namespace fs = std::filesystem;

const fs::path kConfigs = fs::path(MILLRACE_SOURCE_DIR) / "config";

std::optional<std::string> no_environment(std::string_view) { return std::nullopt; }

/// The file with every commented-out setting switched on.
std::string with_settings_on(const fs::path& file) {
  std::ifstream stream(file);
  std::string text;
  for (std::string line; std::getline(stream, line);) {
    for (const Property& property : property_table()) {
      if (line.starts_with("# " + property.name + ": ")) line = line.substr(2);
    }
    text += line + "\n";
  }
  return text;
}

TEST(SampleConfigs, AreTaken) {
  for (const char* name : {"embedded.yaml", "word_count.yaml"}) {
    EXPECT_NO_THROW(static_cast<void>(load_config(kConfigs / name, {}, no_environment))) << name;
  }
}

// The hunt's own keys are checked by the hunt's tests.
TEST(SampleConfigs, TreasureHuntSetsTheFrameworksKeysRightly) {
  try {
    static_cast<void>(load_config(kConfigs / "treasure_hunt.yaml", {}, no_environment));
  } catch (const ConfigError& error) {
    for (const ConfigFinding& finding : error.findings()) {
      EXPECT_TRUE(finding.text.starts_with("hunt.")) << finding.to_string();
    }
  }
}

TEST(SampleConfigs, EmbeddedShowsEveryKeyWithItsDefault) {
  std::string text = with_settings_on(kConfigs / "embedded.yaml");
  for (const Property& property : property_table()) {
    if (property.name.find('<') != std::string::npos) continue;
    EXPECT_NE(("\n" + text).find("\n" + property.name + ": "), std::string::npos) << property.name;
  }
  EXPECT_NE(text.find("embedded.topic."), std::string::npos);
  StreamsConfig config = load_config_text(text, "embedded.yaml", {}, no_environment);
  EXPECT_EQ(config.application_id, "my-application");
  config.application_id.clear();
  EXPECT_EQ(config, StreamsConfig{});
}

}  // namespace
}  // namespace millrace
