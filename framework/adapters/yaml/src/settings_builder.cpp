#include "settings_builder.hpp"

#include <fmt/format.h>

#include <millrace/base/bytes.hpp>

namespace millrace::yaml_detail {

namespace {

constexpr std::size_t kMaxKeyBytes = 1024;

bool is_text(SettingKind kind) { return kind == SettingKind::Plain || kind == SettingKind::Quoted; }

}  // namespace

void SettingsBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ > 1) stop(mark, "---", "a second document begins here", "keep one document per file");
}

void SettingsBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  check_anchor(mark, anchor);
  leaf(mark, SettingKind::Null, {});
}

void SettingsBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  refuse(mark, "*", "aliases are not supported", "write the value out");
  leaf(mark, SettingKind::Unresolved, {});
}

void SettingsBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                               const std::string& value) {
  check_tag(mark, tag);
  check_anchor(mark, anchor);
  check_quotes(mark);
  leaf(mark, tag == "?" ? SettingKind::Plain : SettingKind::Quoted, value);
}

void SettingsBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                      YAML::EmitterStyle::value style) {
  enter(mark, tag, anchor, style);
  leaf(mark, SettingKind::Sequence, {});
  ++passed_over_;
}

void SettingsBuilder::OnSequenceEnd() {
  levels_.pop_back();
  --passed_over_;
}

void SettingsBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                 YAML::EmitterStyle::value style) {
  enter(mark, tag, anchor, style);
  bool is_key = !maps_.empty() && !maps_.back().expects_value;
  if (passed_over_ == 0 && is_key) take_key(mark, SettingKind::Mapping, {});
  if (passed_over_ > 0 || is_key || (!maps_.empty() && maps_.back().key_refused)) {
    if (passed_over_ == 0 && !is_key) maps_.back().expects_value = false;
    ++passed_over_;
    return;
  }
  std::string prefix;
  if (!maps_.empty()) {
    maps_.back().expects_value = false;
    prefix = maps_.back().path;
  }
  maps_.push_back({std::move(prefix), mark});
}

void SettingsBuilder::OnMapEnd() {
  levels_.pop_back();
  if (passed_over_ > 0) {
    --passed_over_;
    return;
  }
  Map ended = std::move(maps_.back());
  maps_.pop_back();
  if (ended.empty && !maps_.empty()) emit(ended.begin, SettingKind::Mapping, {});
}

/// A scalar, alias, null or list: as the whole file, as a key or as a value.
void SettingsBuilder::leaf(const YAML::Mark& mark, SettingKind kind, const std::string& value) {
  if (passed_over_ > 0) return;
  if (maps_.empty()) return refuse_root(mark, kind);
  if (!maps_.back().expects_value) return take_key(mark, kind, value);
  maps_.back().expects_value = false;
  emit(mark, kind, value);
}

void SettingsBuilder::take_key(const YAML::Mark& mark, SettingKind kind, const std::string& value) {
  Map& map = maps_.back();
  map.empty = false;
  map.expects_value = true;
  map.key_mark = mark;
  map.key_refused = !is_text(kind);
  map.path = map.prefix.empty() ? value : map.prefix + "." + value;
  if (map.path.size() > kMaxKeyBytes) {
    stop(mark, printable(value, 40), fmt::format("a key is longer than {} bytes", kMaxKeyBytes),
         "remove it: no property has such a key");
  }
  if (kind == SettingKind::Null) {
    refuse(mark, "", "a key is missing before the colon", "write the name of a property there");
  }
  if (kind == SettingKind::Sequence || kind == SettingKind::Mapping) {
    refuse(mark, "", "a key is a list or has keys of its own",
           "write the name of a property before the colon; a value that begins with { or [ needs quotes");
  }
}

