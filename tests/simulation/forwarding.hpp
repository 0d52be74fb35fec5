// Ports that hand everything on: what watches or breaks one overrides what it needs.
#pragma once

#include <memory>
#include <utility>

#include <millrace/log/log.hpp>
#include <millrace/state/task_backend.hpp>

namespace millrace::simulation {

class ForwardingReader : public LogReader {
 public:
  explicit ForwardingReader(std::unique_ptr<LogReader> behind) : behind_(std::move(behind)) {}
  Result<ReaderSlot> assign(const TopicPartition& partition, Offset from) override {
    return behind_->assign(partition, from);
  }
  void unassign(ReaderSlot slot) override { behind_->unassign(slot); }
  void seek(ReaderSlot slot, Offset offset) override { behind_->seek(slot, offset); }
  Result<std::optional<FetchedBatch>> poll(ReaderSlot slot, std::size_t max_bytes) override {
    return behind_->poll(slot, max_bytes);
  }
  void recycle(FetchedBatch spent) override { behind_->recycle(std::move(spent)); }
  Offset end_offset(ReaderSlot slot) const override { return behind_->end_offset(slot); }
  Offset position(ReaderSlot slot) const override { return behind_->position(slot); }

 protected:
  std::unique_ptr<LogReader> behind_;
};

class ForwardingMembership : public LogMembership {
 public:
  explicit ForwardingMembership(std::unique_ptr<LogMembership> behind) : behind_(std::move(behind)) {}
  std::vector<MembershipEvent> poll() override { return behind_->poll(); }
  void acknowledge(std::uint64_t event_id) override { behind_->acknowledge(event_id); }
  GroupMember member() const override { return behind_->member(); }
  void leave() override { behind_->leave(); }

 protected:
  std::unique_ptr<LogMembership> behind_;
};

class ForwardingAdmin : public LogAdmin {
 public:
  explicit ForwardingAdmin(LogAdmin& behind) : behind_(behind) {}
  Pending<void> ensure_topics(std::vector<TopicSpec> topics) override {
    return behind_.ensure_topics(std::move(topics));
  }
  Pending<std::vector<TopicInfo>> topics() override { return behind_.topics(); }
  Pending<void> delete_topics(std::vector<std::string> names) override {
    return behind_.delete_topics(std::move(names));
  }
  Pending<OffsetMap> committed_offsets(const std::string& group) override { return behind_.committed_offsets(group); }
  Pending<void> delete_group(const std::string& group) override { return behind_.delete_group(group); }
  Pending<std::map<TopicPartition, OffsetRange>> offset_ranges(std::vector<TopicPartition> partitions) override {
    return behind_.offset_ranges(std::move(partitions));
  }
  Pending<void> delete_records(std::map<TopicPartition, Offset> before) override {
    return behind_.delete_records(std::move(before));
  }

 protected:
  LogAdmin& behind_;
};

class ForwardingLog : public Log {
 public:
  explicit ForwardingLog(Log& behind) : behind_(behind) {}
  std::unique_ptr<LogReader> open_reader(WakeUp wake_up) override { return behind_.open_reader(std::move(wake_up)); }
  std::unique_ptr<LogWriter> open_writer(const std::string& writer_id, WakeUp wake_up) override {
    return behind_.open_writer(writer_id, std::move(wake_up));
  }
  std::unique_ptr<LogMembership> join_group(MembershipOptions options) override {
    return behind_.join_group(std::move(options));
  }
  LogAdmin& admin() override { return behind_.admin(); }
  std::optional<Error> obstacle() const override { return behind_.obstacle(); }

 protected:
  Log& behind_;
};

class ForwardingBackend : public TaskBackend {
 public:
  explicit ForwardingBackend(std::unique_ptr<TaskBackend> behind) : behind_(std::move(behind)) {}
  StoreBackend& store(const std::string& name) override { return behind_->store(name); }
  Result<ChangelogStamp> stamp(const std::string& store) override { return behind_->stamp(store); }
  Result<void> apply(const TaskChanges& changes) override { return behind_->apply(changes); }
  Result<void> wipe(const std::string& store) override { return behind_->wipe(store); }

 protected:
  std::unique_ptr<TaskBackend> behind_;
};

}  // namespace millrace::simulation
