// tamper: changes a stored value behind the engine's back, to show that the audit notices.
#pragma once

#include <optional>
#include <string>

#include <millrace/app/streams.hpp>

namespace hunt {

/// Gives one player 1000 points more in the leaderboard's store, on the disk. Returns what it did; nullopt if there
/// is no player. REQUIRES: `streams` was started and has closed. Errors: those of the state.
[[nodiscard]] millrace::Result<std::optional<std::string>> tamper_with_leaderboard(millrace::Streams& streams);

}  // namespace hunt
