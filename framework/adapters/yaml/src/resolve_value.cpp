#include "resolve_value.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include <millrace/base/bytes.hpp>

namespace millrace::yaml_detail {

namespace {

constexpr std::string_view kOpen = "${";
constexpr std::string_view kFile = "file:";

bool is_variable_name(std::string_view name) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name.front())) return false;
  for (char c : name) {
    if (!letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

/// "${NAME:-other}" taken apart.
struct Reference {
  std::string_view name;
  std::optional<std::string_view> fallback;
  std::size_t end = 0;  ///< behind the brace
};

/// The reference that begins at `begin`; none when its brace is not closed.
std::optional<Reference> reference_at(std::string_view text, std::size_t begin) {
  std::size_t close = text.find('}', begin);
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view inside = text.substr(begin + kOpen.size(), close - begin - kOpen.size());
  std::size_t dash = inside.find(":-");
  if (dash == std::string_view::npos) return Reference{inside, std::nullopt, close + 1};
  return Reference{inside.substr(0, dash), inside.substr(dash + 2), close + 1};
}

Resolved failure(std::string message, std::string remedy) {
  return {.message = std::move(message), .remedy = std::move(remedy)};
}

/// Appends what `reference` stands for; the failure, if there is none.
std::optional<Resolved> expand(const Reference& reference, const Environment& environment, std::string& value) {
  std::string name = printable(reference.name, 60);
  if (!is_variable_name(reference.name)) {
    return failure(fmt::format("\"{}\" in ${{...}} is not the name of an environment variable", name),
                   "write ${NAME} or ${NAME:-DEFAULT}, or $${ for the characters themselves");
  }
  std::optional<std::string> found = environment(reference.name);
  bool use_fallback = reference.fallback && (!found || found->empty());
  if (!found && !use_fallback) {
    return failure(fmt::format("the environment variable \"{}\" is not set", name),
                   fmt::format("set it, or write ${{{}:-DEFAULT}}", name));
  }
  value += use_fallback ? std::string(*reference.fallback) : *found;
  return std::nullopt;
}

Resolved expand_references(std::string_view written, const Environment& environment) {
  Resolved result;
  for (std::size_t at = 0; at < written.size();) {
    std::size_t open = written.find(kOpen, at);
    if (open == std::string_view::npos) open = written.size();
    bool escaped = open < written.size() && open > at && written[open - 1] == '$';
    result.value += written.substr(at, open - at - (escaped ? 1 : 0));
    at = open;
    if (escaped) {
      result.value += kOpen;
      at += kOpen.size();
    } else if (open < written.size()) {
      auto reference = reference_at(written, open);
      if (!reference) return failure("${ is not closed", "write ${NAME}, or $${ for the characters themselves");
      if (auto failed = expand(*reference, environment, result.value)) return *failed;
      result.secret = true;
      at = reference->end;
    }
  }
  return result;
}

Resolved read_value_file(std::string_view path, const std::filesystem::path& folder, std::string_view shown) {
  std::string name = printable(shown, 200);
  if (path.empty()) return failure("\"file:\" names no file", "write file:PATH");
  if (path.find('\0') != std::string_view::npos) return failure(fmt::format("\"{}\" is not a path", name), "mend it");
  auto content = read_small_file(folder / std::filesystem::path(path), kMaxValueBytes, Accept::RegularFile);
  if (content.too_large) {
    return failure(fmt::format("the file in \"{}\" is larger than {} KiB", name, kMaxValueBytes >> 10),
                   "name a file that holds only the value");
  }
  if (!content.bytes) {
    return failure(fmt::format("the file in \"{}\" cannot be read: {}", name, content.problem),
                   "check the path and the permissions");
  }
  std::string value = std::move(*content.bytes);
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  return {.value = std::move(value), .secret = true};
}

}  // namespace

FileContent read_small_file(const std::filesystem::path& file, std::size_t limit, Accept accept) {
  std::error_code error;
  auto status = std::filesystem::status(file, error);
  if (error) return {std::nullopt, error.message()};
  if (std::filesystem::is_directory(status)) return {std::nullopt, "it is a folder"};
  if (accept == Accept::RegularFile && !std::filesystem::is_regular_file(status)) {
    return {std::nullopt, "it is not a regular file"};
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return {std::nullopt, std::generic_category().message(errno)};
  std::string bytes(limit + 1, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (stream.bad()) return {std::nullopt, std::generic_category().message(errno)};
  auto count = static_cast<std::size_t>(stream.gcount());
  if (count > limit) return {std::nullopt, "it is too large", true};
  bytes.resize(count);
  return {std::move(bytes)};
}

Resolved resolve_value(std::string_view written, const std::filesystem::path& folder, const Environment& environment) {
  Resolved result = expand_references(written, environment);
  // Only what the configuration itself says can name a file: the content of a variable cannot.
  if (result.failed() || !written.starts_with(kFile)) return result;
  return read_value_file(std::string_view(result.value).substr(kFile.size()), folder, without_fallbacks(written));
}

std::string without_fallbacks(std::string_view written) {
  std::string text;
  std::size_t at = 0;
  for (std::size_t open = written.find(kOpen); open != std::string_view::npos; open = written.find(kOpen, at)) {
    auto reference = reference_at(written, open);
    if (!reference) break;
    text += written.substr(at, open - at);
    text += reference->fallback ? fmt::format("${{{}:-...}}", reference->name)
                                : std::string(written.substr(open, reference->end - open));
    at = reference->end;
  }
  return text += written.substr(at);
}

}  // namespace millrace::yaml_detail
