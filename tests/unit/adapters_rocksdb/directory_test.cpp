// The directories of task state and log: whose they are, who uses them, who may.
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "child.hpp"
#include "files.hpp"
#include "numbered_log.hpp"
#include "numbered_state.hpp"

namespace millrace::rocksdb_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kStampName = "MILLRACE-FORMAT";

/// A database in a directory, of either kind.
struct Kind {
  const char* name;
  const char* stamp;
  ErrorCode format_unknown;
  ErrorCode corrupted;
  /// Opens and closes it.
  Result<void> (*open)(const fs::path& directory);
  /// Opens it, writes the first commit, and closes it.
  void (*make)(const fs::path& directory);
};
std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }

Result<void> open_state(const fs::path& directory) {
  auto opened = RocksDbTaskBackendFactory(small_state()).open(directory, kStores);
  return opened ? Result<void>() : Result<void>(opened.error());
}
void make_state(const fs::path& directory) {
  RocksDbTaskBackendFactory factory(small_state());
  apply_numbered(*factory.open(directory, kStores).value(), 1).value();
}
Result<void> open_log(const fs::path& directory) {
  auto opened = open_embedded_log(directory, small_log());
  return opened ? Result<void>() : Result<void>(opened.error());
}
void make_log(const fs::path& directory) {
  auto log = open_embedded_log(directory, small_log()).value();
  create_numbered(log->log()).value();
  commit_numbered(log->log(), 1, 1).value();
}

const Kind kState{"state",   "millrace state 1\n", ErrorCode::StateFormatUnknown, ErrorCode::StateCorrupted, open_state,
                  make_state};
const Kind kLog{"log", "millrace log 2\n", ErrorCode::LogFormatUnknown, ErrorCode::LogCorrupted, open_log, make_log};

class Directory : public ::testing::TestWithParam<Kind> {
 protected:
  fs::path directory() const { return scratch_ / "database"; }
  Result<void> open() { return GetParam().open(directory()); }
  /// Opening it fails with this code, names the path, and changes nothing.
  void expect_refusal(ErrorCode code, const std::string& text) {
    auto before = contents_of(directory());
    auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), code) << opened.error().to_string();
    EXPECT_THAT(opened.error().message(), AllOf(HasSubstr(directory().string()), HasSubstr(text)));
    EXPECT_TRUE(contents_of(directory()) == before) << "something was changed";
  }

  ScratchDirectory scratch_;
};
INSTANTIATE_TEST_SUITE_P(RocksDb, Directory, ::testing::Values(kState, kLog),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Directory, IsMadeWithItsParentsAndStamped) {
  fs::path deep = scratch_ / "a" / "b" / "c";
  GetParam().make(deep);
  EXPECT_EQ(read_file(deep / kStampName), GetParam().stamp);
  EXPECT_TRUE(GetParam().open(deep));
}

TEST_P(Directory, MayBeThereIfItIsEmpty) {
  fs::create_directories(directory());
  EXPECT_TRUE(open());
}

TEST_P(Directory, OfANewerVersionIsRefused) {
  GetParam().make(directory());
  std::string newer = GetParam().stamp;
  newer[newer.size() - 2] = '9';
  write_file(directory() / kStampName, newer);
  expect_refusal(GetParam().format_unknown, kStampName);
}

TEST_P(Directory, WithAnUnreadableStampIsRefused) {
  GetParam().make(directory());
  for (const std::string& stamp : {std::string(), std::string("garbage\0\xff\n", 10), std::string("millrace \n"),
                                   std::string(GetParam().stamp) + "more"}) {
    write_file(directory() / kStampName, stamp);
    expect_refusal(GetParam().format_unknown, kStampName);
  }
}

TEST_P(Directory, OfTheOtherKindIsRefused) {
  const Kind& other = GetParam().open == open_state ? kLog : kState;
  other.make(directory());
  expect_refusal(GetParam().format_unknown, "millrace " + std::string(other.name));
}

TEST_P(Directory, OfSomebodyElseIsRefused) {
  fs::create_directories(directory());
  write_file(directory() / "letters.txt", "Dear Sir");
  expect_refusal(GetParam().format_unknown, "letters.txt");
}

TEST_P(Directory, WithoutItsStampIsRefused) {
  GetParam().make(directory());
  fs::remove(directory() / kStampName);
  expect_refusal(GetParam().format_unknown, kStampName);
}

TEST_P(Directory, WithAStampThatWasBegunOnlyIsBegunAgain) {
  fs::create_directories(directory());
  write_file(directory() / "MILLRACE-FORMAT.new", "mill");
  EXPECT_TRUE(open());
  EXPECT_EQ(read_file(directory() / kStampName), GetParam().stamp);
}

