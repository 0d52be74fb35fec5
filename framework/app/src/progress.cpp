#include <millrace/app/progress.hpp>

#include <unistd.h>

namespace millrace {

ProgressLine::ProgressLine(std::FILE* out)
    : out_(out),
      terminal_(::isatty(::fileno(out)) == 1),
      next_(std::chrono::steady_clock::now() + (terminal_ ? std::chrono::seconds(1) : std::chrono::seconds(5))) {}

ProgressLine::~ProgressLine() { clear(); }

bool ProgressLine::due() const { return std::chrono::steady_clock::now() >= next_; }

void ProgressLine::show(const std::string& text) {
  if (!due()) return;
  std::fprintf(out_, terminal_ ? "\r\033[K%s" : "%s\n", text.c_str());
  std::fflush(out_);
  drawn_ = terminal_;
  next_ =
      std::chrono::steady_clock::now() + (terminal_ ? std::chrono::milliseconds(250) : std::chrono::milliseconds(5000));
}

void ProgressLine::clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", out_);
  std::fflush(out_);
  drawn_ = false;
}

}  // namespace millrace
