// StreamThreads: the stream threads of an application: started together, added and removed while it runs, replaced when
// one dies, ended together.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <millrace/app/streams_lifecycle.hpp>
#include <millrace/app/thread_runner.hpp>
#include <millrace/metrics/metrics.hpp>

namespace millrace {

/// What becomes of the application when one of its threads has died.
enum class UncaughtExceptionResponse : std::uint8_t {
  ReplaceThread,    ///< a fresh thread takes its place; the tasks are restored where they are given to
  StopApplication,  ///< all threads end; the application is in error
};

/// Asked once per thread that dies, on that thread, with no lock held. The error names task, partition and offset.
using UncaughtExceptionHandler = std::function<UncaughtExceptionResponse(const Error&)>;

/// How long a replacement waits: so that an error that stays does not spin.
struct ReplacementDelays {
  std::chrono::milliseconds first{100};       ///< doubled with each further death,
  std::chrono::milliseconds longest{10'000};  ///< up to this,
  std::chrono::milliseconds calm{60'000};     ///< and back to the first when no thread has died for so long
};

/// Thread: one owner.
class ReplacementBackoff {
 public:
  explicit ReplacementBackoff(ReplacementDelays delays) : delays_(delays) {}  ///< Waits as `delays` say.
  /// The delay after a death at `now`.
  [[nodiscard]] std::chrono::milliseconds next(SteadyTime now);

 private:
  const ReplacementDelays delays_;
  std::chrono::milliseconds delay_{0};
  SteadyTime last_death_{};
};

/// Thread-safe, except that start() is called by one. Calls nothing of the application's with a lock held.
class StreamThreads {
 public:
  /// What the threads need. Everything is borrowed.
  struct Services {
    Logger* logger = nullptr;    ///< where lines go
    Metrics* metrics = nullptr;  ///< where numbers go
    /// Makes the stream thread of this number, which is named "<application.id>-<number>".
    std::function<std::unique_ptr<StreamThread>(int number, WakeUp)> make;
  };
  /// `application` marks its threads (own_thread.hpp); `on_change` is called by a thread whose state has changed, or
  /// which has done something.
  StreamThreads(std::string application_id, const void* application, std::function<void()> on_change,
                ReplacementDelays delays = {});
  /// Asks all to stop, and waits for them however long it takes.
  ~StreamThreads();
  StreamThreads(const StreamThreads&) = delete;
  StreamThreads& operator=(const StreamThreads&) = delete;

  /// REQUIRES: not started.
  void set_uncaught_exception_handler(UncaughtExceptionHandler handler) { handler_ = std::move(handler); }
  /// Starts `count` threads; all are in the group before the first one runs. Borrows what the services name.
  void start(int count, Services services);
  /// The new thread's name, with the lowest number that is free. Errors: StreamsNotRunning.
  [[nodiscard]] Result<std::string> add();
  /// Asks the thread of that name to end in order, or the one that was added last, and waits for it, except when called
  /// on a thread of this application. Its name. Errors: StreamsNotRunning, ThreadUnknown; ThreadNotEnded after
  /// `timeout`, it ends later then.
  [[nodiscard]] Result<std::string> remove(const std::optional<std::string>& name, std::chrono::milliseconds timeout);
  /// All end in order. None is added or replaced from now on.
  void request_stop();
  void request_commit();              ///< Asks every thread for a commit soon.
  void set_paused(bool paused);       ///< Stops or goes on with processing, on every thread.
  [[nodiscard]] bool paused() const;  ///< As set last.

  /// Those that run, are to run, or have ended with the application; not those that were removed or replaced.
  [[nodiscard]] std::vector<ThreadStatus> statuses() const;
  [[nodiscard]] bool all_ended() const;  ///< True if no thread runs any more.
  /// What the first thread died of that was not replaced.
  [[nodiscard]] std::optional<Error> failure() const;
  /// The state that the application should be in. REQUIRES: started.
  [[nodiscard]] StreamsState wanted_state() const;

 private:
  struct Entry {
    std::shared_ptr<ThreadRunner> runner;
    bool leaving = false;
    bool replace = false;
  };
  using Entries = std::vector<Entry>;

  // REQUIRE: mutex_ held.
  Entry& make_entry(int number);
  [[nodiscard]] int free_number() const;
  [[nodiscard]] Entries::iterator find(const ThreadRunner& runner);
  [[nodiscard]] bool all_ended_locked() const;
  [[nodiscard]] Entries::iterator choose(const std::optional<std::string>& name);

  void on_failure(ThreadRunner& runner, const Error& error);
  void on_end(ThreadRunner& runner);
  [[nodiscard]] UncaughtExceptionResponse ask_handler(const Error& error) const;
  void stop_all();

  // Constant after start().
  const std::string application_id_;
  const void* const application_;
  const std::function<void()> on_change_;
  UncaughtExceptionHandler handler_;
  Services services_;

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool started_ = false;
  bool stopping_ = false;
  bool paused_ = false;
  ReplacementBackoff backoff_;
  CounterHandle failed_threads_;
  std::optional<Error> failure_;
  Entries entries_;
  std::vector<std::shared_ptr<ThreadRunner>> spent_;  // ended or about to, to be joined
};

}  // namespace millrace
