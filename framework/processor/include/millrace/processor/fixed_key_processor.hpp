// FixedKeyProcessor<K, VIn, VOut>: an operator of your own that cannot change the key, so that no repartitioning is
// needed behind it.
//
//   class Enrich : public millrace::FixedKeyProcessor<std::string, Order, Invoice> {
//     void process(const millrace::FixedKeyRecord<std::string, Order>& order) override {
//       context().forward(order.with_value(invoice_of(*order.value())));
//     }
//   };
//   orders.process_values([] { return std::make_unique<Enrich>(); });
//
// Source: KIP-820.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <millrace/processor/processor.hpp>

namespace millrace {

/// A record whose key nobody can set: it comes from the operator before, and others are made from it. What process()
/// gets borrows; a copy owns.
template <class K, class V>
class FixedKeyRecord {
 public:
  FixedKeyRecord(const FixedKeyRecord& other) : own_(other.get()) {}
  FixedKeyRecord(FixedKeyRecord&& other) noexcept = default;
  FixedKeyRecord& operator=(const FixedKeyRecord& other) {
    if (this != &other) own_ = other.get();
    return *this;
  }
  FixedKeyRecord& operator=(FixedKeyRecord&& other) noexcept = default;
  ~FixedKeyRecord() = default;

  [[nodiscard]] const std::optional<K>& key() const { return get().key; }      ///< Null keys are nullopt.
  [[nodiscard]] const std::optional<V>& value() const { return get().value; }  ///< Null values are nullopt.
  [[nodiscard]] Timestamp timestamp() const { return get().timestamp; }        ///< Event time.
  [[nodiscard]] const Headers& headers() const { return get().headers; }       ///< In the order of their adding.

  /// The same record with another value; nullopt is null.
  template <class V2>
  [[nodiscard]] FixedKeyRecord<K, V2> with_value(std::optional<V2> value) const {
    return FixedKeyRecord<K, V2>(Record<K, V2>{key(), std::move(value), timestamp(), headers()});
  }
  /// The same record with another value.
  template <class V2>
  [[nodiscard]] FixedKeyRecord<K, V2> with_value(V2 value) const {
    return with_value(std::optional<V2>(std::move(value)));
  }
  /// The same record with another timestamp.
  [[nodiscard]] FixedKeyRecord with_timestamp(Timestamp timestamp) const {
    return FixedKeyRecord(Record<K, V>{key(), value(), timestamp, headers()});
  }
  /// The same record with other headers.
  [[nodiscard]] FixedKeyRecord with_headers(Headers headers) const {
    return FixedKeyRecord(Record<K, V>{key(), value(), timestamp(), std::move(headers)});
  }

 private:
  template <class, class>
  friend class FixedKeyRecord;
  template <class, class>
  friend class FixedKeyContext;
  template <class>
  friend class FixedKeyProcessorNode;

  explicit FixedKeyRecord(const Record<K, V>* borrowed) : borrowed_(borrowed) {}
  explicit FixedKeyRecord(Record<K, V>&& own) : own_(std::move(own)) {}
  [[nodiscard]] const Record<K, V>& get() const { return own_ ? *own_ : *borrowed_; }

  std::optional<Record<K, V>> own_;
  const Record<K, V>* borrowed_ = nullptr;
};

/// What a FixedKeyProcessor may do. Valid from init() to close(). Thread: the one that owns the task.
template <class K, class VOut>
class FixedKeyContext : public OperatorContext {
 public:
  using OperatorContext::OperatorContext;

  /// Gives the record to all children, depth first, before it returns.
  void forward(const FixedKeyRecord<K, VOut>& record) { forward_erased(&record.get()); }
  /// Gives the record to the operator of that name alone. Fails with ChildUnknown if it does not follow this one.
  void forward(const FixedKeyRecord<K, VOut>& record, std::string_view child) { forward_erased(&record.get(), child); }
};

/// Derive from it. As with Processor, a new object is made for every task, and again after an aborted transaction.
template <class K, class VIn, class VOut>
class FixedKeyProcessor {
 public:
  using InputKey = K;                        ///< type of the keys, in and out
  using InputValue = VIn;                    ///< type of the values it takes
  using OutputValue = VOut;                  ///< type of the values it forwards
  using Context = FixedKeyContext<K, VOut>;  ///< what it may do

  FixedKeyProcessor() = default;
  FixedKeyProcessor(const FixedKeyProcessor&) = delete;
  FixedKeyProcessor& operator=(const FixedKeyProcessor&) = delete;
  virtual ~FixedKeyProcessor() = default;

  /// Called once, before the first record: fetch stores, schedule punctuators.
  virtual void init(Context& context) { static_cast<void>(context); }
  virtual void process(const FixedKeyRecord<K, VIn>& record) = 0;  ///< Called for each record.
  /// Called once when the task closes in order; must not forward.
  virtual void close() {}

 protected:
  /// REQUIRES: init() was called.
  [[nodiscard]] Context& context() { return *context_; }

 private:
  template <class P>
  friend class FixedKeyProcessorNode;
  Context* context_ = nullptr;
};

/// Runs a FixedKeyProcessor as a node.
template <class P>
class FixedKeyProcessorNode final : public Node {
 public:
  /// Throws std::invalid_argument for a factory that made nothing.
  explicit FixedKeyProcessorNode(std::unique_ptr<P> processor) : processor_(std::move(processor)) {
    if (!processor_) throw std::invalid_argument("the processor's factory returned a null pointer");
  }

  void init(TaskContext& context) override {
    task_ = &context;
    context_.emplace(context, *this, children());
    base().context_ = &*context_;
    base().init(*context_);
  }
  void process(const void* erased) override {
    using In = Record<typename P::InputKey, typename P::InputValue>;
    const FixedKeyRecord<typename P::InputKey, typename P::InputValue> record(static_cast<const In*>(erased));
    run_user_code(*task_, name(), [&] { base().process(record); });
  }
  void close() override { base().close(); }

 private:
  using Base = FixedKeyProcessor<typename P::InputKey, typename P::InputValue, typename P::OutputValue>;
  Base& base() { return *processor_; }

  std::unique_ptr<P> processor_;
  TaskContext* task_ = nullptr;
  std::optional<typename P::Context> context_;
};

}  // namespace millrace
