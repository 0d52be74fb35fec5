// Orders in, turnover per customer out; orders of more than 100 also go to a topic of their own.
#pragma once

#include <cstdint>
#include <string>

#include <millrace/millrace.hpp>

struct Order {
  std::string customer;
  std::int64_t amount = 0;
};
MILLRACE_DESCRIBE(Order, customer, amount)

inline millrace::Topology orders() {
  millrace::StreamsBuilder builder;
  auto orders = builder.stream<std::string, Order>("orders");
  orders.filter([](const Order& order) { return order.amount > 100; }).to("large-orders");
  orders.group_by([](const std::string&, const Order& order) { return order.customer; })
      .aggregate([] { return std::int64_t{0}; },
                 [](const std::string&, const Order& order, std::int64_t sum) { return sum + order.amount; },
                 {.store_name = "turnover"})
      .to_stream()
      .to("turnover-per-customer");
  return builder.build();
}
