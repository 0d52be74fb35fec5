// What is wrong with a function or a type that a verb was given, said in the words of the verb's user.
// tests/compile_fail has a case for each.
#pragma once

#include <concepts>
#include <iterator>
#include <string>
#include <type_traits>

#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/serde/serde.hpp>

namespace millrace::detail {

template <class T>
concept HasKeyAndValue = requires(T& pair) {
  pair.key;
  pair.value;
};
template <class T>
concept Container = requires(T& container) {
  std::begin(container);
  std::end(container);
};

/// Each check is named after what the function must return.
template <class F, class K, class V>
consteval void check_returns_bool() {
  static_assert(std::constructible_from<bool, CallResult<F, K, V>>,
                "millrace: the predicate must return bool: true for what is meant");
}
template <class F, class K, class V>
consteval void check_returns_value() {
  static_assert(!std::is_void_v<CallResult<F, K, V>>,
                "millrace: the function must return the new value; std::optional of it, to make nulls");
}
template <class F, class K, class V>
consteval void check_returns_key() {
  static_assert(!std::is_void_v<CallResult<F, K, V>>,
                "millrace: the function must return the new key; std::optional of it, to make nulls");
}
template <class F, class K, class V>
consteval void check_returns_key_value() {
  static_assert(HasKeyAndValue<CallResult<F, K, V>>,
                "millrace: the function must return a KeyValue: KeyValue{new_key, new_value}");
}
template <class F, class K, class V>
consteval void check_returns_values() {
  static_assert(Container<CallResult<F, K, V>>,
                "millrace: the function must return a container of the new values, a std::vector for example");
}
template <class F, class K, class V>
consteval void check_returns_key_values() {
  constexpr bool container = Container<CallResult<F, K, V>>;
  static_assert(container, "millrace: the function must return a container of KeyValue, a std::vector for example");
  if constexpr (container) {
    static_assert(HasKeyAndValue<decltype(*std::begin(std::declval<CallResult<F, K, V>&>()))>,
                  "millrace: the function must return a container of KeyValue, a std::vector for example");
  }
}

/// A serde that no option can bring, as none are given.
template <class T>
consteval void check_key_serde() {
  static_assert(Serializable<T>,
                "millrace: there is no serde for the key's type: specialise millrace::SerdeFor, describe the struct "
                "with MILLRACE_DESCRIBE, or give the verb its options with .key_serde");
}
template <class T>
consteval void check_value_serde() {
  static_assert(Serializable<T>,
                "millrace: there is no serde for the value's type: specialise millrace::SerdeFor, describe the struct "
                "with MILLRACE_DESCRIBE, or give the verb its options with .value_serde");
}

/// A function without parameters that returns a std::unique_ptr.
template <class Make>
concept MakesUnique = std::invocable<Make&> && requires { typename std::invoke_result_t<Make&>::element_type; };

/// What an aggregation's initializer returns.
template <class Init>
struct InitialAggregate {
  static_assert(std::invocable<Init&>,
                "millrace: the initializer must take nothing and return the aggregate to begin with");
  using Type = std::remove_cvref_t<std::invoke_result_t<Init&>>;
};
template <class Init>
using initial_aggregate = typename InitialAggregate<Init>::Type;

}  // namespace millrace::detail
