#include "planted_bugs.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <millrace/state/buffered_key_value_bytes_store.hpp>
#include "forwarding.hpp"

namespace millrace::simulation {

namespace {

using Luck = std::shared_ptr<SeededRandom>;

/// What a broken log does otherwise; what is not set is as it should be.
struct LogDefects {
  std::function<void(Transaction&)> change{};
  std::function<bool()> send_twice{};
  std::function<bool()> pretend{};  ///< says "committed" and sends nothing
  std::function<bool()> lose_record{};
  std::function<void(OffsetMap&)> change_committed{};
  std::function<void(std::map<TopicPartition, OffsetRange>&)> change_ranges{};
  bool acknowledge_at_once = false;
  bool never_leave = false;
  bool share_tasks = false;
};
using Defects = std::shared_ptr<const LogDefects>;

class BrokenReader final : public ForwardingReader {
 public:
  BrokenReader(std::unique_ptr<LogReader> behind, Defects defects)
      : ForwardingReader(std::move(behind)), defects_(std::move(defects)) {}
  Result<std::optional<FetchedBatch>> poll(ReaderSlot slot, std::size_t max_bytes) override {
    auto fetched = ForwardingReader::poll(slot, max_bytes);
    if (fetched && *fetched && (*fetched)->records.size() > 0 && defects_->lose_record && defects_->lose_record())
      (*fetched)->records.erase((*fetched)->records.begin());
    return fetched;
  }

 private:
  Defects defects_;
};

class BrokenWriter final : public LogWriter {
 public:
  BrokenWriter(std::unique_ptr<LogWriter> behind, Defects defects)
      : behind_(std::move(behind)), defects_(std::move(defects)) {}
  Pending<CommitReceipt> commit(Transaction transaction) override {
    if (defects_->pretend && !transaction.appends.empty() && defects_->pretend()) return ready(Result(CommitReceipt{}));
    if (defects_->change) defects_->change(transaction);
    if (defects_->send_twice && defects_->send_twice()) (void)behind_->commit(transaction);
    return behind_->commit(std::move(transaction));
  }

 private:
  std::unique_ptr<LogWriter> behind_;
  Defects defects_;
};

class BrokenMembership final : public ForwardingMembership {
 public:
  BrokenMembership(std::unique_ptr<LogMembership> behind, Defects defects, std::vector<TaskId> tasks)
      : ForwardingMembership(std::move(behind)), defects_(std::move(defects)), tasks_(std::move(tasks)) {}
  ~BrokenMembership() override {
    // Nobody hears of its end. A leak, but for that the group would have to forget it.
    if (defects_->never_leave) graveyard().push_back(std::move(behind_));
  }
  std::vector<MembershipEvent> poll() override {
    auto events = ForwardingMembership::poll();
    for (MembershipEvent& event : events) {
      if (defects_->acknowledge_at_once && event.kind == MembershipEvent::Kind::Revoked)
        ForwardingMembership::acknowledge(event.id);
      if (defects_->share_tasks && event.kind == MembershipEvent::Kind::Assigned) event.tasks = tasks_;
    }
    return events;
  }
  void leave() override {
    if (!defects_->never_leave) ForwardingMembership::leave();
  }
  static std::vector<std::unique_ptr<LogMembership>>& graveyard() {
    static std::vector<std::unique_ptr<LogMembership>> dead;
    return dead;
  }

 private:
  Defects defects_;
  std::vector<TaskId> tasks_;
};

class BrokenAdmin final : public ForwardingAdmin {
 public:
  BrokenAdmin(LogAdmin& behind, Defects defects) : ForwardingAdmin(behind), defects_(std::move(defects)) {}
  Pending<OffsetMap> committed_offsets(const std::string& group) override {
    return changed(ForwardingAdmin::committed_offsets(group), defects_->change_committed);
  }
  Pending<std::map<TopicPartition, OffsetRange>> offset_ranges(std::vector<TopicPartition> partitions) override {
    return changed(ForwardingAdmin::offset_ranges(std::move(partitions)), defects_->change_ranges);
  }

