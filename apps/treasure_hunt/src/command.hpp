// Command: what a player wants to do.
//
//   {"kind":"join","player":"ada","hunt":"hunt-1","command_id":"7"}
//   {"kind":"scan","player":"ada","hunt":"hunt-1","command_id":"8","clue":1,"code":"K4M-7QX"}
//   {"kind":"claim","player":"ada","hunt":"hunt-1","command_id":"9","treasure":"crown"}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/serde/json.hpp>

namespace hunt {

enum class CommandKind : std::uint8_t { Join, Scan, Claim };

/// "join", "scan", "claim".
[[nodiscard]] std::string_view to_string(CommandKind kind);

struct Command {
  CommandKind kind = CommandKind::Join;
  std::string player;
  std::string hunt;
  /// The player's own name for this command. Sending it again repeats the command's answer, not the command.
  std::string command_id;
  std::optional<std::int32_t> clue;     ///< scan: which clue, from 1
  std::optional<std::string> code;      ///< scan: what stood there
  std::optional<std::string> treasure;  ///< claim
  friend bool operator==(const Command&, const Command&) = default;
};

/// Names in keys are joined by it, so it is in no name of a hunt, player or treasure.
inline constexpr char kKeySeparator = '|';

/// "hunt|player": the key of commands and outcomes.
[[nodiscard]] std::string player_key(const std::string& hunt, const std::string& player);
/// "hunt|treasure": the key of claims.
[[nodiscard]] std::string treasure_key(const std::string& hunt, const std::string& treasure);

/// Why this is no command that can be answered ("the player has no name"); nullopt if it is one.
[[nodiscard]] std::optional<std::string> malformed(const Command& command);

}  // namespace hunt

template <>
struct millrace::JsonCodec<hunt::CommandKind> {
  static void write(hunt::CommandKind kind, JsonWriter& out) { out.write(hunt::to_string(kind)); }
  static void read(const JsonNode& node, hunt::CommandKind& kind);
};
MILLRACE_DESCRIBE(hunt::Command, kind, player, hunt, command_id, clue, code, treasure)
