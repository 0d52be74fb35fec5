// TaskBackend: the committed entries of a task's stores and their stamps, changed together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state_under_test.hpp"

namespace millrace::state_conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class Backend : public ::testing::TestWithParam<BackendKind> {
 protected:
  TaskBackend& backend() { return state_.backend(); }
  StoreBackend& store(const std::string& name) { return backend().store(name); }
  ChangelogStamp stamp(const std::string& name) { return backend().stamp(name).value(); }
  std::optional<Bytes> get(const std::string& name, const Bytes& key) {
    Bytes value = "left over";
    return store(name).get(key, value).value() ? std::optional(value) : std::nullopt;
  }
  bool persistent() const { return GetParam().persistent; }

  TaskState state_{GetParam(), {"left", "right"}};
};
INSTANTIATE_TEST_SUITE_P(State, Backend, ::testing::ValuesIn(kAllBackends),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Backend, BeginsEmptyAndUnstamped) {
  EXPECT_THAT(read(store("left")), IsEmpty());
  EXPECT_EQ(get("left", "k"), std::nullopt);
  EXPECT_EQ(stamp("left"), ChangelogStamp());
  EXPECT_EQ(store("left").approximate_entries(), 0U);
}

TEST_P(Backend, AppliesAllStoresAndStampsOfACommit) {
  std::vector<OwnedChange> left{{"a", "1"}, {"b", "2"}};
  std::vector<OwnedChange> right{{"a", "3"}};
  TaskChanges changes;
  changes.stores.push_back(changes_of("left", left, ChangelogStamp{"left-id", Offset(7)}));
  changes.stores.push_back(changes_of("right", right, ChangelogStamp{"right-id", Offset(8)}));
  backend().apply(changes).value();
  EXPECT_THAT(read(store("left")), ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_THAT(read(store("right")), ElementsAre(Pair("a", "3")));
  EXPECT_EQ(stamp("left"), (ChangelogStamp{"left-id", Offset(7)}));
  EXPECT_EQ(stamp("right"), (ChangelogStamp{"right-id", Offset(8)}));
}

TEST_P(Backend, LetsTheLastOfSeveralChangesOfAKeyCount) {
  apply(backend(), "left", {{"k", "1"}, {"k", std::nullopt}, {"k", "2"}, {"gone", "x"}, {"gone", std::nullopt}});
  EXPECT_THAT(read(store("left")), ElementsAre(Pair("k", "2")));
}

TEST_P(Backend, KeepsTheStampThatACommitDoesNotMention) {
  apply(backend(), "left", {}, ChangelogStamp{"id", Offset(3)});
  apply(backend(), "left", {{"k", "v"}});
  EXPECT_EQ(stamp("left"), (ChangelogStamp{"id", Offset(3)}));
}

TEST_P(Backend, IgnoresDeletionsOfWhatIsNotThere) {
  apply(backend(), "left", {{"k", std::nullopt}});
  EXPECT_THAT(read(store("left")), IsEmpty());
}

TEST_P(Backend, CopiesWhatItIsGiven) {
  Bytes key = "k";
  Bytes value = "v";
  TaskChanges changes;
  changes.stores.push_back({"left", {{key, BytesView(value)}}, std::nullopt});
  backend().apply(changes).value();
  key = "x";
  value = "y";
  EXPECT_THAT(read(store("left")), ElementsAre(Pair("k", "v")));
}

TEST_P(Backend, WipesOneStoreWithItsStampAndLeavesTheOthers) {
  for (const char* name : {"left", "right"}) apply(backend(), name, {{"k", "v"}}, ChangelogStamp{"id", Offset(3)});
  backend().wipe("left").value();
  for (bool reopened : {false, true}) {
    SCOPED_TRACE(reopened);
    EXPECT_THAT(read(store("left")), IsEmpty());
    EXPECT_EQ(get("left", "k"), std::nullopt);
    EXPECT_EQ(stamp("left"), ChangelogStamp());
    if (!reopened || persistent()) {
      EXPECT_EQ(get("right", "k"), "v");
      EXPECT_EQ(stamp("right"), (ChangelogStamp{"id", Offset(3)}));
    }
    state_.reopen();
  }
  apply(backend(), "left", {{"k", "again"}}, ChangelogStamp{"id", Offset(1)});
  EXPECT_EQ(get("left", "k"), "again");
  EXPECT_EQ(stamp("left"), (ChangelogStamp{"id", Offset(1)}));
}

TEST_P(Backend, ShowsAnIteratorTheStoreAsOfItsMaking) {
  apply(backend(), "left", {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  auto before_apply = store("left").range({}).value();
  apply(backend(), "left", {{"a", std::nullopt}, {"b", "changed"}, {"bb", "new"}});
  auto before_wipe = store("left").range({}).value();
  backend().wipe("left").value();
  auto before_nothing = store("left").range({}).value();
  apply(backend(), "left", {{"z", "9"}});
  EXPECT_THAT(drain(*before_apply), ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "3")));
  EXPECT_THAT(drain(*before_wipe), ElementsAre(Pair("b", "changed"), Pair("bb", "new"), Pair("c", "3")));
  EXPECT_THAT(drain(*before_nothing), IsEmpty());
  EXPECT_THAT(read(store("left")), ElementsAre(Pair("z", "9")));
}

TEST_P(Backend, IteratorsMayOutliveTheBackend) {
  apply(backend(), "left", {{"a", "1"}, {"b", "2"}});
  auto iterator = store("left").range({}).value();
  state_.close();
  EXPECT_THAT(drain(*iterator), ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST_P(Backend, HasAfterReopeningExactlyWhatWasAppliedOrNothing) {
  apply(backend(), "left", {{"a", "1"}, {"b", "2"}}, ChangelogStamp{"topic id", Offset(2)});
  apply(backend(), "left", {{"a", std::nullopt}, {"c", ""}}, ChangelogStamp{"topic id", Offset(4)});
  state_.reopen();
  if (persistent()) {
    EXPECT_THAT(read(store("left")), ElementsAre(Pair("b", "2"), Pair("c", "")));
    EXPECT_EQ(stamp("left"), (ChangelogStamp{"topic id", Offset(4)}));
  } else {
    EXPECT_THAT(read(store("left")), IsEmpty());
    EXPECT_EQ(stamp("left"), ChangelogStamp());
  }
}

TEST_P(Backend, DropsStoresThatAreNoLongerNamed) {
  for (const char* name : {"left", "right"}) apply(backend(), name, {{"k", "v"}}, ChangelogStamp{"id", Offset(3)});
  state_.close();
  state_.open({"right"});
  if (persistent()) {
    EXPECT_EQ(get("right", "k"), "v");
  }
  state_.close();
  // Named again, it is a new store.
  state_.open({"left", "right"});
  EXPECT_THAT(read(store("left")), IsEmpty());
  EXPECT_EQ(stamp("left"), ChangelogStamp());
  if (persistent()) {
    EXPECT_EQ(get("right", "k"), "v");
    EXPECT_EQ(stamp("right"), (ChangelogStamp{"id", Offset(3)}));
  }
}

TEST_P(Backend, AddsStoresToThoseThatAreThere) {
  apply(backend(), "left", {{"k", "v"}}, ChangelogStamp{"id", Offset(3)});
  state_.close();
  state_.open({"a-new-one", "left", "right"});
  EXPECT_THAT(read(store("a-new-one")), IsEmpty());
  EXPECT_EQ(stamp("a-new-one"), ChangelogStamp());
  if (persistent()) {
    EXPECT_EQ(get("left", "k"), "v");
  }
}

TEST_P(Backend, TakesAnyNameOfAStore) {
  // As RocksDB names its own, as a path, as nothing, and beyond ASCII.
  std::vector<std::string> names{"default", "../up", "", "store:left", "\xc3\xa4", std::string(200, 'n')};
  state_.close();
  state_.open(names);
  for (const std::string& name : names) apply(backend(), name, {{"name", name}}, ChangelogStamp{name, Offset(1)});
  for (const std::string& name : names) {
    EXPECT_EQ(get(name, "name"), name);
    EXPECT_EQ(stamp(name), (ChangelogStamp{name, Offset(1)}));
  }
  state_.close();
  state_.open(names);
  for (const std::string& name : names) {
    if (persistent()) {
      EXPECT_EQ(get(name, "name"), name);
    }
  }
}

TEST_P(Backend, KeepsAnyTopicIdAndOffsetInItsStamps) {
  for (const ChangelogStamp& wanted :
       {ChangelogStamp{Bytes("\0\xff", 2), Offset(0)}, ChangelogStamp{"x", Offset(INT64_MAX)}}) {
    apply(backend(), "right", {}, wanted);
    EXPECT_EQ(stamp("right"), wanted);
    state_.reopen();
    EXPECT_EQ(stamp("right"), persistent() ? wanted : ChangelogStamp());
  }
}

TEST_P(Backend, DestroyedBeginsAnew) {
  apply(backend(), "left", {{"k", "v"}}, ChangelogStamp{"id", Offset(3)});
  state_.close();
  state_.factory().destroy(state_.directory()).value();
  EXPECT_FALSE(std::filesystem::exists(state_.directory()));
  state_.factory().destroy(state_.directory()).value();
  state_.reopen();
  EXPECT_THAT(read(store("left")), IsEmpty());
  EXPECT_EQ(stamp("left"), ChangelogStamp());
}

TEST_P(Backend, CountsItsEntriesRoughly) {
  std::vector<OwnedChange> changes;
  for (int i = 0; i < 1000; ++i) changes.push_back({"key " + std::to_string(i), "v"});
  apply(backend(), "left", changes);
  EXPECT_EQ(store("right").approximate_entries(), 0U);
  EXPECT_EQ(store("left").approximate_entries(), 1000U);
  apply(backend(), "left", {{"key 1", std::nullopt}});
  if (persistent()) {
    EXPECT_NEAR(static_cast<double>(store("left").approximate_entries()), 999, 10);
  } else {
    EXPECT_EQ(store("left").approximate_entries(), 999U);
  }
}

}  // namespace
}  // namespace millrace::state_conformance
