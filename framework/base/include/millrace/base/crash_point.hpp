// Named places at which tests kill the process. They exist only in builds with MILLRACE_CRASH_POINTS, which nothing but
// the crash-test programs sets.
#pragma once

#ifdef MILLRACE_CRASH_POINTS

#include <functional>
#include <string_view>
#include <vector>

namespace millrace::detail {
/// Every name that MILLRACE_CRASH_POINT may be used with, in the order in which a commit meets them.
const std::vector<std::string_view>& crash_point_names();
/// Kills the process with SIGKILL at the n-th passage of the point that MILLRACE_CRASH_AT="name:n" names.
void crash_point(std::string_view name);
/// Called at every passage of every point, in place of the kill: a simulation counts them, and throws where its process
/// is to die. Null: kills again. Not thread-safe.
void set_crash_hook(std::function<void(std::string_view)> hook);
}  // namespace millrace::detail

#define MILLRACE_CRASH_POINT(name) ::millrace::detail::crash_point(name)
#else
/// Nothing, in builds without crash points.
#define MILLRACE_CRASH_POINT(name) static_cast<void>(0)
#endif
