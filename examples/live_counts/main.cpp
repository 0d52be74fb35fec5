// Reads a store from outside while the topology runs: what a web server or a status page would do.
#include "../common/playground.hpp"

namespace {

using namespace std::chrono_literals;
using Counts = millrace::ReadOnlyKeyValueStore<std::string, std::int64_t>;

millrace::Topology votes() {
  millrace::StreamsBuilder builder;
  // Nothing goes on from the table: its store is what is wanted.
  (void)builder.stream<std::string, std::string>("votes").group_by_key().count({.store_name = "votes-per-party"});
  return builder.build();
}

}  // namespace

int main() {
  return examples::run([] {
    examples::Playground playground(votes());
    // The handle may be used by any thread, for as long as the application lives. It reads what is committed.
    auto counts = playground.streams().store<Counts>("votes-per-party");
    if (!counts) throw std::runtime_error(counts.error().to_string());

    for (const char* party : {"left", "right", "left"})
      playground.send<std::string, std::string>("votes", party, "", examples::at(0s));
    // Reading never waits for processing, so ask again until the last vote is counted. Meanwhile the answer is an older
    // count, or an error that says what the store waits for.
    auto counted = [&] {
      auto left = counts->get("left");
      return left && *left == 2;
    };
    if (!playground.streams().wait_for(counted, 1min)) throw std::runtime_error("the votes are not counted");

    auto all = counts->all();  // a snapshot: what is counted meanwhile does not show
    if (!all) throw std::runtime_error(all.error().to_string());
    for (const auto& [party, count] : *all) std::printf("%s: %lld\n", party.c_str(), static_cast<long long>(count));
    if (auto ended = all->status(); !ended) throw std::runtime_error(ended.error().to_string());
  });
}
