#include <millrace/topology/topology_diff.hpp>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "topology_summary.hpp"

namespace millrace {

namespace {

using Store = TopologySummary::Store;
using Repartition = TopologySummary::Repartition;

bool share(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& name) { return b.contains(name); });
}

class Differ {
 public:
  Differ(const TopologySummary& old, const TopologySummary& now) : old_(old), now_(now) {}

  TopologyDiff run() {
    for (const auto& [name, store] : old_.stores) compare_store(name, store);
    for (const auto& [name, store] : now_.stores) {
      if (!old_.stores.contains(name) && !taken_.contains(name)) say("new store", name, "");
    }
    for (const auto& [name, topic] : old_.repartitions) compare_repartition(name, topic);
    for (const auto& [name, topic] : now_.repartitions) {
      if (!old_.repartitions.contains(name) && !taken_.contains(name)) say("new topic", name, "");
    }
    compare_topics("reads", old_.sources, now_.sources);
    compare_topics("writes", old_.sinks, now_.sinks);
    compare_numbers();
    return std::move(diff_);
  }

 private:
  void say(std::string_view what, const std::string& name, const std::string& more) {
    diff_.lines.push_back(fmt::format("{:<16} {}{}{}", what, name, more.empty() ? "" : ": ", more));
  }
  void say_loss(std::string_view what, const std::string& name, const std::string& more) {
    diff_.loses = true;
    say(what, name, more);
  }

  void compare_store(const std::string& name, const Store& store) {
    auto same = now_.stores.find(name);
    if (same == now_.stores.end()) return find_store_again(name, store);
    if (same->second.types != store.types) {
      return say_loss("CHANGED store", name,
                      fmt::format("its types were {}, they are {}: what it holds is not understood; give the new store "
                                  "another name, or `reset`",
                                  store.types, same->second.types));
    }
    if (same->second.properties == store.properties) return say("kept store", name, "");
    say("kept store", name, fmt::format("it was {}, it is {}", store.properties, same->second.properties));
  }

  void find_store_again(const std::string& name, const Store& store) {
    auto renamed = find_renamed_store(store);
    if (!renamed) {
      return say_loss("ORPHANED store", name,
                      fmt::format("its state is left behind ({}); delete its changelog when it is no longer wanted",
                                  store.properties));
    }
    taken_.insert(*renamed);
    say_loss("RENAMED store", name,
             fmt::format("it is {} now, which begins empty: name it \"{}\" to keep its state", *renamed, name));
  }

  [[nodiscard]] std::optional<std::string> find_renamed_store(const Store& store) const {
    std::optional<std::string> only;
    std::size_t alike = 0;
    for (const auto& [name, candidate] : now_.stores) {
      if (old_.stores.contains(name) || taken_.contains(name) || candidate.types != store.types) continue;
      if (share(candidate.operators, store.operators)) return name;
      if (candidate.subtopology != store.subtopology) continue;
      only = name;
      ++alike;
    }
    return alike == 1 ? only : std::nullopt;
  }

  void compare_repartition(const std::string& name, const Repartition& topic) {
    if (now_.repartitions.contains(name)) return say("kept topic", name, "");
    for (const auto& [candidate, now] : now_.repartitions) {
      if (old_.repartitions.contains(candidate) || taken_.contains(candidate) || !share(now.readers, topic.readers)) {
        continue;
      }
      taken_.insert(candidate);
      return say_loss(
          "RENAMED topic", name,
          fmt::format("it is {} now: what lies in it unprocessed is not processed; keep its name, or let the "
                      "old version drain it first",
                      candidate));
    }
    say_loss("ORPHANED topic", name,
             "what lies in it unprocessed is not processed: let the old version drain it first, then delete it");
  }

  void compare_topics(std::string_view verb, const std::set<std::string>& old, const std::set<std::string>& now) {
    for (const std::string& topic : old) {
      if (!now.contains(topic)) say(fmt::format("no longer {}", verb), topic, "");
    }
    for (const std::string& topic : now) {
      if (!old.contains(topic)) say(fmt::format("newly {}", verb), topic, "");
    }
  }

  void compare_numbers() {
    for (const auto& [name, number] : old_.subtopologies) {
      auto same = now_.subtopologies.find(name);
      if (same == now_.subtopologies.end() || same->second == number) continue;
      say("renumbered", fmt::format("sub-topology {}", name),
          fmt::format("it was {}, it is {}: the local state of its tasks is restored from their changelogs", number,
                      same->second));
    }
  }

  const TopologySummary& old_;
  const TopologySummary& now_;
  std::set<std::string> taken_;  // names that an old one goes by now
  TopologyDiff diff_;
};

}  // namespace

Result<TopologyDiff> diff_topology(std::string_view old_description, const Topology& now) {
  auto old = TopologySummary::parse(old_description);
  if (!old) return old.error();
  // Read back as the old one is: what describe() does not show cannot differ.
  auto current = TopologySummary::parse(now.describe());
  if (!current) return current.error();
  return Differ(*old, *current).run();
}

}  // namespace millrace
