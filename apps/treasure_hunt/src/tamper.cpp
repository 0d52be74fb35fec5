#include "tamper.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <millrace/adapters/rocksdb/rocksdb_state.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>

#include "state.hpp"
#include "topics.hpp"

namespace hunt {

using namespace millrace;

namespace {

struct Row {
  TaskId task;
  std::string player;
  Bytes stored;
};

/// Opening a task's state needs the names of all its stores.
std::vector<std::string> persistent_stores(const Topology& topology, SubtopologyId id) {
  std::vector<std::string> names;
  for (const std::string& name : topology.subtopology(id).stores) {
    if (topology.stores().at(name).persistent) names.push_back(name);
  }
  return names;
}

Result<void> overwrite(const Streams& streams, const Row& row, BytesView value) {
  RocksDbTaskBackendFactory factory;
  const StreamsConfig& config = streams.config();
  auto directory = std::filesystem::absolute(config.state_dir) / config.application_id / to_string(row.task);
  auto backend = factory.open(directory, persistent_stores(streams.topology(), row.task.subtopology));
  if (!backend) return backend.error();
  TaskChanges changes;
  changes.stores.push_back({kLeaderboardStore, {{row.player, value}}, std::nullopt});
  return (*backend)->apply(changes);
}

}  // namespace

Result<std::optional<std::string>> tamper_with_leaderboard(Streams& streams) {
  std::vector<Row> rows;
  MILLRACE_TRY(streams.read_store(kLeaderboardStore, [&](TaskId task, BytesView key, BytesView stored) {
    rows.push_back({task, std::string(key), Bytes(stored)});
  }));
  if (rows.empty()) return std::optional<std::string>();
  const Row& row = rows[rows.size() / 2];
  auto score = SerdeFor<Score>::deserialize(value_of(row.stored));
  if (!score) return score.error();
  std::int64_t before = score->points;
  score->points += 1000;
  Bytes changed;
  Bytes json;
  SerdeFor<Score>::serialize(*score, json);
  encode_timestamped(timestamp_of(row.stored), json, changed);
  MILLRACE_TRY(overwrite(streams, row, changed));
  return std::optional(fmt::format("tamper: store {}, task {}: {} had {} points and now has {}", kLeaderboardStore,
                                   to_string(row.task), row.player, before, score->points));
}

}  // namespace hunt
