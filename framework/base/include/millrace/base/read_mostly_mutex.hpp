// ReadMostlyMutex: for many short reads from any threads and a rare write that must not wait long for them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <shared_mutex>

namespace millrace {

/// Readers of different threads do not write to one cache line, so that reading scales; a writer takes every stripe. As
/// soon as a writer waits no new reader comes before it: it waits for the reads that are going on, whatever their
/// number. Use it with std::shared_lock and std::unique_lock. REQUIRES: a thread that holds it does not take it again,
/// and unlock_shared() comes from the thread that locked.
class ReadMostlyMutex {
 public:
  ReadMostlyMutex() = default;
  ReadMostlyMutex(const ReadMostlyMutex&) = delete;
  ReadMostlyMutex& operator=(const ReadMostlyMutex&) = delete;

  /// Waits while a writer has it or asks for it.
  void lock_shared() {
    if (writer_waits_.load(std::memory_order_acquire)) [[unlikely]] {
      std::lock_guard turn(turnstile_);
    }
    stripes_[stripe()].mutex.lock_shared();
  }
  void unlock_shared() { stripes_[stripe()].mutex.unlock_shared(); }  ///< Ends one lock_shared() of this thread.

  /// Waits for all readers; new ones wait meanwhile.
  void lock() {
    turnstile_.lock();
    writer_waits_.store(true, std::memory_order_release);
    for (Stripe& stripe : stripes_) stripe.mutex.lock();
  }
  /// Lets readers in again.
  void unlock() {
    for (Stripe& stripe : stripes_) stripe.mutex.unlock();
    writer_waits_.store(false, std::memory_order_release);
    turnstile_.unlock();
  }

 private:
  static constexpr std::size_t kStripes = 8;
  static constexpr std::size_t kCacheLineBytes = 64;

  struct alignas(kCacheLineBytes) Stripe {
    std::shared_mutex mutex;
  };

  /// The same for the whole life of a thread.
  static std::size_t stripe() {
    static std::atomic<std::size_t> next{0};
    static thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }

  std::mutex turnstile_;
  std::atomic<bool> writer_waits_{false};
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace millrace
