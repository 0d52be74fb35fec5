#include "watch.hpp"

#include <charconv>

#include <fmt/format.h>

#include <millrace/runtime/offset_metadata.hpp>
#include <millrace/runtime/topic_catalog.hpp>
#include <millrace/state/buffered_key_value_bytes_store.hpp>

namespace millrace::simulation {

class WatchedStorage final : public BatchStorage {
 public:
  WatchedStorage(Watch& watch, BatchStorage& behind) : watch_(watch), behind_(behind) {}
  Result<StoredLog> load() override { return behind_.load(); }
  Result<void> write(const StorageWrite& write) override {
    auto written = behind_.write(write);
    if (written) watch_.written(write);
    return written;
  }
  Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) override { return behind_.read_batch(key); }
  Result<std::vector<BatchPlace>> list(const BatchKey& from, std::size_t most) override {
    return behind_.list(from, most);
  }

 private:
  Watch& watch_;
  BatchStorage& behind_;
};

class WatchedMembership final : public ForwardingMembership {
 public:
  WatchedMembership(Watch& watch, std::unique_ptr<LogMembership> behind, std::string client)
      : ForwardingMembership(std::move(behind)),
        watch_(watch),
        client_(std::move(client)),
        number_(watch.next_member_++) {}
  ~WatchedMembership() override { watch_.gone(number_); }

  std::vector<MembershipEvent> poll() override {
    auto events = ForwardingMembership::poll();
    for (const MembershipEvent& event : events) {
      switch (event.kind) {
        case MembershipEvent::Kind::Assigned:
          for (const TaskId& task : event.tasks) watch_.take(task, client_, number_);
          break;
        case MembershipEvent::Kind::Revoked: revoked_[event.id] = event.tasks; break;
        case MembershipEvent::Kind::Lost:
          for (const TaskId& task : event.tasks) watch_.let_go(task, number_);
          break;
      }
    }
    return events;
  }
  void acknowledge(std::uint64_t event_id) override {
    for (const TaskId& task : revoked_[event_id]) watch_.let_go(task, number_);
    revoked_.erase(event_id);
    ForwardingMembership::acknowledge(event_id);
  }
  void leave() override {
    watch_.gone(number_);
    ForwardingMembership::leave();
  }

 private:
  Watch& watch_;
  const std::string client_;
  const std::uint64_t number_;
  std::map<std::uint64_t, std::vector<TaskId>> revoked_;
};

class WatchedLog final : public ForwardingLog {
 public:
  WatchedLog(Watch& watch, std::unique_ptr<Log> behind)
      : ForwardingLog(*behind), watch_(watch), owned_(std::move(behind)) {}
  std::unique_ptr<LogMembership> join_group(MembershipOptions options) override {
    std::string client = options.client_id;
    return std::make_unique<WatchedMembership>(watch_, behind_.join_group(std::move(options)), client);
  }

 private:
  Watch& watch_;
  std::unique_ptr<Log> owned_;
};

std::unique_ptr<BatchStorage> Watch::over(BatchStorage& storage) {
  return std::make_unique<WatchedStorage>(*this, storage);
}
std::unique_ptr<Log> Watch::over(std::unique_ptr<Log> log) {
  return std::make_unique<WatchedLog>(*this, std::move(log));
}

void Watch::written(const StorageWrite& write) {
  for (const StorageWrite::Topic& topic : write.created_topics) topics_[topic.number] = topic.info.name;
  for (const StorageWrite::Batch& batch : write.batches) {
    std::vector<RecordView> views;
    if (!decode_batch(batch.bytes, batch.key.base, batch.key.base, views)) note_("a batch that does not decode");
    auto& records = records_[{topics_[batch.key.topic], batch.key.partition}];
    if (batch.key.base.value() != static_cast<std::int64_t>(records.size())) note_("a hole in a partition");
    for (const RecordView& view : views) {
      Change& change = records.emplace_back();
      if (view.key) change.key = Bytes(*view.key);
      if (view.value) change.value = Bytes(*view.value);
      change.timestamp = view.timestamp;
    }
  }
  for (const StorageWrite::GroupOffset& offset : write.offsets) check_offset(offset);
}

