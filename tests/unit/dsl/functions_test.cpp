// Which functions an operator takes, and what they see of nulls.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsl_test.hpp"

namespace millrace {
namespace {

using namespace dsl_test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Stream = KStream<Text, Text>;
using MaybeText = std::optional<Text>;

bool is_long(const Text& v) { return v.size() > 1; }
bool is_longer_than_key(const Text& k, const Text& v) noexcept { return v.size() > k.size(); }

TEST(Functions, MayBePointers) {
  EXPECT_THAT(run([](Stream in) { in.filter(is_long).filter(&is_longer_than_key).to("out"); },
                  {text("k", "v"), text("kkk", "vv"), text("k", "vv")}),
              ElementsAre("k=vv@0"));
}

TEST(Functions, MayBeGeneric) {
  auto twice = [](const auto& v) { return v + v; };
  auto both = [](const auto& k, const auto& v) { return k + v; };
  EXPECT_THAT(run([=](Stream in) { in.map_values(twice).map_values(both).to("out"); }, {text("k", "v")}),
              ElementsAre("k=kvv@0"));
}

TEST(Functions, MayBeStdFunctionsAndMutable) {
  std::function<Text(const Text&)> exclaim = [](const Text& v) { return v + "!"; };
  auto counting = [n = 0](const Text& v) mutable { return v + std::to_string(++n); };
  EXPECT_THAT(
      run([&](Stream in) { in.map_values(exclaim).map_values(counting).to("out"); }, {text("k", "a"), text("k", "b")}),
      ElementsAre("k=a!1@0", "k=b!2@0"));
}

TEST(Functions, MayTakeTheirParametersByValueOrAsViews) {
  auto by_value = [](Text k, Text v) { return std::move(k) + std::move(v); };
  auto by_view = [](std::string_view v) { return Text(v) + "?"; };
  EXPECT_THAT(run([=](Stream in) { in.map_values(by_value).map_values(by_view).to("out"); }, {text("k", "v")}),
              ElementsAre("k=kv?@0"));
}

struct Shout {
  Text operator()(const Text& v) const noexcept { return v + "!"; }
};
struct Mutter {
  int calls = 0;
  Text operator()(const Text&, const MaybeText& v) noexcept { return v.value_or("...") + std::to_string(++calls); }
};

TEST(Functions, MayBeObjects) {
  EXPECT_THAT(run([](Stream in) { in.map_values(Mutter{}).map_values(Shout{}).to("out"); },
                  {text("k", std::nullopt), text("k", "v")}),
              ElementsAre("k=...1!@0", "k=v2!@0"));
}

TEST(Functions, SeeNullsThroughOptionals) {
  auto shown = [](const MaybeText& v) { return v.value_or("nothing"); };
  EXPECT_THAT(run([=](Stream in) { in.map_values(shown).to("out"); }, {text("k", std::nullopt), text("k", "v")}),
              ElementsAre("k=nothing@0", "k=v@0"));
  auto both = [](const MaybeText& k, const MaybeText& v) {
    return k.value_or("no key") + "/" + v.value_or("no value");
  };
  EXPECT_THAT(run([=](Stream in) { in.map_values(both).to("out"); },
                  {text(std::nullopt, std::nullopt), text("k", std::nullopt), text(std::nullopt, "v")}),
              ElementsAre("null=no key/no value@0", "k=k/no value@0", "null=no key/v@0"));
  auto by_value = [](MaybeText k, const Text& v) { return k.value_or("no key") + v; };
  EXPECT_THAT(run([=](Stream in) { in.map_values(by_value).to("out"); }, {text(std::nullopt, "v")}),
              ElementsAre("null=no keyv@0"));
}

TEST(Functions, OfEveryVerbSeeNullsThroughOptionals) {
  auto take_all = [](const MaybeText&, const MaybeText&) { return true; };
  auto to_map = [](const MaybeText& k, const MaybeText& v) { return KeyValue<MaybeText, MaybeText>{k, v}; };
  auto to_list = [=](const MaybeText& k, const MaybeText& v) { return std::vector{to_map(k, v)}; };
  auto values = [](const MaybeText& v) { return std::vector<MaybeText>{v}; };
  int peeked = 0;
  auto count = [&peeked](const MaybeText&, const MaybeText&) { ++peeked; };
  auto own_key = [](const MaybeText& k, const MaybeText&) { return k; };
  EXPECT_THAT(run(
                  [=](Stream in) {
                    in.filter(take_all)
                        .map(to_map)
                        .flat_map(to_list)
                        .flat_map_values(values)
                        .peek(count)
                        .select_key(own_key)
                        .to("out");
                  },
                  {text(std::nullopt, std::nullopt, 3)}),
              ElementsAre("null=null@3"));
  EXPECT_EQ(peeked, 1);
}

template <class Build>
Error failure_of(Build build, const Record<Text, Text>& record) {
  try {
    run(build, {record});
  } catch (const StreamsFailed& failed) {
    return failed.error();
  }
  return Error(ErrorCode::UsageInvalid, "nothing failed");
}

TEST(Functions, OfPlainParametersAreNeverCalledWithNull) {
  bool called = false;
  auto plain = [&called](const Text&) { return called = true; };
  Error error =
      failure_of([plain](Stream in) { in.filter(plain, {.name = "choosy"}).to("out"); }, text("k", std::nullopt));
  EXPECT_EQ(error.code(), ErrorCode::NullForPlainParameter);
  EXPECT_THAT(error.to_string(),
              AllOf(HasSubstr("MR-0303"), HasSubstr("task 0_0"), HasSubstr("in[0]@0"), HasSubstr("choosy"),
                    HasSubstr("value is null"), HasSubstr("const std::optional<T>&")));
  EXPECT_FALSE(called);
}

TEST(Functions, OfPlainParametersNameTheNullKey) {
  auto plain = [](const Text&, const MaybeText&) { return true; };
  Error error = failure_of([plain](Stream in) { in.filter(plain).to("out"); }, text(std::nullopt, "v"));
  EXPECT_EQ(error.code(), ErrorCode::NullForPlainParameter);
  EXPECT_THAT(error.message(), HasSubstr("key is null"));
}

TEST(Functions, ThatAreGenericCountAsPlain) {
  Error error =
      failure_of([](Stream in) { in.filter([](const auto&) { return true; }).to("out"); }, text("k", std::nullopt));
  EXPECT_EQ(error.code(), ErrorCode::NullForPlainParameter);
}

TEST(Functions, ThatDoNotLookAtTheKeyTakeRecordsWithoutOne) {
  EXPECT_THAT(run([](Stream in) { in.filter([](const Text&) { return true; }).to("out"); }, {text(std::nullopt, "v")}),
              ElementsAre("null=v@0"));
}

}  // namespace
}  // namespace millrace
