// TopologySummary: what survives an upgrade or does not, read from the text of Topology::describe().
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/base/result.hpp>

namespace millrace {

struct TopologySummary {
  struct Store {
    std::string types;       ///< "std::string -> long"
    std::string properties;  ///< "rocksdb, changelog: ..."
    std::string subtopology;
    std::set<std::string> operators;  ///< that use it
  };
  /// Topics that the application makes to bring equal keys together.
  struct Repartition {
    std::set<std::string> readers;  ///< operators right behind the source
  };

  std::map<std::string, int> subtopologies;  ///< number by name
  std::map<std::string, Store> stores;
  std::map<std::string, Repartition> repartitions;
  std::set<std::string> sources;  ///< topics of the user
  std::set<std::string> sinks;

  /// Errors: InputUnreadable, naming the line.
  [[nodiscard]] static Result<TopologySummary> parse(std::string_view description);
};

}  // namespace millrace
