#include <millrace/adapters/http/http_server.hpp>

#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loopback_client.hpp"

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kLargeBytes = 8 << 20;

HttpRoutes routes() {
  return {{"/metrics", [](const HttpRequest&) { return HttpResponse{.body = "metrics\n"}; }},
          {"/large", [](const HttpRequest&) { return HttpResponse{.body = std::string(kLargeBytes, 'x')}; }},
          {"/throws", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("no disk"); }},
          {"/method", [](const HttpRequest& request) {
             return HttpResponse{.status = 503,
                                 .content_type = "x/y",
                                 .body = request.method == HttpMethod::Head ? "head" : "get of " + request.path};
           }}};
}

class HttpServerTest : public testing::Test {
 protected:
  HttpServer& serve(HttpServerOptions options = {}) {
    options.on_response = [this](std::string_view path, int status) {
      std::lock_guard guard(lock_);
      responses_.insert(std::string(path) + " " + std::to_string(status));
    };
    options.on_rejected = [this] { ++rejected_; };
    server_ = std::make_unique<HttpServer>(routes(), options);
    auto started = server_->start(0);
    EXPECT_TRUE(started) << (started ? std::string() : started.error().to_string());
    port_ = server_->port();
    return *server_;
  }

  Reply request(std::string_view bytes) { return ask(port_, bytes); }

  void expect_alive() { EXPECT_EQ(http_get(port_, "/metrics").status, 200); }

  std::multiset<std::string> responses() {
    std::lock_guard guard(lock_);
    return responses_;
  }

  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::atomic<int> rejected_{0};

 private:
  std::mutex lock_;
  std::multiset<std::string> responses_;
};

TEST_F(HttpServerTest, AnswersARoute) {
  serve();
  Reply reply = http_get(port_, "/method");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "get of /method");
  EXPECT_THAT(reply.headers, HasSubstr("Content-Type: x/y\r\n"));
  EXPECT_THAT(reply.headers, HasSubstr("Connection: close"));
  EXPECT_EQ(http_get(port_, "/method?a=b&c").body, "get of /method");
}

TEST_F(HttpServerTest, HeadHasTheHeadersOnly) {
  serve();
  Reply reply = request("HEAD /method HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "");
  EXPECT_THAT(reply.headers, HasSubstr("Content-Length: 4"));
}

TEST_F(HttpServerTest, OtherMethodsAreNotAllowed) {
  serve();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "BREW"}) {
    Reply reply = request(std::string(method) + " /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(reply.status, 405) << method;
    EXPECT_THAT(reply.headers, HasSubstr("Allow: GET, HEAD")) << method;
  }
}

TEST_F(HttpServerTest, UnknownPathListsTheKnownOnes) {
  serve();
  Reply reply = http_get(port_, "/nowhere");
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("/large\n/method\n/metrics\n"));
  EXPECT_THAT(reply.body, Not(HasSubstr("nowhere"))) << "what a stranger sent is not sent back";
}

