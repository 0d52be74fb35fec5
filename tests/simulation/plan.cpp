#include "plan.hpp"

#include <fmt/format.h>

#include "cases.hpp"

namespace millrace::simulation {

namespace {

void draw_size(Plan& plan, SeededRandom& luck) {
  plan.case_index = luck.below(cases().size());
  SimulationOptions& options = plan.options;
  options.seed = plan.seed;
  options.partitions = static_cast<int>(luck.between(1, 4));
  options.processes = static_cast<int>(luck.between(1, 2));
  options.threads = options.processes == 1 ? 2 : 1;
  options.session = milliseconds(luck.between(20, 300));
  options.start = WallTime(milliseconds(1'700'000'000'000));
  StreamsConfig& config = options.config;
  config.application_id = "sim";
  config.commit_interval = milliseconds(luck.between(1, 60));
  config.repartition_purge_interval = milliseconds(0);
  config.max_records_per_step = static_cast<int>(luck.between(1, 6));
  config.fetch_max_bytes = luck.chance(500) ? 1 : 4 << 20;
  config.record_cache_max_bytes = luck.chance(300) ? 0 : 1 << 20;
  if (luck.chance(200)) config.transaction_buffer_max_bytes = 200;
  if (luck.chance(200)) config.outbox_max_bytes = 300;
  if (cases()[plan.case_index].configure) cases()[plan.case_index].configure(config);
}

}  // namespace

Plan Plan::draw(std::uint64_t seed) {
  // Other draws than those of the scheduler, which begins with the seed itself.
  SeededRandom luck(seed ^ 0x5eed5eed5eed5eedU);
  Plan plan;
  plan.seed = seed;
  draw_size(plan, luck);
  plan.records = static_cast<int>(luck.between(10, 60));
  // A random half of everything that may go wrong, each at a rate of its own.
  auto maybe = [&](int most) { return luck.chance(500) ? static_cast<int>(luck.between(1, most)) : 0; };
  SimLogFaults& faults = plan.options.faults;
  faults.commit_aborted = maybe(100);
  faults.commit_unknown = maybe(100);
  faults.commit_unavailable = maybe(60);
  faults.member_fenced = maybe(60);
  faults.read_unavailable = maybe(100);
  faults.admin_unavailable = maybe(100);
  faults.slow = maybe(400);
  faults.slowest = milliseconds(luck.between(5, 150));
  plan.feed = static_cast<int>(luck.between(1, 12));
  plan.commit = maybe(4);
  plan.stop = maybe(1);
  plan.crash_thread = maybe(1);
  plan.crash_process = maybe(1);
  plan.crash_inside = maybe(2);
  plan.power_cut = luck.chance(300) ? 500 : 0;
  plan.expire = plan.options.processes > 1 ? maybe(1) : 0;
  plan.pause = maybe(1);
  plan.set_wall_clock = maybe(1);
  plan.state_corrupted = luck.chance(300) ? static_cast<int>(luck.between(1, 30)) : 0;
  // Where order and number of the records do not matter.
  if (plan.case_index == 0 && luck.chance(400))
    plan.options.config.processing_guarantee = ProcessingGuarantee::AtLeastOnce;
  plan.most_crashes = static_cast<int>(luck.between(1, 6));
  plan.state_full = luck.chance(300) ? static_cast<int>(luck.between(1, 100)) : 0;
  return plan;
}

Plan Plan::calm(std::uint64_t seed) {
  SeededRandom luck(seed ^ 0xca1aca1aca1aca1aU);
  Plan plan;
  plan.seed = seed;
  draw_size(plan, luck);
  plan.records = 8;
  plan.options.partitions = 2;
  return plan;
}

std::string Plan::describe() const {
  std::string environment = fmt::format("SIM_SEED={}", seed);
  if (crash_at_pick) environment += fmt::format(" SIM_CRASH_AT_PICK={}", *crash_at_pick);
  if (crash_at_passage) environment += fmt::format(" SIM_CRASH_AT_PASSAGE={}", *crash_at_passage);
  const SimLogFaults& faults = options.faults;
  return fmt::format(
      "{}\n  alone: {} build/dev/bin/test_simulation --gtest_filter='OneSeed.*'\n"
      "  {}, {} partitions, {} processes of {} threads, {} records, commit every {} ms\n"
      "  faults in a thousand: aborted {}, unknown {}, unavailable {}, fenced {}, reads {}, admin {}, slow {}\n"
      "  weights: feed {}, stop {}, crash of a thread {}, of a process {}, within a step {}, expire {}, pause {}, "
      "clock {}\n"
      "  {}; state corrupted in {} of a thousand reads, full in {} of a thousand writes",
      environment, environment, cases()[case_index].name, options.partitions, options.processes, options.threads,
      records, options.config.commit_interval.count(), faults.commit_aborted, faults.commit_unknown,
      faults.commit_unavailable, faults.member_fenced, faults.read_unavailable, faults.admin_unavailable, faults.slow,
      feed, stop, crash_thread, crash_process, crash_inside, expire, pause, set_wall_clock,
      to_string(options.config.processing_guarantee), state_corrupted, state_full);
}

}  // namespace millrace::simulation
