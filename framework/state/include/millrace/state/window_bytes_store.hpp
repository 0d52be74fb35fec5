// WindowBytesStore: windows over a key-value store of bytes: what typed window stores and the nodes of the DSL share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <millrace/base/clock.hpp>
#include <millrace/model/observed_times.hpp>
#include <millrace/state/key_value_bytes_store.hpp>
#include <millrace/state/window_key.hpp>

namespace millrace {

/// Walks windows of one key in the order of their start, or of all keys in the order of the stored bytes. A snapshot as
/// of its making.
class WindowIterator {
 public:
  /// What is left out: other keys than `key` (if there is one), windows that begin outside of [from, to].
  struct Filter {
    std::optional<Bytes> key;  ///< only this one; nullopt: all
    Timestamp from;            ///< of the windows' starts; included
    Timestamp to;              ///< of the windows' starts; included
  };
  /// Without a walk below, it is at its end.
  WindowIterator() = default;
  WindowIterator(std::unique_ptr<KeyValueIterator> entries, Filter filter)
      : entries_(std::move(entries)), filter_(std::move(filter)) {
    settle();
  }

  /// True while it stands on an entry. When false, ask status() whether that is the end.
  [[nodiscard]] bool valid() const { return current_.has_value(); }
  /// REQUIRES: valid().
  void next() {
    entries_->next();
    settle();
  }
  /// REQUIRES: valid(). Borrowed until next().
  [[nodiscard]] BytesView key() const { return current_->key; }
  /// REQUIRES: valid().
  [[nodiscard]] Timestamp start() const { return current_->start; }
  /// REQUIRES: valid(). Borrowed until next().
  [[nodiscard]] BytesView value() const { return entries_->value(); }
  /// Errors: StateReadFailed.
  [[nodiscard]] Result<void> status() const { return entries_ ? entries_->status() : Result<void>(); }

 private:
  void settle();

  std::unique_ptr<KeyValueIterator> entries_;
  Filter filter_{};
  std::optional<WindowKeyView> current_;
};

/// Entries whose start lies `retention` or more before the latest start put so far are gone, for reads and for writes.
/// Thread: the one that owns the task.
class WindowBytesStore {
 public:
  /// Borrows both; they outlive it.
  WindowBytesStore(KeyValueBytesStore& entries, ObservedTimes& times, milliseconds retention, bool retain_duplicates);

  [[nodiscard]] const std::string& name() const { return entries_.name(); }  ///< As it was declared.

  /// Null deletes; with duplicates retained it does nothing. Without, it replaces what the window holds; with, it
  /// stands behind what the window holds. False if the window is gone already, or starts before the epoch: nothing is
  /// written then. Errors: StateReadFailed.
  [[nodiscard]] Result<bool> put(BytesView key, Timestamp start, OptionalBytesView value);
  /// The value of one window, with duplicates the first of them; borrowed until the next call. Errors: StateReadFailed.
  [[nodiscard]] Result<OptionalBytesView> get(BytesView key, Timestamp start);
  /// Windows of `key` that begin in [from, to], both included, by start; duplicates in the order of their puts. All of
  /// it turned round if the order is descending.
  [[nodiscard]] Result<WindowIterator> fetch(BytesView key, Timestamp from, Timestamp to,
                                             KeyOrder order = KeyOrder::Ascending);
  /// Windows of all keys that begin in [from, to], both included, by the bytes of the key, then by start.
  [[nodiscard]] Result<WindowIterator> fetch_all(Timestamp from, Timestamp to, KeyOrder order = KeyOrder::Ascending);

  /// The latest start put; kNoTimestamp before the first.
  [[nodiscard]] Timestamp observed_time() const { return times_.get(time_); }

 private:
  [[nodiscard]] Timestamp first_live() const {
    const Timestamp expired = last_expired_start(observed_time(), retention_);
    return expired < Timestamp{} ? Timestamp{} : shift_time(expired, milliseconds(1));
  }
  void compose(BytesView key, Timestamp start, std::int32_t sequence);
  [[nodiscard]] Result<bool> taken(std::int32_t sequence);
  [[nodiscard]] Result<std::int32_t> first_free_sequence();

  KeyValueBytesStore& entries_;
  ObservedTimes& times_;
  const ObservedTimes::Id time_;
  const milliseconds retention_;
  const bool retain_duplicates_;
  Bytes stored_key_;
};

}  // namespace millrace
