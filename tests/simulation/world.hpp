// World: one simulation, from a plan to its findings.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plan.hpp"

namespace millrace::simulation {

/// A defect that somebody might build in. Its parts are put between the engine and the ports, below the watch.
struct Bug {
  std::string name;
  /// In front of the log that the threads see. Null: as it is.
  std::function<std::unique_ptr<Log>(Log& log)> log{};
  /// In front of the log behind the network. Null: as it is.
  std::function<std::unique_ptr<Log>(Log& log)> server{};
  /// In front of a process's disk. Null: as it is.
  std::function<std::unique_ptr<TaskBackendFactory>(TaskBackendFactory& disk)> state{};
};

/// How often something that may happen did, by its name: a run that never came there has shown nothing about it.
using Sometimes = std::map<std::string, std::uint64_t>;

struct RunResult {
  std::vector<std::string> findings;  ///< empty: all is well
  std::uint64_t hash = 0;
  std::uint64_t picks = 0;
  std::uint64_t passages = 0;  ///< of crash points, while the world was not yet healed
  std::vector<std::string> last_lines;
  Sometimes sometimes;
};

/// Runs the plan: crashes and faults while the input comes, then everything is mended, must catch up in time, and is
/// compared with the reference. `bug` may be null.
[[nodiscard]] RunResult run(const Plan& plan, const Bug* bug = nullptr);

/// Where a simulated process may die. Not at `input/`, which is of applications, and not where the embedded log's
/// housekeeper is at work, which is not simulated: tests/crash kills there.
[[nodiscard]] std::vector<std::string_view> simulated_crash_points();

/// For a failed assertion: the findings, the plan, and the last lines of the trace.
[[nodiscard]] std::string explain(const Plan& plan, const RunResult& result);

/// What a seed's run is to be: no findings.
void expect_clean(const Plan& plan, const RunResult& result);

/// Adds up.
void add(Sometimes& to, const Sometimes& from);

}  // namespace millrace::simulation
