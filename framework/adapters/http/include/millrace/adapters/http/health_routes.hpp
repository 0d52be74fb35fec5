// The routes that every application has: /metrics, /healthz, /readyz.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/adapters/http/http_server.hpp>

namespace millrace {

/// A store that is not yet where its changelog ends.
struct RestoringStore {
  std::string task;                     ///< "0_1"
  std::string store;                    ///< "word-counts"
  std::uint64_t remaining_records = 0;  ///< how many changelog records it has still to read
};

/// Whether the application processes records. Ready if there is nothing in it.
struct Readiness {
  std::vector<std::string> reasons;       ///< why not, one sentence each: "the application is rebalancing"
  std::vector<RestoringStore> restoring;  ///< stores that are being restored; none when ready

  [[nodiscard]] bool ready() const { return reasons.empty() && restoring.empty(); }  ///< nothing stands against it
};

/// An object with `ready`, `reasons` and `restoring`, an array of objects with `task`, `store`, `remaining_records`.
/// Each restoring store also stands among the reasons, in words.
[[nodiscard]] std::string to_json(const Readiness& readiness);

/// Where the answers come from. All are called on the server's thread and must be safe there.
struct HealthSources {
  std::function<std::string()> metrics_text;                                      ///< the body of /metrics
  std::string metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";  ///< of the body of /metrics
  std::function<Readiness()> readiness;                                           ///< asked for /readyz
};

/// /metrics; /healthz: 200 "ok" while the process answers; /readyz: 200 or 503 with to_json().
/// REQUIRES: both functions are set.
[[nodiscard]] HttpRoutes health_routes(HealthSources sources);

}  // namespace millrace
