// faulty_topology: an application whose records can be told to go wrong.
//
//   feed CONFIG FILE      appends the lines of FILE to the topic payments, and ends
//   forget CONFIG OFFSET  deletes the payments before that offset, processed or not
//   run --config CONFIG   keeps each account's total, until SIGTERM (run_app: describe, check and reset are there too)
//
// A line is a payment, {"account":"ada","amount":5}. With "mishap":"throw" or "throw-number" the processor throws
// after it has written and forwarded; with "huge" it forwards a record that no log takes; with "hang" it does not come
// back.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <millrace/adapters/rocksdb/embedded_log.hpp>
#include <millrace/adapters/yaml/load_config.hpp>
#include <millrace/app/line_input.hpp>
#include <millrace/app/run_app.hpp>
#include <millrace/app/system_clock.hpp>
#include <millrace/app/wait.hpp>
#include <millrace/config/config_error.hpp>
#include <millrace/dsl/streams_builder.hpp>
#include <millrace/runtime/state_directory.hpp>
#include <millrace/serde/basic.hpp>
#include <millrace/serde/json.hpp>

namespace faulty {

struct Payment {
  std::string account;
  std::int64_t amount = 0;
  std::optional<std::string> mishap;
};

}  // namespace faulty

MILLRACE_DESCRIBE(faulty::Payment, account, amount, mishap)

namespace faulty {
namespace {

using namespace millrace;

constexpr const char* kPayments = "payments";
constexpr const char* kTotals = "totals";

class Ledger final : public Processor<std::string, Payment, std::string, std::int64_t> {
 public:
  void init(Context& context) override { totals_ = context.state_store<std::string, std::int64_t>(kTotals); }
  void process(const Record<std::string, Payment>& record) override {
    const Payment& payment = *record.value;
    std::int64_t total = totals_.get(payment.account).value_or(0) + payment.amount;
    totals_.put(payment.account, total);
    context().forward(Record<std::string, std::int64_t>{payment.account, total, record.timestamp, record.headers});
    std::string mishap = payment.mishap.value_or("");
    if (mishap == "huge") context().forward(Record<std::string, std::int64_t>{std::string(65 << 20, 'x'), total});
    if (mishap == "throw") throw std::runtime_error("the ledger is closed for " + payment.account);
    if (mishap == "throw-number") throw 42;
    if (mishap == "hang") std::fputs("the ledger hangs\n", stderr);
    while (mishap == "hang") std::this_thread::sleep_for(std::chrono::seconds(1));
  }

 private:
  KeyValueStore<std::string, std::int64_t> totals_;
};

Topology topology() {
  StreamsBuilder builder;
  builder.add_state_store(KeyValueStoreBuilder<std::string, std::int64_t>{.name = kTotals});
  builder.stream<std::string, Payment>(kPayments)
      .process([] { return std::make_unique<Ledger>(); }, {.stores = {kTotals}, .name = "ledger"})
      .to("totals-output");
  return builder.build();
}

/// Calls `work` with the log of the application, which does not run.
Result<void> with_log(const StreamsConfig& config, const std::function<Result<void>(Log&)>& work) {
  auto directory = StateDirectory::open(config.state_dir, config.application_id);
  if (!directory) return directory.error();
  auto embedded = open_embedded_log((*directory)->log_path());
  if (!embedded) return embedded.error();
  return work((*embedded)->log());
}

Result<void> feed_file(Log& log, const StreamsConfig& config, const std::string& file) {
  MILLRACE_TRY(wait(log.admin().ensure_topics({{kPayments, 1, CleanupPolicy::Delete}})));
  SystemClock clock;
  LineInput input(log, clock, {.application_id = config.application_id, .topic = kPayments, .files = {file}});
  auto read = input.run([] { return true; });
  return read ? Result<void>() : read.error();
}

Result<void> forget_before(Log& log, const std::string& offset) {
  return wait(log.admin().delete_records({{{kPayments, Partition(0)}, Offset(std::stoll(offset))}}));
}

int command(int argc, char** argv, const char* usage,
            const std::function<Result<void>(Log&, const StreamsConfig&, const std::string&)>& work) {
  if (argc != 3) {
    std::fprintf(stderr, "%s\n", usage);
    return 2;
  }
  try {
    const StreamsConfig config = load_config(argv[1]);
    auto done = with_log(config, [&](Log& log) { return work(log, config, argv[2]); });
    if (done) return 0;
    std::fprintf(stderr, "faulty_topology: %s\n", done.error().to_string().c_str());
  } catch (const ConfigError& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}

int feed(int argc, char** argv) { return command(argc, argv, "faulty_topology feed CONFIG FILE", feed_file); }

int forget(int argc, char** argv) {
  return command(argc, argv, "faulty_topology forget CONFIG OFFSET",
                 [](Log& log, const StreamsConfig&, const std::string& offset) { return forget_before(log, offset); });
}

}  // namespace
}  // namespace faulty

int main(int argc, char** argv) {
  millrace::AppOptions options;
  options.name = "faulty_topology";
  options.commands = {{"feed", "Append the lines of a file to the topic payments.", faulty::feed},
                      {"forget", "Delete the payments before an offset.", faulty::forget}};
  return millrace::run_app(argc, argv, faulty::topology, options);
}
