#include "guide_test.hpp"

struct Payment {
  std::string account;
  std::int64_t cents = 0;
};
MILLRACE_DESCRIBE(Payment, account, cents)

namespace {

// [topology]
millrace::Topology checked_payments() {
  millrace::StreamsBuilder builder;
  builder.stream<std::string, Payment>("payments")
      .map_values(
          [](const Payment& payment) {
            if (payment.cents <= 0) throw std::invalid_argument("a payment of " + std::to_string(payment.cents));
            return payment;
          },
          {.name = "check"})
      .to("checked");
  return builder.build();
}
// [/topology]

TEST(GuideErrors, FailIsTheDefault) {
  millrace::TopologyTestDriver driver(checked_payments());
  auto in = driver.create_input_topic<std::string, Payment>("payments");
  in.pipe_input("p1", Payment{"ada", 500});
  try {
    in.pipe_input("p2", Payment{"ada", -500});
    FAIL();
  } catch (const millrace::StreamsFailed& failed) {
    expect_message("threw.txt", failed.what());
  }
}

TEST(GuideErrors, UndecodableBytes) {
  millrace::TopologyTestDriver driver(checked_payments());
  auto in = driver.create_input_topic<std::string, Payment>("payments");
  try {
    in.pipe_bytes("p1", R"({"account":"ada"})");
    FAIL();
  } catch (const millrace::StreamsFailed& failed) {
    expect_message("undecodable.txt", failed.what());
  }
}

TEST(GuideErrors, NullsForPlainParameters) {
  millrace::TopologyTestDriver driver(checked_payments());
  auto in = driver.create_input_topic<std::string, Payment>("payments");
  try {
    in.pipe_input("p1", std::nullopt);
    FAIL();
  } catch (const millrace::StreamsFailed& failed) {
    expect_message("null.txt", failed.what());
  }
}

// [dead-letters]
TEST(Payments, ThatAreRefusedAreKept) {
  millrace::StreamsConfig config = millrace::default_config();
  config.application_id = "payments";
  config.processing_exception_handler = millrace::ExceptionResponse::DeadLetter;
  config.dead_letter_topic = "payments-dead";
  millrace::TopologyTestDriver driver(checked_payments(), {.config = config});
  auto in = driver.create_input_topic<std::string, Payment>("payments");
  auto dead = driver.create_output_topic<std::string, Payment>("payments-dead");

  in.pipe_input("p1", Payment{"ada", -500});

  auto letter = dead.read_record();
  EXPECT_EQ(letter.value->cents, -500);  // as it came in
  EXPECT_EQ(letter.headers.find("__streams.errors.exception")->value, "MR-0302 UserCodeThrew");
  EXPECT_EQ(letter.headers.find("__streams.errors.operator")->value, "check");
  EXPECT_EQ(letter.headers.find("__streams.errors.offset")->value, "0");
}
// [/dead-letters]

// [result]
millrace::Result<std::int64_t> parse_cents(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) {
    return millrace::Error(millrace::ErrorCode::DeserializationFailed, "\"" + text + "\" is not a number of cents");
  }
  return std::stoll(text);
}
// [/result]

TEST(GuideErrors, Results) {
  EXPECT_EQ(parse_cents("12").value(), 12);
  EXPECT_FALSE(parse_cents("1,2"));
}

}  // namespace
