#include "guide_test.hpp"

#include <filesystem>

#include <millrace/adapters/yaml/load_config.hpp>
#include <millrace/config/config_error.hpp>

namespace {

const std::string kFolder = std::string(MILLRACE_SOURCE_DIR) + "/docs/guide/snippets/";

millrace::Topology topology() {
  millrace::StreamsBuilder builder;
  builder.stream<std::string, std::string>("in").to("out");
  return builder.build();
}

// [properties]
const std::vector<millrace::Property> kProperties = {
    {.name = "visits.ignored.users",
     .type = millrace::PropertyType::String,
     .default_value = "",
     .doc = "Users whose visits are not counted, separated by commas."},
};

int visits_main(int argc, char** argv) {
  return millrace::run_app(argc, argv, topology, {.version = "1.0", .properties = kProperties});
}
// [/properties]

TEST(GuideConfiguration, AFile) {
  millrace::StreamsConfig config = millrace::load_config(kFolder + "service.yaml", kProperties);
  EXPECT_EQ(config.application_id, "visits");
  EXPECT_EQ(config.state_dir, "./visits-state");
  EXPECT_EQ(config.commit_interval, std::chrono::milliseconds(200));
  EXPECT_EQ(config.topic_partitions.at("visits"), 4);
  // [own-value]
  std::string ignored = config.application_value("visits.ignored.users").as_string();
  // [/own-value]
  EXPECT_EQ(ignored, "monitoring,crawler");
}

TEST(GuideConfiguration, TheSameThroughRunApp) {
  std::string file = kFolder + "service.yaml";
  std::vector<std::string> words = {"visits", "check", "--config", file};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  EXPECT_EQ(visits_main(static_cast<int>(argv.size()), argv.data()), 0);
}

TEST(GuideConfiguration, MistakesComeTogether) {
  auto old = std::filesystem::current_path();
  std::filesystem::current_path(kFolder);
  try {
    (void)millrace::load_config("faulty.yaml");
    ADD_FAILURE() << "the file was taken";
  } catch (const millrace::ConfigError& error) {
    expect_message("config.txt", error.what());
  }
  std::filesystem::current_path(old);
}

TEST(GuideConfiguration, InCode) {
  // [in-code]
  millrace::StreamsConfig config = millrace::default_config();
  config.application_id = "visits";
  config.commit_interval = std::chrono::milliseconds(200);
  millrace::validate_config(config);  // throws millrace::ConfigError with everything that is wrong
  millrace::Streams streams(topology(), config);
  // if (auto started = streams.start(); !started) ...
  // [/in-code]
  EXPECT_EQ(streams.state(), millrace::StreamsState::Created);
}

}  // namespace
