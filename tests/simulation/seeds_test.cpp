// Random seeds: what may go wrong does, at any moment; afterwards the output is that of the reference.
#include <cstdlib>

#include <gtest/gtest.h>

#include "world.hpp"

namespace millrace::simulation {
namespace {

std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::stoull(text);
}

/// Runs the seeds [first, first + count), each fourth of them twice.
Sometimes run_seeds(std::uint64_t first, std::uint64_t count) {
  Sometimes sometimes;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = first; seed < first + count && failed < 3; ++seed) {
    Plan plan = Plan::draw(seed);
    RunResult result = run(plan);
    expect_clean(plan, result);
    failed += result.findings.empty() ? 0 : 1;
    add(sometimes, result.sometimes);
    if (seed % 4 != 0) continue;
    EXPECT_EQ(run(plan).hash, result.hash) << "not the same twice: " << plan.describe();
  }
  for (const auto& [name, times] : sometimes)
    std::printf("  %10llu  %s\n", static_cast<unsigned long long>(times), name.c_str());
  return sometimes;
}

/// What must have happened in a run of many seeds.
const std::vector<std::string> kRare = {
    "passed restore/batch-applied",
    "passed shutdown/before-commit",
    "crashed at commit/frozen",
    "crashed at log/before-write",
    "crashed at log/after-write",
    "crashed at commit/acknowledged",
    "crashed at state/before-apply",
    "crashed at state/after-apply",
    "crashed a process",
    "crashed a thread",
    "cut the power",
    "expired a member",
    "paused a thread",
    "stopped a thread",
    "commit aborted",
    "commit unknown, but written",
    "commit unknown, and lost",
    "commit of a zombie refused",
    "commit arrived after its sender's death",
    "processed while a commit was in flight",
    "log unavailable",
    "member heard that it had expired",
    "read corrupted state",
    "found no space for state",
    "set the wall clock",
    "session ended",
    "task moved",
    "state looked at",
};

void expect_rare(const Sometimes& sometimes, std::uint64_t times) {
  for (const std::string& name : kRare) {
    auto found = sometimes.find(name);
    EXPECT_GE(found == sometimes.end() ? 0 : found->second, times) << "hardly ever: " << name;
  }
}

/// SIM_SEED=n runs one seed alone, with SIM_CRASH_AT_PICK or SIM_CRASH_AT_PASSAGE as calm seeds are.
TEST(OneSeed, OfTheEnvironment) {
  auto seed = number_from_environment("SIM_SEED");
  if (!seed) GTEST_SKIP() << "SIM_SEED is not set";
  auto at_pick = number_from_environment("SIM_CRASH_AT_PICK");
  auto at_passage = number_from_environment("SIM_CRASH_AT_PASSAGE");
  Plan plan = at_pick || at_passage ? Plan::calm(*seed) : Plan::draw(*seed);
  plan.crash_at_pick = at_pick;
  plan.crash_at_passage = at_passage;
  RunResult result = run(plan);
  std::printf("%s", explain(plan, result).c_str());
  EXPECT_EQ(run(plan).hash, result.hash) << "not the same twice";
  EXPECT_TRUE(result.findings.empty());
}

/// SIM_FIRST_SEED and SIM_SEEDS choose others.
TEST(Seeds, EndAsTheReferenceDoes) {
  std::uint64_t count = number_from_environment("SIM_SEEDS").value_or(300);
  Sometimes sometimes = run_seeds(number_from_environment("SIM_FIRST_SEED").value_or(1), count);
  if (count >= 300) expect_rare(sometimes, 1);
}

TEST(FullSeeds, EndAsTheReferenceDoes) {
  std::uint64_t count = number_from_environment("SIM_SEEDS").value_or(8000);
  Sometimes sometimes = run_seeds(number_from_environment("SIM_FIRST_SEED").value_or(1), count);
  if (count < 2000) return;
  expect_rare(sometimes, 20);
  for (std::string_view point : simulated_crash_points()) {
    // Only topologies with a repartition topic are purged, and only the log of a single process dies with it.
    const std::uint64_t times = point.starts_with("purge/") ? 4 : 10;
    EXPECT_GE(sometimes["crashed at " + std::string(point)], times) << point;
  }
}

}  // namespace
}  // namespace millrace::simulation
