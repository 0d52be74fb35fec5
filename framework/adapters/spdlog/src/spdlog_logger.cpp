#include <millrace/adapters/spdlog/spdlog_logger.hpp>

#include <unistd.h>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <millrace/base/bytes.hpp>

namespace millrace {

namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::Debug: return spdlog::level::debug;
    case LogLevel::Info: return spdlog::level::info;
    case LogLevel::Warn: return spdlog::level::warn;
    case LogLevel::Error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string without_controls(std::string_view text) {
  std::string safe;
  for (char c : text) {
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control) safe += printable(BytesView(&c, 1));
    else safe += c;
  }
  return safe;
}

}  // namespace

struct SpdlogLogger::Parts {
  spdlog::logger logger{"millrace", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

SpdlogLogger::SpdlogLogger(LogLevel level) : parts_(std::make_unique<Parts>()) {
  parts_->logger.set_level(level_of(level));
  // On a terminal a progress line may stand where this one begins.
  std::string begin = ::isatty(STDERR_FILENO) == 1 ? "\r\033[K" : "";
  parts_->logger.set_pattern(begin + "%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
  parts_->logger.flush_on(spdlog::level::debug);
}

SpdlogLogger::~SpdlogLogger() = default;

bool SpdlogLogger::enabled(LogLevel level) const { return parts_->logger.should_log(level_of(level)); }

void SpdlogLogger::write(LogLevel level, std::string_view component, std::string_view message) {
  parts_->logger.log(level_of(level), "{} {}: {}", to_string(level), component, without_controls(message));
}

}  // namespace millrace
