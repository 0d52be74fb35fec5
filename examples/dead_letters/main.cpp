// Bad records do not stop the application: they go to a dead-letter topic, with headers that say what was wrong.
#include "../common/playground.hpp"

struct Payment {
  std::string account;
  std::int64_t cents = 0;
};
MILLRACE_DESCRIBE(Payment, account, cents)  // JSON: {"account":"ada","cents":1200}

namespace {

using namespace std::chrono_literals;

millrace::Topology balances() {
  millrace::StreamsBuilder builder;
  builder.stream<std::string, Payment>("payments")
      .map(
          [](const std::string&, const Payment& payment) {
            // An exception is the record's failure, not the application's: the handler decides what becomes of it. What
            // the record had changed or sent before is taken back.
            if (payment.cents <= 0) throw std::invalid_argument("a payment of " + std::to_string(payment.cents));
            return millrace::KeyValue{payment.account, payment.cents};
          },
          {.name = "check"})
      .group_by_key()
      .reduce([](std::int64_t sum, std::int64_t cents) { return sum + cents; }, {.store_name = "balances"})
      .to_stream()
      .to("balances-by-account");
  return builder.build();
}

std::string text(const millrace::Headers& headers, std::string_view name) {
  const millrace::Header* header = headers.find(name);
  return header != nullptr ? header->value.value_or("") : "";
}

}  // namespace

int main() {
  return examples::run([] {
    millrace::StreamsConfig config = examples::Playground::default_config();
    // In a configuration file: deserialization.exception.handler: dead-letter, and so on.
    config.deserialization_exception_handler = millrace::ExceptionResponse::DeadLetter;
    config.processing_exception_handler = millrace::ExceptionResponse::DeadLetter;
    config.dead_letter_topic = "payments-dead";
    config.log_level = millrace::LogLevel::Error;  // each dead letter is also a warning in the log

    examples::Playground playground(balances(), config);
    auto send = [&](const char* key, const char* json) {
      playground.send<std::string, std::string>("payments", key, json, examples::at(0s));
    };
    send("p1", R"({"account":"ada","cents":1200})");
    send("p2", R"({"account":"bob")");                // no JSON
    send("p3", R"({"account":"ada","cents":-500})");  // refused by the topology
    send("p4", R"({"account":"bob","cents":300})");
    playground.drain();

    for (const auto& balance : playground.records<std::string, std::int64_t>("balances-by-account"))
      std::printf("%s has %lld\n", balance.key->c_str(), static_cast<long long>(*balance.value));
    for (const auto& dead : playground.records<std::string, std::string>("payments-dead")) {
      std::printf("dead: %s from %s: %s\n", dead.key->c_str(), text(dead.headers, "__streams.errors.topic").c_str(),
                  text(dead.headers, "__streams.errors.message").c_str());
    }
  });
}
