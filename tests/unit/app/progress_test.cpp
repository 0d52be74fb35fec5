// When a progress line appears: on a terminal after a second and then often, elsewhere every five seconds.
#include <millrace/app/progress.hpp>

#include <cstdio>
#include <string>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.hpp>

namespace millrace {
namespace {

using std::chrono::milliseconds;

/// A plain file, as it is when output is redirected.
class PlainOutput {
 public:
  PlainOutput() : file_(std::tmpfile()) {}
  ~PlainOutput() { std::fclose(file_); }
  PlainOutput(const PlainOutput&) = delete;
  PlainOutput& operator=(const PlainOutput&) = delete;
  std::FILE* file() { return file_; }
  std::string text() {
    std::string text(static_cast<std::size_t>(std::ftell(file_)), ' ');
    std::rewind(file_);
    EXPECT_EQ(std::fread(text.data(), 1, text.size(), file_), text.size());
    return text;
  }

 private:
  std::FILE* file_;
};

/// A terminal of 30 columns.
class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    EXPECT_EQ(::grantpt(master_), 0);
    EXPECT_EQ(::unlockpt(master_), 0);
    int slave = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    EXPECT_GE(slave, 0);
    winsize size{.ws_row = 24, .ws_col = 30, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(::ioctl(slave, TIOCSWINSZ, &size), 0);
    file_ = ::fdopen(slave, "w");
  }
  ~Terminal() {
    std::fclose(file_);
    ::close(master_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  std::FILE* file() { return file_; }
  /// What came since the last call.
  std::string text() const {
    std::string text(4096, ' ');
    ssize_t size = ::read(master_, text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return text;
  }

 private:
  int master_;
  std::FILE* file_ = nullptr;
};

TEST(ProgressLine, IsAPlainLineEveryFiveSecondsWhereThereIsNoTerminal) {
  PlainOutput out;
  ManualClock clock;
  {
    ProgressLine line(out.file(), clock);
    for (int second = 0; second < 16; ++second) {
      EXPECT_EQ(line.due(), second == 5 || second == 10 || second == 15) << second;
      line.show("second " + std::to_string(second));
      line.show("twice");
      clock.advance(milliseconds(1000));
    }
  }
  EXPECT_EQ(out.text(), "second 5\nsecond 10\nsecond 15\n");
}

TEST(ProgressLine, IsNotShownForWorkOfLessThanASecond) {
  Terminal terminal;
  ManualClock clock;
  {
    ProgressLine line(terminal.file(), clock);
    for (int i = 0; i < 99; ++i) {
      EXPECT_FALSE(line.due());
      line.show("too early");
      clock.advance(milliseconds(10));
    }
  }
  EXPECT_EQ(terminal.text(), "");
}

TEST(ProgressLine, IsRedrawnOnATerminalFourTimesASecond) {
  Terminal terminal;
  ManualClock clock;
  {
    ProgressLine line(terminal.file(), clock);
    clock.advance(milliseconds(1000));
    line.show("one");
    EXPECT_EQ(terminal.text(), "\r\033[Kone");
    clock.advance(milliseconds(249));
    line.show("too early");
    EXPECT_EQ(terminal.text(), "");
    clock.advance(milliseconds(1));
    line.show("two");
    EXPECT_EQ(terminal.text(), "\r\033[Ktwo");
  }
  EXPECT_EQ(terminal.text(), "\r\033[K") << "the line stays when the work is done";
}

TEST(ProgressLine, IsRemovedOnceBeforeOtherOutput) {
  Terminal terminal;
  ManualClock clock;
  ProgressLine line(terminal.file(), clock);
  line.clear();
  EXPECT_EQ(terminal.text(), "");
  clock.advance(milliseconds(1000));
  line.show("one");
  (void)terminal.text();
  line.clear();
  line.clear();
  EXPECT_EQ(terminal.text(), "\r\033[K");
}

TEST(ProgressLine, IsCutToTheWidthOfTheTerminal) {
  Terminal terminal;
  ManualClock clock;
  ProgressLine line(terminal.file(), clock);
  clock.advance(milliseconds(1000));
  line.show(std::string(200, 'x'));
  EXPECT_EQ(terminal.text(), "\r\033[K" + std::string(29, 'x'));
}

}  // namespace
}  // namespace millrace
