// Lines of files become records, each once, whatever happens between runs; other files are refused.
#include <millrace/app/line_input.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/app/wait.hpp>
#include <millrace/base/executor.hpp>
#include <millrace/log/in_process_log.hpp>
#include <millrace/testing/manual_clock.hpp>
#include <millrace/testing/memory_batch_storage.hpp>

#include "unit/runtime/faulty_log.hpp"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using runtime_test::FaultyLog;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LineInputTest : public ::testing::Test {
 protected:
  LineInputTest() : folder_(fs::path(::testing::TempDir()) / ("line_input-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    wait(log().admin().ensure_topics({{"lines", 2}})).value();
  }
  ~LineInputTest() override { fs::remove_all(folder_); }

  Log& log() { return faulty_; }
  fs::path path(const std::string& name) const { return folder_ / name; }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  LineInputOptions options(std::vector<fs::path> files, std::size_t chunk_bytes = 512 << 10) const {
    return {.application_id = "app", .topic = "lines", .partitions = 1, .files = files, .chunk_bytes = chunk_bytes};
  }
  Result<bool> append(std::vector<fs::path> files, std::size_t chunk_bytes = 512 << 10) {
    return LineInput(log(), clock_, options(std::move(files), chunk_bytes)).run([] { return true; });
  }
  std::vector<std::string> lines(std::int32_t partition = 0) {
    auto reader = log().open_reader({});
    auto slot = reader->assign({"lines", Partition(partition)}, Offset(0)).value();
    std::vector<std::string> values;
    while (auto fetched = reader->poll(slot, 1 << 20).value()) {
      for (const RecordView& view : fetched->records) values.emplace_back(*view.value);
    }
    return values;
  }
  std::int64_t position(std::int32_t file = 0) {
    auto offsets = wait(log().admin().committed_offsets("app-input")).value();
    auto found = offsets.find({"app-input", Partition(file)});
    return found == offsets.end() ? -1 : found->second.offset.value();
  }
  void expect_refused(const Result<bool>& result, ErrorCode code, const std::string& text) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), code) << result.error().to_string();
    EXPECT_THAT(result.error().to_string(), HasSubstr(text));
  }

  fs::path folder_;
  ManualClock clock_;
  MemoryBatchStorage storage_;
  InlineExecutor executor_;
  std::unique_ptr<InProcessLog> inner_ = InProcessLog::open(storage_, executor_).value();
  FaultyLog faulty_{*inner_};
};

TEST_F(LineInputTest, AppendsEachLineWithoutItsNewline) {
  EXPECT_EQ(append({write("a", "one\ntwo\n\nfour\n")}).value(), true);
  EXPECT_THAT(lines(), ElementsAre("one", "two", "", "four"));
  EXPECT_EQ(position(), 14);
}

TEST_F(LineInputTest, TakesALastLineWithoutNewline) {
  EXPECT_EQ(append({write("a", "one\ntwo")}).value(), true);
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
  EXPECT_EQ(position(), 7);
}

TEST_F(LineInputTest, KeepsNulBytesAndCarriageReturns) {
  EXPECT_EQ(append({write("a", std::string("a\0b\r\nc\n", 7))}).value(), true);
  EXPECT_THAT(lines(), ElementsAre(std::string("a\0b\r", 4), "c"));
}

TEST_F(LineInputTest, MakesNothingOfEmptyFiles) {
  EXPECT_EQ(append({write("a", ""), "/dev/null", write("c", "")}).value(), true);
  EXPECT_THAT(lines(), IsEmpty());
  EXPECT_EQ(position(), -1);
}

TEST_F(LineInputTest, AppendsSeveralFilesInTheirOrder) {
  EXPECT_EQ(append({write("a", "1\n2"), write("b", "3\n"), write("c", "4")}).value(), true);
  EXPECT_THAT(lines(), ElementsAre("1", "2", "3", "4"));
}

TEST_F(LineInputTest, TakesALineOfSixteenMebibytesAndRefusesALongerOne) {
  const std::string longest(16 << 20, 'x');
  EXPECT_EQ(append({write("a", "short\n" + longest + "\nshort\n")}).value(), true);
  auto got = lines();
  ASSERT_EQ(got.size(), 3U);
  EXPECT_TRUE(got[1] == longest);

  LineInputOptions other = options({write("b", "short\n" + longest + "xx" + std::string(1 << 20, 'y') + "\n")});
  other.application_id = "other";
  auto refused = LineInput(log(), clock_, other).run([] { return true; });
  expect_refused(refused, ErrorCode::RecordTooLarge, "the line at byte 6 is longer than 16777216 bytes");
  EXPECT_THAT(refused.error().message(), HasSubstr(path("b").string()));
}

