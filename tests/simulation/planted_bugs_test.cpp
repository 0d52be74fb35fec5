// The simulation finds what it must find.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "planted_bugs.hpp"

namespace millrace::simulation {
namespace {

constexpr std::uint64_t kMostSeeds = 200;

class PlantedBug : public ::testing::TestWithParam<std::size_t> {};

TEST_P(PlantedBug, IsFoundWithin200Seeds) {
  for (std::uint64_t seed = 1; seed <= kMostSeeds; ++seed) {
    Bug bug = planted_bugs(seed).at(GetParam());
    RunResult result = run(Plan::draw(seed), &bug);
    if (result.findings.empty()) continue;
    std::printf("%s: found by seed %llu: %s\n", bug.name.c_str(), static_cast<unsigned long long>(seed),
                result.findings.front().c_str());
    RecordProperty("seeds", static_cast<int>(seed));
    return;
  }
  FAIL() << planted_bugs(0).at(GetParam()).name << ": not found by " << kMostSeeds << " seeds";
}

std::string test_name(const ::testing::TestParamInfo<std::size_t>& info) {
  std::string name = planted_bugs(0).at(info.param).name;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Each, PlantedBug, ::testing::Range<std::size_t>(0, planted_bugs(0).size()), test_name);

}  // namespace
}  // namespace millrace::simulation
