// The directory of one database: whose it is, and how it is begun and deleted.
//
// A small text file, MILLRACE-FORMAT, says what the directory holds. It is written, and forced to the disk, before
// anything else, and deleted last; so it can be judged without opening (and thereby changing) the database, and a
// directory that has other files but no stamp is never ours.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <millrace/base/result.hpp>

#include "database_error.hpp"

namespace millrace {

class DatabaseDirectory {
 public:
  /// `kind` and `version` make the stamp: "millrace <kind> <version>". Directories of versions from `oldest` on are
  /// taken too, and stamped anew; 0: of this version only.
  DatabaseDirectory(std::filesystem::path path, const std::string& kind, int version, const DatabaseErrorCodes& codes,
                    int oldest = 0);

  /// Creates the directory if need be, and stamps it if it is empty.
  /// Errors: format unknown, nothing changed; corrupted if table files lie there without a database;
  /// StateDirectoryUnusable.
  [[nodiscard]] Result<void> claim() const;
  /// Deletes the directory. Errors: format unknown, nothing deleted; StateDirectoryUnusable.
  [[nodiscard]] Result<void> destroy() const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  [[nodiscard]] Result<bool> has_stamp() const;
  [[nodiscard]] Result<void> write_stamp() const;
  [[nodiscard]] Result<void> check_current() const;
  [[nodiscard]] Result<void> check_wal() const;
  [[nodiscard]] Error unusable(const std::string& what, const std::filesystem::path& path,
                               const std::error_code& error) const;

  std::filesystem::path path_;
  std::filesystem::path stamp_path_;
  std::string family_;  ///< "millrace <kind> "
  std::string stamp_;   ///< with the version
  std::vector<std::string> older_stamps_;
  DatabaseErrorCodes codes_;
};

}  // namespace millrace
