// How a run's findings are told.
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace::simulation {

std::string explain(const Plan& plan, const RunResult& result) {
  std::string text = plan.describe() + "\n";
  for (const std::string& finding : result.findings) text += "  FOUND: " + finding + "\n";
  text += fmt::format("  after {} decisions, trace hash {:016x}; the last of it:\n", result.picks, result.hash);
  std::size_t shown = std::getenv("SIM_TRACE") != nullptr ? result.last_lines.size() : 40;
  std::size_t from = result.last_lines.size() > shown ? result.last_lines.size() - shown : 0;
  for (std::size_t i = from; i < result.last_lines.size(); ++i) text += "    " + result.last_lines[i] + "\n";
  return text;
}

void expect_clean(const Plan& plan, const RunResult& result) {
  EXPECT_TRUE(result.findings.empty()) << explain(plan, result);
}

}  // namespace millrace::simulation
