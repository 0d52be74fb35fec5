#include <millrace/adapters/rocksdb/embedded_log.hpp>

#include <millrace/base/clock.hpp>
#include <millrace/log/in_process_log.hpp>

#include "rocksdb_batch_storage.hpp"
#include "thread_executor.hpp"

namespace millrace {

namespace {

/// The machine's.
class MachineClock final : public Clock {
 public:
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() const override { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }
};

}  // namespace

struct EmbeddedLog::Parts {
  MachineClock clock;
  std::unique_ptr<RocksDbBatchStorage> storage;
  std::unique_ptr<ThreadExecutor> executor;
  std::unique_ptr<InProcessLog> log;
  std::unique_ptr<LogHousekeeper> housekeeper;
};

EmbeddedLog::EmbeddedLog(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

EmbeddedLog::~EmbeddedLog() {
  // Commits under way use the log: the thread ends first.
  parts_->executor.reset();
  parts_->housekeeper.reset();
  parts_->log.reset();
}

Log& EmbeddedLog::log() { return *parts_->log; }

Result<std::unique_ptr<EmbeddedLog>> open_embedded_log(const std::filesystem::path& directory,
                                                       const EmbeddedLogOptions& options) {
  auto parts = std::make_unique<EmbeddedLog::Parts>();
  auto storage = RocksDbBatchStorage::open(directory, options);
  if (!storage) return storage.error();
  parts->storage = std::move(*storage);
  parts->executor = std::make_unique<ThreadExecutor>();
  auto log = InProcessLog::open(*parts->storage, *parts->executor);
  if (!log) return log.error();
  parts->log = std::move(*log);
  parts->housekeeper =
      std::make_unique<LogHousekeeper>(*parts->log, parts->clock, options.logger, options.housekeeping);
  parts->executor->set_chore([&housekeeper = *parts->housekeeper] { return housekeeper.step(); },
                             [&housekeeper = *parts->housekeeper] { return housekeeper.has_reason(); });
  return std::unique_ptr<EmbeddedLog>(new EmbeddedLog(std::move(parts)));
}

}  // namespace millrace