TEST_F(LineInputTest, SpreadsChunksOverPartitions) {
  LineInputOptions both = options({write("a", "1\n2\n3\n4\n")}, 2);
  both.partitions = 2;
  EXPECT_EQ(LineInput(log(), clock_, both).run([] { return true; }).value(), true);
  EXPECT_THAT(lines(0), ElementsAre("1", "3"));
  EXPECT_THAT(lines(1), ElementsAre("2", "4"));
}

// --- Exactly once --------------------------------------------------------------------------------------------------

TEST_F(LineInputTest, CommitsThePositionWithTheRecords) {
  // At every commit, what is in the topic and the position agree: a kill between them is not possible.
  fs::path file = write("a", "one\ntwo\nthree\n");
  for (int good_commits = 0; good_commits < 3; ++good_commits) {
    SCOPED_TRACE(good_commits);
    LineInputOptions own = options({file}, 1);
    own.application_id = "app-" + std::to_string(good_commits);
    own.topic = "topic-" + std::to_string(good_commits);
    wait(log().admin().ensure_topics({{own.topic, 1}})).value();
    faulty_.spoil_commit(good_commits + 1, FaultyLog::Commit::Lost, Error(ErrorCode::LogWriteFailed, "lost"));
    EXPECT_FALSE(LineInput(log(), clock_, own).run([] { return true; }));
    auto end = wait(log().admin().offset_ranges({{own.topic, Partition(0)}})).value().begin()->second.end.value();
    EXPECT_EQ(end, good_commits);
    auto offsets = wait(log().admin().committed_offsets(own.application_id + "-input")).value();
    EXPECT_EQ(offsets.size(), good_commits == 0 ? 0U : 1U);
    // The next run goes on where this one ended.
    EXPECT_EQ(LineInput(log(), clock_, own).run([] { return true; }).value(), true);
    end = wait(log().admin().offset_ranges({{own.topic, Partition(0)}})).value().begin()->second.end.value();
    EXPECT_EQ(end, 3);
  }
}

TEST_F(LineInputTest, AppendsNothingTwice) {
  fs::path file = write("a", "one\ntwo\n");
  EXPECT_EQ(append({file}).value(), true);
  EXPECT_EQ(append({file}).value(), true);
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
}

TEST_F(LineInputTest, StopsBetweenChunksAndGoesOnInTheNextRun) {
  fs::path file = write("a", "one\ntwo\nthree\n");
  int chunks = 0;
  LineInput first(log(), clock_, options({file}, 1));
  EXPECT_EQ(first.run([&] { return chunks++ < 2; }).value(), false);
  EXPECT_EQ(first.appended_bytes(), 8U);
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
  EXPECT_EQ(append({file}).value(), true);
  EXPECT_THAT(lines(), ElementsAre("one", "two", "three"));
}

TEST_F(LineInputTest, AppendsWhatAFileHasGrownBy) {
  EXPECT_EQ(append({write("a", "one\n")}).value(), true);
  EXPECT_EQ(append({write("a", "one\ntwo\n")}).value(), true);
  EXPECT_EQ(append({path("a"), write("b", "three\n")}).value(), true);
  EXPECT_THAT(lines(), ElementsAre("one", "two", "three"));
}

TEST_F(LineInputTest, TakesANewlineThatComesLaterAsTheEndOfTheLastLine) {
  EXPECT_EQ(append({write("a", "one\ntwo")}).value(), true);
  EXPECT_EQ(append({write("a", "one\ntwo\n")}).value(), true);
  EXPECT_EQ(append({write("a", "one\ntwo\nthree\n")}).value(), true);
  EXPECT_THAT(lines(), ElementsAre("one", "two", "three"));
}

TEST_F(LineInputTest, RefusesAFileThatGrewInTheMiddleOfALine) {
  // "hel" was a record; "hello" cannot become of it.
  EXPECT_EQ(append({write("a", "say\nhel")}).value(), true);
  expect_refused(append({write("a", "say\nhello\n")}), ErrorCode::InputChanged, "grown in the middle of a line");
  EXPECT_THAT(lines(), ElementsAre("say", "hel"));
}

// --- Other files ---------------------------------------------------------------------------------------------------

TEST_F(LineInputTest, RefusesAnotherFile) {
  EXPECT_EQ(append({write("a", "one\ntwo\n")}).value(), true);
  auto refused = append({write("b", "one\ntow\n")});
  expect_refused(refused, ErrorCode::InputChanged, "MR-0703");
  EXPECT_THAT(refused.error().message(), HasSubstr(path("a").string()));
  EXPECT_THAT(refused.error().message(), HasSubstr(path("b").string()));
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
}

