#include <millrace/adapters/rocksdb/rocksdb_state.hpp>

#include <utility>

#include "database_directory.hpp"
#include "disk_room.hpp"
#include "memory_parts.hpp"
#include "rocksdb_task_backend.hpp"

namespace millrace {

namespace {

constexpr int kStateFormat = 1;

DatabaseDirectory state_directory(const std::filesystem::path& path) {
  return DatabaseDirectory(path, "state", kStateFormat, kStateErrors);
}

}  // namespace

RocksDbTaskBackendFactory::RocksDbTaskBackendFactory(RocksDbMemory memory) : memory_(std::move(memory)) {}

RocksDbTaskBackendFactory::~RocksDbTaskBackendFactory() = default;

Result<std::unique_ptr<TaskBackend>> RocksDbTaskBackendFactory::open(const std::filesystem::path& directory,
                                                                     const std::vector<std::string>& stores) {
  MILLRACE_TRY(check_room(directory, kReservedBytes, kReservedBytes, kStateErrors.full_at_open));
  MILLRACE_TRY(state_directory(directory).claim());
  return RocksDbTaskBackend::open(directory, stores, memory_.parts()->block_cache, memory_.parts()->memtables);
}

Result<void> RocksDbTaskBackendFactory::destroy(const std::filesystem::path& directory) {
  return state_directory(directory).destroy();
}

}  // namespace millrace
