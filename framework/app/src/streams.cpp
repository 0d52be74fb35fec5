#include <millrace/app/streams.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <millrace/adapters/http/health_routes.hpp>
#include <millrace/adapters/http/http_server.hpp>
#include <millrace/adapters/prometheus/text.hpp>
#include <millrace/app/wait.hpp>
#include "http_metrics.hpp"
#include "memory_metrics.hpp"
#include "own_thread.hpp"
#include "wiring.hpp"

namespace millrace {

namespace {

std::string new_run_id() {
  std::random_device entropy;
  return fmt::format("{:08x}{:08x}", entropy(), entropy());
}

bool is(const ThreadStatus& status, ThreadState state) { return status.state == state; }

}  // namespace

class Streams::Impl {
 public:
  Impl(Topology topology, StreamsConfig config, Logger* logger)
      : topology_(std::move(topology)), config_(std::move(config)), given_logger_(logger) {}
  ~Impl() {
    MILLRACE_ASSERT(!OwnThread::within(this), "Streams cannot be destroyed on one of its own threads");
    close(config_.shutdown_timeout);
    // Handles of stores may outlive this.
    if (registry_) registry_->detach();
    state_gauges_collector_.reset();
    memory_metrics_.reset();
    http_.reset();
  }

  Result<void> start() {
    if (auto begun = begin_start(); !begun) return begun;
    auto wiring = Wiring::open(config_, given_logger_);
    if (!wiring) return wiring.error();
    wiring_ = std::move(*wiring);
    auto catalog = wiring_->prepare_topics(topology_);
    if (!catalog) return catalog.error();
    catalog_ = std::move(*catalog);
    memory_metrics_ = std::make_unique<MemoryMetrics>(wiring_->metrics(), wiring_->memory_shares(),
                                                      [this] { return memory_in_use(); });
    registry_ = std::make_unique<StoreRegistry>(
        topology_, plan_tasks(topology_, config_.application_id, catalog_),
        [this](TaskId task, const std::string& store) { return explain_absence(task, store); });
    export_states();
    MILLRACE_TRY(start_http());
    {
      std::lock_guard lock(mutex_);
      if (phase_ == Phase::Closed) {
        http_.reset();
        return closed_before_start();
      }
      phase_ = Phase::Started;
      threads_.start(config_.num_stream_threads, {&logger(), &wiring_->metrics(), make_stream_threads()});
    }
    follow_threads();
    return {};
  }

  bool close(std::chrono::milliseconds timeout) {
    {
      std::lock_guard lock(mutex_);
      if (phase_ != Phase::Started) {
        phase_ = Phase::Closed;
        never_started_ = true;
      }
    }
    if (never_started_) {
      // start() may be at work.
      Logger& logger = given_logger_ != nullptr ? *given_logger_ : null_logger_;
      const OwnThread own(this);
      lifecycle_.update([] { return StreamsState::NotRunning; }, logger);
      return true;
    }
    threads_.request_stop();
    follow_threads();
    if (OwnThread::within(this)) return false;
    if (wait_for([this] { return threads_.all_ended() && lifecycle_.told(); }, timeout)) return true;
    report_not_ended(timeout);
    return false;
  }

  [[nodiscard]] StreamsState state() const { return lifecycle_.state(); }
  [[nodiscard]] std::vector<ThreadStatus> statuses() const { return threads_.statuses(); }
  [[nodiscard]] StreamThreads& threads() { return threads_; }

  /// What is set before start().
  void set(const char* what, const std::function<void()>& assign) {
    std::lock_guard lock(mutex_);
    if (phase_ != Phase::New) throw std::logic_error(std::string(what) + " must be called before start()");
    assign();
  }
  StreamsLifecycle& lifecycle() { return lifecycle_; }
  RuntimeListeners& listeners() { return listeners_; }

  bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds timeout) {
    auto deadline = std::chrono::steady_clock::now() + timeout;
    std::unique_lock lock(change_mutex_);
    while (true) {
      lock.unlock();
      if (condition()) return true;
      lock.lock();
      auto now = std::chrono::steady_clock::now();
      if (now >= deadline) return false;
      changed_.wait_until(lock, std::min(deadline, now + std::chrono::milliseconds(50)));
    }
  }

