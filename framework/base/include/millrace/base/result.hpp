// Result<T>: a value or an Error, with the member names of std::expected (which C++20 lacks).
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include <millrace/base/assert.hpp>
#include <millrace/base/error.hpp>

namespace millrace {

/// A value of type T, or why there is none. Return it from everything that can fail while running.
///
///   Result<Offset> end = reader.end_offset(partition);
///   if (!end) return end.error();
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;  ///< what it holds if all went well

  /// A success.
  Result(T value) : has_value_(true) { ::new (&storage_.value) T(std::move(value)); }  // NOLINT: implicit by design
  /// A failure.
  Result(Error error) : has_value_(false) { ::new (&storage_.error) Error(std::move(error)); }  // NOLINT
  Result(const Result& other) : has_value_(other.has_value_) {
    if (has_value_) ::new (&storage_.value) T(other.storage_.value);
    else ::new (&storage_.error) Error(other.storage_.error);
  }
  Result(Result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) : has_value_(other.has_value_) {
    if (has_value_) ::new (&storage_.value) T(std::move(other.storage_.value));
    else ::new (&storage_.error) Error(std::move(other.storage_.error));
  }
  Result& operator=(Result other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    this->~Result();
    ::new (this) Result(std::move(other));
    return *this;
  }
  ~Result() {
    if (has_value_) storage_.value.~T();
    else storage_.error.~Error();
  }

  [[nodiscard]] bool has_value() const { return has_value_; }  ///< True for a success.
  explicit operator bool() const { return has_value_; }        ///< True for a success.

  /// REQUIRES: has_value(). Aborts with the error's text otherwise.
  T& value() & { return check(), storage_.value; }
  const T& value() const& { return check(), storage_.value; }    ///< As above, for a constant result.
  T&& value() && { return check(), std::move(storage_.value); }  ///< As above; moves the value out.
  T& operator*() & { return value(); }                           ///< As value().
  const T& operator*() const& { return value(); }                ///< As value().
  T&& operator*() && { return std::move(*this).value(); }        ///< As value(); moves the value out.
  T* operator->() { return &value(); }                           ///< REQUIRES: has_value().
  const T* operator->() const { return &value(); }               ///< REQUIRES: has_value().
  /// The value, or `other` instead of an error.
  template <class U>
  T value_or(U&& other) const& {
    return has_value_ ? storage_.value : static_cast<T>(std::forward<U>(other));
  }

  /// REQUIRES: !has_value().
  [[nodiscard]] const Error& error() const {
    MILLRACE_ASSERT(!has_value_, "error() of a Result that holds a value");
    return storage_.error;
  }

 private:
  void check() const {
    if (!has_value_) [[unlikely]]
      detail::assertion_failed("Result::value", __FILE__, __LINE__, storage_.error.to_string());
  }
  union Storage {
    Storage() {}
    ~Storage() {}
    T value;
    Error error;
  } storage_;
  bool has_value_;
};

/// Success without a value, or why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;  ///< there is none

  Result() = default;
  /// A failure.
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}  // NOLINT: implicit by design
  Result(const Result& other) : error_(other.error_ ? std::make_unique<Error>(*other.error_) : nullptr) {}
  Result(Result&&) noexcept = default;
  Result& operator=(Result other) noexcept {
    error_ = std::move(other.error_);
    return *this;
  }

  [[nodiscard]] bool has_value() const { return !error_; }  ///< True for a success.
  explicit operator bool() const { return !error_; }        ///< True for a success.
  /// REQUIRES: has_value(). Aborts with the error's text otherwise.
  void value() const {
    if (error_) [[unlikely]]
      detail::assertion_failed("Result::value", __FILE__, __LINE__, error_->to_string());
  }
  /// REQUIRES: !has_value().
  [[nodiscard]] const Error& error() const {
    MILLRACE_ASSERT(error_ != nullptr, "error() of a Result that holds a value");
    return *error_;
  }

 private:
  std::unique_ptr<Error> error_;
};

/// Returns the error of `expression` from the enclosing function, if it has one.
#define MILLRACE_TRY(expression)                                        \
  do {                                                                  \
    if (auto millrace_try_ = (expression); !millrace_try_) [[unlikely]] \
      return millrace_try_.error();                                     \
  } while (false)

}  // namespace millrace
