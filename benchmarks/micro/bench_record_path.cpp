// The steps that every record takes besides its operators: batches, outbox, transaction buffer, changelog and cache.
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <millrace/runtime/outbox.hpp>
#include <millrace/state/caching_key_value_bytes_store.hpp>
#include <millrace/state/memory_task_backend.hpp>

#include "workload.hpp"

namespace millrace {
namespace {

constexpr std::size_t kRecords = 1 << 16;
constexpr std::size_t kBatchBytes = 128 << 10;

const bench::Workload& workload() {
  static const bench::Workload records([] {
    bench::WorkloadOptions options;
    options.records = kRecords;
    return options;
  }());
  return records;
}

void batch_add(benchmark::State& state) {
  const auto& records = workload();
  RecordBatchBuilder batch;
  std::size_t i = 0;
  for (auto _ : state) {
    batch.add(records.key(i), records.value(i), Timestamp{}, {});
    if (batch.size_bytes() >= kBatchBytes) benchmark::DoNotOptimize(batch.finish());
    i = (i + 1) % kRecords;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(batch_add);

void batch_decode(benchmark::State& state) {
  const auto& records = workload();
  RecordBatchBuilder builder;
  for (std::size_t i = 0; builder.size_bytes() < kBatchBytes; ++i) {
    builder.add(records.key(i), records.value(i), Timestamp{}, {});
  }
  const EncodedBatch batch = builder.finish();
  std::vector<RecordView> decoded;
  for (auto _ : state) {
    decoded.clear();
    if (!decode_batch(batch.bytes, Offset(0), Offset(0), decoded)) state.SkipWithError("the batch does not decode");
    benchmark::DoNotOptimize(decoded.data());
  }
  state.SetItemsProcessed(state.iterations() * batch.count);
}
BENCHMARK(batch_decode);

void outbox_add_and_seal(benchmark::State& state) {
  const auto& records = workload();
  Metrics metrics;
  const TopicCatalog catalog({{"output", "log-1", 1, CleanupPolicy::Delete}});
  Outbox outbox(catalog, metrics);
  const OutputTopic topic = outbox.open("output").value();
  std::size_t i = 0;
  for (auto _ : state) {
    if (!outbox.add(topic, Partition(0), records.key(i), records.value(i), Timestamp{}, {})) {
      state.SkipWithError("the outbox refuses a record");
    }
    outbox.seal();
    if (outbox.size_bytes() >= 16 << 20) benchmark::DoNotOptimize(outbox.freeze());
    i = (i + 1) % kRecords;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(outbox_add_and_seal);

struct Store {
  Store() : backend({"store"}), budget(64 << 20), buffer(backend.store("store"), budget) {}
  MemoryTaskBackend backend;
  CacheBudget budget;
  TransactionBuffer buffer;
};

/// What an aggregation does to its row; `every` records make a commit, as at a commit interval.
void buffer_get_put(benchmark::State& state) {
  const auto& records = workload();
  Store store;
  const auto every = static_cast<std::size_t>(state.range(0));
  const Bytes row(16, 'r');
  std::vector<StateChange> changes;
  std::size_t i = 0;
  std::size_t open = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(store.buffer.get(records.key(i)));
    store.buffer.put(records.key(i), OptionalBytesView(row));
    store.buffer.seal();
    if (++open == every) {
      store.buffer.freeze();
      changes.clear();
      store.buffer.collect_frozen(changes);
      benchmark::DoNotOptimize(changes.data());
      store.buffer.commit_frozen();
      open = 0;
    }
    i = (i + 1) % kRecords;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(buffer_get_put)->ArgName("records_per_commit")->Arg(1)->Arg(100'000);

/// A changelog in an outbox, as the runtime has it.
class OutboxLogger final : public ChangeLogger {
 public:
  OutboxLogger() : topic_(outbox.open("changelog").value()) {}
  void log_change(BytesView key, OptionalBytesView value, std::optional<Timestamp> timestamp) override {
    (void)outbox.add(topic_, Partition(0), key, value, timestamp.value_or(Timestamp{}), {});
  }

 private:
  Metrics metrics_;
  const TopicCatalog catalog_{{{"changelog", "log-1", 1, CleanupPolicy::Delete}}};

 public:
  Outbox outbox{catalog_, metrics_};

 private:
  OutputTopic topic_;
};

class NoRecord final : public WriteContextSource {
 public:
  Current current() const override { return {}; }
};

/// What an aggregation does to its row, with its changelog; `every` records make a commit. With a cache the changes of
/// a key between two commits become one record of the changelog.
void store_get_put(benchmark::State& state, bool caching) {
  const auto& records = workload();
  Store store;
  BufferedKeyValueBytesStore buffered("store", store.buffer);
  OutboxLogger logger;
  const NoRecord source;
  CachingKeyValueBytesStore cached(buffered, &logger, false, source, store.budget);
  ChangeLoggingKeyValueBytesStore logged(buffered, logger, false);
  KeyValueBytesStore& top = caching ? static_cast<KeyValueBytesStore&>(cached) : logged;
  const auto every = static_cast<std::size_t>(state.range(0));
  const Bytes row(16, 'r');
  std::size_t i = 0;
  std::size_t open = 0;
  auto seal = [&] {
    store.buffer.seal();
    cached.seal();
    logger.outbox.seal();
  };
  for (auto _ : state) {
    benchmark::DoNotOptimize(top.get(records.key(i)));
    benchmark::DoNotOptimize(top.put(records.key(i), OptionalBytesView(row)));
    seal();
    if (++open == every) {
      while (auto change = cached.take().value()) {
        cached.log(*change);
        seal();
      }
      store.buffer.freeze();
      benchmark::DoNotOptimize(logger.outbox.freeze());
      store.buffer.commit_frozen();
      open = 0;
    }
    i = (i + 1) % kRecords;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(store_get_put, logged, false)->ArgName("records_per_commit")->Arg(1)->Arg(100'000);
BENCHMARK_CAPTURE(store_get_put, cached, true)->ArgName("records_per_commit")->Arg(1)->Arg(100'000);

}  // namespace
}  // namespace millrace
