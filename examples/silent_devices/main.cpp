// A processor with state and a punctuator: raises an alarm for devices that have sent nothing for a minute.
#include "../common/playground.hpp"

namespace {

using namespace std::chrono_literals;
using millrace::Record;
using millrace::Timestamp;

constexpr auto kSilence = 60s;

class SilenceAlarm : public millrace::Processor<std::string, double, std::string, std::string> {
 public:
  void init(Context& context) override {
    // The store survives restarts; members do not, and each task has its own object.
    last_seen_ = context.state_store<std::string, std::int64_t>("last-seen");
    // Stream time is the highest timestamp that the task has read: replaying old input raises the same alarms again.
    // A wall-clock punctuator would raise them while nothing at all comes in.
    context.schedule(10s, millrace::PunctuationType::StreamTime, [this](Timestamp now) { raise_alarms(now); });
  }

  void process(const Record<std::string, double>& reading) override {
    last_seen_.put(*reading.key, reading.timestamp.time_since_epoch().count());
  }

 private:
  void raise_alarms(Timestamp now) {
    // A range sees the store as of its making, so erasing while walking is fine.
    for (const auto& [device, seen] : last_seen_.all()) {
      if (now - Timestamp(std::chrono::milliseconds(seen)) < kSilence) continue;
      context().forward({device, "silent", now, {}});
      last_seen_.erase(device);  // one alarm per silence; the device's next reading arms it again
    }
  }

  millrace::KeyValueStore<std::string, std::int64_t> last_seen_;
};

millrace::Topology silent_devices() {
  millrace::StreamsBuilder builder;
  builder.add_state_store(millrace::KeyValueStoreBuilder<std::string, std::int64_t>{.name = "last-seen"});
  builder.stream<std::string, double>("readings")
      .process([] { return std::make_unique<SilenceAlarm>(); }, {.stores = {"last-seen"}})
      .to("alarms");
  return builder.build();
}

}  // namespace

int main() {
  return examples::run([] {
    examples::Playground playground(silent_devices());
    auto send = [&](const char* device, auto time) {
      playground.send<std::string, double>("readings", device, 21.5, examples::at(time));
    };
    send("pump-1", 0s);
    for (auto time = 5s; time <= 90s; time += 5s) send("pump-2", time);
    send("pump-1", 95s);  // it is back
    for (auto time = 100s; time <= 160s; time += 5s) send("pump-2", time);
    playground.drain();
    for (const auto& alarm : playground.records<std::string, std::string>("alarms")) {
      auto second = std::chrono::duration_cast<std::chrono::seconds>(alarm.timestamp - examples::at(0s)).count();
      std::printf("%lld s: %s is %s\n", static_cast<long long>(second), alarm.key->c_str(), alarm.value->c_str());
    }
  });
}
