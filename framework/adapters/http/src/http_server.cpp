#include <millrace/adapters/http/http_server.hpp>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>

#include "daemon.hpp"
#include "listener.hpp"

namespace millrace {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kAcceptedPerRound = 16;                  // then those that are in are served
constexpr milliseconds kPauseWithoutDescriptors{100};  // the process has no file descriptor left to accept with

/// A thread that leaves all signals to the threads of the application.
std::thread thread_without_signals(auto body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    const sigset_t& mask;
    ~Restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } restore{before};
  return std::thread(std::move(body));
}

}  // namespace

/// A running server: a loop over the listening socket, the daemon and the signal to stop.
class HttpServer::Impl {
 public:
  Impl(Listener listener, FileDescriptor stop_event, std::unique_ptr<Daemon> daemon, const HttpServerOptions& options)
      : options_(options),
        listener_(std::move(listener)),
        stop_event_(std::move(stop_event)),
        daemon_(std::move(daemon)),
        thread_(thread_without_signals([this] { loop(); })) {}

  ~Impl() {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(stop_event_.get(), &one, sizeof one);  // cannot fail: the counter has room
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return listener_.port; }

 private:
  void loop() {
    for (;;) {
      auto now = Clock::now();
      bool listening = may_let_in(now);
      std::array<pollfd, 3> sources = {{{stop_event_.get(), POLLIN, 0},
                                        {daemon_->poll_fd(), POLLIN, 0},
                                        {listening ? listener_.socket.get() : -1, POLLIN, 0}}};
      ::poll(sources.data(), sources.size(), wait_milliseconds(now, listening));
      if (sources[0].revents != 0) return;
      if (sources[2].revents != 0) let_in(Clock::now());
      close_overdue(Clock::now());
      daemon_->run();
      daemon_->connections().tell_ends();
    }
  }

  [[nodiscard]] bool full() { return daemon_->connections().size() >= options_.connections_max; }

  /// Whether one more connection could be taken now, if need be for the oldest.
  [[nodiscard]] bool may_let_in(Clock::time_point now) {
    if (now < accept_again_) return false;
    if (!full()) return true;
    auto oldest = daemon_->connections().oldest();
    return oldest && !daemon_->connections().any_closing() && now - *oldest >= options_.connection_grace;
  }

  void let_in(Clock::time_point now) {
    if (full() && daemon_->connections().close_oldest(now - options_.connection_grace)) {
      rejected();
      return;  // the newcomer waits until the daemon has seen it
    }
    for (int i = 0; i < kAcceptedPerRound && !full(); ++i) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      auto* generic = reinterpret_cast<sockaddr*>(&address);
      FileDescriptor socket(::accept4(listener_.socket.get(), generic, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.valid()) {
        if (errno == ECONNABORTED || errno == EINTR) continue;
        if (errno != EAGAIN) accept_again_ = now + kPauseWithoutDescriptors;
        return;
      }
      daemon_->add(std::move(socket), generic, size);
    }
  }

  void close_overdue(Clock::time_point now) {
    while (daemon_->connections().close_oldest(now - options_.connection_timeout)) rejected();
  }

  void rejected() const {
    if (options_.on_rejected) options_.on_rejected();
  }

  /// Until the next deadline; -1 if there is none.
  [[nodiscard]] int wait_milliseconds(Clock::time_point now, bool listening) {
    auto wait = daemon_->timeout();
    auto until = [&](Clock::time_point deadline) {
      auto left = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(deadline - now));
      wait = wait ? std::min(*wait, left) : left;
    };
    if (auto oldest = daemon_->connections().oldest()) {
      until(*oldest + options_.connection_timeout);
      if (!listening && full() && !daemon_->connections().any_closing()) until(*oldest + options_.connection_grace);
    }
    if (now < accept_again_) until(accept_again_);
    return wait ? static_cast<int>(std::min<milliseconds::rep>(wait->count(), 3'600'000)) : -1;
  }

  const HttpServerOptions& options_;
  Listener listener_;
  FileDescriptor stop_event_;
  std::unique_ptr<Daemon> daemon_;
  Clock::time_point accept_again_{};
  std::thread thread_;  // last: it uses all of the others
};

HttpServer::HttpServer(HttpRoutes routes, HttpServerOptions options)
    : routes_(std::move(routes)), options_(std::move(options)) {}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::start(std::uint16_t port) {
  MILLRACE_ASSERT(!impl_, "the HTTP server was started already");
  auto listener = listen_on_loopback(port);
  if (!listener) return listener.error();
  auto failed = [&](std::string_view reason) {
    return Error(ErrorCode::PortUnavailable,
                 fmt::format("cannot serve HTTP on 127.0.0.1:{}: {}", listener->port, reason));
  };
  FileDescriptor stop_event(::eventfd(0, EFD_CLOEXEC));
  if (!stop_event.valid()) return failed(std::generic_category().message(errno));
  auto daemon = Daemon::start(routes_, options_);
  if (!daemon) return failed("the HTTP library does not start, most likely for want of file descriptors");
  try {
    impl_ = std::make_unique<Impl>(std::move(*listener), std::move(stop_event), std::move(daemon), options_);
  } catch (const std::system_error& error) {
    return failed(error.what());
  }
  return {};
}

std::uint16_t HttpServer::port() const { return impl_ ? impl_->port() : 0; }

void HttpServer::stop() { impl_.reset(); }

}  // namespace millrace
