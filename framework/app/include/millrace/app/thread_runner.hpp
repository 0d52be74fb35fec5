// ThreadRunner: an operating-system thread that steps a StreamThread and sleeps between its steps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <millrace/runtime/stream_thread.hpp>

namespace millrace {

/// Thread-safe, except that prepare() and start() are called by the owner.
class ThreadRunner {
 public:
  /// What the thread calls.
  struct Hooks {
    /// Makes the stream thread, with the wake-up given.
    std::function<std::unique_ptr<StreamThread>(WakeUp)> make;
    /// Called by the thread after its steps that may interest others, and when it has ended.
    std::function<void()> on_change;
    /// Called by the thread, once, as soon as it has met what it dies of.
    std::function<void(const Error&)> on_failure;
    /// Called by the thread when it has taken its last step; only on_change comes after it.
    std::function<void()> on_end;
    /// Whose thread it is: OwnThread::within() is true on it.
    const void* application = nullptr;
  };
  /// `number` is for the name that the operating system shows.
  ThreadRunner(std::string name, int number, Hooks hooks);
  /// Joins. REQUIRES: it was asked to stop, or died, or was never started; not on that thread.
  ~ThreadRunner();
  ThreadRunner(const ThreadRunner&) = delete;
  ThreadRunner& operator=(const ThreadRunner&) = delete;

  /// Makes the stream thread here and now, so that it is in its group before any thread runs.
  void prepare();
  /// Runs it. Where it is not prepared it is made after `delay`, on its own thread.
  void start(std::chrono::milliseconds delay = {});
  /// Waits for the end. REQUIRES: as for the destructor.
  void join();
  void request_stop();           ///< Asks the thread to commit, close and end. Thread-safe.
  void request_commit();         ///< Asks for a commit soon. Thread-safe.
  void set_paused(bool paused);  ///< Stops or goes on with processing. Thread-safe.

  [[nodiscard]] const std::string& name() const { return name_; }  ///< As messages name it.
  [[nodiscard]] int number() const { return number_; }             ///< Counts up over the life of the application.
  [[nodiscard]] ThreadStatus status() const;                       ///< Thread-safe.
  [[nodiscard]] ThreadState state() const;                         ///< Thread-safe.
  /// True once the thread has taken its last step.
  [[nodiscard]] bool ended() const { return ended_.load(); }

 private:
  /// Outlives the runner in the wake-ups that the log still holds.
  struct Doorbell {
    std::mutex mutex;
    std::condition_variable changed;
    bool rung = false;
    void ring();
    /// Sleeps until it rings, or until `deadline`.
    void wait_until(SteadyTime deadline);
    void silence();
  };
  void run(std::chrono::milliseconds delay);
  [[nodiscard]] bool make_after(std::chrono::milliseconds delay);
  void step_until_dead();

  const std::string name_;
  const int number_;
  const Hooks hooks_;
  const std::shared_ptr<Doorbell> bell_;
  std::atomic<bool> ended_{false};

  mutable std::mutex mutex_;
  bool stop_requested_ = false;
  bool paused_ = false;
  std::unique_ptr<StreamThread> stream_thread_;  // null before it is made and after its end
  ThreadStatus last_status_;

  std::thread thread_;  // last: it uses the rest
};

}  // namespace millrace
