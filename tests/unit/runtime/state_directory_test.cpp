// The state directory: one process at a time, and messages that say what is wrong with a path.
#include <millrace/runtime/state_directory.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class StateDirectoryTest : public ::testing::Test {
 protected:
  StateDirectoryTest() : root_(fs::path(::testing::TempDir()) / ("millrace-state-dir-" + std::to_string(::getpid()))) {}
  ~StateDirectoryTest() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  fs::path root_;
};

TEST_F(StateDirectoryTest, IsMadeWithAllItsParents) {
  auto opened = StateDirectory::open(root_ / "a" / "b", "app");
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ((*opened)->root(), root_ / "a" / "b" / "app");
  EXPECT_TRUE(fs::is_directory((*opened)->root()));
  EXPECT_EQ((*opened)->task_path({SubtopologyId(0), Partition(3)}), root_ / "a" / "b" / "app" / "0_3");
  EXPECT_EQ((*opened)->log_path(), root_ / "a" / "b" / "app" / "log");
  auto others = fs::status((*opened)->root()).permissions() & fs::perms::others_all;
  EXPECT_EQ(others, fs::perms::none);
}

TEST_F(StateDirectoryTest, TakesARelativePath) {
  fs::create_directories(root_);
  fs::path before = fs::current_path();
  fs::current_path(root_);
  auto opened = StateDirectory::open("state", "app");
  fs::current_path(before);
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_TRUE((*opened)->root().is_absolute());
}

TEST_F(StateDirectoryTest, IsHeldByOneAtATime) {
  auto first = StateDirectory::open(root_, "app");
  ASSERT_TRUE(first);
  auto second = StateDirectory::open(root_, "app");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::StateDirectoryLocked);
  EXPECT_THAT(second.error().to_string(), AllOf(HasSubstr("MR-0401"), HasSubstr((root_ / "app").string()),
                                                HasSubstr("pid " + std::to_string(::getpid()))));
  EXPECT_TRUE(StateDirectory::open(root_, "other-app")) << "another application has its own";
  *first = nullptr;
  EXPECT_TRUE(StateDirectory::open(root_, "app"));
}

TEST_F(StateDirectoryTest, IsFreeAgainWhenItsProcessWasKilled) {
  pid_t child = ::fork();
  if (child == 0) {
    auto opened = StateDirectory::open(root_, "app");
    ::_exit(opened ? 0 : 1);  // without closing anything
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(StateDirectory::open(root_, "app"));
}

TEST_F(StateDirectoryTest, ThatIsAFileIsRefused) {
  fs::create_directories(root_);
  std::ofstream(root_ / "file") << "text";
  for (const fs::path& path : {root_ / "file", root_ / "file" / "below"}) {
    auto opened = StateDirectory::open(path, "app");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::StateDirectoryUnusable);
    EXPECT_THAT(opened.error().to_string(), AllOf(HasSubstr("MR-0402"), HasSubstr((root_ / "file").string())));
  }
  EXPECT_THAT(StateDirectory::open(root_ / "file", "app").error().message(), HasSubstr("not a directory"));
}

TEST_F(StateDirectoryTest, WhereTheApplicationsFolderIsAFileIsRefused) {
  fs::create_directories(root_);
  std::ofstream(root_ / "app") << "text";
  auto opened = StateDirectory::open(root_, "app");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), AllOf(HasSubstr((root_ / "app").string()), HasSubstr("not a directory")));
}

TEST_F(StateDirectoryTest, ThatCannotBeWrittenIsRefused) {
  // No user may make folders there, not even root.
  auto opened = StateDirectory::open("/proc/millrace-state", "app");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::StateDirectoryUnusable);
  EXPECT_THAT(opened.error().message(), HasSubstr("/proc/millrace-state"));
}

TEST_F(StateDirectoryTest, WithoutThePermissionToWriteIsRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::create_directories(root_ / "app");
  fs::permissions(root_ / "app", fs::perms::owner_read | fs::perms::owner_exec);
  auto opened = StateDirectory::open(root_, "app");
  fs::permissions(root_ / "app", fs::perms::owner_all);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::StateDirectoryUnusable);
  EXPECT_THAT(opened.error().message(), HasSubstr("Permission denied"));
}

TEST_F(StateDirectoryTest, OfAnotherVersionIsLeftAsItIs) {
  ASSERT_TRUE(StateDirectory::open(root_, "app"));
  std::ofstream(root_ / "app" / "format") << "millrace-state 99 application=app\n";
  auto opened = StateDirectory::open(root_, "app");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::StateFormatUnknown);
  EXPECT_THAT(opened.error().to_string(),
              AllOf(HasSubstr("MR-0406"), HasSubstr("millrace-state 99"), HasSubstr("format")));
  std::ifstream in(root_ / "app" / "format");
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "millrace-state 99 application=app");
  // And it is not locked by the attempt.
  fs::remove(root_ / "app" / "format");
  EXPECT_TRUE(StateDirectory::open(root_, "app"));
}

TEST_F(StateDirectoryTest, IsFoundAgain) {
  { ASSERT_TRUE(StateDirectory::open(root_, "app")); }
  std::ofstream(root_ / "app" / "format.new") << "half a wri";  // left by a crash
  EXPECT_TRUE(StateDirectory::open(root_, "app"));
}

TEST_F(StateDirectoryTest, ErasesEverythingButItsLock) {
  auto opened = StateDirectory::open(root_, "app");
  ASSERT_TRUE(opened);
  fs::create_directories(root_ / "app" / "0_1" / "deep");
  std::ofstream(root_ / "app" / "0_1" / "deep" / "file") << "x";
  EXPECT_TRUE((*opened)->erase());
  EXPECT_FALSE(fs::exists(root_ / "app" / "0_1"));
  EXPECT_FALSE(StateDirectory::open(root_, "app")) << "it is still held";
  *opened = nullptr;
  EXPECT_TRUE(StateDirectory::open(root_, "app"));
}

}  // namespace
}  // namespace millrace
