// OperatorContext: what operators of a user's own may do beside forwarding.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/processor/key_value_store.hpp>
#include <millrace/processor/window_store.hpp>

namespace millrace {

/// A scheduled punctuator. Cheap to copy; cancelling twice does nothing.
class Cancellable {
 public:
  Cancellable() = default;
  Cancellable(TaskContext& context, PunctuatorId id) : context_(&context), id_(id) {}  ///< For the one that schedules.
  /// Allowed within the punctuator itself.
  void cancel() {
    if (context_ != nullptr) context_->cancel(id_);
  }

 private:
  TaskContext* context_ = nullptr;
  PunctuatorId id_ = 0;
};

/// Valid from init() to close(). Thread: the one that owns the task.
class OperatorContext {
 public:
  /// Borrows everything; it outlives the context.
  OperatorContext(TaskContext& task, const Node& node, const std::vector<Node*>& children)
      : task_(task), node_(node), children_(children) {}

  /// The store of that name. Fails with StoreMissing unless it stands in ProcessOptions::stores, with StoreTypeMismatch
  /// if it was declared with other types. A timestamped store, and so that of a table, is one of ValueAndTimestamp<V>.
  template <class K, class V>
  [[nodiscard]] KeyValueStore<K, V> state_store(std::string_view name) {
    StateStore& store = task_.state_store(node_.name(), name);
    const KeyValueTyping<K, V>* typing = stored_typing<K, V>(task_.store_spec(name));
    if (typing == nullptr) {
      task_.fail(Error(ErrorCode::StoreTypeMismatch,
                       "the store is asked for as " + type_name(typeid(K)) + " -> " + type_name(typeid(V)) +
                           ", but was declared as " + task_.store_spec(name).types +
                           (task_.store_spec(name).timestamped ? " with timestamps: ask for ValueAndTimestamp<V>" : ""),
                       {.node = node_.name(), .store = std::string(name)}));
    }
    return KeyValueStore<K, V>(task_, static_cast<KeyValueBytesStore&>(store), *typing);
  }

  /// The window store of that name. Fails as state_store() does.
  template <class K, class V>
  [[nodiscard]] WindowStore<K, V> window_store(std::string_view name) {
    return open_windows<WindowStore<K, V>, K, V>(name, false);
  }
  /// The window store of that name whose values carry times. Fails as state_store() does.
  template <class K, class V>
  [[nodiscard]] TimestampedWindowStore<K, V> timestamped_window_store(std::string_view name) {
    return open_windows<TimestampedWindowStore<K, V>, K, V>(name, true);
  }

  /// Calls `punctuator` every `interval`; missed intervals become one call. Call it in init() or process().
  Cancellable schedule(milliseconds interval, PunctuationType type, Punctuator punctuator) {
    return Cancellable(task_, task_.schedule(node_.name(), interval, type, std::move(punctuator)));
  }
  /// Commits soon after the current record.
  void request_commit() { task_.request_commit(); }

  [[nodiscard]] const std::string& application_id() const { return task_.application_id(); }  ///< application.id.
  [[nodiscard]] const TaskId& task_id() const { return task_.task_id(); }  ///< Of the task that this operator runs in.
  /// Topic, partition and offset of the current record; nullopt in init() and in punctuators.
  [[nodiscard]] std::optional<RecordMetadata> record_metadata() const { return task_.record_metadata(); }
  /// Highest timestamp seen by the task; kNoTimestamp before the first record.
  [[nodiscard]] Timestamp current_stream_time() const { return task_.stream_time(); }
  [[nodiscard]] Timestamp current_system_time() const { return task_.wall_time(); }  ///< Wall-clock time.

 protected:
  /// For the library: gives a record of the node's output type to all children.
  void forward_erased(const void* record) {
    for (Node* child : children_) child->process(record);
  }
  /// Fails with ChildUnknown, naming those that there are.
  void forward_erased(const void* record, std::string_view child) {
    for (Node* known : children_) {
      if (known->name() == child) return known->process(record);
    }
    std::string names;
    for (Node* known : children_) names += (names.empty() ? "" : ", ") + known->name();
    task_.fail(Error(ErrorCode::ChildUnknown,
                     "a record is forwarded to \"" + std::string(child) +
                         "\", but the children are: " + (names.empty() ? "none" : names),
                     {.node = node_.name()}));
  }

 private:
  template <class Store, class K, class V>
  Store open_windows(std::string_view name, bool timestamped) {
    StateStore& store = task_.state_store(node_.name(), name);
    const StoreSpec& spec = task_.store_spec(name);
    const auto* typing = dynamic_cast<const WindowTyping<K, V>*>(spec.typing.get());
    if (typing == nullptr || spec.timestamped != timestamped) {
      auto text = [](bool with_times, const std::string& types) { return (with_times ? "timestamped " : "") + types; };
      const std::string asked = "windowed " + type_name(typeid(K)) + " -> " + type_name(typeid(V));
      task_.fail(Error(ErrorCode::StoreTypeMismatch,
                       "the store is asked for as " + text(timestamped, asked) + ", but was declared as " +
                           text(spec.timestamped, spec.types),
                       {.node = node_.name(), .store = std::string(name)}));
    }
    return Store(task_, node_, static_cast<KeyValueBytesStore&>(store), spec, *typing);
  }

  TaskContext& task_;
  const Node& node_;
  const std::vector<Node*>& children_;
};

}  // namespace millrace
