// Calling functions of the user with keys and values that may be null.
//
// A function says by its parameters what it can take: `const V&` is never called with null (a null that reaches it is
// the error NullForPlainParameter, and the exception handler decides), `const std::optional<V>&` sees nulls. Generic
// lambdas (`auto`) get plain references.
#pragma once

#include <concepts>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/topology/task_context.hpp>

namespace millrace::detail {

/// Parameter types of a function whose call operator is neither overloaded nor a template.
template <class F>
struct Parameters {
  static constexpr bool known = false;
};
template <class R, class... A>
struct Parameters<R(A...)> {
  static constexpr bool known = true;
  using Types = std::tuple<std::remove_cvref_t<A>...>;
};
template <class R, class... A>
struct Parameters<R (*)(A...)> : Parameters<R(A...)> {};
template <class R, class C, class... A>
struct Parameters<R (C::*)(A...)> : Parameters<R(A...)> {};
template <class R, class C, class... A>
struct Parameters<R (C::*)(A...) const> : Parameters<R(A...)> {};
template <class R, class C, class... A>
struct Parameters<R (C::*)(A...) noexcept> : Parameters<R(A...)> {};
template <class R, class C, class... A>
struct Parameters<R (C::*)(A...) const noexcept> : Parameters<R(A...)> {};
template <class R, class... A>
struct Parameters<R (*)(A...) noexcept> : Parameters<R(A...)> {};

template <class F>
concept HasCallOperator = requires {
  &F::operator();
};
template <HasCallOperator F>
struct Parameters<F> : Parameters<decltype(&F::operator())> {};

/// True if the function's parameter `index` is std::optional<T>.
template <class F, std::size_t index, class T>
consteval bool takes_optional() {
  if constexpr (Parameters<F>::known) {
    if constexpr (index < std::tuple_size_v<typename Parameters<F>::Types>) {
      return std::is_same_v<std::tuple_element_t<index, typename Parameters<F>::Types>, std::optional<T>>;
    }
  }
  return false;
}

/// What parameter `index` of F is given for a T.
template <class F, std::size_t index, class T>
using Argument = std::conditional_t<takes_optional<F, index, T>(), const std::optional<T>&, const T&>;

template <class F, class K, class V>
concept TakesValue = std::invocable<F&, Argument<F, 0, V>>;
template <class F, class K, class V>
concept TakesKeyValue = std::invocable<F&, Argument<F, 0, K>, Argument<F, 1, V>>;

[[noreturn]] inline void fail_null(TaskContext& context, const std::string& node, const char* what) {
  context.fail(Error(ErrorCode::NullForPlainParameter,
                     std::string("the record's ") + what + " is null, but the function takes a plain reference",
                     {.node = node}));
}

template <class F, std::size_t index, class T>
Argument<F, index, T> argument(const std::optional<T>& value, TaskContext& context, const std::string& node,
                               const char* what) {
  if constexpr (takes_optional<F, index, T>()) {
    return value;
  } else {
    if (!value) [[unlikely]]
      fail_null(context, node, what);
    return *value;
  }
}

/// Calls `f(value)` or `f(key, value)`, whichever it takes, as user code of `node`.
template <class F, class K, class V>
decltype(auto) call_row(F& f, const std::optional<K>& key, const std::optional<V>& value, TaskContext& context,
                        const std::string& node) {
  constexpr bool takes_both = TakesKeyValue<F, K, V>;
  constexpr bool takes_value = TakesValue<F, K, V>;
  static_assert(takes_both || takes_value,
                "millrace: this function must take (const K& key, const V& value) or (const V& value) of the stream it "
                "is used on; "
                "use const std::optional<V>& to see nulls");
  if constexpr (takes_both) {
    return run_user_code(context, node, [&]() -> decltype(auto) {
      return f(argument<F, 0, K>(key, context, node, "key"), argument<F, 1, V>(value, context, node, "value"));
    });
  } else if constexpr (takes_value) {
    return run_user_code(context, node,
                         [&]() -> decltype(auto) { return f(argument<F, 0, V>(value, context, node, "value")); });
  }
}
template <class F, class K, class V>
decltype(auto) call(F& f, const Record<K, V>& record, TaskContext& context, const std::string& node) {
  return call_row(f, record.key, record.value, context, node);
}

template <class F, class K, class V, class Extra>
concept TakesKeyValueAnd = std::invocable<F&, Argument<F, 0, K>, Argument<F, 1, V>, const Extra&>;
template <class F, class K, class V, class Extra>
concept TakesValueAnd = std::invocable<F&, Argument<F, 0, V>, const Extra&>;

/// As call(); `extra` stands behind the parameters if the function takes it there.
template <class F, class K, class V, class Extra>
decltype(auto) call_with(F& f, const Record<K, V>& record, const Extra& extra, TaskContext& context,
                         const std::string& node) {
  if constexpr (TakesKeyValueAnd<F, K, V, Extra>) {
    return run_user_code(context, node, [&]() -> decltype(auto) {
      return f(argument<F, 0, K>(record.key, context, node, "key"),
               argument<F, 1, V>(record.value, context, node, "value"), extra);
    });
  } else if constexpr (TakesValueAnd<F, K, V, Extra>) {
    return run_user_code(context, node, [&]() -> decltype(auto) {
      return f(argument<F, 0, V>(record.value, context, node, "value"), extra);
    });
  } else {
    return call(f, record, context, node);
  }
}

/// What call() returns.
template <class F, class K, class V>
using CallResult =
    std::remove_cvref_t<decltype(call(std::declval<F&>(), std::declval<const Record<K, V>&>(),
                                      std::declval<TaskContext&>(), std::declval<const std::string&>()))>;

/// T of std::optional<T>, T of anything else.
template <class T>
struct WithoutOptional {
  using Type = T;
};
template <class T>
struct WithoutOptional<std::optional<T>> {
  using Type = T;
};
template <class T>
using without_optional = typename WithoutOptional<std::remove_cvref_t<T>>::Type;

template <class T>
std::optional<without_optional<T>> to_optional(T&& value) {
  return std::optional<without_optional<T>>(std::forward<T>(value));
}

}  // namespace millrace::detail
