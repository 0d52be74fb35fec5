#include "demo.hpp"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include <fmt/format.h>

#include <millrace/app/signals.hpp>
#include <millrace/base/crash_point.hpp>

#include "audit.hpp"
#include "demo_options.hpp"
#include "game.hpp"
#include "run_evidence.hpp"
#include "tamper.hpp"
#include "temporary_folder.hpp"
#include "topology.hpp"

namespace hunt {

namespace {

using namespace millrace;

constexpr int kFailed = 1;
constexpr int kMisused = 2;
constexpr std::size_t kMaxDifferencesShown = 100;

int fail(const Error& error) {
  std::fprintf(stderr, "treasure_hunt: %s\n", error.to_string().c_str());
  return kFailed;
}

int list_crash_points() {
#ifdef MILLRACE_CRASH_POINTS
  for (std::string_view name : millrace::detail::crash_point_names()) std::printf("%s\n", std::string(name).c_str());
  return 0;
#else
  std::fprintf(stderr, "treasure_hunt: this build has no crash points; the test build of it has\n");
  return kMisused;
#endif
}

int print_report(const AuditReport& report) {
  for (std::size_t i = 0; i < std::min(report.differences.size(), kMaxDifferencesShown); ++i) {
    std::printf("audit: %s\n", report.differences[i].c_str());
  }
  if (report.differences.size() > kMaxDifferencesShown) {
    std::printf("audit: and %zu more\n", report.differences.size() - kMaxDifferencesShown);
  }
  std::printf("%s\n", report.last_line().c_str());
  if (std::fflush(stdout) != 0)
    return fail(Error(ErrorCode::OutputFailed, "the audit's result could not be written to standard output"));
  return report.ok() ? 0 : kFailed;
}

struct Ending {
  int exit_code = kFailed;
  bool worth_keeping = false;  ///< what lies in the state directory tells why it failed
};

/// REQUIRES: `streams` has closed after it was drained.
Ending tamper_and_audit(Streams& streams, const DemoOptions& options, const HuntBookPtr& book) {
  if (options.tamper) {
    auto done = tamper_with_leaderboard(streams);
    if (!done) return {fail(done.error()), true};
    std::printf("%s\n", done->value_or("tamper: nobody has played yet, so nothing was changed").c_str());
    if (!*done) return {};
  }
  RunEvidence evidence(streams);
  auto report = audit(evidence, book);
  if (!report) return {fail(report.error()), true};
  int exit_code = print_report(*report);
  return {exit_code, !report->ok() && !options.tamper};
}

/// Forgets the run's folder, if it has one of its own, unless somebody may want to look into it.
void clean_up(TemporaryFolder& folder, const Ending& ending) {
  if (folder.path().empty()) return;
  if (ending.worth_keeping) {
    std::fprintf(stderr, "treasure_hunt: log and state are kept in %s\n", folder.path().c_str());
    folder.keep();
  } else {
    folder.remove();
  }
}

Ending play_and_audit(const DemoOptions& options, const StopSignals& signals, TemporaryFolder& folder) {
  HuntBookPtr book = make_hunt_book({});
  Streams streams(treasure_hunt_topology(book), options.config);
  if (auto started = streams.start(); !started) return {fail(started.error())};
  auto game = Game::begin(streams, signals, options, book);
  if (!game) return {fail(game.error()), streams.failure().has_value()};
  auto played = (*game)->play();
  bool ended = streams.close(options.config.shutdown_timeout);
  Ending ending;
  if (!played) ending = {fail(played.error()), streams.failure().has_value()};
  else if (!ended) std::fprintf(stderr, "treasure_hunt: the engine did not end in time; no audit\n");
  else ending = tamper_and_audit(streams, options, book);
  if (ended && (*game)->can_be_left()) return ending;
  // A thread that does not end, or reads from a terminal, holds what the destructors want: leave without them.
  clean_up(folder, ending);
  std::fflush(nullptr);
  ::_exit(ending.exit_code);
}

}  // namespace

int demo(int argc, char** argv) {
  int exit_code = 0;
  auto options = parse_demo_options(argc, argv, exit_code);
  if (!options) return exit_code;
  if (options->list_crash_points) return list_crash_points();
  StopSignals signals;
  TemporaryFolder fresh;
  if (options->config.state_dir.empty()) {
    if (!fresh.make()) {
      return fail(
          Error(ErrorCode::StateDirectoryUnusable, "no temporary folder can be made; set TMPDIR, or use --state-dir"));
    }
    options->config.state_dir = fresh.path();
  }
  Ending ending = play_and_audit(*options, signals, fresh);
  clean_up(fresh, ending);
  return ending.exit_code;
}

}  // namespace hunt
