// A topology of thirty operators with functions and types of their own, as an application of some size has: what it
// costs to compile is what a user waits for after each change. measure.py compiles it.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>
#include <millrace/serde/json.hpp>

namespace millrace::bench {

struct Order {
  std::string customer;
  std::string product;
  std::int64_t amount = 0;
  double price = 0;
};
struct Customer {
  std::string name;
  std::string country;
};
struct Invoice {
  std::string customer;
  std::string country;
  double total = 0;
};
struct Revenue {
  std::int64_t orders = 0;
  double total = 0;
};

}  // namespace millrace::bench

MILLRACE_DESCRIBE(millrace::bench::Order, customer, product, amount, price)
MILLRACE_DESCRIBE(millrace::bench::Customer, name, country)
MILLRACE_DESCRIBE(millrace::bench::Invoice, customer, country, total)
MILLRACE_DESCRIBE(millrace::bench::Revenue, orders, total)

namespace millrace::bench {

namespace {

using Text = std::string;

class Deduplicate final : public Processor<Text, Order, Text, Order> {
  void init(Context& context) override { seen_ = context.state_store<Text, std::int64_t>("seen"); }
  void process(const Record<Text, Order>& order) override {
    if (!seen_.put_if_absent(order.value->product, order.value->amount)) context().forward(order);
  }
  KeyValueStore<Text, std::int64_t> seen_;
};

class Round final : public FixedKeyProcessor<Text, Invoice, Invoice> {
  void process(const FixedKeyRecord<Text, Invoice>& invoice) override {
    Invoice rounded = *invoice.value();
    rounded.total = static_cast<double>(static_cast<std::int64_t>(rounded.total * 100)) / 100;
    context().forward(invoice.with_value(rounded));
  }
};

Revenue add(Revenue revenue, const Invoice& invoice) { return {revenue.orders + 1, revenue.total + invoice.total}; }
Revenue take(Revenue revenue, const Invoice& invoice) { return {revenue.orders - 1, revenue.total - invoice.total}; }

}  // namespace

/// The comments count the operators.
Topology thirty_operators() {
  StreamsBuilder builder;
  builder.add_state_store(KeyValueStoreBuilder<Text, std::int64_t>{.name = "seen"});
  auto customers = builder.table<Text, Customer>("customers", {.store_name = "customers"});            // 1
  auto orders = builder.stream<Text, Order>("orders")                                                   // 2
                    .filter([](const Order& order) { return order.amount > 0; })                        // 3
                    .filter_not([](const Text& id, const Order&) { return id.empty(); })                // 4
                    .process([] { return std::make_unique<Deduplicate>(); }, {.stores = {"seen"}})      // 5
                    .peek([](const Text&, const Order&) {});                                            // 6
  auto returns = builder.stream<Text, Order>("returns").map_values([](const Order& order) {             // 7, 8
    return Order{order.customer, order.product, -order.amount, order.price};
  });
  auto by_customer = orders.merge(returns)                                                              // 9
                         .select_key([](const Text&, const Order& order) { return order.customer; });   // 10
  auto invoices = by_customer
                      .left_join(customers,                                                             // 11
                                 [](const Order& order, const std::optional<Customer>& customer) {
                                   return Invoice{order.customer, customer ? customer->country : "",
                                                  static_cast<double>(order.amount) * order.price};
                                 })
                      .process_values([] { return std::make_unique<Round>(); });                        // 12
  auto known = by_customer.join(customers, [](const Order& order, const Customer& customer) {           // 13
    return customer.name + ": " + order.product;
  });
  known.to("greetings");                                                                                // 14
  auto branches = invoices.split({.name = "size-"})                                                     // 15
                      .branch([](const Invoice& i) { return i.total > 1000; }, {.name = "large"})       // 16
                      .branch([](const Invoice& i) { return i.total < 0; }, {.name = "negative"})       // 17
                      .default_branch({.name = "other"});                                               // 18
  branches.at("size-large").to([](const Invoice& invoice) { return "large-" + invoice.country; });      // 19
  branches.at("size-negative").for_each([](const Text&, const Invoice&) {});                            // 20
  branches.at("size-other").repartition({.name = "spread", .partitions = 8}).to("other");               // 21, 22
  auto latest = invoices.to_table({.store_name = "latest"});                                            // 23
  latest.group_by([](const Text&, const Invoice& i) { return KeyValue{i.country, i}; })                 // 24
      .aggregate([] { return Revenue{}; },                                                              // 25
                 [](const Text&, const Invoice& invoice, Revenue sum) { return add(sum, invoice); },
                 [](const Text&, const Invoice& invoice, Revenue sum) { return take(sum, invoice); })
      .to_stream()                                                                                      // 26
      .to("revenue");                                                                                   // 27
  orders.flat_map([](const Text&, const Order& order) {                                                 // 28
          return std::vector{KeyValue{order.product, order.amount}};
        })
      .group_by_key()
      .reduce([](std::int64_t a, std::int64_t b) { return a + b; }, {.store_name = "sold"})             // 29
      .filter([](std::int64_t amount) { return amount > 10; })                                          // 30
      .map_values([](const Text& product, std::int64_t amount) { return product + std::to_string(amount); })
      .to_stream()
      .to("sold");
  return builder.build();
}

}  // namespace millrace::bench
