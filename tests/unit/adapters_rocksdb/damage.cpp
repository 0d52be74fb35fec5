#include "damage.hpp"

#include <algorithm>
#include <random>

namespace millrace::rocksdb_test {

std::vector<std::size_t> records_of(const std::string& file) {
  constexpr std::size_t kBlockBytes = 32768;
  constexpr std::size_t kHeaderBytes = 7;
  std::vector<std::size_t> begins;
  std::size_t at = 0;
  while (at + kHeaderBytes <= file.size()) {
    if (std::size_t left = kBlockBytes - at % kBlockBytes; left < kHeaderBytes) {
      at += left;
      continue;
    }
    begins.push_back(at);
    at += kHeaderBytes + static_cast<std::uint8_t>(file[at + 4]) +
          std::size_t{256} * static_cast<std::uint8_t>(file[at + 5]);
  }
  return begins;
}

namespace {

/// About `size`, so that a file of that size ends within a record, and not the first one. A file that ends
/// with a whole record looks as if there had never been more.
std::size_t within_a_record(const std::string& file, std::size_t size) {
  auto records = records_of(file);
  if (records.size() < 2) return size;
  auto next = std::upper_bound(records.begin() + 2, records.end(), size);
  return std::max(size, *std::prev(next) + 1);
}

}  // namespace

std::vector<std::string> DamageTest::files(const std::string& begin, const std::string& end) {
  auto names = files_like(image(), begin, end);
  std::erase_if(names, [this](const std::string& name) { return std::filesystem::is_empty(image() / name); });
  EXPECT_FALSE(names.empty()) << begin << "*" << end;
  return names;
}

std::string DamageTest::manifest() {
  std::string name = read_file(image() / "CURRENT");
  name.pop_back();
  return name;
}

std::vector<std::string> DamageTest::some_wals() {
  auto names = files("", ".log");
  if (names.size() > 3) names.erase(names.begin() + 1, names.end() - 2);
  return names;
}

std::vector<std::string> DamageTest::some_tables() {
  auto names = files("", ".sst");
  if (names.size() > 4) names.resize(4);
  return names;
}

std::int64_t DamageTest::check_whole() {
  copy_directory(image(), damaged());
  return check();
}

std::int64_t DamageTest::check_with(const std::string& name, const std::string& bytes) {
  copy_directory(image(), damaged());
  write_file(damaged() / name, bytes);
  return check();
}

std::int64_t DamageTest::check_without(const std::string& name) {
  copy_directory(image(), damaged());
  std::filesystem::remove(damaged() / name);
  return check();
}

int DamageTest::flip_bit(const std::string& name, const std::string& whole, std::size_t byte, int bit) {
  SCOPED_TRACE(name + ": bit " + std::to_string(bit) + " of byte " + std::to_string(byte) + " flipped");
  std::string flipped = whole;
  flipped[byte] = static_cast<char>(static_cast<unsigned char>(flipped[byte]) ^ (1U << bit));
  return check_with(name, flipped) == kFoundOut ? 1 : 0;
}

int DamageTest::flip_bits(const std::vector<std::string>& names, int count_per_file) {
  std::mt19937_64 engine(7);
  int found_out = 0;
  for (const std::string& name : names) {
    const std::string whole = read_file(image() / name);
    for (int i = 0; i < count_per_file && !HasFailure(); ++i) {
      found_out += flip_bit(name, whole, engine() % whole.size(), static_cast<int>(engine() % 8));
    }
  }
  return found_out;
}

int DamageTest::flip_bits_of_headers(const std::vector<std::string>& names, int records_per_file) {
  std::mt19937_64 engine(8);
  int found_out = 0;
  for (const std::string& name : names) {
    const std::string whole = read_file(image() / name);
    auto records = records_of(whole);
    for (int i = 0; i < records_per_file && !records.empty(); ++i) {
      std::size_t record = i == 0 ? records.back() : records[engine() % records.size()];
      // Not the checksum, which is found out in any case.
      for (int bit = 0; bit < 24 && !HasFailure(); ++bit) {
        found_out += flip_bit(name, whole, record + 4 + static_cast<std::size_t>(bit / 8), bit % 8);
      }
    }
  }
  return found_out;
}

int DamageTest::cut_short(const std::vector<std::string>& names, int count_per_file) {
  std::mt19937_64 engine(9);
  int found_out = 0;
  for (const std::string& name : names) {
    const std::string whole = read_file(image() / name);
    for (int i = 0; i < count_per_file && !HasFailure(); ++i) {
      std::size_t size = i == 0 ? 0 : i == 1 ? whole.size() - 1 : engine() % whole.size();
      if (!name.ends_with(".sst")) size = within_a_record(whole, size);
      SCOPED_TRACE(name + " cut to " + std::to_string(size) + " of " + std::to_string(whole.size()) + " bytes");
      found_out += check_with(name, whole.substr(0, size)) == kFoundOut ? 1 : 0;
    }
  }
  return found_out;
}

}  // namespace millrace::rocksdb_test
