#include <millrace/config/parse_config.hpp>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

RawSetting setting(std::string key, std::string value, int line = 2) {
  return {.key = std::move(key),
          .value = std::move(value),
          .file = "f.yaml",
          .line = line,
          .column = 1,
          .value_line = line,
          .value_column = 20};
}

std::vector<RawSetting> with_id(std::vector<RawSetting> settings) {
  settings.insert(settings.begin(), setting("application.id", "words", 1));
  return settings;
}

std::vector<std::string> findings(const std::vector<RawSetting>& settings,
                                  const std::vector<Property>& application_properties = {}) {
  std::vector<std::string> lines;
  try {
    static_cast<void>(parse_config(settings, application_properties));
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.code(), ErrorCode::ConfigInvalid);
    for (const ConfigFinding& finding : error.findings()) lines.push_back(finding.to_string());
  }
  return lines;
}

TEST(ParseConfig, TakesEveryKey) {
  StreamsConfig config = parse_config({
      setting("application.id", "treasure-hunt"),
      setting("state.dir", "/var/lib/hunt"),
      setting("processing.guarantee", "at_least_once"),
      setting("commit.interval.ms", "2s"),
      setting("num.stream.threads", "4"),
      setting("max.task.idle.ms", "-1"),
      setting("auto.offset.reset", "none"),
      setting("deserialization.exception.handler", "dead-letter"),
      setting("processing.exception.handler", "continue"),
      setting("errors.dead.letter.queue.topic.name", "lost"),
      setting("embedded.log.fsync", "true"),
      setting("embedded.default.partitions", "1024"),
      setting("embedded.topic.scans.partitions", "8"),
      setting("embedded.topic.a.partitions.partitions", "3"),
      setting("memory.budget.bytes", "1GiB"),
      setting("rocksdb.block.cache.max.bytes", "100MiB"),
      setting("rocksdb.memtables.max.bytes", "auto"),
      setting("input.buffer.max.bytes", "8MiB"),
      setting("statestore.uncommitted.max.bytes", "64KiB"),
      setting("producer.buffer.max.bytes", "65536"),
      setting("statestore.cache.max.bytes", "0"),
      setting("embedded.default.retention.ms", "1h"),
      setting("embedded.default.retention.bytes", "0"),
      setting("embedded.topic.scans.retention.ms", "-1"),
      setting("embedded.topic.a.retention.ms.retention.bytes", "1GiB"),
      setting("embedded.retention.beyond.committed", "true"),
      setting("embedded.compaction.min.bytes", "4KiB"),
      setting("embedded.delete.retention.ms", "0"),
      setting("repartition.purge.interval.ms", "5s"),
      setting("fetch.max.bytes", "1TiB"),
      setting("max.poll.records", "1000000"),
      setting("metrics.enabled", "False"),
      setting("metrics.port", "0"),
      setting("log.level", "error"),
      setting("shutdown.timeout.ms", "1"),
      setting("task.timeout.ms", "24h"),
  });
  StreamsConfig expected;
  expected.application_id = "treasure-hunt";
  expected.state_dir = "/var/lib/hunt";
  expected.processing_guarantee = ProcessingGuarantee::AtLeastOnce;
  expected.commit_interval = std::chrono::seconds(2);
  expected.num_stream_threads = 4;
  expected.max_task_idle = std::chrono::milliseconds(-1);
  expected.auto_offset_reset = OffsetReset::None;
  expected.deserialization_exception_handler = ExceptionResponse::DeadLetter;
  expected.processing_exception_handler = ExceptionResponse::Continue;
  expected.dead_letter_topic = "lost";
  expected.log_fsync = true;
  expected.default_partitions = 1024;
  expected.topic_partitions = {{"scans", 8}, {"a.partitions", 3}};
  expected.memory_budget_bytes = std::int64_t{1} << 30;
  expected.block_cache_max_bytes = 100 << 20;
  expected.input_buffer_max_bytes = 8 << 20;
  expected.default_retention = std::chrono::hours(1);
  expected.default_retention_bytes = 0;
  expected.topic_retention = {{"scans", std::chrono::milliseconds(-1)}};
  expected.topic_retention_bytes = {{"a.retention.ms", std::int64_t{1} << 30}};
  expected.retention_beyond_committed = true;
  expected.compaction_min_bytes = 4096;
  expected.delete_retention = std::chrono::milliseconds(0);
  expected.repartition_purge_interval = std::chrono::seconds(5);
  expected.transaction_buffer_max_bytes = 65'536;
  expected.outbox_max_bytes = 65'536;
  expected.record_cache_max_bytes = 0;
  expected.fetch_max_bytes = std::int64_t{1} << 40;
  expected.max_records_per_step = 1'000'000;
  expected.metrics_enabled = false;
  expected.metrics_port = 0;
  expected.log_level = LogLevel::Error;
  expected.shutdown_timeout = std::chrono::milliseconds(1);
  expected.commit_timeout = std::chrono::hours(24);
  EXPECT_EQ(config, expected);
}

