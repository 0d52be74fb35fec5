#include "files.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

namespace millrace::rocksdb_test {

namespace fs = std::filesystem;

/// Memory, if there is plenty: what happens to files is tested here, not a disk.
static fs::path scratch_root() {
  std::error_code error;
  auto space = fs::space("/dev/shm", error);
  bool plenty = !error && space.available > std::uintmax_t{1} << 30 && ::access("/dev/shm", W_OK) == 0;
  return plenty ? fs::path("/dev/shm") : fs::path(::testing::TempDir());
}

ScratchDirectory::ScratchDirectory() {
  static int count = 0;
  auto name = "millrace-rocksdb-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  path_ = scratch_root() / name;
  fs::remove_all(path_);
  fs::create_directories(path_);
  path_ = fs::canonical(path_);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  EXPECT_TRUE(file) << path;
}

void copy_directory(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    // Files come and go while a database is open.
    std::error_code ignored;
    fs::copy_file(entry.path(), to / entry.path().filename(), ignored);
  }
}

std::vector<std::string> files_like(const fs::path& directory, const std::string& begin, const std::string& end) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with(end)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::uintmax_t bytes_in(const fs::path& directory) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::error_code gone;
    auto size = fs::file_size(entry.path(), gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

std::vector<std::pair<std::string, std::string>> contents_of(const fs::path& directory) {
  std::vector<std::pair<std::string, std::string>> contents;
  for (const std::string& name : files_like(directory, "", "")) {
    contents.emplace_back(name, read_file(directory / name));
  }
  return contents;
}

}  // namespace millrace::rocksdb_test
