// Nodes of the operators without state. Each holds the user's function and gives its children what the verb says.
#pragma once

#include <functional>
#include <iterator>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/topology/node.hpp>

namespace millrace::detail {

/// What all of them share: the context, and the typed view of the record.
template <class K, class V>
class FunctionNode : public Node {
 public:
  void init(TaskContext& context) override { context_ = &context; }

 protected:
  static const Record<K, V>& typed(const void* record) { return *static_cast<const Record<K, V>*>(record); }
  template <class F>
  decltype(auto) call_user(F& f, const Record<K, V>& record) {
    return call(f, record, *context_, name());
  }
  TaskContext* context_ = nullptr;
};

/// An element of what the user's function returned: moved out if that is a container of ours, copied if it is a
/// reference to the user's own, or a view.
template <class Container, class T>
decltype(auto) take_element(T& element) {
  constexpr bool ours = !std::is_reference_v<Container> && !std::ranges::borrowed_range<Container>;
  if constexpr (ours) return std::move(element);
  else return std::as_const(element);
}

/// filter and filter_not: forwards if the predicate says `keep`.
template <class K, class V, class F>
class FilterNode final : public FunctionNode<K, V> {
 public:
  FilterNode(F predicate, bool keep) : predicate_(std::move(predicate)), keep_(keep) {}
  void process(const void* record) override {
    if (static_cast<bool>(this->call_user(predicate_, this->typed(record))) == keep_) this->forward_erased(record);
  }

 private:
  F predicate_;
  const bool keep_;
};

/// map_values: another value, the same key.
template <class K, class V, class F>
class MapValuesNode final : public FunctionNode<K, V> {
 public:
  explicit MapValuesNode(F mapper) : mapper_(std::move(mapper)) {}
  void process(const void* record) override {
    const auto& in = this->typed(record);
    using V2 = without_optional<CallResult<F, K, V>>;
    Record<K, V2> out{in.key, to_optional(this->call_user(mapper_, in)), in.timestamp, in.headers};
    this->forward_erased(&out);
  }

 private:
  F mapper_;
};

/// flat_map_values: any number of values, the same key.
template <class K, class V, class F>
class FlatMapValuesNode final : public FunctionNode<K, V> {
 public:
  explicit FlatMapValuesNode(F mapper) : mapper_(std::move(mapper)) {}
  void process(const void* record) override {
    const auto& in = this->typed(record);
    decltype(auto) values = this->call_user(mapper_, in);
    using V2 = without_optional<decltype(*std::begin(values))>;
    Record<K, V2> out{in.key, std::nullopt, in.timestamp, in.headers};
    for (auto&& value : values) {
      out.value = to_optional(take_element<decltype(values)>(value));
      this->forward_erased(&out);
    }
  }

 private:
  F mapper_;
};

/// map: another key and value.
template <class K, class V, class F>
class MapNode final : public FunctionNode<K, V> {
 public:
  explicit MapNode(F mapper) : mapper_(std::move(mapper)) {}
  void process(const void* record) override {
    const auto& in = this->typed(record);
    auto [key, value] = this->call_user(mapper_, in);
    Record<without_optional<decltype(key)>, without_optional<decltype(value)>> out{
        to_optional(std::move(key)), to_optional(std::move(value)), in.timestamp, in.headers};
    this->forward_erased(&out);
  }

 private:
  F mapper_;
};

/// flat_map: any number of keys and values.
template <class K, class V, class F>
class FlatMapNode final : public FunctionNode<K, V> {
 public:
  explicit FlatMapNode(F mapper) : mapper_(std::move(mapper)) {}
  void process(const void* record) override {
    const auto& in = this->typed(record);
    decltype(auto) pairs = this->call_user(mapper_, in);
    for (auto&& [key, value] : pairs) {
      Record<without_optional<decltype(key)>, without_optional<decltype(value)>> out{
          to_optional(take_element<decltype(pairs)>(key)), to_optional(take_element<decltype(pairs)>(value)),
          in.timestamp, in.headers};
      this->forward_erased(&out);
    }
  }

 private:
  F mapper_;
};

/// select_key: another key, the same value.
template <class K, class V, class F>
class SelectKeyNode final : public FunctionNode<K, V> {
 public:
  explicit SelectKeyNode(F selector) : selector_(std::move(selector)) {}
  void process(const void* record) override {
    const auto& in = this->typed(record);
    using K2 = without_optional<CallResult<F, K, V>>;
    Record<K2, V> out{to_optional(this->call_user(selector_, in)), in.value, in.timestamp, in.headers};
    this->forward_erased(&out);
  }

 private:
  F selector_;
};

/// peek and for_each: calls the function; peek's children get the record then.
template <class K, class V, class F>
class PeekNode final : public FunctionNode<K, V> {
 public:
  explicit PeekNode(F action) : action_(std::move(action)) {}
  void process(const void* record) override {
    this->call_user(action_, this->typed(record));
    this->forward_erased(record);
  }

 private:
  F action_;
};

/// split: gives each record to the first child whose predicate wants it, else to the child after the last predicate's,
/// if there is one.
template <class K, class V>
class SplitNode final : public FunctionNode<K, V> {
 public:
  using Predicates =
      std::vector<std::function<bool(const Record<K, V>&, TaskContext& context, const std::string& node)>>;
  explicit SplitNode(Predicates predicates) : predicates_(std::move(predicates)) {}
  void process(const void* record) override {
    std::size_t at = 0;
    while (at < predicates_.size() && !predicates_[at](this->typed(record), *this->context_, this->name())) ++at;
    if (at < this->children().size()) this->children()[at]->process(record);
  }

 private:
  Predicates predicates_;
};

/// merge, and the beginning of a branch: hands on what comes.
class PassNode final : public Node {
 public:
  void init(TaskContext&) override {}
  void process(const void* record) override { forward_erased(record); }
};

}  // namespace millrace::detail