TEST(ParseConfig, ReadsQuotedNumbersAsKafkaDoes) {
  auto quoted = setting("max.poll.records", " 7 ");
  quoted.kind = SettingKind::Quoted;
  EXPECT_EQ(parse_config(with_id({quoted})).max_records_per_step, 7);
}

TEST(ParseConfig, ReportsAllFindingsInTheOrderOfTheFile) {
  auto lines = findings({setting("metrics.port", "x", 5), setting("wibble", "1", 9), setting("log.level", "loud", 3)});
  EXPECT_THAT(lines,
              ElementsAre(HasSubstr("f.yaml:1:1: application.id is missing"), HasSubstr("f.yaml:3:20: log.level"),
                          HasSubstr("f.yaml:5:20: metrics.port"), HasSubstr("f.yaml:9:1: unknown key \"wibble\"")));
}

TEST(ParseConfig, WhatHasOneLinePerFinding) {
  try {
    static_cast<void>(parse_config(with_id({setting("a", "1", 3), setting("metrics.port", "x", 2)})));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()),
              error.findings().at(0).to_string() + "\n" + error.findings().at(1).to_string());
    EXPECT_EQ(error.findings().at(0).text, "x");
    EXPECT_EQ(error.findings().at(0).column, 20) << "values are reported where they stand";
  }
}

TEST(ParseConfig, NamesBothPlacesOfADuplicate) {
  auto lines = findings(with_id({setting("log.level", "info", 4), setting("log.level", "warn", 8)}));
  EXPECT_THAT(lines, ElementsAre("f.yaml:8:1: \"log.level\" is set a second time; the first is at f.yaml:4:1; keep one "
                                 "of them"));
}

TEST(ParseConfig, DuplicatesOfTopicPartitionsCountToo) {
  std::string key = "embedded.topic.scans.partitions";
  EXPECT_EQ(findings(with_id({setting(key, "1", 4), setting(key, "1", 8)})).size(), 1u);
  EXPECT_TRUE(findings(with_id({setting(key, "1", 4), setting("embedded.topic.scan.partitions", "1", 8)})).empty());
}

TEST(ParseConfig, RangesIncludeBothEnds) {
  for (const Property& property : property_table()) {
    bool number = property.type == PropertyType::Int || property.type == PropertyType::Size ||
                  property.type == PropertyType::Duration;
    if (!number || property.name.find('<') != std::string::npos) continue;
    auto count = [&](std::int64_t value) {
      std::vector<RawSetting> settings = with_id({setting(property.name, std::to_string(value))});
      // So that the largest part fits into the whole.
      if (property.name != "memory.budget.bytes") settings.push_back(setting("memory.budget.bytes", "1TiB", 3));
      return findings(settings).size();
    };
    EXPECT_EQ(count(property.min), 0u) << property.name;
    EXPECT_EQ(count(property.max), 0u) << property.name;
    EXPECT_EQ(count(property.min - 1), 1u) << property.name;
    EXPECT_EQ(count(property.max + 1), 1u) << property.name;
  }
}

