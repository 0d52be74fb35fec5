#include <millrace/adapters/http/health_routes.hpp>

#include <gtest/gtest.h>

#include "loopback_client.hpp"

namespace millrace {
namespace {

TEST(HealthRoutes, AnswerOverHttp) {
  Readiness readiness{.restoring = {{"0_1", "word-counts", 1234}}};
  HttpServer server(health_routes(
      {.metrics_text = [] { return std::string("a_total 1\n"); }, .readiness = [&] { return readiness; }}));
  ASSERT_TRUE(server.start(0));

  Reply metrics = http_get(server.port(), "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.body, "a_total 1\n");
  EXPECT_NE(metrics.headers.find("Content-Type: text/plain; version=0.0.4"), std::string::npos) << metrics.headers;

  Reply health = http_get(server.port(), "/healthz");
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body, "ok\n");

  Reply ready = http_get(server.port(), "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, R"({"ready":false,"reasons":["task 0_1 restores store word-counts: 1234 records remain"],)"
                        R"("restoring":[{"task":"0_1","store":"word-counts","remaining_records":1234}]})"
                        "\n");
  EXPECT_NE(ready.headers.find("Content-Type: application/json"), std::string::npos);
}

TEST(HealthRoutes, ReadyIsSaidToo) {
  HttpServer server(
      health_routes({.metrics_text = [] { return std::string(); }, .readiness = [] { return Readiness{}; }}));
  ASSERT_TRUE(server.start(0));
  Reply ready = http_get(server.port(), "/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, "{\"ready\":true,\"reasons\":[],\"restoring\":[]}\n");
}

TEST(Readiness, ReportsOtherReasonsAndSurvivesBadNames) {
  Readiness readiness{.reasons = {"the application is rebalancing", "bad \xff name"}};
  EXPECT_FALSE(readiness.ready());
  EXPECT_EQ(to_json(readiness),
            "{\"ready\":false,\"reasons\":[\"the application is rebalancing\",\"bad \xEF\xBF\xBD name\"],"
            "\"restoring\":[]}\n");
}

}  // namespace
}  // namespace millrace
