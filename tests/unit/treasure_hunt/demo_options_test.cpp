#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/adapters/yaml/load_config.hpp>

#include "demo_options.hpp"

namespace hunt {
namespace {

const std::filesystem::path kConfig = std::filesystem::path(MILLRACE_SOURCE_DIR) / "config" / "treasure_hunt.yaml";

struct Parsed {
  std::optional<DemoOptions> options;
  int exit_code = 0;
};

Parsed parse(std::vector<std::string> words) {
  words.insert(words.begin(), "demo");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  Parsed parsed;
  testing::internal::CaptureStderr();
  parsed.options = parse_demo_options(static_cast<int>(argv.size()), argv.data(), parsed.exit_code);
  static_cast<void>(testing::internal::GetCapturedStderr());
  return parsed;
}

TEST(DemoOptions, HaveDefaults) {
  DemoOptions options = parse({}).options.value();
  EXPECT_EQ(options.duration, std::chrono::seconds(20));
  EXPECT_EQ(options.players, 500);
  EXPECT_EQ(options.seed, 1u);
  EXPECT_DOUBLE_EQ(options.rate, 500);
  EXPECT_FALSE(options.tamper);
  EXPECT_EQ(options.config.processing_guarantee, millrace::ProcessingGuarantee::ExactlyOnce);
  EXPECT_TRUE(options.config.state_dir.empty());
}

TEST(DemoOptions, ComeFromTheCommandLine) {
  DemoOptions options =
      parse({"--seconds", "7", "--players", "100", "--seed", "9", "--tamper", "--state-dir", "here"}).options.value();
  EXPECT_EQ(options.duration, std::chrono::seconds(7));
  EXPECT_EQ(options.players, 100);
  EXPECT_EQ(options.seed, 9u);
  EXPECT_DOUBLE_EQ(options.rate, 100) << "one command per player and second";
  EXPECT_TRUE(options.tamper);
  EXPECT_EQ(options.config.state_dir, "here");
  EXPECT_DOUBLE_EQ(parse({"--rate", "5000"}).options.value().rate, 5000);
  EXPECT_EQ(parse({"--input", "-"}).options.value().input, "-");
}

TEST(DemoOptions, ComeFromTheConfigurationUnlessTheCommandLineSaysOtherwise) {
  DemoOptions options = parse({"--config", kConfig.string(), "--players", "10"}).options.value();
  EXPECT_EQ(options.players, 10);
  EXPECT_EQ(options.config.application_id, "treasure-hunt");
  EXPECT_FALSE(options.config.state_dir.empty());
  EXPECT_TRUE(options.config.log_fsync);
}

TEST(DemoOptions, MistakesEndWithTwo) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"--players", "0"},
                                                                                     {"--seconds", "soon"},
                                                                                     {"--rate", "0"},
                                                                                     {"--verbose"},
                                                                                     {"--config", "no-such.yaml"},
                                                                                     {"--input", "f", "--seed", "1"}}) {
    Parsed parsed = parse(words);
    EXPECT_FALSE(parsed.options.has_value()) << words.front();
    EXPECT_EQ(parsed.exit_code, 2) << words.front();
  }
}

TEST(DemoOptions, TheSampleConfigurationShowsEveryPropertyWithItsDefault) {
  auto no_environment = [](std::string_view) { return std::optional<std::string>(); };
  millrace::StreamsConfig config = millrace::load_config(kConfig, hunt_properties(), no_environment);
  EXPECT_EQ(config.application_values, millrace::default_config(hunt_properties()).application_values);
  std::set<std::string> shown;
  for (const millrace::RawSetting& setting : millrace::load_yaml_file(kConfig, no_environment))
    shown.insert(setting.key);
  for (const millrace::Property& property : hunt_properties())
    EXPECT_TRUE(shown.contains(property.name)) << property.name;
}

}  // namespace
}  // namespace hunt