TEST(ParseConfig, FollowsKafkasRuleForApplicationIds) {
  EXPECT_TRUE(findings({setting("application.id", std::string(249, 'a'))}).empty());
  for (std::string id : {std::string(250, 'a'), std::string("a b"), std::string("."), std::string(".."), std::string(),
                         std::string("ä"), std::string("a/b")}) {
    EXPECT_EQ(findings({setting("application.id", id)}).size(), 1u) << id;
  }
}

TEST(ParseConfig, TellsAMistypedRequiredKeyOnlyOnce) {
  auto lines = findings({setting("aplication.id", "words")});
  EXPECT_THAT(lines, ElementsAre(HasSubstr("did you mean \"application.id\"?")));
}

TEST(ParseConfig, WantsATopicWithDeadLetterAndOnlyThen) {
  auto handler = setting("processing.exception.handler", "dead-letter");
  auto topic = setting("errors.dead.letter.queue.topic.name", "lost", 3);
  EXPECT_EQ(findings(with_id({handler})).size(), 1u);
  EXPECT_EQ(findings(with_id({topic})).size(), 1u);
  EXPECT_TRUE(findings(with_id({handler, topic})).empty());
  EXPECT_TRUE(findings(with_id({setting("errors.dead.letter.queue.topic.name", "")})).empty());
}

TEST(ParseConfig, DoesNotReportWhatFollowsFromAnotherFinding) {
  auto bad_handler = setting("processing.exception.handler", "deadletter");
  auto topic = setting("errors.dead.letter.queue.topic.name", "lost", 3);
  EXPECT_THAT(findings(with_id({bad_handler, topic})), ElementsAre(HasSubstr("did you mean \"dead-letter\"?")));
  auto handler = setting("processing.exception.handler", "dead-letter");
  auto bad_topic = setting("errors.dead.letter.queue.topic.name", "a/b", 3);
  EXPECT_THAT(findings(with_id({handler, bad_topic})), ElementsAre(HasSubstr("is not a valid name")));
}

TEST(ParseConfig, NeverShowsASecret) {
  for (const Property& property : property_table()) {
    if (property.type == PropertyType::Path || property.name.find('<') != std::string::npos) continue;
    for (std::string value : {"hunter2 x", "5 hunter2", "true hunter2", "exactly_once hunter2"}) {
      auto secret = setting(property.name, value);
      secret.secret = true;
      secret.written = "${PASSWORD}";
      auto settings = property.required ? std::vector{secret} : with_id({secret});
      try {
        static_cast<void>(parse_config(settings));
        FAIL() << property.name;
      } catch (const ConfigError& error) {
        EXPECT_THAT(error.what(), HasSubstr("${PASSWORD}"));
        EXPECT_THAT(error.what(), Not(HasSubstr("hunter2")));
        EXPECT_THAT(error.findings().front().text, Not(HasSubstr("hunter2")));
      }
    }
  }
}

TEST(ParseConfig, CutsLongTextAndEscapesWhatATerminalWouldObey) {
  auto lines = findings(with_id({setting(std::string(100'000, 'k'), "1"), setting("log.level", "\x1b[31m", 3)}));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_LT(lines[0].size(), 300u);
  EXPECT_THAT(lines[1], HasSubstr("\"\\x1b[31m\""));
}

TEST(CheckSettings, DoesNotMissWhatAReaderCouldNotReachYet) {
  EXPECT_TRUE(check_settings({}, {}, {.file = "f.yaml", .complete = false}).findings.empty());
  EXPECT_EQ(check_settings({}, {}, {.file = "f.yaml", .complete = true}).findings.size(), 1u);
}

TEST(CheckSettings, TakesAnUnresolvedValueAsReportedAlready) {
  auto id = setting("application.id", "");
  id.kind = SettingKind::Unresolved;
  EXPECT_TRUE(findings({id}).empty());
}

}  // namespace
}  // namespace millrace
