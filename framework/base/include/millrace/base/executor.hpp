// Executor: the port through which work leaves the calling thread.
#pragma once

#include <functional>

namespace millrace {

/// Runs posted functions one at a time, in the order of their posting. Adapters own a thread behind it; the simulator
/// runs them when its scheduler says so.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  /// Takes `work` and returns at once. Thread-safe. `work` must not throw.
  virtual void post(std::function<void()> work) = 0;
  /// True if post() runs the work before it returns: then a caller may as well run it itself, and save the packing.
  [[nodiscard]] virtual bool runs_inline() const { return false; }
};

/// Runs work inside post(), on the caller's thread: for logs whose writes do not block, and for deterministic tests.
class InlineExecutor final : public Executor {
 public:
  void post(std::function<void()> work) override { work(); }
  bool runs_inline() const override { return true; }
};

}  // namespace millrace