TEST_P(Directory, ThatIsAFileIsUnusable) {
  write_file(directory(), "x");
  for (const fs::path& path : {directory(), directory() / "below"}) {
    auto opened = GetParam().open(path);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::StateDirectoryUnusable);
    EXPECT_THAT(opened.error().message(), HasSubstr(path.string()));
  }
}

TEST_P(Directory, ThatAnotherProcessUsesIsLocked) {
  Child child({GetParam().name, directory().string()});
  ASSERT_FALSE(child.line().empty());
  auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::StateDirectoryLocked) << opened.error().to_string();
  EXPECT_EQ(opened.error().disposition(), Disposition::StopApplication);
  EXPECT_THAT(opened.error().message(), HasSubstr((directory() / "LOCK").string()));
  // It was not disturbed, and leaves no lock behind.
  EXPECT_GT(child.kill_after(5), 0);
  EXPECT_TRUE(open());
}

/// Runs the writer as somebody who may not write there, and returns what it says.
std::string error_as_nobody(const std::string& kind, const fs::path& directory) {
  Child child({kind, directory.string(), "--as-nobody"});
  return child.line();
}

TEST_P(Directory, ThatMayNotBeWrittenToIsUnusable) {
  // It cannot be made; it can be looked into only; it was made by somebody else.
  fs::path locked = scratch_ / "locked";
  fs::create_directories(locked / "empty");
  GetParam().make(locked / "used");
  for (const fs::path& path : {locked / "empty", locked / "used", locked}) ::chmod(path.c_str(), 0555);
  for (const auto& entry : fs::directory_iterator(locked / "used")) ::chmod(entry.path().c_str(), 0444);
  for (const char* name : {"new", "empty", "used"}) {
    std::string error = error_as_nobody(GetParam().name, locked / name);
    EXPECT_THAT(error,
                AllOf(HasSubstr("MR-0402"), HasSubstr((locked / name).string()), HasSubstr("Permission denied")));
  }
  for (const fs::path& path : {locked, locked / "empty", locked / "used"}) ::chmod(path.c_str(), 0755);
}

TEST_P(Directory, WhoseStampMayNotBeReadIsUnusable) {
  GetParam().make(directory());
  ::chmod((directory() / kStampName).c_str(), 0000);
  std::string error = error_as_nobody(GetParam().name, directory());
  EXPECT_THAT(error, AllOf(HasSubstr("MR-0402"), HasSubstr(kStampName)));
}

TEST(StateDirectory, OpenTwiceInOneProcessIsLocked) {
  ScratchDirectory scratch;
  RocksDbTaskBackendFactory factory(small_state());
  auto first = factory.open(scratch / "task", kStores).value();
  auto second = factory.open(scratch / "task", kStores);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::StateDirectoryLocked);
}

TEST(StateDirectory, IsDestroyedEvenIfDamagedOrOfANewerVersion) {
  ScratchDirectory scratch;
  RocksDbTaskBackendFactory factory(small_state());
  for (const char* stamp : {"millrace state 1\n", "millrace state 2\n", "millrace state "}) {
    make_state(scratch / "task");
    write_file(scratch / "task" / kStampName, stamp);
    write_file(scratch / "task" / "CURRENT", "garbage");
    factory.destroy(scratch / "task").value();
    EXPECT_FALSE(fs::exists(scratch / "task"));
  }
}

TEST(StateDirectory, OfSomebodyElseIsNotDestroyed) {
  ScratchDirectory scratch;
  RocksDbTaskBackendFactory factory(small_state());
  make_log(scratch / "log");
  fs::create_directories(scratch / "letters");
  write_file(scratch / "letters" / "letters.txt", "Dear Sir");
  for (const char* name : {"log", "letters"}) {
    auto before = contents_of(scratch / name);
    auto destroyed = factory.destroy(scratch / name);
    ASSERT_FALSE(destroyed);
    EXPECT_EQ(destroyed.error().code(), ErrorCode::StateFormatUnknown);
    EXPECT_TRUE(contents_of(scratch / name) == before);
  }
}

TEST(StateDirectory, WhoseDestructionWasInterruptedIsFoundDamagedOrGone) {
  ScratchDirectory scratch;
  RocksDbTaskBackendFactory factory(small_state());
  make_state(scratch / "task");
  // The first step was taken.
  fs::remove(scratch / "task" / "CURRENT");
  EXPECT_EQ(open_state(scratch / "task").error().code(), ErrorCode::StateCorrupted);
  factory.destroy(scratch / "task").value();
  EXPECT_TRUE(open_state(scratch / "task"));
}

}  // namespace
}  // namespace millrace::rocksdb_test
