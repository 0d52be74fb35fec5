// Damaged files of a task's state: it is found out, and the state is wiped and restored; or else what is there is the
// state after some commit, whole, from which the changelog leads on. Wrong state is never shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "child.hpp"
#include "conformance/log/await.hpp"
#include "damage.hpp"
#include "numbered_state.hpp"

namespace millrace::rocksdb_test {
namespace {

using ::testing::HasSubstr;

/// Some commits are in tables, some in several WALs.
class StateDamage : public DamageTest {
 protected:
  StateDamage() {
    // Opening it again puts the commits into tables.
    Child({"state", image().string()}).kill_after(200);
    Child({"state", image().string()}).kill_after(250);
    last_ = check_whole();
  }

  std::int64_t check() override {
    auto backend = factory_.open(damaged(), kStores);
    if (!backend) return expect_corrupted(backend.error());
    std::int64_t found = (*backend)->stamp("left").value().next.value();
    EXPECT_EQ((*backend)->stamp("right").value().next.value(), found);
    for (const std::string& store : kStores) {
      auto entries = read_all((*backend)->store(store));
      if (!entries) return expect_corrupted(entries.error());
      EXPECT_TRUE(*entries == expected_after(found, store)) << store << " is not as after commit " << found;
    }
    return found;
  }
  std::int64_t expect_corrupted(const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::StateCorrupted) << error.to_string();
    EXPECT_EQ(error.disposition(), Disposition::RestoreTask);
    EXPECT_THAT(error.message(), HasSubstr(damaged().string()));
    return kFoundOut;
  }

  RocksDbTaskBackendFactory factory_{small_state()};
  std::int64_t last_ = 0;
};

TEST_F(StateDamage, OfNoFileShowsTheLastCommit) {
  EXPECT_GE(last_, 450);
  EXPECT_GT(files("", ".log").size(), 1U) << "the other cases want several WALs";
  EXPECT_FALSE(files("", ".sst").empty());
}

TEST_F(StateDamage, FlippedInTablesIsFoundOut) { EXPECT_GT(flip_bits(some_tables(), 4), 0); }

TEST_F(StateDamage, FlippedInAWalLeavesAnEarlierCommitOrIsFoundOut) { flip_bits(some_wals(), 12); }

TEST_F(StateDamage, FlippedInTheHeadersOfAWalLeavesAnEarlierCommitOrIsFoundOut) {
  flip_bits_of_headers(some_wals(), 1);
}

TEST_F(StateDamage, FlippedInTheManifestIsFoundOut) { EXPECT_EQ(flip_bits({manifest()}, 30), 30); }

TEST_F(StateDamage, FlippedInTheHeadersOfTheManifestIsFoundOut) {
  EXPECT_EQ(flip_bits_of_headers({manifest()}, 2), 2 * 24);
}

TEST_F(StateDamage, FlippedInCurrentIsFoundOut) { EXPECT_EQ(flip_bits({"CURRENT"}, 20), 20); }

TEST_F(StateDamage, FlippedElsewhereDoesNoHarm) {
  EXPECT_EQ(flip_bits({"IDENTITY"}, 4), 0);
  EXPECT_EQ(flip_bits(files("OPTIONS-", ""), 4), 0);
}

TEST_F(StateDamage, CutFromTablesIsFoundOut) { EXPECT_GT(cut_short(some_tables(), 3), 0); }

TEST_F(StateDamage, CutFromAWalLeavesAnEarlierCommitOrIsFoundOut) { cut_short(some_wals(), 6); }

TEST_F(StateDamage, CutFromTheManifestIsFoundOut) { EXPECT_EQ(cut_short({manifest()}, 20), 20); }

TEST_F(StateDamage, ThatTakesATableTheManifestOrCurrentIsFoundOut) {
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

TEST_F(StateDamage, ThatTakesAWalLeavesAnEarlierCommitOrIsFoundOut) {
  // Nothing tells that there was one before the first.
  auto wals = files("", ".log");
  for (std::size_t i = 1; i < wals.size(); ++i) {
    SCOPED_TRACE(wals[i] + " is missing");
    check_without(wals[i]);
  }
}

TEST_F(StateDamage, ThatTakesWhatNobodyNeedsDoesNoHarm) {
  for (const std::string& name :
       {files("OPTIONS-", "").front(), std::string("IDENTITY"), std::string("LOG"), std::string("LOCK")}) {
    EXPECT_EQ(check_without(name), last_) << name;
  }
}

TEST_F(StateDamage, ThatACompactionMeetsIsFoundOutByTheNextCommit) {
  for (const std::string& name : files("", ".sst")) {
    std::string bytes = read_file(image() / name);
    // Not the stamps, which are read at once.
    if (bytes.size() < 10'000) continue;
    bytes[20] ^= '\x10';
    write_file(image() / name, bytes);
  }
  copy_directory(image(), damaged());
  auto backend = factory_.open(damaged(), kStores).value();
  Result<void> applied;
  for (std::int64_t n = last_ + 1; applied && n <= last_ + 2000; ++n) applied = apply_numbered(*backend, n);
  // A compaction is behind, but comes to an end.
  log_conformance::eventually([&] { return !applied || !(applied = backend->apply({})); });
  ASSERT_FALSE(applied);
  expect_corrupted(applied.error());
}

TEST_F(StateDamage, IsMendedByBeginningAnew) {
  ASSERT_EQ(check_with("CURRENT", ""), kFoundOut);
  factory_.destroy(damaged()).value();
  auto backend = factory_.open(damaged(), kStores).value();
  EXPECT_EQ(backend->stamp("left").value(), ChangelogStamp());
  EXPECT_TRUE(read_all(backend->store("left")).value().empty());
  apply_numbered(*backend, 1).value();
}

}  // namespace
}  // namespace millrace::rocksdb_test
