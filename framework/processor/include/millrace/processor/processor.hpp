// Processor<KIn, VIn, KOut, VOut>: an operator of your own, with state, time and output.
//
//   class Tracker : public millrace::Processor<std::string, Scan, std::string, Progress> {
//     void init(Context& context) override { store_ = context.state_store<std::string, Progress>("progress"); ... }
//     void process(const millrace::Record<std::string, Scan>& record) override { ... context().forward(...); }
//   };
//   stream.process([] { return std::make_unique<Tracker>(); }, {.stores = {"progress"}});
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <millrace/processor/key_value_store.hpp>

namespace millrace {

/// A scheduled punctuator. Cheap to copy; cancelling twice does nothing.
class Cancellable {
 public:
  Cancellable() = default;
  Cancellable(TaskContext& context, PunctuatorId id) : context_(&context), id_(id) {}
  /// Allowed within the punctuator itself.
  void cancel() {
    if (context_ != nullptr) context_->cancel(id_);
  }

 private:
  TaskContext* context_ = nullptr;
  PunctuatorId id_ = 0;
};

/// What a processor may do. Valid from init() to close(). Thread: the one that owns the task.
template <class KOut, class VOut>
class ProcessorContext {
 public:
  ProcessorContext(TaskContext& task, const Node& node, const std::vector<Node*>& children)
      : task_(task), node_(node), children_(children) {}

  /// Gives the record to all children, depth first, before it returns.
  void forward(const Record<KOut, VOut>& record) {
    for (Node* child : children_) child->process(&record);
  }

  /// The store of that name. Fails with StoreMissing unless it stands in ProcessOptions::stores, with StoreTypeMismatch
  /// if it was declared with other types.
  template <class K, class V>
  [[nodiscard]] KeyValueStore<K, V> state_store(std::string_view name) {
    StateStore& store = task_.state_store(node_.name(), name);
    const auto* typing = dynamic_cast<const KeyValueTyping<K, V>*>(task_.store_spec(name).typing.get());
    if (typing == nullptr) {
      task_.fail(Error(ErrorCode::StoreTypeMismatch,
                       "the store is asked for as " + type_name(typeid(K)) + " -> " + type_name(typeid(V)) +
                           ", but was declared as " + task_.store_spec(name).types,
                       {.node = node_.name(), .store = std::string(name)}));
    }
    return KeyValueStore<K, V>(task_, static_cast<KeyValueBytesStore&>(store), *typing);
  }

  /// Calls `punctuator` every `interval`; missed intervals become one call. Call it in init() or process().
  Cancellable schedule(milliseconds interval, PunctuationType type, Punctuator punctuator) {
    return Cancellable(task_, task_.schedule(node_.name(), interval, type, std::move(punctuator)));
  }
  /// Commits soon after the current record.
  void request_commit() { task_.request_commit(); }

  [[nodiscard]] const std::string& application_id() const { return task_.application_id(); }
  [[nodiscard]] const TaskId& task_id() const { return task_.task_id(); }
  /// Topic, partition and offset of the current record; nullopt in init() and in punctuators.
  [[nodiscard]] std::optional<RecordMetadata> record_metadata() const { return task_.record_metadata(); }
  /// Highest timestamp seen by the task; kNoTimestamp before the first record.
  [[nodiscard]] Timestamp current_stream_time() const { return task_.stream_time(); }
  [[nodiscard]] Timestamp current_system_time() const { return task_.wall_time(); }

 private:
  TaskContext& task_;
  const Node& node_;
  const std::vector<Node*>& children_;
};

/// Stands for "forwards nothing" as KOut and VOut.
struct NoOutput {};

/// Derive from it. A new object is made for every task, and again after an aborted transaction: keep what influences
/// output in stores, never in members. What any of its functions throws goes to processing.exception.handler.
template <class KIn, class VIn, class KOut = NoOutput, class VOut = NoOutput>
class Processor {
 public:
  using InputKey = KIn;
  using InputValue = VIn;
  using OutputKey = KOut;
  using OutputValue = VOut;
  using Context = ProcessorContext<KOut, VOut>;

  Processor() = default;
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;
  virtual ~Processor() = default;

  /// Called once, before the first record: fetch stores, schedule punctuators.
  virtual void init(Context& context) { static_cast<void>(context); }
  virtual void process(const Record<KIn, VIn>& record) = 0;
  /// Called once when the task closes in order; must not forward.
  virtual void close() {}

 protected:
  /// REQUIRES: init() was called.
  [[nodiscard]] Context& context() { return *context_; }

 private:
  template <class P>
  friend class ProcessorNode;
  Context* context_ = nullptr;
};

/// Runs a Processor as a node.
template <class P>
class ProcessorNode final : public Node {
 public:
  using In = Record<typename P::InputKey, typename P::InputValue>;
  /// Throws std::invalid_argument for a factory that made nothing.
  explicit ProcessorNode(std::unique_ptr<P> processor) : processor_(std::move(processor)) {
    if (!processor_) throw std::invalid_argument("the processor's factory returned a null pointer");
  }

  void init(TaskContext& context) override {
    task_ = &context;
    context_.emplace(context, *this, children());
    base().context_ = &*context_;
    base().init(*context_);
  }
  void process(const void* record) override {
    run_user_code(*task_, name(), [&] { base().process(*static_cast<const In*>(record)); });
  }
  void close() override { base().close(); }

 private:
  using Base = Processor<typename P::InputKey, typename P::InputValue, typename P::OutputKey, typename P::OutputValue>;
  Base& base() { return *processor_; }

  std::unique_ptr<P> processor_;
  TaskContext* task_ = nullptr;
  std::optional<typename P::Context> context_;
};

}  // namespace millrace
