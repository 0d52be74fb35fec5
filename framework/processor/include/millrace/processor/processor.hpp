// Processor<KIn, VIn, KOut, VOut>: an operator of your own, with state, time and output.
//
//   class Tracker : public millrace::Processor<std::string, Scan, std::string, Progress> {
//     void init(Context& context) override { store_ = context.state_store<std::string, Progress>("progress"); ... }
//     void process(const millrace::Record<std::string, Scan>& record) override { ... context().forward(...); }
//   };
//   stream.process([] { return std::make_unique<Tracker>(); }, {.stores = {"progress"}});
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <millrace/processor/operator_context.hpp>

namespace millrace {

/// What a processor may do. Valid from init() to close(). Thread: the one that owns the task.
template <class KOut, class VOut>
class ProcessorContext : public OperatorContext {
 public:
  using OperatorContext::OperatorContext;

  /// Gives the record to all children, depth first, before it returns.
  void forward(const Record<KOut, VOut>& record) { forward_erased(&record); }
  /// Gives the record to the operator of that name alone. Fails with ChildUnknown if it does not follow this one.
  void forward(const Record<KOut, VOut>& record, std::string_view child) { forward_erased(&record, child); }
};

/// Stands for "forwards nothing" as KOut and VOut.
struct NoOutput {};

/// Derive from it. A new object is made for every task, and again after an aborted transaction: keep what influences
/// output in stores, never in members. What any of its functions throws goes to processing.exception.handler.
template <class KIn, class VIn, class KOut = NoOutput, class VOut = NoOutput>
class Processor {
 public:
  using InputKey = KIn;                          ///< type of the keys it takes
  using InputValue = VIn;                        ///< type of the values it takes
  using OutputKey = KOut;                        ///< type of the keys it forwards
  using OutputValue = VOut;                      ///< type of the values it forwards
  using Context = ProcessorContext<KOut, VOut>;  ///< what it may do

  Processor() = default;
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;
  virtual ~Processor() = default;

  /// Called once, before the first record: fetch stores, schedule punctuators.
  virtual void init(Context& context) { static_cast<void>(context); }
  virtual void process(const Record<KIn, VIn>& record) = 0;  ///< Called for each record.
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
  using In = Record<typename P::InputKey, typename P::InputValue>;  ///< what it takes
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
