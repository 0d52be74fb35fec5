#include <millrace/adapters/rocksdb/rocksdb_state.hpp>

#include <rocksdb/cache.h>

#include "database_directory.hpp"
#include "rocksdb_task_backend.hpp"

namespace millrace {

namespace {

constexpr int kStateFormat = 1;

DatabaseDirectory state_directory(const std::filesystem::path& path) {
  return DatabaseDirectory(path, "state", kStateFormat, kStateErrors);
}

}  // namespace

class RocksDbTaskBackendFactory::Shared {
 public:
  explicit Shared(const RocksDbStateOptions& options)
      : block_cache(rocksdb::NewLRUCache(options.block_cache_bytes)),
        budget(std::make_shared<MemtableBudget>(options.write_buffer_bytes)) {}

  std::shared_ptr<rocksdb::Cache> block_cache;
  std::shared_ptr<MemtableBudget> budget;
};

RocksDbTaskBackendFactory::RocksDbTaskBackendFactory(const RocksDbStateOptions& options)
    : shared_(std::make_shared<Shared>(options)) {}

RocksDbTaskBackendFactory::~RocksDbTaskBackendFactory() = default;

Result<std::unique_ptr<TaskBackend>> RocksDbTaskBackendFactory::open(const std::filesystem::path& directory,
                                                                     const std::vector<std::string>& stores) {
  MILLRACE_TRY(state_directory(directory).claim());
  return RocksDbTaskBackend::open(directory, stores, shared_->block_cache, shared_->budget);
}

Result<void> RocksDbTaskBackendFactory::destroy(const std::filesystem::path& directory) {
  return state_directory(directory).destroy();
}

}  // namespace millrace