TEST_F(HttpServerTest, NoPathReachesAFile) {
  serve();
  for (const char* path : {"/../etc/passwd", "/../../../../etc/passwd", "/%2e%2e/etc/passwd", "/etc/passwd",
                           "//etc/passwd", "/metrics/../etc/passwd", "/metrics%00", "/metric%73", "/metrics/", "/", "*",
                           "file:///etc/passwd", "http://127.0.0.1/metrics", "/..\\..\\etc\\passwd"}) {
    Reply reply = http_get(port_, path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_THAT(reply.body, Not(HasSubstr("root:"))) << path;
  }
}

TEST_F(HttpServerTest, ForeignHostsAreRefused) {
  serve();
  auto status_for = [&](const std::string& headers) {
    return request("GET /metrics HTTP/1.1\r\n" + headers + "\r\n").status;
  };
  for (const char* host : {"127.0.0.1", "localhost", "LocalHost:9090", "127.0.0.1:1", "[::1]", "[::1]:80"}) {
    EXPECT_EQ(status_for("Host: " + std::string(host) + "\r\n"), 200) << host;
  }
  for (const char* host :
       {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.2", "0.0.0.0",
        "localhost:", "localhost:80x", "localhost:999999", "user@localhost", "::1", "[::1", "[::1]x"}) {
    EXPECT_EQ(status_for("Host: " + std::string(host) + "\r\n"), 403) << host;
  }
  EXPECT_THAT(status_for(""), testing::AnyOf(400, 403));
  EXPECT_THAT(status_for("Host: localhost\r\nHost: evil.example\r\n"), testing::AnyOf(400, 403));
}

TEST_F(HttpServerTest, LargeHeadersAreRefused) {
  serve();
  std::string start = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ";
  std::string fits = start + std::string(8192 - start.size() - 4, 'a') + "\r\n\r\n";
  EXPECT_EQ(request(fits).status, 200);
  std::string too_long = start + std::string(8192 - start.size() - 3, 'a') + "\r\n\r\n";
  EXPECT_EQ(request(too_long).status, 431);
  EXPECT_EQ(request(start + std::string(1 << 20, 'a') + "\r\n\r\n").status, 431);
  std::string many = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 100'000; ++i) many += "a: b\r\n";
  EXPECT_EQ(request(many + "\r\n").status, 431);
  EXPECT_THAT(http_get(port_, "/" + std::string(1 << 20, 'a')).status, testing::AnyOf(414, 431));
  expect_alive();
}

TEST_F(HttpServerTest, BodiesAreRefusedUnread) {
  serve();
  std::string start = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(request(start + "Content-Length: 5\r\n\r\nhello").status, 413);
  EXPECT_EQ(request(start + "Content-Length: 99999999999\r\n\r\n").status, 413) << "answered before the body comes";
  EXPECT_EQ(request(start + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n").status, 413);
  EXPECT_EQ(request(start + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").status, 413);
  EXPECT_EQ(request(start + "Content-Length: 0\r\n\r\n").status, 200);
  EXPECT_EQ(request("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello").status, 405);
}

TEST_F(HttpServerTest, OneRequestPerConnection) {
  serve();
  std::string one = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  LoopbackClient client(port_);
  client.send(one + one + one);
  std::string all = client.receive_all();
  EXPECT_EQ(parse_reply(all).body, "metrics\n") << "pipelined requests are not answered";
}

TEST_F(HttpServerTest, LargeAnswersArriveWhole) {
  serve();
  EXPECT_EQ(http_get(port_, "/large").body.size(), kLargeBytes);
}

TEST_F(HttpServerTest, AnswersAClientThatHasFinishedSending) {
  serve();
  LoopbackClient client(port_);
  client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.finish();
  EXPECT_EQ(parse_reply(client.receive_all()).body.size(), kLargeBytes);
}

TEST_F(HttpServerTest, ThrowingHandlerIsAServerError) {
  serve();
  Reply reply = http_get(port_, "/throws");
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.body, HasSubstr("The handler of /throws failed: no disk"));
  expect_alive();
}

TEST_F(HttpServerTest, TellsWhatItAnswered) {
  serve();
  http_get(port_, "/metrics");
  http_get(port_, "/secret-path");
  request("POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  server_->stop();
  EXPECT_THAT(responses(), testing::UnorderedElementsAre("/metrics 200", "other 404", "/metrics 405"));
}

TEST_F(HttpServerTest, TakesTheNextFreePort) {
  serve();
  HttpServer second(routes());
  ASSERT_TRUE(second.start(port_));
  EXPECT_GT(second.port(), port_);
  EXPECT_LE(second.port(), port_ + 100);
  EXPECT_EQ(http_get(second.port(), "/metrics").status, 200);
}

TEST_F(HttpServerTest, StartsAgainOnThePortOfAnEndedServer) {
  serve();
  expect_alive();
  server_->stop();
  EXPECT_EQ(server_->port(), 0);
  ASSERT_TRUE(server_->start(port_));
  EXPECT_EQ(server_->port(), port_);
  expect_alive();
}

TEST(HttpServer, SaysSoWhenNoPortIsFree) {
  HttpServer first({});
  (void)first.start(65535);  // the last port has none after it; should somebody else hold it, so much the better
  HttpServer second({});
  auto started = second.start(65535);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), ErrorCode::PortUnavailable);
  EXPECT_THAT(started.error().to_string(), HasSubstr("ports 65535 to 65535 of 127.0.0.1 are all taken"));
}

TEST_F(HttpServerTest, ListensOnLoopbackOnly) {
  serve();
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(0x7f000002);  // 127.0.0.2 answers if all addresses are bound
  EXPECT_NE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
}

TEST_F(HttpServerTest, AnswersWhileSlowSocketsAreOpen) {
  serve({.connection_timeout = 60s});
  std::vector<LoopbackClient> slow;
  for (int i = 0; i < 60; ++i) {
    slow.emplace_back(port_);
    slow.back().send("GET /metrics HTTP/1.1\r\nHost: loc");
  }
  for (int i = 0; i < 20; ++i) expect_alive();
  EXPECT_EQ(rejected_, 0);
  for (auto& client : slow) {
    client.send("alhost\r\n\r\n");
    EXPECT_EQ(parse_reply(client.receive_all()).status, 200) << "slow, but within the limits";
  }
}

TEST_F(HttpServerTest, FiveHundredSlowSocketsDoNotKeepAScrapeOut) {
  serve({.connection_timeout = 60s, .connection_grace = 20ms});
  std::vector<LoopbackClient> slow;
  for (int i = 0; i < 500; ++i) {
    slow.emplace_back(port_);
    ASSERT_TRUE(slow.back().connected());
    slow.back().send("GET /met");
  }
  expect_alive();
  EXPECT_GE(rejected_, 500 - 64);
  expect_alive();
}

TEST_F(HttpServerTest, ClosesWhoIsTooSlowHoweverBusyItLooks) {
  serve({.connection_timeout = 100ms});
  LoopbackClient silent(port_);
  LoopbackClient dripping(port_);
  int drops = 0;
  do dripping.send(drops++ == 0 ? "GET /" : "x");
  while (!dripping.readable_within(5ms));
  EXPECT_EQ(dripping.receive_all(), "");
  EXPECT_GT(drops, 1);
  EXPECT_EQ(silent.receive_all(), "");
  expect_alive();  // and by then the server has counted both
  EXPECT_EQ(rejected_, 2);
}

TEST_F(HttpServerTest, ClientsThatLeaveEarlyDoNoHarm) {
  serve();
  for (int i = 0; i < 300; ++i) {
    LoopbackClient client(port_);
    if (i % 3 == 1) client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    if (i % 3 == 2) client.finish();
  }
  expect_alive();
}

TEST_F(HttpServerTest, StopIsPromptWithOpenConnections) {
  serve({.connection_timeout = 60s});
  std::vector<LoopbackClient> open;
  for (int i = 0; i < 10; ++i) open.emplace_back(port_);
  expect_alive();
  auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_EQ(open.front().receive_all(), "");
  EXPECT_FALSE(LoopbackClient(port_).connected());
  server_->stop();
}

/// Requests that are valid but for some bytes, and plain noise.
std::string random_request(std::mt19937& random) {
  auto below = [&](int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random); };
  std::string text = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
  if (below(4) == 0) {
    text.clear();
    for (int i = below(3000); i > 0; --i) text += static_cast<char>(below(256));
  }
  for (int i = below(8); i > 0 && !text.empty(); --i) {
    auto at = static_cast<std::size_t>(below(static_cast<int>(text.size())));
    switch (below(4)) {
      case 0: text[at] = static_cast<char>(below(256)); break;
      case 1: text.erase(at, static_cast<std::size_t>(below(10))); break;
      case 2: text.insert(at, static_cast<std::size_t>(below(50)), static_cast<char>(below(256))); break;
      default: text.insert(at, "\r\n"); break;
    }
  }
  return text;
}

TEST_F(HttpServerTest, SurvivesGarbage) {
  serve();
  for (unsigned seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    LoopbackClient client(port_);
    client.send(random_request(random));
    client.finish();
    std::string reply = client.receive_all();
    if (!reply.empty()) {
      EXPECT_GE(parse_reply(reply).status, 100) << reply;
    }
    if (seed % 100 == 0) expect_alive();
  }
  expect_alive();
  EXPECT_EQ(rejected_, 0) << "whoever has finished sending does not wait for the deadline";
}

TEST_F(HttpServerTest, ServesManyClientsAtOnce) {
  serve();
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int round = 0; round < 50; ++round) good += http_get(port_, "/metrics").status == 200 ? 1 : 0;
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 400);
}

}  // namespace
}  // namespace millrace
