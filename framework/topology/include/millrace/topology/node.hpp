// Node: one operator of one task, with its types erased.
//
// Nodes of a task form a tree per source. A record goes depth first: a node hands its children a pointer to a typed
// Record<K, V>; that both sides mean the same K and V was checked when the topology was built. One virtual call per
// edge and record is all that the erasure costs.
//
// Thread: a node belongs to one task and is used by the thread that owns the task.
#pragma once

#include <string>
#include <vector>

#include <millrace/base/result.hpp>
#include <millrace/model/record.hpp>

namespace millrace {

class TaskContext;  // task_context.hpp

/// Thrown by TaskContext::fail after it noted the error; ends the processing of the current record. User code should
/// let it pass; if it does not, the task still sees the noted error.
struct RecordFailed {};

/// An operator within a task.
class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  /// Called once, children before parents so that it may forward, before the first record. `context` outlives the node.
  virtual void init(TaskContext& context) = 0;
  /// Takes one record. `record` points to the Record<K, V> that the node's spec names as its input type, and is
  /// borrowed for the call.
  virtual void process(const void* record) = 0;
  /// Called once, when the task closes; not after a crash. Must not forward.
  virtual void close() {}

  [[nodiscard]] const std::string& name() const { return name_; }  ///< Of the operator.
  /// Called by the task while it builds itself. REQUIRES: init() was not called yet.
  void bind(std::string name, std::vector<Node*> children) {
    name_ = std::move(name);
    children_ = std::move(children);
  }

 protected:
  [[nodiscard]] const std::vector<Node*>& children() const { return children_; }  ///< Who gets what the node forwards.
  /// Gives every child the record, in the order in which the children were added.
  void forward_erased(const void* record) {
    for (Node* child : children_) child->process(record);
  }

 private:
  std::string name_;
  std::vector<Node*> children_;
};

/// A node that turns a record's bytes into the typed record which its children take.
class SourceNode : public Node {
 public:
  /// Decodes and forwards `record`. Calls TaskContext::fail (DeserializationFailed) if it does not decode.
  virtual void accept(const RecordView& record) = 0;
  /// Whether the time of a record is what extract_time() says, instead of its own.
  [[nodiscard]] virtual bool extracts_time() const { return false; }
  /// The time of `record`, which is next in its partition; `partition_time` is the latest before. Negative: the record
  /// is to be left out. Errors: the record is to fail with it. Called between records: must not call TaskContext::fail.
  [[nodiscard]] virtual Result<Timestamp> extract_time(const RecordView& record, Timestamp partition_time) {
    static_cast<void>(partition_time);
    return record.timestamp;
  }
  void process(const void*) final;
};

}  // namespace millrace
