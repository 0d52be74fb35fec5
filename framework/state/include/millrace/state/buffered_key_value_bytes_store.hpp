// The two layers of a key-value store: reads and writes through the transaction buffer, and a changelog on top.
#pragma once

#include <string>

#include <millrace/model/ids.hpp>
#include <millrace/state/transaction_buffer.hpp>

namespace millrace {

/// A store over a transaction buffer.
class BufferedKeyValueBytesStore final : public KeyValueBytesStore {
 public:
  /// Borrows the buffer, which outlives the store.
  BufferedKeyValueBytesStore(std::string name, TransactionBuffer& buffer) : name_(std::move(name)), buffer_(buffer) {}

  const std::string& name() const override { return name_; }  ///< As it was declared.
  Result<OptionalBytesView> get(BytesView key) override { return buffer_.get(key); }
  Result<void> put(BytesView key, OptionalBytesView value) override {
    buffer_.put(key, value);
    return {};
  }
  /// Entries as of now, in the order of keys.
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override { return buffer_.range(range); }
  std::uint64_t approximate_entries() const override { return buffer_.backend_entries(); }

 private:
  std::string name_;
  TransactionBuffer& buffer_;
};

/// Where changes of stores are logged. The runtime implements it with the thread's outbox.
class ChangeLogger {
 public:
  ChangeLogger() = default;
  ChangeLogger(const ChangeLogger&) = delete;
  ChangeLogger& operator=(const ChangeLogger&) = delete;
  virtual ~ChangeLogger() = default;

  /// Without a timestamp, the current record's is used.
  virtual void log_change(BytesView key, OptionalBytesView value, std::optional<Timestamp> timestamp) = 0;
};

/// Logs each change as it is made. The changelog of a timestamped store has the plain value and, as the record's own,
/// the timestamp, as Kafka Streams writes it.
class ChangeLoggingKeyValueBytesStore final : public KeyValueBytesStore {
 public:
  /// Borrows both; they outlive the store.
  ChangeLoggingKeyValueBytesStore(KeyValueBytesStore& inner, ChangeLogger& logger, bool timestamped)
      : inner_(inner), logger_(logger), timestamped_(timestamped) {}

  const std::string& name() const override { return inner_.name(); }  ///< As it was declared.
  Result<OptionalBytesView> get(BytesView key) override { return inner_.get(key); }
  Result<void> put(BytesView key, OptionalBytesView value) override;
  /// As the store within has them.
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange& range) override { return inner_.range(range); }
  std::uint64_t approximate_entries() const override { return inner_.approximate_entries(); }

 private:
  KeyValueBytesStore& inner_;
  ChangeLogger& logger_;
  const bool timestamped_;
};

/// The stored form of a timestamped value: 8 bytes of milliseconds, big-endian, then the value.
void encode_timestamped(Timestamp timestamp, BytesView value, Bytes& out);
/// REQUIRES: stored.size() >= 8.
[[nodiscard]] Timestamp timestamp_of(BytesView stored);
/// REQUIRES: stored.size() >= 8.
[[nodiscard]] BytesView value_of(BytesView stored);

}  // namespace millrace
