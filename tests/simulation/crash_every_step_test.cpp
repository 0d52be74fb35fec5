// One crash at each place there is: each decision of a run, and each passage of a crash point within its steps.
#include <gtest/gtest.h>

#include "cases.hpp"
#include "world.hpp"

namespace millrace::simulation {
namespace {

/// Crashes the run of a calm seed everywhere, or at each `stride`-th place. Returns how many crashes there were.
std::uint64_t crash_everywhere(std::uint64_t seed, std::uint64_t stride) {
  Plan plan = Plan::calm(seed);
  RunResult calm = run(plan);
  expect_clean(plan, calm);
  std::uint64_t crashes = 0;
  auto clean = [&] {
    RunResult result = run(plan);
    expect_clean(plan, result);
    ++crashes;
    return result.findings.empty();
  };
  for (std::uint64_t place = 1 + seed % stride; place <= calm.passages; place += stride) {
    plan.crash_at_passage = place;
    if (!clean()) return crashes;
  }
  plan.crash_at_passage.reset();
  // What comes after the input was processed is waiting only.
  for (std::uint64_t place = 1 + seed % stride; place <= std::min<std::uint64_t>(calm.picks, 600); place += stride) {
    plan.crash_at_pick = place;
    if (!clean()) return crashes;
  }
  return crashes;
}

TEST(CrashAtEveryStep, LosesAndDoublesNothing) {
  std::uint64_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= 12 && !HasFailure(); ++seed) crashes += crash_everywhere(seed, 29);
  std::printf("%llu crashes\n", static_cast<unsigned long long>(crashes));
}

TEST(FullCrashAtEveryStep, LosesAndDoublesNothing) {
  std::uint64_t crashes = 0;
  // Enough of them for each topology, in one process and in two.
  for (std::uint64_t seed = 1; seed <= 24 && !HasFailure(); ++seed) crashes += crash_everywhere(seed, 1);
  std::printf("%llu crashes\n", static_cast<unsigned long long>(crashes));
  EXPECT_GT(crashes, 5000U);
}

}  // namespace
}  // namespace millrace::simulation
