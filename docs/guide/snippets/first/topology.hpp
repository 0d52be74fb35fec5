// Page visits in, the number of visits per page out.
#pragma once

#include <string>

#include <millrace/millrace.hpp>

struct Visit {
  std::string user;
  std::string page;
};
MILLRACE_DESCRIBE(Visit, user, page)  // makes it JSON in topics and stores: {"user":"ada","page":"/home"}

inline millrace::Topology visits_per_page() {
  millrace::StreamsBuilder builder;
  builder.stream<std::string, Visit>("visits")
      .filter([](const Visit& visit) { return visit.user != "monitoring"; })
      .group_by([](const std::string&, const Visit& visit) { return visit.page; })
      .count({.store_name = "visits-per-page"})
      .to_stream()
      .to("visits-per-page");
  return builder.build();
}
