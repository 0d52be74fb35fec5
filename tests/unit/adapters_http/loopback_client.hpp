// LoopbackClient: a bare socket to a server on 127.0.0.1, for requests that no decent client would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

namespace millrace {

class LoopbackClient {
 public:
  explicit LoopbackClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  LoopbackClient(LoopbackClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(std::exchange(other.connected_, false)) {}
  LoopbackClient& operator=(LoopbackClient&&) = delete;
  ~LoopbackClient() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] bool connected() const { return connected_; }

  /// Sends as much as the server takes.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Says that nothing more comes.
  void finish() { ::shutdown(fd_, SHUT_WR); }

  /// Whether the server sends or closes in that time.
  [[nodiscard]] bool readable_within(std::chrono::milliseconds time) const {
    pollfd source{fd_, POLLIN, 0};
    return ::poll(&source, 1, static_cast<int>(time.count())) != 0;
  }

  /// All the server sends until it closes the connection; fails the test if it does not within ten seconds.
  std::string receive_all() {
    constexpr int kPatienceMilliseconds = 10'000;
    std::string received;
    char buffer[4096];
    for (;;) {
      pollfd source{fd_, POLLIN, 0};
      if (::poll(&source, 1, kPatienceMilliseconds) == 0) {
        ADD_FAILURE() << "the server neither sends nor closes; it sent so far: " << received;
        return received;
      }
      auto count = ::recv(fd_, buffer, sizeof buffer, 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return received;
      received.append(buffer, static_cast<std::size_t>(count));
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

/// An answer taken apart.
struct Reply {
  int status = 0;  ///< 0: no answer
  std::string headers;
  std::string body;
};

inline Reply parse_reply(const std::string& text) {
  Reply reply;
  if (text.rfind("HTTP/1.", 0) != 0 || text.size() < 12) return reply;
  reply.status = std::stoi(text.substr(9, 3));
  std::size_t end = text.find("\r\n\r\n");
  reply.headers = text.substr(0, end);
  if (end != std::string::npos) reply.body = text.substr(end + 4);
  return reply;
}

inline Reply ask(std::uint16_t port, std::string_view request) {
  LoopbackClient client(port);
  EXPECT_TRUE(client.connected());
  client.send(request);
  return parse_reply(client.receive_all());
}

inline Reply http_get(std::uint16_t port, const std::string& path) {
  return ask(port, "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}

}  // namespace millrace
