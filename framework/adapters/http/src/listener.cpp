#include "listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::uint32_t kFurtherPorts = 100;
constexpr std::uint32_t kLastPort = 65535;
// Room for a burst: those who wait here are let in as soon as older connections end or are old enough to be closed.
constexpr int kBacklog = 1024;

/// The listening socket, or errno. Two sockets may be bound to one port as long as neither listens, so that a port
/// counts as free only when listening succeeded as well.
int try_port(std::uint16_t port, Listener& listener) {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  int on = 1;  // else a restart would find its own port busy with connections that have just ended
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return errno;
  if (::listen(fd.get(), kBacklog) != 0) return errno;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return errno;
  listener = {std::move(fd), ntohs(address.sin_port)};
  return 0;
}

}  // namespace

Result<Listener> listen_on_loopback(std::uint16_t first_port) {
  Listener listener;
  std::uint32_t last_port = first_port == 0 ? 0 : std::min(first_port + kFurtherPorts, kLastPort);
  for (std::uint32_t port = first_port; port <= last_port; ++port) {
    int error = try_port(static_cast<std::uint16_t>(port), listener);
    if (error == 0) return listener;
    if (error == EADDRINUSE) continue;
    return Error(ErrorCode::PortUnavailable,
                 fmt::format("cannot listen on 127.0.0.1:{}: {}", port, std::generic_category().message(error)));
  }
  return Error(ErrorCode::PortUnavailable,
               first_port == 0 ? std::string("no port of 127.0.0.1 is free")
                               : fmt::format("ports {} to {} of 127.0.0.1 are all taken", first_port, last_port));
}

}  // namespace millrace
