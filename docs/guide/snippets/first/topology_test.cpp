#include "topology.hpp"

#include <gtest/gtest.h>
#include <millrace/testing/topology_test_driver.hpp>

TEST(VisitsPerPage, CountsPeopleOnly) {
  millrace::TopologyTestDriver driver(visits_per_page());
  auto visits = driver.create_input_topic<std::string, Visit>("visits");
  auto counts = driver.create_output_topic<std::string, std::int64_t>("visits-per-page");

  visits.pipe_input("v1", Visit{"ada", "/home"});
  visits.pipe_input("v2", Visit{"monitoring", "/home"});
  visits.pipe_input("v3", Visit{"bob", "/home"});

  EXPECT_EQ(counts.read_key_values_to_map()["/home"], 2);
}
