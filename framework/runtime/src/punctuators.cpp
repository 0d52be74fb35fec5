#include <millrace/runtime/punctuators.hpp>

#include <algorithm>

namespace millrace {

void PunctuationSchedule::add(PunctuatorId id, std::string node, Timestamp first, milliseconds interval,
                              Punctuator punctuator) {
  entries_[id] = {std::move(node), first, interval, std::move(punctuator)};
  next_ = std::min(next_, first);
}

void PunctuationSchedule::cancel(PunctuatorId id) {
  if (entries_.erase(id) > 0) find_next();
}

void PunctuationSchedule::clear() {
  entries_.clear();
  find_next();
}

void PunctuationSchedule::find_next() {
  next_ = Timestamp::max();
  for (const auto& [id, entry] : entries_) next_ = std::min(next_, entry.next);
}

std::vector<PunctuationSchedule::Due> PunctuationSchedule::take_due(Timestamp time) {
  std::vector<std::pair<Timestamp, Due>> due;
  for (auto& [id, entry] : entries_) {
    if (entry.next > time) continue;
    due.emplace_back(entry.next, Due{id, entry.node, entry.punctuator});
    // The first multiple of the interval, counted from the missed time, that lies after now.
    auto missed = (time - entry.next) / entry.interval;
    entry.next += (missed + 1) * entry.interval;
  }
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  find_next();
  std::vector<Due> calls;
  for (auto& [at, call] : due) calls.push_back(std::move(call));
  return calls;
}

}  // namespace millrace
