#include "guide_test.hpp"

#include <sstream>

#include <millrace/topology/topology_diff.hpp>

struct Scan {
  std::string player;
  std::string code;
  std::int64_t points = 0;
};
MILLRACE_DESCRIBE(Scan, player, code, points)

namespace {

// [whole]
millrace::Topology scores() {
  millrace::StreamsBuilder builder;
  millrace::KStream<std::string, Scan> scans = builder.stream<std::string, Scan>("scans");  // key: a device
  scans.filter([](const Scan& scan) { return scan.points > 0; })
      .group_by([](const std::string&, const Scan& scan) { return scan.player; })
      .aggregate([] { return std::int64_t{0}; },
                 [](const std::string&, const Scan& scan, std::int64_t sum) { return sum + scan.points; },
                 {.store_name = "score-per-player"})
      .to_stream()
      .to("scores");
  return builder.build();
}
// [/whole]

TEST(GuideTopology, Scores) {
  millrace::TopologyTestDriver driver(scores());
  auto scans = driver.create_input_topic<std::string, Scan>("scans");
  scans.pipe_input("d1", Scan{"ada", "x", 3});
  scans.pipe_input("d2", Scan{"ada", "y", 4});
  scans.pipe_input("d2", Scan{"bob", "y", 0});
  auto scores = driver.create_output_topic<std::string, std::int64_t>("scores").read_key_values_to_map();
  EXPECT_EQ(scores, (std::map<std::string, std::int64_t>{{"ada", 7}}));
  expect_message("describe.txt", [] {
    std::string text = ::scores().describe();
    return text.substr(0, text.size() - 1);
  }());
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

TEST(GuideTopology, JoinsAndGroupsOfTables) {
  millrace::StreamsBuilder builder;
  // [tables]
  auto teams = builder.table<std::string, std::string>("team-of-player", {.store_name = "teams"});
  builder.stream<std::string, std::int64_t>("points")
      .left_join(teams, [](std::int64_t points, const std::optional<std::string>& team) {
        return std::to_string(points) + " for " + team.value_or("nobody");
      })
      .to("news");
  auto by_team = [](const std::string& player, const std::string& team) { return millrace::KeyValue{team, player}; };
  (void)teams.group_by(by_team).count({.store_name = "size-of-team"});
  // [/tables]
  millrace::TopologyTestDriver driver(builder.build());
  auto team_of = driver.create_input_topic<std::string, std::string>("team-of-player");
  auto points = driver.create_input_topic<std::string, std::int64_t>("points");
  points.pipe_input("ada", 1);
  team_of.pipe_input("ada", "red");
  team_of.pipe_input("bob", "red");
  points.pipe_input("ada", 2);
  team_of.pipe_input("ada", "blue");
  auto news = driver.create_output_topic<std::string, std::string>("news");
  EXPECT_EQ(news.read_value(), "1 for nobody");
  EXPECT_EQ(news.read_value(), "2 for red");
  auto sizes = driver.get_key_value_store<std::string, std::int64_t>("size-of-team");
  EXPECT_EQ(sizes.get("red"), 1);
  EXPECT_EQ(sizes.get("blue"), 1);
}

TEST(GuideTopology, StatelessOperators) {
  millrace::StreamsBuilder builder;
  auto lines = builder.stream<std::string, std::string>("lines");
  // [stateless]
  auto long_lines = lines.filter([](const std::string& line) { return line.size() > 80; });
  auto lengths = lines.map_values([](const std::string& line) { return static_cast<std::int64_t>(line.size()); });
  auto words = lines.flat_map_values([](const std::string& line) { return words_of(line); });
  // A function that needs the key takes it first.
  auto tagged = lines.map_values([](const std::string& key, const std::string& line) { return key + ": " + line; });
  // A new key; and a new key with a new value.
  auto by_first = words.select_key([](const std::string& word) { return word.substr(0, 1); });
  auto pairs = words.map([](const std::string&, const std::string& word) {
    return millrace::KeyValue{word, static_cast<std::int64_t>(word.size())};
  });
  auto both = long_lines.merge(tagged);
  // [/stateless]
  lengths.to("lengths");
  by_first.to("by-first");
  pairs.to("pairs");
  both.to("both");
  millrace::TopologyTestDriver driver(builder.build());
  driver.create_input_topic<std::string, std::string>("lines").pipe_input("k", "to be");
  EXPECT_EQ((driver.create_output_topic<std::string, std::int64_t>("lengths").read_value()), 5);
  EXPECT_EQ((driver.create_output_topic<std::string, std::string>("by-first").read_key_value()),
            std::pair(std::optional<std::string>("t"), std::optional<std::string>("to")));
  EXPECT_EQ((driver.create_output_topic<std::string, std::int64_t>("pairs").read_key_value()),
            std::pair(std::optional<std::string>("to"), std::optional<std::int64_t>(2)));
  EXPECT_EQ((driver.create_output_topic<std::string, std::string>("both").read_value()), "k: to be");
}

TEST(GuideTopology, Branches) {
  millrace::StreamsBuilder builder;
  auto orders = builder.stream<std::string, std::int64_t>("orders");  // customer -> amount
  // [branches]
  auto branches = orders.split({.name = "orders-"})
                      .branch([](std::int64_t amount) { return amount > 1000; }, {.name = "large"})
                      .branch([](std::int64_t amount) { return amount > 0; }, {.name = "small"})
                      .default_branch({.name = "odd"});
  branches.at("orders-large").to("large-orders");  // a record goes to the first branch that wants it
  // [/branches]
  branches.at("orders-odd").to("odd-orders");
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<std::string, std::int64_t>("orders");
  for (std::int64_t amount : {5000, 3, -1}) in.pipe_input("ada", amount);
  EXPECT_EQ((driver.create_output_topic<std::string, std::int64_t>("large-orders").read_value()), 5000);
  EXPECT_EQ((driver.create_output_topic<std::string, std::int64_t>("odd-orders").read_value()), -1);
}

TEST(GuideTopology, Nulls) {
  millrace::StreamsBuilder builder;
  // [nulls]
  builder.stream<std::string, std::string>("profiles")
      .map_values([](const std::optional<std::string>& profile) {  // nullopt: the profile was deleted
        return profile ? "has a profile" : "has none";
      })
      // [/nulls]
      .map_values([](const char* text) { return std::string(text); })
      .to("out");
  millrace::TopologyTestDriver driver(builder.build());
  driver.create_input_topic<std::string, std::string>("profiles").pipe_input("ada", std::nullopt);
  EXPECT_EQ((driver.create_output_topic<std::string, std::string>("out").read_value()), "has none");
}

TEST(GuideTopology, Names) {
  // [names]
  millrace::StreamsBuilder builder;
  builder.stream<std::string, std::string>("orders")
      .filter([](const std::string& order) { return !order.empty(); }, {.name = "valid"})
      .group_by_key()
      .count({.store_name = "orders-per-customer", .name = "count"})
      .to_stream()  // has no name of its own: count.to_stream
      .to("counts");
  // [/names]
  std::string text = builder.build().describe();
  EXPECT_NE(text.find("Processor: count.to_stream "), std::string::npos) << text;
}

TEST(GuideTopology, Upgrades) {
  auto counting = [](const std::string& store) {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("orders")
        .group_by_key()
        .count({.store_name = store})
        .to_stream()
        .to("out");
    return builder.build();
  };
  auto diff = millrace::diff_topology(counting("orders-per-customer").describe(), counting("orders"));
  ASSERT_TRUE(diff);
  EXPECT_TRUE(diff->loses);
  std::string text;
  for (const std::string& line : diff->lines) text += (text.empty() ? "" : "\n") + line;
  expect_message("upgrade.txt", text);
}

// [findings]
millrace::Topology faulty() {
  millrace::StreamsBuilder builder;
  auto lines = builder.stream<std::string, std::string>("lines");
  lines.to("bad topic");
  (void)lines.group_by_key().count({.store_name = "counts"});
  (void)lines.group_by_key().count({.store_name = "counts"});
  return builder.build();  // throws millrace::TopologyError
}
// [/findings]

TEST(GuideTopology, FindingsComeTogether) {
  try {
    (void)faulty();
    FAIL();
  } catch (const millrace::TopologyError& error) {
    expect_message("findings.txt", error.what());
  }
}

// [serde]
struct Point {
  double x = 0;
  double y = 0;
};

millrace::Serde<Point> point_serde() {
  return millrace::make_serde<Point>(
      [](const Point& point, millrace::Bytes& out) {
        millrace::SerdeFor<double>::serialize(point.x, out);
        millrace::SerdeFor<double>::serialize(point.y, out);
      },
      [](millrace::BytesView bytes) -> millrace::Result<Point> {
        if (bytes.size() != 16) {
          return millrace::Error(millrace::ErrorCode::DeserializationFailed, "a point has 16 bytes");
        }
        return Point{millrace::SerdeFor<double>::deserialize(bytes.substr(0, 8)).value(),
                     millrace::SerdeFor<double>::deserialize(bytes.substr(8)).value()};
      });
}
// [/serde]

TEST(GuideTopology, SerdesOfYourOwn) {
  millrace::StreamsBuilder builder;
  // [use-serde]
  builder.stream<std::string, Point>("positions", {.value_serde = point_serde()})
      .filter([](const Point& point) { return point.x > 0; })  // keeps the serde: the type is the same
      .to("east");
  // [/use-serde]
  millrace::TopologyTestDriver driver(builder.build());
  auto in = driver.create_input_topic<std::string, Point>("positions", {}, point_serde());
  in.pipe_input("a", Point{1, 2});
  in.pipe_input("b", Point{-1, 2});
  auto out = driver.create_output_topic<std::string, Point>("east", {}, point_serde());
  EXPECT_EQ(out.read_record().value->y, 2);
  EXPECT_TRUE(out.empty());
}

}  // namespace
