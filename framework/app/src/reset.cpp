#include "reset.hpp"

#include <filesystem>

#include <fmt/format.h>

#include <millrace/app/wait.hpp>
#include "wiring.hpp"

namespace millrace {

namespace fs = std::filesystem;

Result<std::vector<std::string>> reset_application(const Topology& topology, const StreamsConfig& config,
                                                   bool execute) {
  std::vector<std::string> lines;
  fs::path root = fs::absolute(config.state_dir) / config.application_id;
  if (!fs::exists(root)) {
    lines.push_back(fmt::format("there is no state in {}", root.string()));
    return lines;
  }
  NullLogger quiet;
  auto wiring = Wiring::open(config, &quiet);
  if (!wiring) return wiring.error();
  LogAdmin& admin = (*wiring)->log().admin();
  auto topics = wait(admin.topics());
  if (!topics) return topics.error();
  TopicCatalog catalog(*topics);
  std::vector<std::string> internal;
  for (const auto& [name, store] : topology.stores())
    internal.push_back(store.changelog().full_name(config.application_id));
  for (const RepartitionSpec& repartition : topology.repartitions())
    internal.push_back(repartition.topic.full_name(config.application_id));
  std::erase_if(internal, [&](const std::string& name) { return catalog.find(name) == nullptr; });
  for (const std::string& name : internal) lines.push_back("delete internal topic " + name);
  auto offsets = wait(admin.committed_offsets(config.application_id));
  if (!offsets) return offsets.error();
  for (const auto& [partition, committed] : *offsets) {
    lines.push_back(
        fmt::format("forget the committed offset {} of {}", committed.offset.value(), to_string(partition)));
  }
  std::vector<fs::path> task_paths;
  for (const auto& entry : fs::directory_iterator(root)) {
    bool task = entry.is_directory() && entry.path().filename() != "log";
    if (task) task_paths.push_back(entry.path());
  }
  for (const fs::path& path : task_paths) lines.push_back("delete local state " + path.string());
  if (!execute) return lines;
  // In an order in which every step may be the last one, should this process be killed: without local state, tasks are
  // restored from their changelogs; without offsets, a changelog is an error that names `reset`. Offsets without
  // changelogs would go on from there with nothing.
  for (const fs::path& path : task_paths) MILLRACE_TRY((*wiring)->backends().destroy(path));
  MILLRACE_TRY(wait(admin.delete_group(config.application_id)));
  MILLRACE_TRY(wait(admin.delete_topics(internal)));
  return lines;
}

}  // namespace millrace
