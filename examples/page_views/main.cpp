// Counts page views per minute: tumbling windows in event time, with grace for records that come late.
#include "../common/playground.hpp"

namespace {

using namespace std::chrono_literals;

millrace::Topology views_per_minute() {
  millrace::StreamsBuilder builder;
  builder
      .stream<std::string, std::string>("views")  // page -> user
      .group_by_key()
      // A record belongs to the minute of its timestamp, whenever it is read. A window takes records until stream time
      // has passed its end by the grace; later ones are dropped, and counted in streams_dropped_records_total.
      .windowed_by(millrace::TimeWindows::of(1min).grace(10s))
      .count({.store_name = "views-per-minute"})
      .to_stream()
      .map([](const millrace::Windowed<std::string>& page, std::int64_t views) {
        auto minute = (page.window.start - examples::at(0s)) / 1min;
        return millrace::KeyValue{page.key, "minute " + std::to_string(minute) + ": " + std::to_string(views)};
      })
      .to("views-per-minute");
  return builder.build();
}

}  // namespace

int main() {
  return examples::run([] {
    examples::Playground playground(views_per_minute());
    auto view = [&](const char* page, auto time) {
      playground.send<std::string, std::string>("views", page, "somebody", examples::at(time));
    };
    view("/home", 5s);
    view("/home", 50s);
    view("/shop", 59s);
    view("/home", 65s);
    view("/home", 58s);  // late, but within the grace: minute 0 changes once more
    view("/home", 75s);
    view("/home", 30s);  // too late: stream time has passed 60 s + 10 s
    playground.drain();
    for (const auto& count : playground.records<std::string, std::string>("views-per-minute"))
      std::printf("%s, %s\n", count.key->c_str(), count.value->c_str());
  });
}
