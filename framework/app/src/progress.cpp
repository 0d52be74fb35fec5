#include <millrace/app/progress.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

namespace millrace {

namespace {

constexpr std::chrono::seconds kFirstRedraw{1};
constexpr std::chrono::milliseconds kRedraw{250};
constexpr std::chrono::seconds kPlainLine{5};

/// A line that wraps cannot be redrawn: only its last part would be.
std::string fitting(const std::string& text, int terminal) {
  winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return text;
  return text.substr(0, size.ws_col - 1U);
}

}  // namespace

ProgressLine::ProgressLine(std::FILE* out, const Clock& clock)
    : out_(out),
      clock_(clock),
      terminal_(::isatty(::fileno(out)) == 1),
      next_(clock.steady_now() + (terminal_ ? kFirstRedraw : kPlainLine)) {}

ProgressLine::~ProgressLine() { clear(); }

bool ProgressLine::due() const { return clock_.steady_now() >= next_; }

void ProgressLine::show(const std::string& text) {
  if (!due()) return;
  if (terminal_) std::fprintf(out_, "\r\033[K%s", fitting(text, ::fileno(out_)).c_str());
  else std::fprintf(out_, "%s\n", text.c_str());
  std::fflush(out_);
  drawn_ = terminal_;
  next_ = clock_.steady_now() + (terminal_ ? SteadyTime::duration(kRedraw) : SteadyTime::duration(kPlainLine));
}

void ProgressLine::clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", out_);
  std::fflush(out_);
  drawn_ = false;
}

}  // namespace millrace
