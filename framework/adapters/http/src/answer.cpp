#include "answer.hpp"

#include <exception>
#include <optional>

#include <fmt/format.h>

#include "host_check.hpp"

namespace millrace {

namespace {

Answer refuse(int status, std::string reason) { return {.response = {.status = status, .body = std::move(reason)}}; }

std::string known_paths(const HttpRoutes& routes) {
  std::string text = "There is nothing here. Known paths:\n";
  for (const auto& [path, handler] : routes) text += path + "\n";
  return text;
}

/// What is wrong with the request whatever its path, if anything is.
std::optional<Answer> check(const ReceivedRequest& request, const HttpServerOptions& options) {
  if (request.header_bytes > options.header_bytes_max) {
    return refuse(431,
                  fmt::format("The request line and headers may have {} bytes at most.\n", options.header_bytes_max));
  }
  if (request.hosts.size() != 1 || !is_loopback_host(request.hosts.front())) {
    return refuse(403, "The Host header must be 127.0.0.1, localhost or [::1].\n");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    Answer refusal = refuse(405, fmt::format("Only {} are answered.\n", kAllowedMethods));
    refusal.allow = true;
    return refusal;
  }
  if (request.has_body) return refuse(413, "A request may not have a body.\n");
  return std::nullopt;
}

HttpResponse call(const HttpHandler& handler, const HttpRequest& request) {
  try {
    return handler(request);
  } catch (const std::exception& error) {
    return {.status = 500, .body = fmt::format("The handler of {} failed: {}\n", request.path, error.what())};
  } catch (...) {
    return {.status = 500, .body = fmt::format("The handler of {} failed.\n", request.path)};
  }
}

}  // namespace

Answer answer(const ReceivedRequest& request, const HttpRoutes& routes, const HttpServerOptions& options) {
  auto refusal = check(request, options);
  auto route = routes.find(request.path);
  if (route == routes.end()) return refusal ? std::move(*refusal) : refuse(404, known_paths(routes));
  Answer answer;
  if (refusal) answer = std::move(*refusal);
  else {
    HttpMethod method = request.method == "HEAD" ? HttpMethod::Head : HttpMethod::Get;
    answer.response = call(route->second, {method, route->first});
  }
  answer.path = route->first;
  return answer;
}

}  // namespace millrace
