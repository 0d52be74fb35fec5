// A stream joined with a table: each record meets the row that its key has at that moment.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/dsl/detail/table_origin.hpp>

namespace millrace::detail {

/// What a joiner is given of the table: a value, or with a left join perhaps none.
template <bool left, class V2>
using TableSide = std::conditional_t<left, const std::optional<V2>&, const V2&>;

template <class F, class V, class V2, bool left>
concept JoinsValues = std::invocable<F&, const V&, TableSide<left, V2>>;
template <class F, class K, class V, class V2, bool left>
concept JoinsKeyAndValues = std::invocable<F&, Argument<F, 0, K>, const V&, TableSide<left, V2>>;

/// Calls `f(value, table_value)` or `f(key, value, table_value)`, whichever it takes.
/// REQUIRES: value; and table_value unless left.
template <bool left, class F, class K, class V, class V2>
decltype(auto) call_joiner(F& f, const Record<K, V>& record, const std::optional<V2>& table_value, TaskContext& context,
                           const std::string& node) {
  auto table_side = [&]() -> TableSide<left, V2> {
    if constexpr (left) return table_value;
    else return *table_value;
  };
  return run_user_code(context, node, [&]() -> decltype(auto) {
    if constexpr (JoinsKeyAndValues<F, K, V, V2, left>)
      return f(argument<F, 0, K>(record.key, context, node, "key"), *record.value, table_side());
    else return f(*record.value, table_side());
  });
}

/// What call_joiner() returns, without std::optional.
template <bool left, class F, class K, class V, class V2>
using JoinResult = without_optional<decltype(call_joiner<left>(
    std::declval<F&>(), std::declval<const Record<K, V>&>(), std::declval<const std::optional<V2>&>(),
    std::declval<TaskContext&>(), std::declval<const std::string&>()))>;

/// Source: KStreamKTableJoinProcessor of Kafka Streams. A null value is dropped and counted; so is a null key, but with
/// a left join, where it meets no row.
template <class K, class V, class V2, class R>
class StreamTableJoinNode final : public Node {
 public:
  using Joiner = std::function<std::optional<R>(const Record<K, V>&, const std::optional<V2>&, TaskContext& context,
                                                const std::string& node)>;
  StreamTableJoinNode(std::unique_ptr<RowReader<K, V2>> table, Joiner joiner, bool left)
      : table_(std::move(table)), joiner_(std::move(joiner)), left_(left) {}

  void init(TaskContext& context) override {
    context_ = &context;
    table_->init(context, name());
  }
  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, V>*>(erased);
    if (!in.key && !left_) return context_->count_dropped(name(), "null_key");
    if (!in.value) return context_->count_dropped(name(), "null_value");
    std::optional<V2> table_value;
    if (in.key) {
      if (auto row = table_->read(*in.key)) table_value = std::move(row->value);
    }
    if (!left_ && !table_value) return;
    Record<K, R> out{in.key, joiner_(in, table_value, *context_, name()), in.timestamp, in.headers};
    forward_erased(&out);
  }

 private:
  std::unique_ptr<RowReader<K, V2>> table_;
  Joiner joiner_;
  const bool left_;
  TaskContext* context_ = nullptr;
};

}  // namespace millrace::detail
