// What a request is answered: the checks, the route table, no sockets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <millrace/adapters/http/http_server.hpp>

namespace millrace {

/// What the server library found in a request.
struct ReceivedRequest {
  std::string_view method;
  std::string_view path;
  std::vector<std::string_view> hosts;  ///< all Host headers; exactly one is in order
  std::size_t header_bytes = 0;
  bool has_body = false;
};

struct Answer {
  HttpResponse response;
  std::string_view path = "other";  ///< the route's key, or "other"; valid as long as the routes
  bool allow = false;               ///< with an Allow header
};

inline constexpr const char* kAllowedMethods = "GET, HEAD";

/// Checks the request and calls the route's handler. Turns what the handler throws into a 500.
[[nodiscard]] Answer answer(const ReceivedRequest& request, const HttpRoutes& routes, const HttpServerOptions& options);

}  // namespace millrace