  Result<bool> drained() {
    // First what is committed, then the ends: if all that was committed covers every end seen later, nothing is left.
    LogAdmin& admin = wiring_->log().admin();
    auto committed = wait(admin.committed_offsets(config_.application_id));
    if (!committed) return committed.error();
    std::vector<TopicPartition> inputs;
    for (const Subtopology& subtopology : topology_.subtopologies()) {
      for (const TopicRef& topic : subtopology.source_topics) {
        std::string name = topic.full_name(config_.application_id);
        for (std::int32_t i = 0; i < catalog_.find(name)->partitions; ++i) inputs.push_back({name, Partition(i)});
      }
    }
    auto ranges = wait(admin.offset_ranges(inputs));
    if (!ranges) return ranges.error();
    for (const auto& [partition, range] : *ranges) {
      auto at = committed->find(partition);
      if (at == committed->end() || at->second.offset < range.end) return false;
    }
    // What is committed may not be in the stores yet: a process that was killed between the two restores it first.
    return registry_->all_published();
  }

  Result<void> read_store(const std::string& store, const std::function<void(TaskId, BytesView, BytesView)>& visit) {
    for (const TaskId& task : plan_tasks(topology_, config_.application_id, catalog_)) {
      const Subtopology& subtopology = topology_.subtopology(task.subtopology);
      if (std::find(subtopology.stores.begin(), subtopology.stores.end(), store) == subtopology.stores.end()) continue;
      auto path = wiring_->directory().task_path(task);
      auto read = read_task(task, store, [&](BytesView key, BytesView value) { visit(task, key, value); });
      if (read) continue;
      Error error = read.error().at({.task = to_string(task), .store = store});
      if (error.code() != ErrorCode::StateCorrupted) return error;
      // Damaged blocks show only to those who read them: nothing else would ever have this state restored.
      MILLRACE_TRY(wiring_->backends().destroy(path));
      return Error(error.code(), error.message() + "; start again to have it restored", error.where());
    }
    return {};
  }

  Result<void> read_task(TaskId task, const std::string& store,
                         const std::function<void(BytesView, BytesView)>& visit) {
    std::vector<std::string> persistent;
    for (const std::string& name : topology_.subtopology(task.subtopology).stores) {
      if (topology_.stores().at(name).persistent) persistent.push_back(name);
    }
    auto backend = wiring_->backends().open(wiring_->directory().task_path(task), persistent);
    if (!backend) return backend.error();
    MILLRACE_TRY(check_whole(task, topology_.stores().at(store), **backend));
    auto entries = (*backend)->store(store).range({});
    if (!entries) return entries.error();
    for (; (*entries)->valid(); (*entries)->next()) visit((*entries)->key(), (*entries)->value());
    return (*entries)->status();
  }

  /// Is the store where its changelog ends?
  Result<void> check_whole(TaskId task, const StoreSpec& store, TaskBackend& backend) {
    if (!store.logged) return {};
    const TopicPartition changelog{store.changelog().full_name(config_.application_id), task.partition};
    auto ranges = wait(wiring_->log().admin().offset_ranges({changelog}));
    if (!ranges) return ranges.error();
    auto stamp = backend.stamp(store.name);
    if (!stamp) return stamp.error();
    const std::int64_t missing = ranges->at(changelog).end.value() - stamp->next.value();
    if (missing <= 0) return {};
    return Error(ErrorCode::StateBehind,
                 fmt::format("the store is {} records behind {}", missing, to_string(changelog)));
  }

  Result<StoreQuery> find_store(const std::string& name, const StoreQueryOptions& options) {
    {
      std::lock_guard lock(mutex_);
      if (phase_ != Phase::Started)
        return Error(ErrorCode::StreamsNotRunning, "the application was not started", {.store = name});
    }
    return registry_->query(name, options);
  }

  void notify() {
    std::lock_guard lock(change_mutex_);
    changed_.notify_all();
  }

  Wiring& wiring() {
    MILLRACE_ASSERT(wiring_ != nullptr, "start() comes first");
    return *wiring_;
  }

  const Topology& topology() const { return topology_; }
  const StreamsConfig& config() const { return config_; }
  const TopicCatalog& catalog() const { return catalog_; }
  std::uint16_t http_port() const { return http_ ? http_->port() : std::uint16_t{0}; }

