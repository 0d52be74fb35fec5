#include <millrace/base/error.hpp>

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(ErrorCodeTable, NumbersAndNamesAreUniqueAndInOrder) {
  std::set<std::string_view> names;
  int last = 0;
  for (const ErrorCodeInfo& info : error_code_table()) {
    EXPECT_GT(static_cast<int>(info.code), last) << info.name;
    last = static_cast<int>(info.code);
    EXPECT_TRUE(names.insert(info.name).second) << info.name << " stands twice";
  }
  EXPECT_LE(last, 9999) << "more than four digits";
  EXPECT_GE(names.size(), 30U);
}

TEST(ErrorCodeTable, EveryCodeHasACauseAndARemedyThatFitIntoASentence) {
  for (const ErrorCodeInfo& info : error_code_table()) {
    for (std::string_view text : {info.cause, info.remedy}) {
      ASSERT_FALSE(text.empty()) << info.name;
      EXPECT_NE(text.back(), '.') << info.name << ": the message adds the full stop: " << text;
      EXPECT_FALSE(text.front() >= 'A' && text.front() <= 'Z') << info.name << ": stands within a sentence: " << text;
      EXPECT_EQ(text.find_first_of("\n\t"), std::string_view::npos) << info.name;
    }
  }
}

TEST(ErrorCodeTable, EveryDispositionHasAName) {
  for (const ErrorCodeInfo& info : error_code_table()) {
    EXPECT_NE(to_string(info.disposition), "?") << info.name;
  }
}

TEST(ErrorCodeTable, FindsTheLineOfACode) {
  const ErrorCodeInfo& info = error_code_info(ErrorCode::MemberFenced);
  EXPECT_EQ(info.code, ErrorCode::MemberFenced);
  EXPECT_EQ(info.name, "MemberFenced");
  EXPECT_EQ(info.disposition, Disposition::MigrateTask);
}

TEST(ErrorCode, PrintsFourDigits) {
  EXPECT_EQ(to_string(ErrorCode::TopologyInvalid), "MR-0101");
  EXPECT_EQ(to_string(ErrorCode::PortUnavailable), "MR-0801");
}

TEST(Error, SaysCodePlaceMessageAndRemedy) {
  Error error(ErrorCode::DeserializationFailed, "7 bytes left over after an int64",
              {.task = "0_1", .topic = "lines", .partition = 1, .offset = 42, .node = "lines.map", .store = ""});
  EXPECT_EQ(error.to_string(),
            "MR-0301 task 0_1, topic lines[1]@42, operator lines.map: 7 bytes left over after an int64. To mend it: "
            "correct the producer or the serde, or set deserialization.exception.handler to continue or dead-letter.");
}

TEST(Error, LeavesOutWhatItDoesNotKnow) {
  Error error(ErrorCode::LogUnavailable, "no answer for 30 s");
  EXPECT_EQ(error.to_string(), "MR-0501: no answer for 30 s. To mend it: nothing to do: it is tried again.");
  Error at_store = error.at({.store = "word-counts"});
  EXPECT_EQ(at_store.to_string().rfind("MR-0501 store word-counts: ", 0), 0u);
}

TEST(Error, PrintsTheFirstPartitionAndOffset) {
  Error error(ErrorCode::LogReadFailed, "x", {.topic = "lines", .partition = 0, .offset = 0});
  EXPECT_NE(error.to_string().find("topic lines[0]@0:"), std::string::npos) << error.to_string();
}

TEST(Error, TellsTheCauseWhenThereIsNoMessage) {
  EXPECT_NE(Error(ErrorCode::TopicUnknown, "").to_string().find("the topic does not exist"), std::string::npos);
}

TEST(Error, TakesItsDispositionFromTheTable) {
  EXPECT_EQ(Error(ErrorCode::TransactionAborted, "x").disposition(), Disposition::AbortTransaction);
}

TEST(Error, OuterLayersAddThePlaceButDoNotReplaceIt) {
  Error inner(ErrorCode::UserCodeThrew, "division by zero", {.topic = "lines", .partition = 3, .offset = 9});
  Error outer = inner.at({.task = "1_3", .topic = "other", .partition = 0, .offset = 1, .node = "map"});
  EXPECT_EQ(outer.where().task, "1_3");
  EXPECT_EQ(outer.where().topic, "lines");
  EXPECT_EQ(outer.where().partition, 3);
  EXPECT_EQ(outer.where().offset, 9);
  EXPECT_EQ(outer.where().node, "map");
  EXPECT_EQ(outer.message(), "division by zero");
  EXPECT_TRUE(inner.where().task.empty()) << "the inner error has changed";
}

TEST(Error, AnotherDispositionLeavesTheOriginalAlone) {
  Error skip(ErrorCode::UserCodeThrew, "x");
  Error stop = skip.with_disposition(Disposition::StopApplication);
  EXPECT_EQ(stop.disposition(), Disposition::StopApplication);
  EXPECT_EQ(stop.code(), ErrorCode::UserCodeThrew);
  EXPECT_EQ(skip.disposition(), Disposition::SkipRecord);
}

}  // namespace
}  // namespace millrace
