// ${ENV} and file: within values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/adapters/yaml/load_config.hpp>

namespace millrace::yaml_detail {

inline constexpr std::size_t kMaxValueBytes = std::size_t{64} << 10;

/// A value that came from elsewhere, or why it did not come.
struct Resolved {
  std::string value = {};
  bool secret = false;       ///< some of it came from the environment or a file
  std::string message = {};  ///< set when something is wrong, as `remedy`
  std::string remedy = {};
  [[nodiscard]] bool failed() const { return !message.empty(); }
};

/// Replaces ${NAME}, ${NAME:-other} and $${ in `written`, then, if `written` begins with "file:", reads that file.
/// Relative paths are relative to `folder`. Never throws on account of the value.
[[nodiscard]] Resolved resolve_value(std::string_view written, const std::filesystem::path& folder,
                                     const Environment& environment);

/// `written` for messages: what stands for a missing variable may be a secret, and is left out.
[[nodiscard]] std::string without_fallbacks(std::string_view written);

/// What was read, or why nothing was.
struct FileContent {
  std::optional<std::string> bytes;
  std::string problem = {};  ///< set without bytes: "No such file or directory"
  bool too_large = false;
};

/// RegularFile: no pipe or device, so that nothing is waited for. AnyFile: everything but folders.
enum class Accept : std::uint8_t { RegularFile, AnyFile };

/// Reads all of `file`, if it has at most `limit` bytes.
[[nodiscard]] FileContent read_small_file(const std::filesystem::path& file, std::size_t limit, Accept accept);

}  // namespace millrace::yaml_detail
