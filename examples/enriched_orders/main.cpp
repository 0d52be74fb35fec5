// Joins a stream with a table: each order gets the name and the city that its customer has at that moment.
#include "../common/playground.hpp"

struct Customer {
  std::string name;
  std::string city;
};
MILLRACE_DESCRIBE(Customer, name, city)

namespace {

using namespace std::chrono_literals;

millrace::Topology enriched_orders() {
  millrace::StreamsBuilder builder;
  auto customers = builder.table<std::string, Customer>("customers", {.store_name = "customers"});
  builder
      .stream<std::string, std::string>("orders")  // customer -> article
      // Both are keyed by customer, so the customer's row is in the same task as the order. Orders look the row up; a
      // change of the table by itself brings nothing out. An inner join would leave out orders without a customer.
      .left_join(customers,
                 [](const std::string& article, const std::optional<Customer>& customer) {
                   if (!customer) return article + " for somebody unknown";
                   return article + " for " + customer->name + " in " + customer->city;
                 })
      .to("enriched-orders");
  return builder.build();
}

}  // namespace

int main() {
  return examples::run([] {
    examples::Playground playground(enriched_orders());
    playground.send<std::string, Customer>("customers", "c1", Customer{"Ada", "London"}, examples::at(0s));
    playground.send<std::string, std::string>("orders", "c1", "tea", examples::at(1s));
    playground.drain();
    playground.send<std::string, Customer>("customers", "c1", Customer{"Ada", "Bath"}, examples::at(2s));
    playground.drain();  // so that the order meets the new row: two topics have no order between them but timestamps
    playground.send<std::string, std::string>("orders", "c1", "milk", examples::at(3s));
    playground.send<std::string, std::string>("orders", "c2", "coffee", examples::at(3s));
    playground.drain();
    for (const auto& order : playground.records<std::string, std::string>("enriched-orders"))
      std::printf("%s: %s\n", order.key->c_str(), order.value->c_str());
  });
}
