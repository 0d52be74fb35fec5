// Prints the checksum of the generated records, so that run.sh can prove that every peer reads the same ones.
// With --expect it is a test: exit 1 when the generator changed, because then old numbers compare with nothing.
#include <cstdio>
#include <exception>

#include "flags.hpp"
#include "workload.hpp"

int main(int argc, char** argv) try {
  millrace::bench::Flags flags(argc, argv);
  millrace::bench::WorkloadOptions options;
  options.records = flags.number("records", 100'000);
  options.keys = static_cast<std::uint32_t>(flags.number("keys", options.keys));
  options.value_bytes = static_cast<std::uint32_t>(flags.number("value-bytes", options.value_bytes));
  options.seed = flags.number("seed", options.seed);
  const std::string expected = flags.text("expect", "-");
  flags.reject_unknown();

  char checksum[17];
  std::snprintf(checksum, sizeof checksum, "%016llx",
                static_cast<unsigned long long>(millrace::bench::Workload(options).checksum(options.records)));
  std::printf("%s\n", checksum);
  if (expected == "-" || expected == checksum) return 0;
  std::fprintf(stderr, "workload_checksum: expected %s, generated %s: the generator changed\n", expected.c_str(),
               checksum);
  return 1;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "workload_checksum: %s\n", failure.what());
  return 2;
}
