// Assertions for broken invariants: programmer errors only, never anything that a broker, a disk, a record or a file
// can cause.
#pragma once

#include <string>

namespace millrace::detail {
/// Prints what broke and where, then aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const std::string& message);
}  // namespace millrace::detail

/// Always on: for the control plane.
#define MILLRACE_ASSERT(condition, message)                                          \
  do {                                                                               \
    if (!(condition)) [[unlikely]]                                                   \
      ::millrace::detail::assertion_failed(#condition, __FILE__, __LINE__, message); \
  } while (false)

/// On in builds without NDEBUG: for checks per record.
#ifdef NDEBUG
#define MILLRACE_DCHECK(condition, message) static_cast<void>(0)
#else
#define MILLRACE_DCHECK(condition, message) MILLRACE_ASSERT(condition, message)
#endif
