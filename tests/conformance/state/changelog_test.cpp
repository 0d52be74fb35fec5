// Logged stores: what the changelog says is what the store has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store_under_test.hpp"

namespace millrace::state_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class Changelog : public ::testing::TestWithParam<BackendKind> {
 protected:
  StoreUnderTest state_{{GetParam(), Access::Logged}};
};
INSTANTIATE_TEST_SUITE_P(State, Changelog, ::testing::ValuesIn(kAllBackends),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Changelog, HasEachChangeInOrderAndDeletionsAsNulls) {
  state_.store().put("k", "1").value();
  state_.store().put("k", "").value();
  state_.store().put("k", std::nullopt).value();
  state_.commit();
  const auto& changes = state_.changelog().committed();
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].value, "1");
  EXPECT_EQ(changes[1].value, "");
  EXPECT_EQ(changes[2].value, std::nullopt);
  for (const auto& change : changes) {
    EXPECT_EQ(change.key, "k");
    EXPECT_EQ(change.timestamp, std::nullopt);
  }
}

TEST_P(Changelog, StampsTheStoreWithItsEnd) {
  state_.store().put("a", "1").value();
  state_.store().put("a", "2").value();
  state_.commit();
  EXPECT_EQ(state_.backend().stamp("main").value(), (ChangelogStamp{"topic", Offset(2)}));
  EXPECT_EQ(state_.backend().stamp("other").value(), ChangelogStamp());
}

TEST_P(Changelog, OfATimestampedStoreHasThePlainValueAndTheTime) {
  CacheBudget budget(1 << 20);
  TransactionBuffer buffer(state_.backend().store("other"), budget);
  BufferedKeyValueBytesStore inner("other", buffer);
  TestChangelog changelog;
  ChangeLoggingKeyValueBytesStore store(inner, changelog, true);
  Timestamp time(std::chrono::milliseconds(1'700'000'000'123));
  Bytes stored;
  encode_timestamped(time, "value", stored);
  store.put("k", BytesView(stored)).value();
  Bytes empty;
  encode_timestamped(Timestamp(std::chrono::milliseconds(0)), "", empty);
  store.put("empty", BytesView(empty)).value();
  store.put("gone", std::nullopt).value();
  changelog.freeze();
  changelog.commit();
  ASSERT_EQ(changelog.committed().size(), 3U);
  EXPECT_EQ(changelog.committed()[0].value, "value");
  EXPECT_EQ(changelog.committed()[0].timestamp, time);
  EXPECT_EQ(changelog.committed()[1].value, "");
  EXPECT_EQ(changelog.committed()[2].value, std::nullopt);
  EXPECT_EQ(changelog.committed()[2].timestamp, std::nullopt);
  // The store itself keeps both.
  BytesView kept = *store.get("k").value();
  EXPECT_EQ(timestamp_of(kept), time);
  EXPECT_EQ(value_of(kept), "value");
}

TEST_P(Changelog, PassesReadsOn) {
  state_.store().put("k", "v").value();
  EXPECT_EQ(state_.store().get("k").value(), "v");
  EXPECT_THAT(read(state_.store(), {"a", "z"}), ElementsAre(Pair("k", "v")));
  state_.commit();
  EXPECT_EQ(state_.store().approximate_entries(), 1U);
}

}  // namespace
}  // namespace millrace::state_conformance
