#include <millrace/config/property.hpp>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <millrace/config/parse_config.hpp>

namespace millrace {
namespace {

TEST(PropertyTable, HasUniqueNamesAndATextForEach) {
  std::set<std::string> names;
  for (const Property& property : property_table()) {
    EXPECT_TRUE(names.insert(property.name).second) << property.name;
    EXPECT_TRUE(property.doc.ends_with('.')) << property.name;
    EXPECT_GT(property.doc.size(), 20u) << property.name;
  }
}

// Catches a default that was changed in the struct or in the table only.
TEST(PropertyTable, HasTheDefaultsOfStreamsConfig) { EXPECT_EQ(default_config(), StreamsConfig{}); }

TEST(PropertyTable, KeepsTheDefaultsThatAreDocumented) {
  StreamsConfig config = parse_config({{.key = "application.id", .value = "words"}});
  EXPECT_EQ(config.application_id, "words");
  EXPECT_EQ(config.state_dir, "./millrace-state");
  EXPECT_EQ(config.processing_guarantee, ProcessingGuarantee::ExactlyOnce);
  EXPECT_EQ(config.commit_interval, std::chrono::milliseconds(100));
  EXPECT_EQ(config.num_stream_threads, 1);
  EXPECT_EQ(config.auto_offset_reset, OffsetReset::Earliest);
  EXPECT_EQ(config.deserialization_exception_handler, ExceptionResponse::Fail);
  EXPECT_EQ(config.processing_exception_handler, ExceptionResponse::Fail);
  EXPECT_EQ(config.dead_letter_topic, "");
  EXPECT_FALSE(config.log_fsync);
  EXPECT_EQ(config.default_partitions, 1);
  EXPECT_EQ(config.memory_budget_bytes, 512 << 20);
  EXPECT_EQ(config.fetch_max_bytes, 4 << 20);
  EXPECT_EQ(config.max_records_per_step, 1000);
  EXPECT_TRUE(config.metrics_enabled);
  EXPECT_EQ(config.metrics_port, 9400);
  EXPECT_EQ(config.log_level, LogLevel::Info);
  EXPECT_EQ(config.shutdown_timeout, std::chrono::seconds(10));
  EXPECT_EQ(config.commit_timeout, std::chrono::minutes(5));
}

// Enumerators are found by the place of their word in the table.
TEST(PropertyTable, SpellsEnumeratorsAsTheirToStringDoes) {
  auto words = [](std::string_view name) {
    for (const Property& property : property_table()) {
      if (property.name == name) return property.allowed;
    }
    return std::vector<std::string>();
  };
  using Words = std::vector<std::string>;
  auto spelled = [](auto... values) { return Words{std::string(to_string(values))...}; };
  EXPECT_EQ(words("processing.guarantee"), spelled(ProcessingGuarantee::ExactlyOnce, ProcessingGuarantee::AtLeastOnce));
  EXPECT_EQ(words("auto.offset.reset"), spelled(OffsetReset::Earliest, OffsetReset::Latest, OffsetReset::None));
  Words responses = spelled(ExceptionResponse::Fail, ExceptionResponse::Continue, ExceptionResponse::DeadLetter);
  EXPECT_EQ(words("deserialization.exception.handler"), responses);
  EXPECT_EQ(words("processing.exception.handler"), responses);
  EXPECT_EQ(words("log.level"), (Words{"debug", "info", "warn", "error"}));
  EXPECT_EQ(static_cast<int>(LogLevel::Error), 3);
}

TEST(ConfigurationReference, IsTheCommittedPage) {
  std::ifstream page(MILLRACE_SOURCE_DIR "/docs/reference/configuration.md", std::ios::binary);
  std::string committed{std::istreambuf_iterator<char>(page), {}};
  EXPECT_EQ(configuration_reference(), committed)
      << "print it anew: build/release/tools/millrace_config_reference > docs/reference/configuration.md";
}

TEST(ConfigurationReference, DocumentsEveryProperty) {
  std::string page = configuration_reference();
  for (const Property& property : property_table()) {
    EXPECT_NE(page.find("### `" + property.name + "`\n\n" + property.doc), std::string::npos) << property.name;
  }
}

}  // namespace
}  // namespace millrace
