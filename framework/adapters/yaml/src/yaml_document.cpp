#include "yaml_document.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <millrace/base/bytes.hpp>

#include "settings_builder.hpp"
#include "source_text.hpp"

namespace millrace::yaml_detail {

namespace {

struct SyntaxFault {
  std::string_view message;
  std::string_view remedy;
};

/// What yaml-cpp's `message` means to the person who wrote the file.
SyntaxFault explain(std::string_view message) {
  using namespace YAML;
  if (message == ErrorMsg::MAP_VALUE) {
    return {"a colon is out of place", "put values that hold a colon and a blank in quotes"};
  }
  if (message == ErrorMsg::UNKNOWN_TOKEN) {
    return {"this cannot begin a value", "put values that begin with @, ` or % in quotes"};
  }
  if (message == ErrorMsg::EOF_IN_SCALAR) return {"a quote is not closed", "close it"};
  if (message == ErrorMsg::END_OF_MAP_FLOW) return {"a brace { is not closed", "close it"};
  if (message == ErrorMsg::END_OF_SEQ_FLOW) return {"a bracket [ is not closed", "close it"};
  if (message == ErrorMsg::FLOW_END) {
    return {"a bracket or brace is closed that was not opened", "put the value in quotes"};
  }
  if (message.starts_with(ErrorMsg::INVALID_ESCAPE)) return {message, "use single quotes, in which \\ means itself"};
  if (message == ErrorMsg::END_OF_MAP || message == ErrorMsg::END_OF_SEQ) {
    return {"this line does not fit the lines above", "check its indentation, and the colon after the key"};
  }
  return {message, "check indentation, colons, quotes and brackets here and in the line above"};
}

std::string_view without_indentation(std::string_view line) {
  return line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
}

/// Whether a key without a colon stands there: YAML then takes it for the first half of the key in the next line.
bool lacks_colon(std::string_view line) {
  std::string_view content = without_indentation(line);
  return !content.empty() && content.front() != '#' && content.front() != '-' && !content.ends_with(':') &&
         content.find(": ") == std::string_view::npos;
}

ConfigFinding syntax_finding(std::string_view message, YAML::Mark mark, const SourceText& source,
                             const std::string& file) {
  SyntaxFault fault = explain(message);
  std::string_view line = source.line(mark.line);
  std::string_view indentation = line.substr(0, line.size() - without_indentation(line).size());
  if (auto tab = indentation.find('\t'); tab != std::string_view::npos) {
    fault = {"a tab in the indentation", "indent with blanks"};
    mark.column = static_cast<int>(tab);
  } else if (message == YAML::ErrorMsg::MAP_VALUE && lacks_colon(source.line(mark.line - 1))) {
    fault = {"a colon is missing", "write KEY: VALUE"};
    --mark.line;
    line = source.line(mark.line);
    mark.column = static_cast<int>(line.size() - without_indentation(line).size());
  }
  Position at = source.position(mark.line, mark.column);
  std::string shown = printable(without_indentation(line), 60);
  return {file,
          at.line,
          at.column,
          shown,
          fmt::format("not valid YAML: {}{}", printable(fault.message),
                      shown.empty() ? "" : fmt::format(" in \"{}\"", shown)),
          std::string(fault.remedy)};
}

/// Where the fault begins: an unclosed bracket shows only at the end of the file.
YAML::Mark fault_begin(const YAML::Exception& error, const SettingsBuilder& builder) {
  bool unclosed = error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW || error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW;
  return unclosed ? builder.open_flow().value_or(error.mark) : error.mark;
}

/// What was read right before a fault is most likely half of what is meant, and nothing is said about it.
void add_syntax_finding(Document& document, ConfigFinding finding) {
  auto& settings = document.settings;
  bool suspect =
      !settings.empty() && (settings.back().kind == SettingKind::Null || settings.back().value_line >= finding.line);
  if (suspect) settings.pop_back();
  document.findings.push_back(std::move(finding));
  document.complete = false;
}

}  // namespace

Document read_document(std::string_view text, const std::string& file) {
  Document document;
  SourceText source(text);
  if (auto fault = source.fault()) {
    document.findings.push_back(
        {file, fault->position.line, fault->position.column, {}, fault->message, fault->remedy});
    document.complete = false;
    return document;
  }
  // With a line break at its end yaml-cpp leaves unclosed quotes to the builder, which knows where they begin.
  std::istringstream stream(std::string(source.text()) + "\n");
  SettingsBuilder builder(source, file, document);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const StopReading&) {
    document.complete = false;
  } catch (const YAML::Exception& error) {
    add_syntax_finding(document, syntax_finding(error.msg, fault_begin(error, builder), source, file));
  }
  return document;
}

}  // namespace millrace::yaml_detail