 private:
  enum class Phase : std::uint8_t { New, Starting, Started, Closed };

  static Error closed_before_start() {
    return Error(ErrorCode::StreamsNotRunning, "close() was called before start()");
  }

  Result<void> begin_start() {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::Closed) return closed_before_start();
    MILLRACE_ASSERT(phase_ == Phase::New, "start() is called once");
    phase_ = Phase::Starting;
    return {};
  }

  [[nodiscard]] std::function<std::unique_ptr<StreamThread>(int, WakeUp)> make_stream_threads() {
    return [this, run_id = new_run_id()](int number, WakeUp wake_up) {
      StreamThreadPorts ports{config_,
                              topology_,
                              catalog_,
                              wiring_->clock(),
                              wiring_->logger(),
                              wiring_->metrics(),
                              wiring_->log(),
                              wiring_->backends(),
                              &wiring_->directory(),
                              wiring_->clean_budget(),
                              registry_.get(),
                              &listeners_};
      return std::make_unique<StreamThread>(ports, number, run_id, std::move(wake_up));
    };
  }

  /// A stream thread has changed, or done something.
  void follow_threads() {
    {
      // The listener may be called from here, by a thread that is none of ours: it counts as one while it is told.
      const OwnThread own(this);
      lifecycle_.update([this] { return threads_.wanted_state(); }, logger());
    }
    notify();
  }

  void report_not_ended(std::chrono::milliseconds timeout) {
    for (const ThreadStatus& thread : statuses()) {
      if (thread.state == ThreadState::Dead) continue;
      std::vector<std::string> tasks;
      for (const TaskId& task : thread.running) tasks.push_back(to_string(task));
      logger().warn("streams",
                    fmt::format("stream thread {} did not end within {} ms; its tasks: {}", thread.name,
                                timeout.count(), tasks.empty() ? "none" : fmt::to_string(fmt::join(tasks, ", "))));
    }
  }

  [[nodiscard]] Logger& logger() { return wiring_->logger(); }

  Result<void> start_http() {
    if (!config_.metrics_enabled) return {};
    http_metrics_ = std::make_unique<HttpMetrics>(wiring_->metrics());
    HttpServerOptions options;
    options.on_response = [this](std::string_view path, int status) { http_metrics_->count_response(path, status); };
    options.on_rejected = [this] { http_metrics_->count_rejected(); };
    http_ = std::make_unique<HttpServer>(health_routes({.metrics_text = [this] { return wiring_->metrics_text(); },
                                                        .metrics_content_type = std::string(kPrometheusContentType),
                                                        .readiness = [this] { return readiness(); }}),
                                         std::move(options));
    MILLRACE_TRY(http_->start(static_cast<std::uint16_t>(config_.metrics_port)));
    std::string url = fmt::format("metrics and health on http://127.0.0.1:{}/", http_->port());
    bool taken = config_.metrics_port != 0 && http_->port() != config_.metrics_port;
    // Who looks at the configured port would see somebody else's metrics.
    if (taken) wiring_->logger().warn("http", fmt::format("port {} is taken: {}", config_.metrics_port, url));
    else wiring_->logger().info("http", url);
    return {};
  }

  /// Why a store cannot be read, for who wants to read it.
  Error explain_absence(TaskId task, const std::string& store) const {
    StreamsState now = state();
    auto threads = statuses();
    if (now != StreamsState::Rebalancing && now != StreamsState::Running) {
      auto failure = threads_.failure();
      return Error(ErrorCode::StreamsNotRunning,
                   fmt::format("the application is {}{}", to_string(now),
                               failure ? "; it failed with: " + failure->to_string() : ""));
    }
    for (const ThreadStatus& thread : threads) {
      for (const RestoreProgress& restoring : thread.restoring) {
        if (restoring.task != task) continue;
        return Error(ErrorCode::StoreNotReady,
                     fmt::format("the store {} cannot be read yet: its task waits until {} records of the changelog of "
                                 "{} are restored",
                                 store, std::max<std::int64_t>(restoring.remaining_records, 0), restoring.store));
      }
      if (std::find(thread.running.begin(), thread.running.end(), task) == thread.running.end()) continue;
      return Error(ErrorCode::StoreNotReady,
                   fmt::format("the store {} could not be read: its task was away for a moment", store));
    }
    return Error(ErrorCode::StoreNotReady,
                 fmt::format("the store {} cannot be read yet: its task waits for a thread to take it up, and for what "
                             "is committed of its input and changelogs",
                             store));
  }

  Readiness readiness() const {
    Readiness ready;
    StreamsState now = state();
    if (threads_.paused()) ready.reasons.push_back("the application is paused");
    if (now != StreamsState::Running) ready.reasons.push_back(fmt::format("the application is {}", to_string(now)));
    const bool started = now != StreamsState::Created && wiring_ != nullptr;
    if (auto obstacle = started ? wiring_->log().obstacle() : std::nullopt)
      ready.reasons.push_back(obstacle->to_string());
    for (const ThreadStatus& thread : statuses()) {
      if (thread.retrying) ready.reasons.push_back(thread.retrying->to_string());
      if (thread.failure) ready.reasons.push_back(thread.failure->to_string());
      if (thread.waiting_tasks > 0)
        ready.reasons.push_back(fmt::format("{} tasks are not yet running", thread.waiting_tasks));
      for (const RestoreProgress& restoring : thread.restoring) {
        ready.restoring.push_back({to_string(restoring.task), restoring.store,
                                   static_cast<std::uint64_t>(std::max<std::int64_t>(restoring.remaining_records, 0))});
      }
    }
    return ready;
  }

  // Looked up when asked for, on the scraper's thread.
  void export_states() {
    for (auto state :
         {StreamsState::Created, StreamsState::Rebalancing, StreamsState::Running, StreamsState::PendingShutdown,
          StreamsState::NotRunning, StreamsState::PendingError, StreamsState::Error}) {
      state_gauges_.emplace_back(state, wiring_->metrics().gauge(MetricId::State, {to_string(state)}));
    }
    for (auto state :
         {ThreadState::Created, ThreadState::Starting, ThreadState::PartitionsRevoked, ThreadState::PartitionsAssigned,
          ThreadState::Running, ThreadState::PendingShutdown, ThreadState::Dead}) {
      thread_gauges_.emplace_back(state, wiring_->metrics().gauge(MetricId::Threads, {to_string(state)}));
    }
    running_tasks_ = wiring_->metrics().gauge(MetricId::Tasks, {"running"});
    restoring_tasks_ = wiring_->metrics().gauge(MetricId::Tasks, {"restoring"});
    paused_ = wiring_->metrics().gauge(MetricId::Paused);
    state_gauges_collector_ = wiring_->metrics().collector([this] {
      std::size_t running = 0;
      std::size_t restoring = 0;
      StreamsState now = state();
      auto threads = statuses();
      paused_->set(threads_.paused() ? 1 : 0);
      for (const ThreadStatus& thread : threads) {
        running += thread.running.size();
        restoring += thread.waiting_tasks;
      }
      for (auto& [value, gauge] : state_gauges_) gauge->set(value == now ? 1 : 0);
      for (auto& [value, gauge] : thread_gauges_) {
        gauge->set(std::count_if(threads.begin(), threads.end(),
                                 [&, wanted = value](const auto& t) { return is(t, wanted); }));
      }
      running_tasks_->set(running);
      restoring_tasks_->set(restoring);
    });
  }

  MemoryMetrics::Bytes memory_in_use() const {
    MemoryUse sum;
    for (const ThreadStatus& thread : statuses()) {
      sum.transaction_buffer_bytes += thread.memory.transaction_buffer_bytes;
      sum.fetched_bytes += thread.memory.fetched_bytes;
      sum.outbox_bytes += thread.memory.outbox_bytes;
    }
    return {wiring_->block_cache_bytes(),         wiring_->memtable_bytes(), sum.transaction_buffer_bytes,
            wiring_->clean_budget().used_bytes(), sum.fetched_bytes,         sum.outbox_bytes};
  }

  // Constant after construction.
  const Topology topology_;
  const StreamsConfig config_;
  Logger* const given_logger_;
  NullLogger null_logger_;

  // Constant after start().
  std::unique_ptr<Wiring> wiring_;
  TopicCatalog catalog_;
  std::unique_ptr<StoreRegistry> registry_;
  std::unique_ptr<HttpMetrics> http_metrics_;
  std::unique_ptr<HttpServer> http_;
  RuntimeListeners listeners_;
  std::vector<std::pair<StreamsState, GaugeHandle>> state_gauges_;
  std::vector<std::pair<ThreadState, GaugeHandle>> thread_gauges_;
  GaugeHandle running_tasks_;
  GaugeHandle restoring_tasks_;
  GaugeHandle paused_;
  CollectorHandle state_gauges_collector_;
  std::unique_ptr<MemoryMetrics> memory_metrics_;

  std::mutex mutex_;
  Phase phase_ = Phase::New;
  std::atomic<bool> never_started_{false};

  std::mutex change_mutex_;
  std::condition_variable changed_;
  StreamsLifecycle lifecycle_{[this] { notify(); }};
  StreamThreads threads_{config_.application_id, this, [this] { follow_threads(); }};  // last: they use the rest
};

