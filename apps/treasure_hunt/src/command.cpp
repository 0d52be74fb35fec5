#include "command.hpp"

#include <array>

namespace hunt {

namespace {

constexpr std::array<std::string_view, 3> kKinds = {"join", "scan", "claim"};
constexpr std::size_t kMaxNameBytes = 64;

std::optional<std::string> bad_name(const char* what, const std::string& name) {
  if (name.empty()) return std::string("the ") + what + " has no name";
  if (name.size() > kMaxNameBytes) return std::string("the name of the ") + what + " is longer than 64 bytes";
  if (name.find(kKeySeparator) != std::string::npos) return std::string("the name of the ") + what + " has a '|' in it";
  return std::nullopt;
}

}  // namespace

std::string_view to_string(CommandKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::string player_key(const std::string& hunt, const std::string& player) { return hunt + kKeySeparator + player; }
std::string treasure_key(const std::string& hunt, const std::string& treasure) {
  return hunt + kKeySeparator + treasure;
}

std::optional<std::string> malformed(const Command& command) {
  if (auto bad = bad_name("player", command.player)) return bad;
  if (auto bad = bad_name("hunt", command.hunt)) return bad;
  if (command.command_id.empty() || command.command_id.size() > kMaxNameBytes)
    return "command_id has not 1 to 64 bytes";
  if (command.kind == CommandKind::Scan && (!command.clue || !command.code)) return "a scan needs clue and code";
  if (command.kind == CommandKind::Claim) return bad_name("treasure", command.treasure.value_or(""));
  return std::nullopt;
}

}  // namespace hunt

void millrace::JsonCodec<hunt::CommandKind>::read(const JsonNode& node, hunt::CommandKind& kind) {
  const std::string& word = node.as_string();
  for (std::size_t i = 0; i < hunt::kKinds.size(); ++i) {
    if (hunt::kKinds[i] != word) continue;
    kind = static_cast<hunt::CommandKind>(i);
    return;
  }
  throw JsonError{"", "\"" + word + "\" is no kind of command: join, scan, claim"};
}
