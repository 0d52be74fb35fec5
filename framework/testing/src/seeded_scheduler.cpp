#include <millrace/testing/seeded_scheduler.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace millrace {

namespace {
constexpr int kLaneWeight = 8;
constexpr int kTickWeight = 2;
constexpr std::int64_t kLongestTickMs = 4;
// The runner of production bounds a thread's sleep as well.
constexpr std::chrono::seconds kLongestSleep{1};
}  // namespace

SeededScheduler::SeededScheduler(std::uint64_t seed, WallTime start) : clock_(start), luck_(seed) {}

SeededScheduler::~SeededScheduler() {
  // Work may hold on to what belongs to threads' logs; threads may post at their end.
  threads_.clear();
  drop_work();
}

void SeededScheduler::note(std::string_view what) {
  auto now_ms = std::chrono::duration_cast<milliseconds>(clock_.steady_now().time_since_epoch()).count();
  trace_.add(fmt::format("{} {}", now_ms, what));
}

std::shared_ptr<SimLane> SeededScheduler::new_lane(std::string name) {
  return lanes_.emplace_back(NamedLane{std::move(name), std::make_shared<SimLane>(clock_)}).lane;
}

void SeededScheduler::drop_work() {
  for (NamedLane& lane : lanes_) lane.lane->clear();
}

SimThreadId SeededScheduler::add_thread(const std::string& name,
                                        const std::function<std::unique_ptr<StreamThread>(WakeUp)>& make) {
  SimThreadId id = next_thread_;
  next_thread_ = id.next();
  auto woken = std::make_shared<bool>(true);
  auto machine = make([woken] { *woken = true; });
  threads_[id] = Thread{name, std::move(machine), woken, clock_.steady_now(), 10};
  note("added " + name);
  return id;
}

void SeededScheduler::remove_thread(SimThreadId id) {
  auto found = threads_.find(id);
  note("removed " + found->second.name);
  // Out of the map first: what its end wakes must not find half of it.
  Thread gone = std::move(found->second);
  threads_.erase(found);
  if (stepping_ == id) stepping_.reset();
}

std::vector<SimThreadId> SeededScheduler::threads() const {
  std::vector<SimThreadId> ids;
  for (const auto& [id, thread] : threads_) ids.push_back(id);
  return ids;
}

void SeededScheduler::set_action(const std::string& name, int weight, std::function<void()> act) {
  if (weight == 0) actions_.erase(name);
  else actions_[name] = {weight, std::move(act)};
}

bool SeededScheduler::runnable(const Thread& thread) const {
  return thread.weight > 0 && !thread.machine->dead() && (*thread.woken || thread.due <= clock_.steady_now());
}

void SeededScheduler::pick() {
  ++picks_;
  struct Choice {
    std::size_t weight;
    std::function<void()> take;
  };
  std::vector<Choice> choices;
  const SteadyTime now = clock_.steady_now();
  for (auto& [id, thread] : threads_) {
    if (runnable(thread)) choices.push_back({static_cast<std::size_t>(thread.weight), [this, id = id] { step(id); }});
  }
  std::erase_if(lanes_, [](const NamedLane& lane) { return lane.lane.use_count() == 1 && lane.lane->empty(); });
  for (const NamedLane& lane : lanes_) {
    if (lane.lane->empty() || lane.lane->due() > now) continue;
    choices.push_back({kLaneWeight, [this, lane] {
                         note("runs " + lane.name);
                         lane.lane->run_one();
                       }});
  }
  const bool busy = !choices.empty();
  for (auto& [name, action] : actions_) {
    choices.push_back({static_cast<std::size_t>(action.weight), [this, name = name, act = action.act] {
                         note("does " + name);
                         act();
                       }});
  }
  // While nothing can run time goes on at once, but actions have their turn.
  choices.push_back({busy ? kTickWeight : std::size_t{10}, [this, busy] {
                       if (busy) clock_.advance(milliseconds(luck_.between(1, kLongestTickMs)));
                       else advance_to_next();
                     }});
  std::size_t total = 0;
  for (const Choice& choice : choices) total += choice.weight;
  std::size_t drawn = luck_.below(total);
  auto chosen = choices.begin();
  while (drawn >= chosen->weight) drawn -= (chosen++)->weight;
  chosen->take();
}

void SeededScheduler::step(SimThreadId id) {
  Thread& thread = threads_.at(id);
  note("steps " + thread.name);
  *thread.woken = false;
  stepping_ = id;
  thread.due = thread.machine->step();
  stepping_.reset();
}

void SeededScheduler::advance_to_next() {
  const SteadyTime now = clock_.steady_now();
  SteadyTime next = now + kLongestSleep;
  for (const auto& [id, thread] : threads_) {
    if (thread.weight > 0 && !thread.machine->dead()) next = std::min(next, thread.due);
  }
  for (const NamedLane& lane : lanes_) {
    if (!lane.lane->empty()) next = std::min(next, lane.lane->due());
  }
  clock_.advance(std::max(std::chrono::ceil<milliseconds>(next - now), milliseconds(1)));
}

}  // namespace millrace
