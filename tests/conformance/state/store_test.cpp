// KeyValueBytesStore: what every store does, whatever it is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store_under_test.hpp"

namespace millrace::state_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class Store : public ::testing::TestWithParam<StoreKind> {
 protected:
  std::optional<Bytes> get(const Bytes& key) {
    auto found = under_test_.store().get(key).value();
    return found ? std::optional<Bytes>(*found) : std::nullopt;
  }
  void put(const Bytes& key, const std::optional<Bytes>& value) {
    under_test_.store().put(key, value ? OptionalBytesView(*value) : OptionalBytesView()).value();
  }
  Entries entries(const KeyRange& range = {}) { return read(under_test_.store(), range); }
  std::unique_ptr<KeyValueIterator> iterate() { return under_test_.store().range({}).value(); }
  /// Calls `check` with the writes open, committed, and read back after a restart.
  template <class Check>
  void in_each_state(Check check) {
    {
      SCOPED_TRACE("open");
      check();
    }
    under_test_.commit();
    {
      SCOPED_TRACE("committed");
      check();
    }
    if (!under_test_.persistent()) return;
    under_test_.crash();
    SCOPED_TRACE("after a restart");
    check();
  }

  StoreUnderTest under_test_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(State, Store, ::testing::ValuesIn(all_stores()),
                         [](const auto& kind) { return kind.param.name(); });

TEST_P(Store, HasItsName) { EXPECT_EQ(under_test_.store().name(), "main"); }

TEST_P(Store, GetsWhatWasPutLast) {
  put("k", "old");
  put("k", "new");
  put("other", "o");
  in_each_state([&] {
    EXPECT_EQ(get("k"), "new");
    EXPECT_EQ(get("other"), "o");
    EXPECT_EQ(get("missing"), std::nullopt);
  });
}

TEST_P(Store, OverwritesAndErasesWhatWasCommitted) {
  for (const char* key : {"changed", "erased", "kept"}) put(key, "old");
  under_test_.commit();
  put("changed", "new");
  put("erased", std::nullopt);
  in_each_state([&] {
    EXPECT_EQ(get("erased"), std::nullopt);
    EXPECT_THAT(entries(), ElementsAre(Pair("changed", "new"), Pair("kept", "old")));
  });
}

TEST_P(Store, TellsAnEmptyValueFromNone) {
  put("empty", "");
  put("erased", "x");
  put("erased", std::nullopt);
  in_each_state([&] {
    EXPECT_EQ(get("empty"), "");
    EXPECT_EQ(get("erased"), std::nullopt);
    EXPECT_THAT(entries(), ElementsAre(Pair("empty", "")));
  });
}

TEST_P(Store, TakesAKeyBackThatWasErased) {
  put("k", "1");
  under_test_.commit();
  put("k", std::nullopt);
  under_test_.commit();
  put("k", "2");
  in_each_state([&] { EXPECT_THAT(entries(), ElementsAre(Pair("k", "2"))); });
}

TEST_P(Store, TakesAnyBytesAsKeys) {
  const std::vector<Bytes> keys{"",     Bytes(1, '\0'), Bytes(2, '\0'), Bytes("\0\xff", 2), "a", Bytes("a\0", 2), "aa",
                                "\x7f", "\x80",         "\xff",         "\xff\xff"};
  for (std::size_t i = 0; i < keys.size(); ++i) put(keys[i], std::to_string(i));
  in_each_state([&] {
    // In the order of unsigned bytes, a prefix before what it begins.
    Entries found = entries();
    ASSERT_EQ(found.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      EXPECT_EQ(found[i], Entry(keys[i], std::to_string(i)));
      EXPECT_EQ(get(keys[i]), std::to_string(i));
    }
  });
}

TEST_P(Store, TakesAMegabyte) {
  Bytes key(1 << 16, 'k');
  Bytes value(1 << 20, 'v');
  value.back() = '\0';
  put(key, value);
  in_each_state([&] {
    EXPECT_TRUE(get(key) == value);
    EXPECT_EQ(entries().size(), 1U);
  });
}

TEST_P(Store, WalksFromItsFirstBoundUpToButWithoutTheSecond) {
  // One half is committed, the other open, taking turns.
  for (const char* key : {"a", "c", "e"}) put(key, "committed");
  under_test_.commit();
  for (const char* key : {"b", "d"}) put(key, "open");
  auto keys = [&](std::optional<Bytes> from, std::optional<Bytes> to) {
    std::string joined;
    for (const Entry& entry : entries({std::move(from), std::move(to)})) joined += entry.first;
    return joined;
  };
  in_each_state([&] {
    EXPECT_EQ(keys({}, {}), "abcde");
    EXPECT_EQ(keys("b", "d"), "bc");
    EXPECT_EQ(keys("c", "e"), "cd");
    EXPECT_EQ(keys("b", {}), "bcde");
    EXPECT_EQ(keys({}, "d"), "abc");
    EXPECT_EQ(keys("bb", "dd"), "cd");
    EXPECT_EQ(keys("e", Bytes("e\0", 2)), "e");
    EXPECT_EQ(keys("f", {}), "");
    EXPECT_EQ(keys({}, "a"), "");
  });
}

TEST_P(Store, WalksTheSameEntriesDownwards) {
  for (const char* key : {"a", "c", "e"}) put(key, "committed");
  put("gone", "committed");
  under_test_.commit();
  for (const char* key : {"b", "d"}) put(key, "open");
  put("c", "changed");
  put("gone", std::nullopt);
  auto keys = [&](std::optional<Bytes> from, std::optional<Bytes> to) {
    std::string joined;
    for (const Entry& entry : entries({std::move(from), std::move(to), KeyOrder::Descending})) joined += entry.first;
    return joined;
  };
  in_each_state([&] {
    EXPECT_EQ(keys({}, {}), "edcba");
    EXPECT_EQ(keys("b", "d"), "cb");
    EXPECT_EQ(keys("c", "e"), "dc");
    EXPECT_EQ(keys("b", {}), "edcb");
    EXPECT_EQ(keys({}, "d"), "cba");
    EXPECT_EQ(keys("bb", "dd"), "dc");
    EXPECT_EQ(keys("e", Bytes("e\0", 2)), "e");
    EXPECT_EQ(keys("f", {}), "");
    EXPECT_EQ(keys({}, "a"), "");
    EXPECT_EQ(keys("d", "b"), "");
    EXPECT_EQ(keys("c", "c"), "");
    EXPECT_THAT(entries({"c", "d", KeyOrder::Descending}), ElementsAre(Pair("c", "changed")));
  });
}

TEST_P(Store, WalksThePrefixesOfKeys) {
  const Bytes top("\xff\xff");
  for (const Bytes& key : {Bytes("a"), Bytes("ab"), Bytes("ab\xff"), Bytes("abc"), Bytes("b"), Bytes("\xff"), top}) {
    put(key, "v");
  }
  auto keys = [&](const Bytes& prefix, KeyOrder order = KeyOrder::Ascending) {
    std::vector<Bytes> found;
    for (const Entry& entry : entries(prefix_range(prefix, order))) found.push_back(entry.first);
    return found;
  };
  in_each_state([&] {
    EXPECT_THAT(keys("ab"), ElementsAre("ab", "abc", "ab\xff"));
    EXPECT_THAT(keys("ab", KeyOrder::Descending), ElementsAre("ab\xff", "abc", "ab"));
    EXPECT_THAT(keys("ab\xff"), ElementsAre("ab\xff"));
    EXPECT_THAT(keys("b"), ElementsAre("b"));
    EXPECT_THAT(keys("\xff"), ElementsAre("\xff", top));
    EXPECT_THAT(keys("\xff", KeyOrder::Descending), ElementsAre(top, "\xff"));
    EXPECT_THAT(keys(top), ElementsAre(top));
    EXPECT_THAT(keys("c"), IsEmpty());
    EXPECT_EQ(keys("").size(), 7U);
  });
}

TEST_P(Store, WalksNothingBetweenBoundsThatAreEqualOrTheWrongWayRound) {
  for (const char* key : {"", "a", "b", "c"}) put(key, "v");
  in_each_state([&] {
    EXPECT_THAT(entries({"b", "b"}), IsEmpty());
    EXPECT_THAT(entries({"c", "a"}), IsEmpty());
    EXPECT_THAT(entries({"", ""}), IsEmpty());
    EXPECT_THAT(entries({{}, ""}), IsEmpty());
    EXPECT_THAT(entries({"a", ""}), IsEmpty());
    EXPECT_THAT(entries({"", "a"}), ElementsAre(Pair("", "v")));
  });
}

TEST_P(Store, WalksAnEmptyStore) {
  in_each_state([&] {
    EXPECT_FALSE(iterate()->valid());
    EXPECT_TRUE(iterate()->status());
  });
}

TEST_P(Store, ShowsAnIteratorTheStoreAsOfItsMaking) {
  for (const char* key : {"a", "c", "e"}) put(key, "old");
  under_test_.commit();
  put("b", "old");
  auto iterator = iterate();
  put("a", "new");
  put("aa", "new");
  put("c", std::nullopt);
  put("z", "new");
  EXPECT_EQ(iterator->key(), "a");
  EXPECT_EQ(iterator->value(), "old");
  under_test_.commit();
  put("e", std::nullopt);
  EXPECT_THAT(drain(*iterator), ElementsAre(Pair("a", "old"), Pair("b", "old"), Pair("c", "old"), Pair("e", "old")));
  EXPECT_THAT(entries(), ElementsAre(Pair("a", "new"), Pair("aa", "new"), Pair("b", "old"), Pair("z", "new")));
}

TEST_P(Store, ShowsAnIteratorDownwardsTheStoreAsOfItsMaking) {
  for (const char* key : {"a", "c", "e"}) put(key, "old");
  under_test_.commit();
  put("b", "old");
  auto iterator = under_test_.store().range({{}, {}, KeyOrder::Descending}).value();
  put("a", "new");
  put("c", std::nullopt);
  put("cc", "new");
  under_test_.commit();
  EXPECT_EQ(iterator->key(), "e");
  iterator->next();
  put("b", std::nullopt);
  under_test_.commit();
  EXPECT_THAT(drain(*iterator), ElementsAre(Pair("c", "old"), Pair("b", "old"), Pair("a", "old")));
}

TEST_P(Store, MayBeWrittenWhileItIsWalked) {
  for (char c = 'a'; c <= 'j'; ++c) put(Bytes(1, c), "1");
  under_test_.commit();
  auto iterator = iterate();
  for (; iterator->valid(); iterator->next()) {
    Bytes key(iterator->key());
    put(key, std::nullopt);
    put(key + key, iterator->value() == "1" ? "2" : "wrong");
  }
  Entries expected;
  for (char c = 'a'; c <= 'j'; ++c) expected.emplace_back(Bytes(2, c), "2");
  EXPECT_EQ(entries(), expected);
}

TEST_P(Store, MayBePutWhatItHasJustGot) {
  // Short values live within the entry, long ones outside of it.
  for (const Bytes& value : {Bytes("short"), Bytes(100, 'l')}) {
    SCOPED_TRACE(value);
    put("k", value);
    in_each_state([&] {
      under_test_.store().put("k", under_test_.store().get("k").value()).value();
      under_test_.store().put("copy", under_test_.store().get("k").value()).value();
      EXPECT_EQ(get("k"), value);
      EXPECT_EQ(get("copy"), value);
    });
  }
}

TEST_P(Store, CountsItsCommittedEntriesRoughly) {
  for (int i = 0; i < 100; ++i) put("key " + std::to_string(i), "v");
  under_test_.commit();
  if (under_test_.persistent()) {
    EXPECT_NEAR(static_cast<double>(under_test_.store().approximate_entries()), 100, 10);
  } else {
    EXPECT_EQ(under_test_.store().approximate_entries(), 100U);
  }
}

}  // namespace
}  // namespace millrace::state_conformance