void SettingsBuilder::emit(const YAML::Mark& mark, SettingKind kind, const std::string& value) {
  const Map& map = maps_.back();
  if (map.key_refused) return;
  bool merges = kind == SettingKind::Unresolved && map.path.ends_with("<<");
  if (merges) {  // what it would bring is not known, so nothing is said to be missing
    document_.complete = false;
    return;
  }
  if (document_.settings.size() == kMaxSettings) {
    stop(mark, "", fmt::format("the file has more than {} settings", kMaxSettings), "remove the rest");
  }
  Position key = source_.position(map.key_mark.line, map.key_mark.column);
  // The mark of a value that is left out is not where one would look for it.
  Position at = kind == SettingKind::Null ? key : source_.position(mark.line, mark.column);
  document_.settings.push_back({.key = map.path,
                                .value = value,
                                .kind = kind,
                                .file = file_,
                                .line = key.line,
                                .column = key.column,
                                .value_line = at.line,
                                .value_column = at.column,
                                .written = value});
}

void SettingsBuilder::enter(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                            YAML::EmitterStyle::value style) {
  check_tag(mark, tag);
  check_anchor(mark, anchor);
  levels_.push_back({mark, style == YAML::EmitterStyle::Flow});
  if (levels_.size() > kMaxDepth) {
    stop(mark, "", fmt::format("keys are nested more than {} deep", kMaxDepth), "write them flat: a.b.c: VALUE");
  }
}

void SettingsBuilder::check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (anchor != 0) refuse(mark, "&", "anchors are not supported", "remove it, and write values where they belong");
}

void SettingsBuilder::check_tag(const YAML::Mark& mark, const std::string& tag) {
  if (tag.empty() || tag == "?" || tag == "!") return;
  std::string_view written = source_.rest_at(mark.line, mark.column);
  written = written.substr(0, written.find_first_of(" \t\r\n"));
  std::string shown = printable(written.starts_with('!') ? written : std::string_view(tag), 60);
  refuse(mark, shown, fmt::format("the tag \"{}\" is not supported", shown),
         "remove it: the property decides how its value is read");
}

/// yaml-cpp takes a quote that is never closed for one that ends with the file, if the last line ends.
void SettingsBuilder::check_quotes(const YAML::Mark& mark) {
  std::string_view text = source_.rest_at(mark.line, mark.column);
  if (!text.starts_with('"') && !text.starts_with('\'')) return;
  char quote = text.front();
  auto escapes = [&](std::size_t i) {
    return quote == '"' ? text[i] == '\\' : text[i] == quote && i + 1 < text.size() && text[i + 1] == quote;
  };
  std::size_t i = 1;
  while (i < text.size() && (escapes(i) || text[i] != quote)) i += escapes(i) ? 2 : 1;
  if (i < text.size()) return;
  std::string shown = printable(text.substr(0, text.find_first_of("\r\n")), 60);
  stop(mark, shown, "not valid YAML: a quote is not closed in " + shown, "close it");
}

std::optional<YAML::Mark> SettingsBuilder::open_flow() const {
  if (levels_.empty() || !levels_.back().flow) return std::nullopt;
  return levels_.back().begin;
}

void SettingsBuilder::refuse_root(const YAML::Mark& mark, SettingKind kind) {
  if (kind == SettingKind::Null) return;
  std::string_view is = kind == SettingKind::Sequence ? "a list" : "a single value";
  refuse(mark, "", fmt::format("the file is {}, not keys with values", is),
         "write lines such as \"application.id: NAME\"");
  document_.complete = false;
}

void SettingsBuilder::refuse(const YAML::Mark& mark, std::string text, std::string message, std::string remedy) {
  Position at = source_.position(mark.line, mark.column);
  document_.findings.push_back({file_, at.line, at.column, std::move(text), std::move(message), std::move(remedy)});
}

void SettingsBuilder::stop(const YAML::Mark& mark, std::string text, std::string message, std::string remedy) {
  refuse(mark, std::move(text), std::move(message), std::move(remedy));
  throw StopReading();
}

}  // namespace millrace::yaml_detail
