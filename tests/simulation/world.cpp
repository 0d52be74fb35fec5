#include "world.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/crash_point.hpp>
#include "cases.hpp"
#include "faulty_state.hpp"
#include "watch.hpp"

namespace millrace::simulation {

namespace {

constexpr std::uint64_t kMostChaosPicks = 30'000;
constexpr std::size_t kMostFindings = 8;

/// Thrown where a process is to die.
struct SimulatedCrash {
  std::string point;
};

class World {
 public:
  World(const Plan& plan, const Bug* bug)
      : plan_(plan),
        bug_(bug),
        case_(cases()[plan.case_index]),
        watch_([this](std::string finding) { note(std::move(finding)); }),
        input_luck_(plan.seed ^ 0x1a9a7U),
        app_(case_.topology(), options()) {
    for (int process : app_.processes()) {
      app_.disk(process).on_change([this, process](const std::string& directory) {
        watch_.check_state(app_.topology(), process, app_.disk(process), directory);
      });
    }
    detail::set_crash_hook([this](std::string_view point) { passes(point); });
  }
  ~World() { detail::set_crash_hook(nullptr); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  RunResult run() {
    chaos();
    heal();
    if (findings_.empty()) check();
    RunResult result;
    result.findings = findings_;
    result.hash = app_.scheduler().trace().hash();
    result.picks = app_.scheduler().picks();
    result.passages = passages_;
    result.last_lines = app_.scheduler().trace().last();
    count_network();
    result.sometimes = sometimes_;
    return result;
  }

 private:
  SimulationOptions options() {
    SimulationOptions options = plan_.options;
    options.wrap_storage = [this](BatchStorage& storage) { return watch_.over(storage); };
    options.wrap_log = [this](Log& network) {
      return watch_.over(bug_ != nullptr && bug_->log ? bug_->log(network) : std::make_unique<ForwardingLog>(network));
    };
    if (bug_ != nullptr && bug_->server) options.wrap_server = bug_->server;
    if (bug_ != nullptr && bug_->state)
      options.wrap_state = [this](int, DurableMemoryState& disk) { return bug_->state(disk); };
    else if (plan_.state_corrupted > 0 || plan_.state_full > 0)
      options.wrap_state = [this](int, DurableMemoryState& disk) {
        return std::make_unique<FaultyState>(
            disk, [this] { return state_is_corrupted(); }, [this] { return state_is_full(); });
      };
    return options;
  }

  void note(std::string finding) {
    if (findings_.size() < kMostFindings) findings_.push_back(std::move(finding));
  }
  SeededRandom& luck() { return app_.scheduler().luck(); }

  bool state_is_corrupted() {
    if (healed_ || plan_.state_corrupted == 0 || !luck().chance(plan_.state_corrupted)) return false;
    ++sometimes_["read corrupted state"];
    return true;
  }

  bool state_is_full() {
    if (healed_ || plan_.state_full == 0 || !luck().chance(plan_.state_full)) return false;
    ++sometimes_["found no space for state"];
    return true;
  }

  // --- crashes within a step ---

  void passes(std::string_view point) {
    if (healed_) return;
    ++passages_;
    ++sometimes_["passed " + std::string(point)];
    if (point == "commit/frozen") committing_ = app_.scheduler().stepping();
    if (point == "commit/acknowledged") committing_.reset();
    if (point == "process/after-record" && committing_ && committing_ == app_.scheduler().stepping())
      ++sometimes_["processed while a commit was in flight"];
    bool here = passages_ == plan_.crash_at_passage || (point == armed_point_ && armed_ > 0 && --armed_ == 0);
    // A log that is a server does not die with its clients; the input is written between two steps.
    bool of_the_log = point.starts_with("log/") || point.starts_with("purge/");
    if (!here || writing_input_ || (of_the_log && plan_.options.processes > 1)) return;
    ++sometimes_["crashed at " + std::string(point)];
    app_.scheduler().note("dies at " + std::string(point));
    throw SimulatedCrash{std::string(point)};
  }

  void pick() {
    if (app_.scheduler().picks() + 1 == plan_.crash_at_pick) crash_anything();
    try {
      app_.pick();
    } catch (const SimulatedCrash&) {
      auto thread = app_.scheduler().stepping();
      if (!thread) crash_process(1);
      else if (plan_.options.processes == 1 && luck().chance(500)) crash_process(app_.process_of(*thread));
      else app_.crash_thread(*thread);
      if (luck().chance(300)) app_.start_missing_threads();
    }
  }

  // --- what may happen ---

  void chaos() {
    SeededScheduler& scheduler = app_.scheduler();
    scheduler.set_action("feed", plan_.feed, [this] { feed(); });
    scheduler.set_action("commit", plan_.commit, [this] { app_.request_commit(any_thread()); });
    scheduler.set_action("stop", plan_.stop, [this] {
      if (!spend_crash()) return;
      ++sometimes_["stopped a thread"];
      stopping_.push_back(any_thread());
      app_.stop_thread(stopping_.back());
    });
    scheduler.set_action("crash of a thread", plan_.crash_thread, [this] {
      if (!spend_crash()) return;
      ++sometimes_["crashed a thread"];
      app_.crash_thread(any_thread());
    });
    scheduler.set_action("crash of a process", plan_.crash_process, [this] {
      if (spend_crash()) crash_process(app_.process_of(any_thread()));
    });
    scheduler.set_action("crash within a step", plan_.crash_inside, [this] { arm(); });
    scheduler.set_action("expire", plan_.expire, [this] { expire(); });
    scheduler.set_action("pause", plan_.pause, [this] {
      scheduler_weight(luck().chance(500) ? 0 : static_cast<int>(luck().between(1, 20)));
    });
    scheduler.set_action("clock", plan_.set_wall_clock, [this] {
      ++sometimes_["set the wall clock"];
      auto day_ms = std::chrono::milliseconds(std::chrono::hours(24)).count();
      ManualClock& clock = app_.scheduler().clock();
      clock.set_wall(clock.wall_now() + milliseconds(luck().between(-day_ms, day_ms)));
    });
    scheduler.set_action("start", 1, [this] { start(); });
    while ((fed_ < plan_.records || app_.scheduler().picks() < plan_.crash_at_pick.value_or(0)) &&
           scheduler.picks() < kMostChaosPicks && findings_.empty()) {
      pick();
    }
    // The last of the input is to meet with crashes too.
    for (int i = 0; i < 150 && findings_.empty(); ++i) pick();
  }

  SimThreadId any_thread() {
    if (app_.threads().empty()) start();
    auto threads = app_.threads();
    return threads[luck().below(threads.size())];
  }
  /// Chooses a crash point and how often it is passed before; those that are passed seldom come up as often as others.
  void arm() {
    if (inside_ >= plan_.most_crashes) return;
    if (armed_ == 0) ++inside_;
    const auto names = simulated_crash_points();
    armed_point_ = names[luck().below(names.size())];
    const bool rare = armed_point_.starts_with("purge/");
    armed_ = luck().between(1, armed_point_.starts_with("process/") ? 20 : rare ? 1 : 3);
  }
  bool spend_crash() { return crashes_ < plan_.most_crashes && ++crashes_ > 0; }

  void feed() {
    if (fed_ >= plan_.records) return;
    InputRecord record = case_.make(input_luck_, fed_++);
    writing_input_ = true;
    app_.write(record.topic, OptionalBytesView(record.key), OptionalBytesView(record.value), record.timestamp);
    writing_input_ = false;
  }
  void crash_process(int process) {
    ++sometimes_["crashed a process"];
    bool power = luck().chance(plan_.power_cut);
    if (power) ++sometimes_["cut the power"];
    app_.crash_process(process, power ? luck().below(4) + 1 : 0);
    if (plan_.options.processes == 1) {
      committing_.reset();
      watch_.group_is_gone();
    }
    if (power) check_disks();
    if (luck().chance(500)) app_.start_missing_threads();
  }
  void crash_anything() {
    if (plan_.crash_at_pick.value_or(0) % 2 == 0) return crash_process(app_.process_of(any_thread()));
    ++sometimes_["crashed a thread"];
    app_.crash_thread(any_thread());
  }
  void expire() {
    auto members = app_.network().members();
    if (members.empty() || !spend_crash()) return;
    ++sometimes_["expired a member"];
    const std::string& client = members[luck().below(members.size())];
    watch_.expired(client);
    app_.network().expire(client, milliseconds(luck().between(0, 400)));
  }
  void scheduler_weight(int weight) {
    auto thread = any_thread();
    if (weight == 0) ++sometimes_["paused a thread"];
    app_.scheduler().set_weight(thread, weight);
  }
  void start() {
    look_for_failures();
    app_.start_missing_threads();
  }
  /// Nothing that is simulated is a reason for a thread to die of an error.
  void look_for_failures() {
    if (auto failure = app_.failure()) note("a thread died: " + failure->to_string());
  }

  // --- the end ---

  void heal() {
    healed_ = true;
    armed_ = 0;
    SeededScheduler& scheduler = app_.scheduler();
    scheduler.note("heals");
    for (const char* action : {"commit", "stop", "crash of a thread", "crash of a process", "crash within a step",
                               "expire", "pause", "clock", "start", "feed"}) {
      scheduler.set_action(action, 0, nullptr);
    }
    while (fed_ < plan_.records) feed();
    app_.network().set_faults({});
    look_for_failures();
    if (!findings_.empty()) return;
    for (SimThreadId thread : app_.threads()) scheduler.set_weight(thread, 10);
    // Threads that were asked to stop end first: else they would be missing again.
    for (int i = 0; i < 20'000 && any_stopping(); ++i) pick();
    look_for_failures();
    app_.start_missing_threads();
    if (!app_.run_until_caught_up(100'000, std::chrono::seconds(60))) {
      look_for_failures();
      note("it does not catch up within a minute after everything was mended");
    }
  }

  bool any_stopping() {
    auto threads = app_.threads();
    return std::any_of(stopping_.begin(), stopping_.end(), [&](SimThreadId id) {
      return std::find(threads.begin(), threads.end(), id) != threads.end() && !app_.scheduler().thread(id).dead();
    });
  }

  void check_disks() {
    for (int process : app_.processes()) {
      for (const std::string& directory : app_.disk(process).directories())
        watch_.check_state(app_.topology(), process, app_.disk(process), directory);
    }
  }

  void check() {
    check_disks();
    watch_.check_running_stores(app_);
    Outcome outcome(app_, plan_.at_least_once());
    case_.check(outcome);
    for (const std::string& finding : outcome.findings()) note(finding);
  }

  void count_network() {
    const SimLogCounts& counts = app_.network().counts();
    sometimes_["commit aborted"] += counts.aborted;
    sometimes_["commit unknown, but written"] += counts.unknown_written;
    sometimes_["commit unknown, and lost"] += counts.unknown_lost;
    sometimes_["commit of a zombie refused"] += counts.refused;
    sometimes_["commit arrived after its sender's death"] += counts.arrived_late;
    sometimes_["log unavailable"] += counts.unavailable;
    sometimes_["session ended"] += counts.expired;
    sometimes_["member heard that it had expired"] += counts.told_lost;
    sometimes_["task moved"] += watch_.moved_tasks();
    sometimes_["state looked at"] += watch_.checked_states();
  }

  const Plan& plan_;
  const Bug* bug_;
  const Case& case_;
  std::vector<std::string> findings_;
  Sometimes sometimes_;
  Watch watch_;
  SeededRandom input_luck_;
  int fed_ = 0;
  int crashes_ = 0;
  int inside_ = 0;
  std::string_view armed_point_;
  std::int64_t armed_ = 0;
  std::uint64_t passages_ = 0;
  std::optional<SimThreadId> committing_;
  std::vector<SimThreadId> stopping_;
  bool writing_input_ = false;
  bool healed_ = false;
  SimulatedApplication app_;
};

}  // namespace

RunResult run(const Plan& plan, const Bug* bug) { return World(plan, bug).run(); }

std::vector<std::string_view> simulated_crash_points() {
  std::vector<std::string_view> points = detail::crash_point_names();
  std::erase_if(points, [](std::string_view point) {
    return point.starts_with("input/") || point.starts_with("clean/") || point == "purge/after-trim";
  });
  return points;
}

void add(Sometimes& to, const Sometimes& from) {
  for (const auto& [name, count] : from) to[name] += count;
}

}  // namespace millrace::simulation
