#include <millrace/topology/node.hpp>

#include <exception>

#include <millrace/base/assert.hpp>
#include <millrace/topology/task_context.hpp>

namespace millrace {

void SourceNode::process(const void*) { MILLRACE_ASSERT(false, "a source has no parent that could forward to it"); }

void TaskContext::fail_user_code(const std::string& node, ErrorCode code, std::string_view thrower) {
  std::string what = "unknown exception (not derived from std::exception)";
  try {
    throw;
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {  // NOLINT: users throw what they like
  }
  fail(Error(code, std::string(thrower) + " threw: " + what, {.node = node}));
}

}  // namespace millrace