 private:
  /// REQUIRES: what is behind answers at once, as the log itself does.
  template <class T>
  static Pending<T> changed(Pending<T> answer, const std::function<void(T&)>& change) {
    if (!change) return answer;
    auto result = answer.take();
    if (result) change(*result);
    return ready(std::move(result));
  }
  Defects defects_;
};

class BrokenLog final : public ForwardingLog {
 public:
  BrokenLog(Log& behind, LogDefects defects)
      : ForwardingLog(behind),
        defects_(std::make_shared<const LogDefects>(std::move(defects))),
        admin_(behind.admin(), defects_) {}
  ~BrokenLog() override { BrokenMembership::graveyard().clear(); }
  std::unique_ptr<LogReader> open_reader(WakeUp wake_up) override {
    return std::make_unique<BrokenReader>(behind_.open_reader(std::move(wake_up)), defects_);
  }
  std::unique_ptr<LogWriter> open_writer(const std::string& writer_id, WakeUp wake_up) override {
    return std::make_unique<BrokenWriter>(behind_.open_writer(writer_id, std::move(wake_up)), defects_);
  }
  std::unique_ptr<LogMembership> join_group(MembershipOptions options) override {
    auto tasks = options.tasks;
    return std::make_unique<BrokenMembership>(behind_.join_group(std::move(options)), defects_, tasks);
  }
  LogAdmin& admin() override { return admin_; }

 private:
  Defects defects_;
  BrokenAdmin admin_;
};

Bug in_log(std::string name, LogDefects defects) {
  Bug bug;
  bug.name = std::move(name);
  bug.log = [defects](Log& log) { return std::make_unique<BrokenLog>(log, defects); };
  return bug;
}

Bug in_server(std::string name, const LogDefects& defects) {
  Bug bug = in_log(std::move(name), defects);
  std::swap(bug.log, bug.server);
  return bug;
}

// --- state ---

/// The backends that are open, by directory: for who writes to them when he should not.
using OpenBackends = std::map<std::string, TaskBackend*>;

struct StateDefects {
  std::function<void(TaskChanges&)> change{};
  std::shared_ptr<OpenBackends> open{};
};

class BrokenBackend final : public ForwardingBackend {
 public:
  BrokenBackend(std::unique_ptr<TaskBackend> behind, StateDefects defects, std::string directory)
      : ForwardingBackend(std::move(behind)), defects_(std::move(defects)), directory_(std::move(directory)) {
    if (defects_.open) (*defects_.open)[directory_] = behind_.get();
  }
  ~BrokenBackend() override {
    if (defects_.open) defects_.open->erase(directory_);
  }
  Result<void> apply(const TaskChanges& changes) override {
    TaskChanges changed = changes;
    if (defects_.change) defects_.change(changed);
    return ForwardingBackend::apply(changed);
  }

 private:
  StateDefects defects_;
  std::string directory_;
};

class BrokenState final : public TaskBackendFactory {
 public:
  BrokenState(TaskBackendFactory& behind, StateDefects defects) : behind_(behind), defects_(std::move(defects)) {}
  Result<std::unique_ptr<TaskBackend>> open(const std::filesystem::path& directory,
                                            const std::vector<std::string>& stores) override {
    auto opened = behind_.open(directory, stores);
    if (!opened) return opened.error();
    return std::unique_ptr<TaskBackend>(
        std::make_unique<BrokenBackend>(std::move(*opened), defects_, directory.string()));
  }
  Result<void> destroy(const std::filesystem::path& directory) override { return behind_.destroy(directory); }

