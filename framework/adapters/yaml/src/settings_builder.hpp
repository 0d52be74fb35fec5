// SettingsBuilder: turns yaml-cpp's events into settings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include "source_text.hpp"
#include "yaml_document.hpp"

namespace millrace::yaml_detail {

/// Thrown through yaml-cpp to stop it; the finding is already made.
struct StopReading {};

/// Takes events instead of nodes: they keep positions and quotes, and the bounds hold before anything is built.
///
/// Keys that cannot be keys, lists, and what is below them are passed over after one finding or setting each.
class SettingsBuilder final : public YAML::EventHandler {
 public:
  /// Adds to `document`. Borrows all three.
  SettingsBuilder(const SourceText& source, const std::string& file, Document& document)
      : source_(source), file_(file), document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

  /// Where the innermost list in brackets or mapping in braces begins that has not ended; none outside of them.
  [[nodiscard]] std::optional<YAML::Mark> open_flow() const;

 private:
  /// A mapping that is being read.
  struct Map {
    std::string prefix;  ///< key that it is the value of; empty at the root
    YAML::Mark begin;
    std::string path = {};  ///< the key last read, with the prefix
    YAML::Mark key_mark = {};
    bool expects_value = false;
    bool key_refused = false;  ///< the key last read is none: its value is passed over
    bool empty = true;
  };

  /// A list or mapping that has not ended.
  struct Level {
    YAML::Mark begin;
    bool flow = false;
  };

  void leaf(const YAML::Mark& mark, SettingKind kind, const std::string& value);
  void take_key(const YAML::Mark& mark, SettingKind kind, const std::string& value);
  void emit(const YAML::Mark& mark, SettingKind kind, const std::string& value);
  void enter(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value style);
  void check_quotes(const YAML::Mark& mark);
  void check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor);
  void check_tag(const YAML::Mark& mark, const std::string& tag);
  void refuse_root(const YAML::Mark& mark, SettingKind kind);
  void refuse(const YAML::Mark& mark, std::string text, std::string message, std::string remedy);
  [[noreturn]] void stop(const YAML::Mark& mark, std::string text, std::string message, std::string remedy);

  const SourceText& source_;
  const std::string& file_;
  Document& document_;
  std::vector<Map> maps_;
  int documents_ = 0;
  std::vector<Level> levels_;
  int passed_over_ = 0;  ///< levels below a list, or below a key that is none
};

}  // namespace millrace::yaml_detail
