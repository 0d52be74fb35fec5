// HttpServer: one port on 127.0.0.1 that answers GET and HEAD from a table of routes.
//
// It stands whatever else runs on the machine: at most `connections_max` connections, a deadline for each, small
// requests only, and a Host header that proves that no web page reached it by DNS rebinding. A path is a key of the
// table and nothing else; no path is ever mapped to a file.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <millrace/base/result.hpp>

namespace millrace {

/// What a request may ask for; anything else is answered with 405.
enum class HttpMethod : std::uint8_t { Get, Head };

/// A request, as far as routes need it.
struct HttpRequest {
  HttpMethod method = HttpMethod::Get;  ///< GET or HEAD; the body of an answer to HEAD is not sent
  std::string path;                     ///< a key of the route table; the query part of the URL is not in it
};

/// An answer.
struct HttpResponse {
  int status = 200;                                        ///< the HTTP status
  std::string content_type = "text/plain; charset=utf-8";  ///< of the body
  std::string body;                                        ///< also for HEAD: the server leaves it out
};

/// Runs on the server's thread, one at a time; it should take milliseconds. What it throws becomes a 500.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

/// By path ("/metrics"), which is compared byte by byte: no decoding, no wildcards.
using HttpRoutes = std::map<std::string, HttpHandler, std::less<>>;

/// How much the server takes on.
struct HttpServerOptions {
  std::size_t connections_max = 64;         ///< at once; further ones are closed and counted
  std::size_t header_bytes_max = 8 * 1024;  ///< request line and headers; more is answered with 431
  /// From accepting a connection to the last byte of its answer. A connection serves one request.
  std::chrono::milliseconds connection_timeout{5000};
  /// When all connections are in use and one more wants in, the oldest is closed, but not before it is this old.
  std::chrono::milliseconds connection_grace{200};
  /// Called on the server's thread, must not throw, for each answer that a handler or a check gave. `path` is a known
  /// one or "other".
  std::function<void(std::string_view path, int status)> on_response;
  /// Called on the server's thread, must not throw, for each connection closed for being one too many or too slow.
  std::function<void()> on_rejected;
};

/// Serves GET and HEAD on one port of the loopback interface, on threads of its own.
class HttpServer {
 public:
  explicit HttpServer(HttpRoutes routes, HttpServerOptions options = {});  ///< Does not listen yet.
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();  ///< stops

  /// Listens on 127.0.0.1 at `port`, or if that is taken at one of the next 100; 0 takes any. port() says which.
  /// The server's own thread answers from then on, with all signals blocked.
  /// Errors: PortUnavailable. REQUIRES: not started.
  [[nodiscard]] Result<void> start(std::uint16_t port);

  /// The port that is listened on; 0 unless started.
  [[nodiscard]] std::uint16_t port() const;

  /// Closes the port and all connections; waits for a handler that is running, else prompt. May be called twice.
  void stop();

 private:
  class Impl;
  HttpRoutes routes_;
  HttpServerOptions options_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