 private:
  TaskBackendFactory& behind_;
  StateDefects defects_;
};

Bug in_state(std::string name, StateDefects defects) {
  Bug bug;
  bug.name = std::move(name);
  bug.state = [defects](TaskBackendFactory& disk) { return std::make_unique<BrokenState>(disk, defects); };
  return bug;
}

bool is_changelog(const std::string& topic) { return topic.ends_with("-changelog"); }

/// Writes a transaction's changelog records to the stores at once, as if they were committed.
void apply_early(const Transaction& transaction, OpenBackends& open) {
  for (const PartitionAppend& append : transaction.appends) {
    if (!is_changelog(append.target.topic)) continue;
    const std::string prefix = "sim-";
    std::string store = append.target.topic.substr(prefix.size());
    store.resize(store.size() - std::string("-changelog").size());
    for (auto& [directory, backend] : open) {
      if (!directory.ends_with("_" + to_string(append.target.partition))) continue;
      for (const EncodedBatch& batch : append.batches) {
        std::vector<RecordView> records;
        if (!decode_batch(batch.bytes, Offset(0), Offset(0), records)) continue;
        std::vector<Bytes> values;
        values.reserve(records.size());
        TaskChanges changes;
        changes.stores.push_back({store, {}, std::nullopt});
        for (const RecordView& record : records) {
          if (!record.value) continue;
          encode_timestamped(record.timestamp, *record.value, values.emplace_back());
          changes.stores.front().changes.push_back({*record.key, BytesView(values.back())});
        }
        (void)backend->apply(changes);
      }
    }
  }
}

/// Only the stores of tables: they are persistent, and the name tells so.
bool of_a_table(const PartitionAppend& append) {
  return append.target.topic == "sim-counts-changelog" || append.target.topic == "sim-joined-changelog" ||
         append.target.topic == "sim-sums-changelog";
}

}  // namespace

std::vector<Bug> planted_bugs(std::uint64_t seed) {
  auto luck = std::make_shared<SeededRandom>(seed ^ 0xb19b19U);
  auto seldom = [luck] { return luck->chance(100); };
  std::vector<Bug> bugs;
  bugs.push_back(in_log("the offsets of a commit are lost", {.change = [seldom](Transaction& transaction) {
                          if (seldom()) transaction.offsets.clear();
                        }}));
  bugs.push_back(in_log("a transaction is torn", {.change = [seldom](Transaction& transaction) {
                          if (!transaction.appends.empty() && seldom()) transaction.appends.pop_back();
                        }}));
  bugs.push_back(in_log("a commit is sent again though it was written", {.send_twice = seldom}));
  bugs.push_back(in_log("a commit is taken for written though it was not", {.pretend = seldom}));
  bugs.push_back(in_log("the generation of a member is not looked at",
                        {.change = [](Transaction& transaction) { transaction.member.reset(); }}));
  bugs.push_back(in_log("a task is let go before its commit has ended", {.acknowledge_at_once = true}));
  bugs.push_back(in_log("a task is given to everybody", {.share_tasks = true}));
  bugs.push_back(in_log("a member that left is not forgotten", {.never_leave = true}));
  bugs.push_back(in_log("a record is left out in reading", {.lose_record = seldom}));
  bugs.push_back(in_server("committed offsets are read too low", {.change_committed = [](OffsetMap& offsets) {
                          for (auto& [partition, committed] : offsets) {
                            if (committed.offset > Offset(0)) committed.offset = committed.offset.plus(-1);
                          }
                        }}));
  bugs.push_back(in_server("restoring ends before the end",
                           {.change_ranges = [](std::map<TopicPartition, OffsetRange>& ranges) {
                             for (auto& [partition, range] : ranges) {
                               if (!is_changelog(partition.topic) || range.end == range.begin) continue;
                               range.end = range.end.plus(-1);
                             }
                           }}));
  bugs.push_back(in_state("a store's stamp is not written", {.change = [seldom](TaskChanges& changes) {
                            if (seldom()) changes.stores.front().stamp.reset();
                          }}));
  bugs.push_back(in_state("a frozen generation is dropped", {.change = [seldom](TaskChanges& changes) {
                            if (seldom()) changes.stores.front().changes.clear();
                          }}));
  auto open = std::make_shared<OpenBackends>();
  Bug early = in_state("the state is written before the commit", {.open = open});
  early.log = [open](Log& log) {
    return std::make_unique<BrokenLog>(log, LogDefects{.change = [open](Transaction& transaction) {
                                         Transaction tables = transaction;
                                         std::erase_if(tables.appends, [](const auto& a) { return !of_a_table(a); });
                                         apply_early(tables, *open);
                                       }});
  };
  bugs.push_back(std::move(early));
  return bugs;
}

}  // namespace millrace::simulation
