// Files of a database damaged in every way that a test can think of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "files.hpp"

namespace millrace::rocksdb_test {

/// Where the records of a WAL or a manifest begin. A header is checksum:4 length:2 type:1, and no record crosses the
/// end of a block.
std::vector<std::size_t> records_of(const std::string& file);

/// A fixture makes the files in image(), as a killed process left them, and says by check() what they are good for.
class DamageTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kFoundOut = -1;

  /// Opens damaged() and fails the test if it shows anything wrong. Returns the number of the last commit that it
  /// shows, or kFoundOut.
  virtual std::int64_t check() = 0;

  [[nodiscard]] std::filesystem::path image() const { return scratch_ / "image"; }
  [[nodiscard]] std::filesystem::path damaged() const { return scratch_ / "damaged"; }
  /// Files of the image whose name begins and ends so, without empty ones. At least one.
  std::vector<std::string> files(const std::string& begin, const std::string& end);
  /// The manifest that is in use.
  std::string manifest();
  /// The oldest WAL, and the two newest with anything in them.
  std::vector<std::string> some_wals();
  /// A compaction that meets damage costs a second: not more of them than it takes.
  std::vector<std::string> some_tables();
  std::int64_t check_whole();
  std::int64_t check_with(const std::string& name, const std::string& bytes);
  std::int64_t check_without(const std::string& name);

  // Each returns how often the damage was found out.
  int flip_bits(const std::vector<std::string>& names, int count_per_file);
  /// Of files of records: each bit of the length and the type of the last record and of others.
  int flip_bits_of_headers(const std::vector<std::string>& names, int records_per_file);
  /// A file of records is cut within a record, and not the first one.
  int cut_short(const std::vector<std::string>& names, int count_per_file);

 private:
  int flip_bit(const std::string& name, const std::string& whole, std::size_t byte, int bit);

  ScratchDirectory scratch_;
};

}  // namespace millrace::rocksdb_test
