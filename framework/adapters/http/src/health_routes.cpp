#include <millrace/adapters/http/health_routes.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <millrace/base/assert.hpp>

namespace millrace {

std::string to_json(const Readiness& readiness) {
  using Json = nlohmann::ordered_json;
  Json reasons = readiness.reasons;
  Json restoring = Json::array();
  for (const RestoringStore& progress : readiness.restoring) {
    reasons.push_back(fmt::format("task {} restores store {}: {} records remain", progress.task, progress.store,
                                  progress.remaining_records));
    restoring.push_back(
        {{"task", progress.task}, {"store", progress.store}, {"remaining_records", progress.remaining_records}});
  }
  Json report = {{"ready", readiness.ready()}, {"reasons", std::move(reasons)}, {"restoring", std::move(restoring)}};
  // A name that is no UTF-8 must not make the probe fail.
  return report.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

HttpRoutes health_routes(HealthSources sources) {
  MILLRACE_ASSERT(sources.metrics_text && sources.readiness, "health_routes() needs both of its functions");
  HttpRoutes routes;
  routes["/healthz"] = [](const HttpRequest&) { return HttpResponse{.body = "ok\n"}; };
  routes["/metrics"] = [text = std::move(sources.metrics_text), type = std::move(sources.metrics_content_type)](
                           const HttpRequest&) { return HttpResponse{.content_type = type, .body = text()}; };
  routes["/readyz"] = [readiness = std::move(sources.readiness)](const HttpRequest&) {
    Readiness now = readiness();
    return HttpResponse{.status = now.ready() ? 200 : 503, .content_type = "application/json", .body = to_json(now)};
  };
  return routes;
}

}  // namespace millrace
