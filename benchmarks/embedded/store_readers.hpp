#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <millrace/app/streams.hpp>

#include "topologies.hpp"
#include "workload.hpp"

namespace millrace::bench {

/// Threads that read counts by key from outside, at a steady rate, for as long as the object lives. They check that no
/// count goes down.
class StoreReaders {
 public:
  /// `reads_per_second` of all `threads` together; 0: as fast as they can.
  StoreReaders(const Streams& streams, const Workload& workload, unsigned threads, std::uint64_t reads_per_second) {
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this, &streams, &workload, i, rate = reads_per_second / threads] {
        auto store = streams.store<ReadOnlyKeyValueStore<std::string, std::int64_t>>(kStore);
        if (!store) ++wrong_;
        else read(*store, workload, i, rate);
      });
    }
  }
  ~StoreReaders() { stop(); }
  StoreReaders(const StoreReaders&) = delete;
  StoreReaders& operator=(const StoreReaders&) = delete;

  void stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  /// Reads that were answered.
  std::uint64_t reads() const { return reads_; }
  /// Counts that went down, and errors other than "not ready".
  std::uint64_t wrong() const { return wrong_; }

 private:
  static constexpr std::chrono::milliseconds kTick{1};
  static constexpr std::uint64_t kUnpacedBatch = 1000;

  void read(const ReadOnlyKeyValueStore<std::string, std::int64_t>& store, const Workload& workload, unsigned seed,
            std::uint64_t reads_per_second) {
    std::vector<std::int64_t> newest(workload.keys().size());
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t asked = 0;
    for (std::size_t at = 7919 * seed; !stopping_;) {
      const auto elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      const auto due = static_cast<std::uint64_t>(elapsed * static_cast<double>(reads_per_second));
      std::uint64_t batch = reads_per_second == 0 ? kUnpacedBatch : due > asked ? due - asked : 0;
      asked += batch;
      std::uint64_t answered = 0;
      for (; batch > 0 && !stopping_; --batch) {
        at = (at + 104'729) % workload.size();
        const std::uint32_t rank = workload.rank(at);
        const auto count = store.get(workload.keys()[rank]);
        if (!count) {
          if (count.error().code() != ErrorCode::StoreNotReady) ++wrong_;
          continue;
        }
        ++answered;
        std::int64_t& last = newest[rank];
        if (count->value_or(0) < last) ++wrong_;
        last = count->value_or(0);
      }
      reads_ += answered;
      if (reads_per_second != 0) std::this_thread::sleep_for(kTick);
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<std::uint64_t> wrong_{0};
  std::vector<std::thread> threads_;
};

}  // namespace millrace::bench