void Watch::check_offset(const StorageWrite::GroupOffset& offset) {
  auto [known, first] = committed_.try_emplace(offset.partition, offset.committed.offset);
  if (offset.committed.offset < known->second) {
    note_(fmt::format("the committed offset of {} goes back from {} to {}", to_string(offset.partition),
                      known->second.value(), offset.committed.offset.value()));
  }
  known->second = offset.committed.offset;
  if (offset.committed.offset.value() > static_cast<std::int64_t>(records_[offset.partition].size()))
    note_(fmt::format("the committed offset of {} is beyond its end", to_string(offset.partition)));
  auto metadata = OffsetMetadata::decode(offset.committed.metadata);
  if (metadata.writer_id == "start") return;  // of a task that is only being taken up
  for (const auto& [task, owner] : owners_) {
    if (to_string(task) != metadata.task) continue;
    if (owner.client != metadata.writer_id)
      note_(fmt::format("{} commits for task {}, which {} has", metadata.writer_id, metadata.task, owner.client));
    return;
  }
  note_(fmt::format("{} commits for task {}, which nobody has", metadata.writer_id, metadata.task));
}

void Watch::take(const TaskId& task, const std::string& client, std::uint64_t member) {
  auto [owner, free] = owners_.try_emplace(task, Owner{client, member, false});
  if (!free && !owner->second.gone && owner->second.member != member)
    note_(fmt::format("task {} is given to {} while {} has it", to_string(task), client, owner->second.client));
  owner->second = {client, member, false};
  auto [last, first] = last_owner_.try_emplace(task, client);
  if (last->second != client) ++moved_;
  last->second = client;
}

void Watch::let_go(const TaskId& task, std::uint64_t member) {
  auto owner = owners_.find(task);
  if (owner != owners_.end() && owner->second.member == member) owners_.erase(owner);
}

void Watch::gone(std::uint64_t member) {
  for (auto& [task, owner] : owners_) {
    if (owner.member == member) owner.gone = true;
  }
}

void Watch::expired(const std::string& client) {
  for (auto& [task, owner] : owners_) {
    if (owner.client == client) owner.gone = true;
  }
}

void Watch::apply(Entries& entries, const Change& change, bool timestamped) {
  if (!change.key) return;
  if (!change.value) {
    entries.erase(*change.key);
    return;
  }
  Bytes value;
  if (timestamped) encode_timestamped(change.timestamp, *change.value, value);
  else value = *change.value;
  entries.insert_or_assign(*change.key, std::move(value));
}

namespace {
/// The partition of the task that has this directory: "0_3" is 3.
Partition partition_of(const std::string& directory) {
  std::int32_t number = 0;
  std::from_chars(directory.data() + directory.find('_') + 1, directory.data() + directory.size(), number);
  return Partition(number);
}
}  // namespace

void Watch::check_state(const Topology& topology, int process, const DurableMemoryState& disk,
                        const std::string& directory) {
  ++checked_;
  for (const auto& [name, store] : disk.contents(directory)) {
    const StoreSpec& spec = topology.stores().at(name);
    if (!spec.logged) continue;
    const auto& changes = records_[{spec.changelog().full_name("sim"), partition_of(directory)}];
    std::string where = fmt::format("process {}, task {}, store {}", process, directory, name);
    if (store.stamp.next.value() > static_cast<std::int64_t>(changes.size())) {
      note_(where + ": the stamp is beyond the end of the changelog");
      continue;
    }
    Fold& fold = folds_[where];
    if (store.stamp.next.value() < fold.next) fold = {};  // wiped, or the power went
    for (; fold.next < store.stamp.next.value(); ++fold.next)
      apply(fold.entries, changes[static_cast<std::size_t>(fold.next)], spec.timestamped);
    if (fold.entries != *store.entries)
      note_(fmt::format("{}: the state is not the fold of its changelog up to {}", where, fold.next));
  }
}

void Watch::check_running_stores(SimulatedApplication& app) {
  for (const TaskId& task : plan_tasks(app.topology(), "sim", app.catalog())) {
    int found = 0;
    for (SimThreadId id : app.threads()) {
      for (const std::string& name : app.topology().subtopology(task.subtopology).stores) {
        KeyValueBytesStore* store = app.scheduler().thread(id).find_store(task, name);
        if (store == nullptr) continue;
        ++found;
        const StoreSpec& spec = app.topology().stores().at(name);
        Entries expected;
        for (const Change& change : records_[{spec.changelog().full_name("sim"), task.partition}])
          apply(expected, change, spec.timestamped);
        Entries entries;
        auto range = store->range({});
        if (!range) note_("a store cannot be read: " + range.error().to_string());
        for (; range && (*range)->valid(); (*range)->next())
          entries.emplace(Bytes((*range)->key()), Bytes((*range)->value()));
        if (entries != expected)
          note_(fmt::format("task {}, store {}: what is read is not the fold of its changelog", to_string(task), name));
      }
    }
    if (found != static_cast<int>(app.topology().subtopology(task.subtopology).stores.size()))
      note_(fmt::format("task {}: {} stores are open in all threads", to_string(task), found));
  }
}

}  // namespace millrace::simulation