TEST_F(LineInputTest, RefusesAFileThatShrank) {
  EXPECT_EQ(append({write("a", "one\ntwo\n")}).value(), true);
  expect_refused(append({write("a", "one\n")}), ErrorCode::InputChanged, "has 4 bytes, fewer than the 8 bytes");
  expect_refused(append({write("a", "")}), ErrorCode::InputChanged, "has 0 bytes");
}

TEST_F(LineInputTest, RefusesFewerFilesThanBefore) {
  EXPECT_EQ(append({write("a", "one\n"), write("b", "two\n")}).value(), true);
  expect_refused(append({path("a")}), ErrorCode::InputChanged, path("b").string() + " was read before");
}

TEST_F(LineInputTest, KnowsAFileByItsBytesNotItsName) {
  EXPECT_EQ(append({write("a", "one\n")}).value(), true);
  fs::rename(path("a"), path("b"));
  std::ofstream(path("b"), std::ios::app) << "two\n";
  EXPECT_EQ(append({path("b")}).value(), true);
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
}

TEST_F(LineInputTest, AppendsNothingWhenALaterFileIsMissing) {
  expect_refused(append({write("a", "one\n"), path("missing")}), ErrorCode::InputUnreadable,
                 path("missing").string() + ": No such file or directory");
  EXPECT_THAT(lines(), IsEmpty());
  EXPECT_EQ(position(), -1);
}

TEST_F(LineInputTest, AppendsNothingWhenALaterFileIsAnotherThanBefore) {
  EXPECT_EQ(append({write("a", "one\n"), write("b", "two\n")}).value(), true);
  expect_refused(append({write("a", "one\nmore\n"), write("b", "owt\n")}), ErrorCode::InputChanged, path("b").string());
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
}

TEST_F(LineInputTest, RefusesADirectory) {
  expect_refused(append({write("a", "one\n"), folder_}), ErrorCode::InputUnreadable, "it is a directory");
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(LineInputTest, ReadsMoreFilesThanAProcessMayHaveOpen) {
  rlimit few{64, 64};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<fs::path> files;
  for (int i = 0; i < 100; ++i) files.push_back(write("f" + std::to_string(i), std::to_string(i) + "\n"));
  EXPECT_EQ(append(files).value(), true);
  EXPECT_EQ(lines().size(), 100U);
  EXPECT_EQ(append(files).value(), true);
  EXPECT_EQ(lines().size(), 100U);
}

// --- Pipes ---------------------------------------------------------------------------------------------------------

class LineInputPipeTest : public LineInputTest {
 protected:
  LineInputPipeTest() {
    EXPECT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    writer_ = ::open(path("pipe").c_str(), O_RDWR | O_CLOEXEC);  // as no reader would make it wait
  }
  ~LineInputPipeTest() override { hang_up(); }
  void say(const std::string& text) const {
    EXPECT_EQ(::write(writer_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void hang_up() {
    if (writer_ >= 0) ::close(writer_);
    writer_ = -1;
  }
  int writer_ = -1;
};

TEST_F(LineInputPipeTest, AppendsWhatAPipeHasWhenItPauses) {
  say("one\ntwo\nthr");
  std::vector<std::string> seen;
  int asked = 0;
  LineInput input(log(), clock_, options({path("pipe")}));
  auto result = input.run([&] {
    if (++asked == 2) {
      seen = lines();
      say("ee\nfour");
    }
    if (asked == 4) hang_up();
    return true;
  });
  EXPECT_EQ(result.value(), true);
  EXPECT_THAT(seen, ElementsAre("one", "two"));
  EXPECT_THAT(lines(), ElementsAre("one", "two", "three", "four"));
}

TEST_F(LineInputPipeTest, StopsWhileAPipeHasNothingToSay) {
  int asked = 0;
  EXPECT_EQ(LineInput(log(), clock_, options({path("pipe")})).run([&] { return ++asked < 3; }).value(), false);
}

TEST_F(LineInputPipeTest, StopsWhileWhatWasReadBeforeDoesNotComeAgain) {
  say("one\ntwo\n");
  int asked = 0;
  EXPECT_EQ(LineInput(log(), clock_, options({path("pipe")})).run([&] { return ++asked < 3; }).value(), false);
  EXPECT_EQ(position(), 8);
  say("one\n");
  asked = 0;
  EXPECT_EQ(LineInput(log(), clock_, options({path("pipe")})).run([&] { return ++asked < 3; }).value(), false);
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
}

TEST_F(LineInputPipeTest, GoesOnBehindWhatComesAgain) {
  say("one\n");
  int asked = 0;
  EXPECT_EQ(LineInput(log(), clock_, options({path("pipe")})).run([&] { return ++asked < 3; }).value(), false);
  say("one\ntwo\n");
  asked = 0;
  EXPECT_EQ(LineInput(log(), clock_, options({path("pipe")})).run([&] { return ++asked < 3; }).value(), false);
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
}

}  // namespace
}  // namespace millrace
