#include "settled_failures.hpp"

#include <utility>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::chrono::seconds kBetweenWarnings{5};

}  // namespace

void SettledFailures::note(const Error& error, const std::string& what_was_done) {
  SteadyTime now = clock_.steady_now();
  if (told_at_ && now - *told_at_ < kBetweenWarnings) {
    ++untold_;
    if (logger_.enabled(LogLevel::Debug)) logger_.debug("task", error.to_string());
    return;
  }
  told_at_ = now;
  std::string more = untold_ > 0 ? fmt::format("; so were {} others since the last such line", untold_) : "";
  untold_ = 0;
  logger_.warn("task", fmt::format("{} It was {}{}.", error.to_string(), what_was_done, more));
}

void SettledFailures::end(const std::string& task) {
  if (std::uint64_t untold = std::exchange(untold_, 0); untold > 0)
    logger_.warn("task",
                 fmt::format("task {}: {} more records failed and were passed over, as configured", task, untold));
}

}  // namespace millrace
