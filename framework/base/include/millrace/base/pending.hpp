// Pending<T>: the answer to a request that returned at once. A later step takes it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <millrace/base/assert.hpp>
#include <millrace/base/result.hpp>

namespace millrace {

namespace detail {
template <class T>
struct PendingState {
  std::mutex mutex;
  std::optional<Result<T>> result;
};
}  // namespace detail

template <class T>
class Promise;

/// The receiving end; move-only in spirit: one owner takes the result once. An empty one waits for nothing.
/// An answer that was there at once (ready()) lies in the Pending itself: no allocation, no lock.
template <class T>
class Pending {
 public:
  Pending() = default;

  /// True while a result has not been taken.
  [[nodiscard]] bool active() const { return result_.has_value() || state_ != nullptr; }
  /// Thread-safe against the promise.
  [[nodiscard]] bool ready() const {
    if (result_) return true;
    if (!state_) return false;
    std::lock_guard lock(state_->mutex);
    return state_->result.has_value();
  }
  /// Takes the result; this becomes empty. REQUIRES: ready().
  [[nodiscard]] Result<T> take() {
    MILLRACE_ASSERT(ready(), "take() of a Pending that is not ready");
    if (result_) {
      Result<T> result = std::move(*result_);
      result_.reset();
      return result;
    }
    auto state = std::exchange(state_, nullptr);
    return std::move(*state->result);
  }

 private:
  friend class Promise<T>;
  template <class U>
  friend Pending<U> ready(Result<U> result);
  explicit Pending(std::shared_ptr<detail::PendingState<T>> state) : state_(std::move(state)) {}
  std::optional<Result<T>> result_;
  std::shared_ptr<detail::PendingState<T>> state_;
};

/// The giving end. Copies share one state.
template <class T>
class Promise {
 public:
  Promise() : state_(std::make_shared<detail::PendingState<T>>()) {}
  /// The other end: what the asker waits for.
  [[nodiscard]] Pending<T> pending() const { return Pending<T>(state_); }
  /// REQUIRES: not set before. Thread-safe against the Pending.
  void set(Result<T> result) {
    std::lock_guard lock(state_->mutex);
    MILLRACE_ASSERT(!state_->result.has_value(), "a promise is set once");
    state_->result.emplace(std::move(result));
  }

 private:
  std::shared_ptr<detail::PendingState<T>> state_;
};

/// An answer that is there already.
template <class T>
[[nodiscard]] Pending<T> ready(Result<T> result) {
  Pending<T> pending;
  pending.result_.emplace(std::move(result));
  return pending;
}

}  // namespace millrace
