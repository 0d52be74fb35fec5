#include "daemon.hpp"

#include <sys/socket.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "answer.hpp"

namespace millrace {

namespace {

// Parsed headers take several times the room of their text; what does not fit, the library answers with 431 itself.
constexpr std::size_t kPoolBytesPerHeaderByte = 4;

struct FreeResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, FreeResponse>;

int socket_of(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

MHD_Result collect_host(void* hosts, enum MHD_ValueKind, const char* name, const char* value) {
  if (::strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
    static_cast<std::vector<std::string_view>*>(hosts)->emplace_back(value != nullptr ? value : "");
  }
  return MHD_YES;
}

bool has_body(MHD_Connection* connection) {
  auto header = [&](const char* name) { return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name); };
  const char* length = header(MHD_HTTP_HEADER_CONTENT_LENGTH);
  return header(MHD_HTTP_HEADER_TRANSFER_ENCODING) != nullptr || (length != nullptr && std::strcmp(length, "0") != 0);
}

MHD_Result send(MHD_Connection* connection, const Answer& answer) {
  const std::string& body = answer.response.body;
  // The library copies, as MUST_COPY asks; its parameter is not const for historical reasons.
  auto* bytes = const_cast<char*>(body.data());
  Response response(MHD_create_response_from_buffer(body.size(), bytes, MHD_RESPMEM_MUST_COPY));
  if (!response) return MHD_NO;
  auto add = [&](const char* name, const char* value) { MHD_add_response_header(response.get(), name, value); };
  add(MHD_HTTP_HEADER_CONTENT_TYPE, answer.response.content_type.c_str());
  add(MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  add("X-Content-Type-Options", "nosniff");
  if (answer.allow) add(MHD_HTTP_HEADER_ALLOW, kAllowedMethods);
  // One request per connection: so its deadline is that of the request, and nothing can be smuggled in after it.
  add(MHD_HTTP_HEADER_CONNECTION, "close");
  return MHD_queue_response(connection, static_cast<unsigned int>(answer.response.status), response.get());
}

}  // namespace

/// What the library calls back; nothing may be thrown through it.
struct Daemon::Callbacks {
  static MHD_Result request(void* self, MHD_Connection* connection, const char* url, const char* method, const char*,
                            const char*, std::size_t*, void**) {
    try {
      return static_cast<Daemon*>(self)->respond(connection, url, method);
    } catch (...) {  // out of memory: close the connection
      return MHD_NO;
    }
  }

  static void connection(void* self, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode code) {
    auto& connections = static_cast<Daemon*>(self)->connections_;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) connections.closed(socket_of(connection));
    else connections.opened(socket_of(connection), std::chrono::steady_clock::now());
  }

  /// Paths are compared as they came.
  static std::size_t keep_escapes(void*, MHD_Connection*, char* text) { return std::strlen(text); }
};

MHD_Result Daemon::respond(MHD_Connection* connection, const char* url, const char* method) {
  ReceivedRequest request{.method = method, .path = url, .has_body = has_body(connection)};
  MHD_get_connection_values(connection, MHD_HEADER_KIND, &collect_host, &request.hosts);
  request.header_bytes = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
  Answer reply = answer(request, routes_, options_);
  if (options_.on_response) options_.on_response(reply.path, reply.response.status);
  return send(connection, reply);
}

std::unique_ptr<Daemon> Daemon::start(const HttpRoutes& routes, const HttpServerOptions& options) {
  std::unique_ptr<Daemon> daemon(new Daemon(routes, options));
  // Should our own deadline ever miss a connection, this one does not.
  auto timeout = static_cast<unsigned int>(std::chrono::ceil<std::chrono::seconds>(options.connection_timeout).count());
  daemon->daemon_ =
      MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, nullptr, nullptr, &Callbacks::request, daemon.get(),
                       MHD_OPTION_CONNECTION_LIMIT, static_cast<unsigned int>(options.connections_max),
                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, kPoolBytesPerHeaderByte * options.header_bytes_max,
                       MHD_OPTION_CONNECTION_TIMEOUT, timeout + 1, MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::connection,
                       daemon.get(), MHD_OPTION_UNESCAPE_CALLBACK, &Callbacks::keep_escapes, nullptr, MHD_OPTION_END);
  return daemon->daemon_ == nullptr ? nullptr : std::move(daemon);
}

Daemon::~Daemon() {
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
}

void Daemon::add(FileDescriptor socket, const sockaddr* address, unsigned int address_size) {
  MHD_add_connection(daemon_, socket.release(), address, address_size);  // closes the socket if it cannot
}

void Daemon::run() { MHD_run(daemon_); }

int Daemon::poll_fd() const { return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd; }

std::optional<std::chrono::milliseconds> Daemon::timeout() const {
  MHD_UNSIGNED_LONG_LONG milliseconds = 0;
  if (MHD_get_timeout(daemon_, &milliseconds) != MHD_YES) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

}  // namespace millrace
