// Damaged files of the log, which is the source of truth: it is refused, or reading is; or what is there are the first
// transactions, whole, up to some that the torn end of a WAL may have taken. Nothing is missing in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "child.hpp"
#include "damage.hpp"
#include "numbered_log.hpp"

namespace millrace::rocksdb_test {
namespace {

using ::testing::HasSubstr;

/// Some transactions are in tables, some in several WALs.
class LogDamage : public DamageTest {
 protected:
  LogDamage() {
    // Opening it again puts the transactions into tables.
    Child({"log", image().string()}).kill_after(150);
    Child({"log", image().string()}).kill_after(200);
    last_ = check_whole();
  }

  std::int64_t check() override {
    auto opened = open_embedded_log(damaged(), small_log());
    if (!opened) return expect_corrupted(opened.error());
    Log& log = (*opened)->log();
    auto small = read_all(log, kSmall);
    if (!small) return expect_corrupted(small.error());
    auto large = read_all(log, kLarge);
    if (!large) return expect_corrupted(large.error());
    auto found = static_cast<std::int64_t>(small->size());
    EXPECT_EQ(small->size(), large->size());
    EXPECT_TRUE(is_a_beginning(*small, kSmall)) << "numbers-0 has a hole or other records";
    EXPECT_TRUE(is_a_beginning(*large, kLarge)) << "numbers-1 has a hole or other records";
    auto offsets = await(log.admin().committed_offsets(kGroup)).value();
    EXPECT_EQ(offsets.empty() ? 0 : offsets.begin()->second.offset.value(), found);
    return found;
  }
  std::int64_t expect_corrupted(const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::LogCorrupted) << error.to_string();
    EXPECT_EQ(error.disposition(), Disposition::StopApplication);
    EXPECT_THAT(error.message(), HasSubstr(damaged().string()));
    return kFoundOut;
  }
  static bool is_a_beginning(const std::vector<Bytes>& values, const TopicPartition& partition) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] != numbered_record(partition, static_cast<std::int64_t>(i) + 1)) return false;
    }
    return true;
  }

  std::int64_t last_ = 0;
};

TEST_F(LogDamage, OfNoFileShowsTheLastTransaction) {
  EXPECT_GE(last_, 350);
  EXPECT_GT(files("", ".log").size(), 1U) << "the other cases want several WALs";
  EXPECT_FALSE(files("", ".sst").empty());
}

TEST_F(LogDamage, FlippedInTablesIsFoundOut) { EXPECT_GT(flip_bits(some_tables(), 4), 0); }

TEST_F(LogDamage, FlippedInAWalIsFoundOutButForATornEnd) { EXPECT_GT(flip_bits(some_wals(), 12), 12); }

TEST_F(LogDamage, FlippedInTheHeadersOfAWalLeavesNoHole) { EXPECT_GT(flip_bits_of_headers(some_wals(), 1), 12); }

TEST_F(LogDamage, FlippedInTheManifestIsFoundOut) { EXPECT_EQ(flip_bits({manifest()}, 30), 30); }

TEST_F(LogDamage, FlippedInTheHeadersOfTheManifestIsFoundOut) {
  EXPECT_EQ(flip_bits_of_headers({manifest()}, 2), 2 * 24);
}

TEST_F(LogDamage, FlippedInCurrentIsFoundOut) { EXPECT_EQ(flip_bits({"CURRENT"}, 20), 20); }

TEST_F(LogDamage, CutFromTablesIsFoundOut) { EXPECT_GT(cut_short(some_tables(), 3), 0); }

TEST_F(LogDamage, CutFromAWalLeavesNoHole) { cut_short(some_wals(), 6); }

TEST_F(LogDamage, CutFromTheManifestIsFoundOut) { EXPECT_EQ(cut_short({manifest()}, 20), 20); }

TEST_F(LogDamage, ThatTakesATableTheManifestOrCurrentIsFoundOut) {
  int found_out = 0;
  for (const std::string& name : files("", ".sst")) {
    std::int64_t shown = check_without(name);
    // One that the process was killed before it could use is nobody's.
    EXPECT_TRUE(shown == kFoundOut || shown == last_) << name;
    found_out += shown == kFoundOut ? 1 : 0;
  }
  EXPECT_GT(found_out, 0);
  EXPECT_EQ(check_without(manifest()), kFoundOut);
  EXPECT_EQ(check_without("CURRENT"), kFoundOut);
}

TEST_F(LogDamage, ThatTakesAWalLeavesNoHole) {
  for (const std::string& name : files("", ".log")) {
    SCOPED_TRACE(name + " is missing");
    check_without(name);
  }
}

TEST_F(LogDamage, ThatIsFoundOutChangesNothing) {
  // Mended, it is all there again.
  for (const std::string& name : {files("", ".log").front(), files("", ".sst").front(), manifest()}) {
    const std::string whole = read_file(image() / name);
    std::string damaged_bytes = whole;
    damaged_bytes[damaged_bytes.size() / 2] ^= '\x10';
    ASSERT_EQ(check_with(name, damaged_bytes), kFoundOut) << name;
    ASSERT_EQ(check(), kFoundOut) << name << ", once more";
    write_file(damaged() / name, whole);
    EXPECT_EQ(check(), last_) << name;
  }
}

}  // namespace
}  // namespace millrace::rocksdb_test
