#ifdef MILLRACE_CRASH_POINTS

#include <millrace/base/crash_point.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include <millrace/base/assert.hpp>

namespace millrace::detail {

const std::vector<std::string_view>& crash_point_names() {
  static const std::vector<std::string_view> names = {
      "poll/fetched",           "process/before-record", "process/after-record",  "commit/frozen",
      "log/before-write",       "log/after-write",       "commit/acknowledged",   "state/before-apply",
      "state/after-apply",      "state/after-all",       "restore/batch-applied", "input/before-append",
      "shutdown/before-commit", "shutdown/after-close",  "purge/before-write",    "purge/after-write",
      "purge/after-trim",       "clean/before-write",    "clean/after-write"};
  return names;
}

namespace {

struct Target {
  std::string_view name;
  long passage = 0;
};

Target target_from_environment() {
  const char* value = std::getenv("MILLRACE_CRASH_AT");
  if (value == nullptr) return {};
  std::string_view text(value);
  auto colon = text.rfind(':');
  Target target{text.substr(0, colon), 1};
  if (colon != std::string_view::npos) {
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), target.passage);
  }
  return target;
}

std::function<void(std::string_view)>& crash_hook() {
  static std::function<void(std::string_view)> hook;
  return hook;
}

}  // namespace

void set_crash_hook(std::function<void(std::string_view)> hook) { crash_hook() = std::move(hook); }

void crash_point(std::string_view name) {
  static const Target target = target_from_environment();
  static std::atomic<long> passages{0};
  MILLRACE_ASSERT(std::find(crash_point_names().begin(), crash_point_names().end(), name) != crash_point_names().end(),
                  "crash point outside the list");
  if (crash_hook()) return crash_hook()(name);
  if (name != target.name) return;
  if (++passages == target.passage) ::kill(::getpid(), SIGKILL);
}

}  // namespace millrace::detail

#endif
