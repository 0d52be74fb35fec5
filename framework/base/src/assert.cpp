#include <millrace/base/assert.hpp>

#include <cstdio>
#include <cstdlib>

namespace millrace::detail {

void assertion_failed(const char* condition, const char* file, int line, const std::string& message) {
  std::fprintf(stderr, "%s:%d: broken invariant (%s): %s\nThis is a fault in millrace, please report it.\n", file, line,
               condition, message.c_str());
  std::abort();
}

}  // namespace millrace::detail
