#include "audit.hpp"

#include <fmt/format.h>

#include <millrace/serde/basic.hpp>

#include "recount.hpp"
#include "topics.hpp"

namespace hunt {

namespace {

using millrace::Bytes;
using millrace::BytesView;
using millrace::OptionalBytesView;
using millrace::Result;

template <class T>
std::string text_of(const T& value) {
  Bytes text;
  if constexpr (std::integral<T>) text = std::to_string(value);
  else millrace::SerdeFor<T>::serialize(value, text);
  return text;
}

class Auditor {
 public:
  Auditor(Evidence& evidence, const HuntBookPtr& book) : evidence_(evidence), recount_(book) {}

  Result<AuditReport> run() {
    MILLRACE_TRY(evidence_.each_record(kCommandsTopic, [&](auto key, auto value) { take_command(key, value); }));
    MILLRACE_TRY(evidence_.each_record(kClaimsTopic, [&](auto key, auto value) { take_claim(key, value); }));
    recount_.settle();
    for (const auto& [name, expected] : recount_.expected()) {
      if (expected.claims_missing() > 0)
        differ("{}: {}: {} claims too few", kClaimsTopic, describe(name), expected.claims_missing());
    }
    MILLRACE_TRY(check_answers(kOutcomesTopic, [](const Recount::Expected& expected) {
      return expected.claim && expected.claims_logged == 0 ? 0 : 1;
    }));
    MILLRACE_TRY(check_answers(kRepeatsTopic, [](const Recount::Expected& expected) {
      return expected.claim ? std::max<std::int64_t>(expected.claims_logged - 1, 0) : expected.repeats;
    }));
    MILLRACE_TRY(check_tables());
    report_.players = static_cast<std::int64_t>(recount_.scores().size());
    report_.ledger = recount_.ledger();
    return std::move(report_);
  }

 private:
  template <class... Args>
  void differ(fmt::format_string<Args...> format, Args&&... args) {
    report_.differences.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  static std::string describe(const Recount::CommandName& name) {
    return fmt::format("{}, command {}", name.first, name.second);
  }

  void take_command(OptionalBytesView key, OptionalBytesView value) {
    auto command = value ? millrace::SerdeFor<Command>::deserialize(*value) : Command{};
    if (!key || !command || malformed(*command) || *key != command->hunt + "|" + command->player) {
      ++report_.unreadable;
      return;
    }
    ++report_.commands;
    recount_.take(*command);
  }

  void take_claim(OptionalBytesView key, OptionalBytesView value) {
    auto claim = value ? millrace::SerdeFor<Claim>::deserialize(*value) : Claim{};
    bool readable = key && claim && *key == claim->hunt + "|" + claim->treasure;
    if (readable && recount_.take(*claim)) return;
    differ("{}: {}: {} should not be there", kClaimsTopic, millrace::printable(key.value_or("")),
           millrace::printable(value.value_or(""), 200));
  }

  /// Each command has as many answers in `topic` as `number` says, all equal to the outcome recounted.
  template <class Number>
  Result<void> check_answers(const char* topic, Number number) {
    std::map<Recount::CommandName, std::int64_t> seen;
    MILLRACE_TRY(evidence_.each_record(topic, [&](OptionalBytesView key, OptionalBytesView value) {
      if (topic == kOutcomesTopic) ++report_.outcomes;
      check_answer(topic, key, value, seen);
    }));
    for (const auto& [name, expected] : recount_.expected()) {
      auto found = seen.find(name);
      std::int64_t times = found == seen.end() ? 0 : found->second;
      if (times == number(expected)) continue;
      differ("{}: {}: found {} times, recounted {} times: {}", topic, describe(name), times, number(expected),
             text_of(expected.outcome));
    }
    return {};
  }

  void check_answer(const char* topic, OptionalBytesView key, OptionalBytesView value,
                    std::map<Recount::CommandName, std::int64_t>& seen) {
    auto outcome = value ? millrace::SerdeFor<Outcome>::deserialize(*value) : Outcome{};
    Recount::CommandName name{std::string(key.value_or("")), outcome ? outcome->command_id : ""};
    auto expected = recount_.expected().find(name);
    if (expected == recount_.expected().end()) {
      differ("{}: {}: {} should not be there", topic, millrace::printable(name.first),
             millrace::printable(value.value_or(""), 200));
      return;
    }
    ++seen[name];
    const Outcome& recounted = expected->second.outcome;
    if (*outcome != recounted)
      differ("{}: {}: found {}, recounted {}", topic, describe(name), text_of(*outcome), text_of(recounted));
  }

  Result<void> check_tables() {
    MILLRACE_TRY(check_topic(kLeaderboardTopic, recount_.scores()));
    MILLRACE_TRY(check_topic(kFailuresTopic, recount_.failures()));
    MILLRACE_TRY(check_store(kProgressStore, recount_.progress()));
    MILLRACE_TRY(check_store(kAnswersStore, recount_.answers()));
    MILLRACE_TRY(check_store(kTreasuresStore, recount_.treasures()));
    MILLRACE_TRY(check_store(kLeaderboardStore, recount_.scores()));
    return check_store(kFailuresStore, recount_.failures());
  }

  /// The latest value of each key is the one recounted.
  template <class T>
  Result<void> check_topic(const char* topic, const std::map<std::string, T>& recounted) {
    std::map<std::string, Bytes> latest;
    MILLRACE_TRY(evidence_.each_record(topic, [&](OptionalBytesView key, OptionalBytesView value) {
      std::string name(key.value_or(""));
      if (value) latest.insert_or_assign(name, Bytes(*value));
      else latest.erase(name);
    }));
    compare(fmt::format("topic {}", topic), latest, recounted);
    return {};
  }

  template <class T>
  Result<void> check_store(const char* store, const std::map<std::string, T>& recounted) {
    std::map<std::string, Bytes> entries;
    MILLRACE_TRY(evidence_.each_entry(store, [&](BytesView key, BytesView value) {
      if (!entries.emplace(key, value).second)
        differ("store {}: {}: two tasks hold it", store, millrace::printable(key));
    }));
    compare(fmt::format("store {}", store), entries, recounted);
    return {};
  }

  template <class T>
  void compare(const std::string& place, const std::map<std::string, Bytes>& found,
               const std::map<std::string, T>& recounted) {
    for (const auto& [key, bytes] : found) {
      auto value = millrace::SerdeFor<T>::deserialize(bytes);
      auto expected = recounted.find(key);
      if (value && expected != recounted.end() && *value == expected->second) continue;
      differ("{}: {}: found {}, recounted {}", place, millrace::printable(key),
             value ? text_of(*value) : value.error().message(),
             expected == recounted.end() ? "none" : text_of(expected->second));
    }
    for (const auto& [key, value] : recounted) {
      if (found.find(key) == found.end()) differ("{}: {}: found none, recounted {}", place, key, text_of(value));
    }
  }

  Evidence& evidence_;
  Recount recount_;
  AuditReport report_;
};

}  // namespace

std::string AuditReport::last_line() const {
  std::string aside = unreadable > 0 ? fmt::format(" ({} more were no commands)", unreadable) : "";
  std::string numbers =
      fmt::format("{} commands{}, {} outcomes, {} players, ledger {}", commands, aside, outcomes, players, ledger);
  return ok() ? "audit: ok " + numbers
              : fmt::format("audit: FAILED, {} differences in {}", differences.size(), numbers);
}

Result<AuditReport> audit(Evidence& evidence, const HuntBookPtr& book) { return Auditor(evidence, book).run(); }

}  // namespace hunt
