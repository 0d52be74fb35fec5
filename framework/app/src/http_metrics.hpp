// HttpMetrics: counts what the HTTP port answers. Thread: the server's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/metrics/metrics.hpp>

namespace millrace {

class HttpMetrics {
 public:
  explicit HttpMetrics(Metrics& metrics)
      : metrics_(metrics), rejected_(metrics.counter(MetricId::HttpConnectionsRejected)) {}

  void count_response(std::string_view path, int status) {
    auto key = std::pair(std::string(path), status);
    auto found = responses_.find(key);
    if (found == responses_.end()) {
      found = responses_.emplace(key, metrics_.counter(MetricId::HttpRequests, {path, std::to_string(status)})).first;
    }
    found->second->increment();
  }
  void count_rejected() { rejected_->increment(); }

 private:
  Metrics& metrics_;
  CounterHandle rejected_;
  std::map<std::pair<std::string, int>, CounterHandle> responses_;
};

}  // namespace millrace