Streams::Streams(Topology topology, StreamsConfig config, Logger* logger)
    : impl_(std::make_unique<Impl>(std::move(topology), std::move(config), logger)) {}
Streams::~Streams() = default;

Result<void> Streams::start() { return impl_->start(); }
bool Streams::close(std::chrono::milliseconds timeout) { return impl_->close(timeout); }
StreamsState Streams::state() const { return impl_->state(); }
std::vector<ThreadStatus> Streams::thread_status() const { return impl_->statuses(); }
bool Streams::wait_for(const std::function<bool()>& condition, std::chrono::milliseconds timeout) {
  return impl_->wait_for(condition, timeout);
}
Result<bool> Streams::drained() const { return impl_->drained(); }
Result<StoreQuery> Streams::find_store(const std::string& name, const StoreQueryOptions& options) const {
  return impl_->find_store(name, options);
}
void Streams::request_commit() { impl_->threads().request_commit(); }
Result<std::string> Streams::add_stream_thread() { return impl_->threads().add(); }
Result<std::string> Streams::remove_stream_thread(const std::optional<std::string>& name,
                                                  std::chrono::milliseconds timeout) {
  return impl_->threads().remove(name, timeout);
}
void Streams::pause() { impl_->threads().set_paused(true); }
void Streams::resume() { impl_->threads().set_paused(false); }
bool Streams::is_paused() const { return impl_->threads().paused(); }
void Streams::set_state_listener(StreamsStateListener listener) {
  impl_->set("set_state_listener()", [&] { impl_->lifecycle().set_listener(std::move(listener)); });
}
void Streams::set_thread_state_listener(std::function<void(const std::string&, ThreadState, ThreadState)> listener) {
  impl_->set("set_thread_state_listener()", [&] { impl_->listeners().thread_state = std::move(listener); });
}
void Streams::set_task_state_listener(std::function<void(const std::string&, TaskId, TaskState, TaskState)> listener) {
  impl_->set("set_task_state_listener()", [&] { impl_->listeners().task_state = std::move(listener); });
}
void Streams::set_restore_listener(std::shared_ptr<StateRestoreListener> listener) {
  impl_->set("set_restore_listener()", [&] { impl_->listeners().restore = std::move(listener); });
}
void Streams::set_uncaught_exception_handler(UncaughtExceptionHandler handler) {
  impl_->set("set_uncaught_exception_handler()",
             [&] { impl_->threads().set_uncaught_exception_handler(std::move(handler)); });
}
Log& Streams::log() { return impl_->wiring().log(); }
Metrics& Streams::metrics() { return impl_->wiring().metrics(); }
const Clock& Streams::clock() const { return impl_->wiring().clock(); }
const TopicCatalog& Streams::catalog() const { return impl_->catalog(); }
std::uint16_t Streams::http_port() const { return impl_->http_port(); }
const StreamsConfig& Streams::config() const { return impl_->config(); }
const Topology& Streams::topology() const { return impl_->topology(); }
Result<void> Streams::read_store(const std::string& store,
                                 const std::function<void(TaskId, BytesView, BytesView)>& visit) {
  return impl_->read_store(store, visit);
}

std::optional<Error> Streams::failure() const { return impl_->threads().failure(); }

}  // namespace millrace
