// Daemon: libmicrohttpd, driven from outside. It parses requests and writes answers; sockets are accepted and given up
// on elsewhere. One thread only.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <microhttpd.h>

#include <millrace/adapters/http/http_server.hpp>

#include "connections.hpp"
#include "file_descriptor.hpp"

namespace millrace {

class Daemon {
 public:
  /// `routes` and `options` outlive it. Null if the library refuses to start.
  static std::unique_ptr<Daemon> start(const HttpRoutes& routes, const HttpServerOptions& options);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();  ///< closes all connections

  /// Takes over an accepted, non-blocking socket.
  void add(FileDescriptor socket, const sockaddr* address, unsigned int address_size);

  /// Reads, answers and writes what can be without waiting.
  void run();

  /// Readable when run() has something to do.
  [[nodiscard]] int poll_fd() const;
  /// When run() is to be called at the latest, if it wants to be.
  [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const;

  [[nodiscard]] Connections& connections() { return connections_; }

 private:
  struct Callbacks;
  Daemon(const HttpRoutes& routes, const HttpServerOptions& options) : routes_(routes), options_(options) {}
  MHD_Result respond(MHD_Connection* connection, const char* url, const char* method);

  const HttpRoutes& routes_;
  const HttpServerOptions& options_;
  Connections connections_;
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace millrace
