// Directories for tests, and what happens to files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace millrace::rocksdb_test {

/// An empty directory of its own, gone with the object.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& bytes);
/// The other copy's files are replaced.
void copy_directory(const std::filesystem::path& from, const std::filesystem::path& to);
/// Names of the files whose name begins or ends so, in order.
std::vector<std::string> files_like(const std::filesystem::path& directory, const std::string& begin,
                                    const std::string& end);
std::uintmax_t bytes_in(const std::filesystem::path& directory);
/// All files of a directory with their bytes, to see that nothing was changed.
std::vector<std::pair<std::string, std::string>> contents_of(const std::filesystem::path& directory);

}  // namespace millrace::rocksdb_test
