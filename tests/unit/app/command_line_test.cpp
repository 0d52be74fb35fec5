// What is said about mistakes on the command line.
#include <millrace/app/command_line.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace millrace {
namespace {

const std::vector<std::string> kKnown{"run", "describe", "--config", "--state-dir"};

std::string said(const std::string& message, const std::vector<std::string>& unexpected = {}) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_misuse("prog", message, unexpected, kKnown), kExitMisused);
  return testing::internal::GetCapturedStderr();
}

TEST(ReportMisuse, SaysWhatIsWrongAndWhereHelpIs) {
  EXPECT_EQ(said("--config is required"), "MR-0701 prog: --config is required. See prog --help.\n");
}

TEST(ReportMisuse, NamesTheNearestKnownWord) {
  EXPECT_EQ(said("", {"--confg"}),
            "MR-0701 prog: the option \"--confg\" is not known; did you mean \"--config\"? See prog --help.\n");
  EXPECT_EQ(said("", {"descrbe"}),
            "MR-0701 prog: the argument \"descrbe\" is not known; did you mean \"describe\"? See prog --help.\n");
  EXPECT_EQ(said("", {"wibble"}), "MR-0701 prog: the argument \"wibble\" is not known. See prog --help.\n");
}

TEST(ReportMisuse, LooksUpAnOptionWithoutItsValue) {
  EXPECT_EQ(
      said("", {"--statedir=/x"}),
      "MR-0701 prog: the option \"--statedir=/x\" is not known; did you mean \"--state-dir\"? See prog --help.\n");
}

TEST(ReportMisuse, NamesEveryUnknownWordButValuesOfUnknownOptions) {
  EXPECT_EQ(said("", {"--confg", "file.yaml", "more", "--wibble"}),
            "MR-0701 prog: the option \"--confg\" is not known; did you mean \"--config\"? See prog --help.\n"
            "MR-0701 prog: the argument \"more\" is not known. See prog --help.\n"
            "MR-0701 prog: the option \"--wibble\" is not known. See prog --help.\n");
}

}  // namespace
}  // namespace millrace
