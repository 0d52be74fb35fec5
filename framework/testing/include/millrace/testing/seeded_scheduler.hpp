// SeededScheduler: many threads, executors and timers in one thread of the operating system, in an order that a seed
// decides.
//
//   millrace::SeededScheduler scheduler(seed);
//   auto lane = scheduler.new_lane("log");
//   auto log = millrace::InProcessLog::open(storage, *lane);   // commits wait until they are picked
//   scheduler.add_thread("app-1", [&](millrace::WakeUp wake) { return make_stream_thread(std::move(wake)); });
//   while (!done()) scheduler.pick();
//
// Nothing of millrace below its adapters waits, sleeps or reads a clock: a stream thread is a machine that is stepped,
// a log answers through an Executor, time is a Clock. So the one who steps, runs posted work and moves the clock
// decides everything that threads and a network would leave to chance, and the same seed gives the same run, to the
// last byte of the trace. SimulatedApplication puts whole applications on it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/base/executor.hpp>
#include <millrace/log/log.hpp>
#include <millrace/runtime/stream_thread.hpp>
#include <millrace/testing/event_trace.hpp>
#include <millrace/testing/manual_clock.hpp>
#include <millrace/testing/seeded_random.hpp>

namespace millrace {

/// Number of a thread in its scheduler; never used twice.
using SimThreadId = Strong<std::uint32_t, struct SimThreadIdTag>;

/// Work that runs when the scheduler picks it; what was posted to one lane runs in the order of posting. Use one for
/// each thing that works for itself: a log's sequencer, a connection.
class SimLane final : public Executor {
 public:
  explicit SimLane(const ManualClock& clock) : clock_(clock) {}  ///< Borrows the clock.

  void post(std::function<void()> work) override { post_after(milliseconds(0), std::move(work)); }
  /// Not before so much time has passed.
  void post_after(milliseconds delay, std::function<void()> work) {
    work_.push_back({clock_.steady_now() + delay, std::move(work)});
  }

  [[nodiscard]] bool empty() const { return work_.empty(); }  ///< True if there is no work.
  /// When the first of the work may run. REQUIRES: !empty().
  [[nodiscard]] SteadyTime due() const { return work_.front().due; }
  /// Runs the first of the work, due or not. REQUIRES: !empty().
  void run_one() {
    auto work = std::move(work_.front().run);
    work_.pop_front();
    work();
  }
  /// Drops all work, as the death of its process does.
  void clear() { work_.clear(); }

 private:
  struct Work {
    SteadyTime due;
    std::function<void()> run;
  };
  const ManualClock& clock_;
  std::deque<Work> work_;
};

/// Runs everything in one thread, in an order that a seed decides.
class SeededScheduler {
 public:
  /// `start` is the wall clock at the beginning.
  explicit SeededScheduler(std::uint64_t seed, WallTime start = {});
  ~SeededScheduler();
  SeededScheduler(const SeededScheduler&) = delete;
  SeededScheduler& operator=(const SeededScheduler&) = delete;

  [[nodiscard]] ManualClock& clock() { return clock_; }  ///< Moves only when nothing else can be done.
  /// All luck of the simulation comes from here.
  [[nodiscard]] SeededRandom& luck() { return luck_; }
  [[nodiscard]] EventTrace& trace() { return trace_; }  ///< What happened, step by step.
  /// Notes what happened, with the time.
  void note(std::string_view what);

  /// A lane of its own. The scheduler lets go of it once nobody else holds it and its work is done.
  [[nodiscard]] std::shared_ptr<SimLane> new_lane(std::string name);
  /// Drops the work of all lanes.
  void drop_work();

  /// Makes a thread that is stepped from now on. Between its steps it sleeps as a thread of production does: until the
  /// time that step() returned, or a wake-up.
  SimThreadId add_thread(const std::string& name, const std::function<std::unique_ptr<StreamThread>(WakeUp)>& make);
  /// Destroys the thread as it is, without a step: what a crash leaves of it. Later wake-ups are ignored.
  void remove_thread(SimThreadId id);
  /// REQUIRES: it was added and not removed.
  [[nodiscard]] StreamThread& thread(SimThreadId id) { return *threads_.at(id).machine; }
  /// How often it is picked against others while there is something to do; 10 at first, 0 stops it (a paused process).
  void set_weight(SimThreadId id, int weight) { threads_.at(id).weight = weight; }
  /// Asks for a step soon, as every request to a thread does in production.
  void wake(SimThreadId id) { *threads_.at(id).woken = true; }
  /// All threads, in the order of their adding.
  [[nodiscard]] std::vector<SimThreadId> threads() const;
  /// The thread that the step under way belongs to; nullopt outside of steps. Stays set if the step threw.
  [[nodiscard]] std::optional<SimThreadId> stepping() const { return stepping_; }

  /// Something else that may be picked, `weight` times against a thread's 10. It does its own part, or nothing if there
  /// is nothing to do at the moment; it may add and remove threads. Replaces one of the same name; weight 0 takes it
  /// out.
  void set_action(const std::string& name, int weight, std::function<void()> act);

  /// One decision: a thread's step, one piece of posted work, an action, or the clock. What it throws comes through.
  void pick();
  /// Decisions so far.
  [[nodiscard]] std::uint64_t picks() const { return picks_; }

 private:
  struct Thread {
    std::string name;
    std::unique_ptr<StreamThread> machine;
    std::shared_ptr<bool> woken;
    SteadyTime due{};
    int weight = 10;
  };
  struct NamedLane {
    std::string name;
    std::shared_ptr<SimLane> lane;
  };
  struct Action {
    int weight = 0;
    std::function<void()> act;
  };
  void step(SimThreadId id);
  /// To the next time that anything waits for.
  void advance_to_next();
  [[nodiscard]] bool runnable(const Thread& thread) const;

  ManualClock clock_;
  SeededRandom luck_;
  EventTrace trace_;
  // Ordered by age, number and name: what is picked must not depend on addresses.
  std::vector<NamedLane> lanes_;
  std::map<SimThreadId, Thread> threads_;
  std::map<std::string, Action> actions_;
  SimThreadId next_thread_{1};
  std::optional<SimThreadId> stepping_;
  std::uint64_t picks_ = 0;
};

}  // namespace millrace
