#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/config/parse_config.hpp>

namespace millrace {
namespace {

using testing::HasSubstr;

const std::vector<Property> kHunt = {
    {.name = "hunt.players", .type = PropertyType::Int, .default_value = "100", .min = 1, .max = 1000},
    {.name = "hunt.title", .type = PropertyType::String, .default_value = "a hunt"},
    {.name = "hunt.open", .type = PropertyType::Bool, .default_value = "true"},
    {.name = "hunt.pause", .type = PropertyType::Duration, .default_value = "5s"},
    {.name = "hunt.map.size", .type = PropertyType::Size, .default_value = "1KiB"},
    {.name = "hunt.mode", .type = PropertyType::Enum, .default_value = "solo", .allowed = {"solo", "team"}},
};

std::vector<RawSetting> settings(std::vector<RawSetting> more = {}) {
  more.push_back({.key = "application.id", .value = "hunt"});
  return more;
}

TEST(ApplicationProperties, HaveTheirDefaults) {
  StreamsConfig config = parse_config(settings(), kHunt);
  EXPECT_EQ(config.application_value("hunt.players").as_int(), 100);
  EXPECT_EQ(config.application_value("hunt.title").as_string(), "a hunt");
  EXPECT_TRUE(config.application_value("hunt.open").as_bool());
  EXPECT_EQ(config.application_value("hunt.pause").as_milliseconds(), std::chrono::seconds(5));
  EXPECT_EQ(config.application_value("hunt.map.size").as_bytes(), 1024);
  EXPECT_EQ(config.application_value("hunt.mode").as_string(), "solo");
  EXPECT_EQ(default_config(kHunt).application_values, config.application_values);
}

TEST(ApplicationProperties, TakeValuesFromTheFile) {
  StreamsConfig config =
      parse_config(settings({{.key = "hunt.players", .value = "7"}, {.key = "hunt.mode", .value = "team"}}), kHunt);
  EXPECT_EQ(config.application_value("hunt.players").as_int(), 7);
  EXPECT_EQ(config.application_value("hunt.mode").as_string(), "team");
  EXPECT_EQ(config.application_value("hunt.mode").as_index(), 1);
}

TEST(ApplicationProperties, AreUnknownToOtherApplications) {
  EXPECT_THROW(static_cast<void>(parse_config(settings({{.key = "hunt.players", .value = "7"}}))), ConfigError);
}

TEST(ApplicationProperties, MayBeRequired) {
  std::vector<Property> properties = {{.name = "hunt.map", .type = PropertyType::Path, .required = true}};
  try {
    static_cast<void>(parse_config(settings(), properties));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("hunt.map is missing"));
  }
}

using ApplicationPropertiesDeathTest = testing::Test;

TEST(ApplicationPropertiesDeathTest, MistakesOfTheProgramAbortWithTheirName) {
  auto parse = [](Property property) { static_cast<void>(parse_config(settings(), {std::move(property)})); };
  EXPECT_DEATH(parse({.name = "state.dir"}), "state.dir");
  EXPECT_DEATH(parse({.name = "hunt.players", .type = PropertyType::Int, .default_value = "many"}), "hunt.players");
  EXPECT_DEATH(static_cast<void>(default_config().application_value("hunt.missing")), "hunt.missing");
  ConfigValue players = default_config(kHunt).application_value("hunt.players");
  EXPECT_DEATH(static_cast<void>(players.as_bool()), "as_bool");
}

TEST(ValidateConfig, ChecksWhatWasMadeInCode) {
  StreamsConfig config;
  EXPECT_THROW(validate_config(config), ConfigError) << "no application id";
  config.application_id = "words";
  config.topic_partitions = {{"lines", 4}};
  config.topic_retention = {{"lines", std::chrono::hours(1)}};
  config.topic_retention_bytes = {{"lines", -1}};
  EXPECT_NO_THROW(validate_config(config));
  config.num_stream_threads = 0;
  config.topic_partitions["bad name"] = 1;
  config.topic_retention["lines"] = std::chrono::milliseconds(-2);
  config.commit_interval = std::chrono::milliseconds(0);
  config.log_level = static_cast<LogLevel>(9);
  try {
    validate_config(config);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.findings().size(), 5u) << error.what();
    EXPECT_THAT(error.what(), testing::StartsWith("commit.interval.ms: \"0\" is out of range")) << "no position";
  }
}

}  // namespace
}  // namespace millrace
