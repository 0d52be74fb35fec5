#include "topology.hpp"

#include <gtest/gtest.h>
#include <millrace/testing/topology_test_driver.hpp>

TEST(Orders, AddUpPerCustomer) {
  millrace::TopologyTestDriver driver(orders());
  auto in = driver.create_input_topic<std::string, Order>("orders");
  auto large = driver.create_output_topic<std::string, Order>("large-orders");
  auto turnover = driver.create_output_topic<std::string, std::int64_t>("turnover-per-customer");

  in.pipe_input("o1", Order{"ada", 30});
  in.pipe_input("o2", Order{"bob", 500});
  in.pipe_input("o3", Order{"ada", 12});

  auto sums = turnover.read_key_values_to_map();
  EXPECT_EQ(sums["ada"], 42);
  EXPECT_EQ(sums["bob"], 500);
  EXPECT_EQ(large.read_record().key, "o2");
  EXPECT_TRUE(large.empty());
}

TEST(Orders, SurviveARestart) {
  millrace::TopologyTestDriver driver(orders());
  auto in = driver.create_input_topic<std::string, Order>("orders");
  in.pipe_input("o1", Order{"ada", 30});
  driver.restart();
  in.pipe_input("o2", Order{"ada", 12});
  EXPECT_EQ((driver.get_key_value_store<std::string, std::int64_t>("turnover").get("ada")), 42);
}
