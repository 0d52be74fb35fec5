// A storage that fails when it is told to, over one in memory.
#pragma once

#include <optional>

#include <millrace/log/batch_storage.hpp>
#include <millrace/testing/memory_batch_storage.hpp>

namespace millrace::log_test {

class FaultyStorage final : public BatchStorage {
 public:
  std::optional<Error> load_error;
  std::optional<Error> write_error;
  std::optional<Error> read_error;
  /// Batches of that and later bases are not found.
  std::optional<Offset> lost_from;
  /// What batches are read as.
  std::optional<Bytes> damaged;
  std::optional<Error> resume_error;
  int writes = 0;
  int resumes = 0;
  bool resumes_in_vain = false;  ///< it says that there is room where there is none

  Result<StoredLog> load() override { return load_error ? Result<StoredLog>(*load_error) : inner_.load(); }
  Result<void> write(const StorageWrite& write) override {
    ++writes;
    return write_error ? Result<void>(*write_error) : inner_.write(write);
  }
  Result<void> resume() override {
    ++resumes;
    if (resumes_in_vain) return {};
    return resume_error ? Result<void>(*resume_error) : write_error ? Result<void>(*write_error) : Result<void>();
  }
  Result<std::optional<StoredBatch>> read_batch(const BatchKey& key) override {
    if (read_error) return *read_error;
    auto found = inner_.read_batch(key);
    if (!found || !*found) return found;
    if (lost_from && (*found)->base >= *lost_from) return std::optional<StoredBatch>();
    if (damaged) (*found)->bytes = *damaged;
    return found;
  }
  Result<std::vector<BatchPlace>> list(const BatchKey& from, std::size_t most) override {
    if (read_error) return *read_error;
    return inner_.list(from, most);
  }

 private:
  MemoryBatchStorage inner_;
};

}  // namespace millrace::log_test
