#include <millrace/serde/json.hpp>

#include <charconv>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace millrace {

using Json = nlohmann::json;

namespace {

const Json& json(const void* node) { return *static_cast<const Json*>(node); }

[[noreturn]] void throw_kind(const char* expected, const JsonNode& got) {
  throw JsonError{"", fmt::format("expected {}, found {}", expected, got.kind())};
}

template <class T>
void append_number(T value, Bytes& out) {
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, end);
}

bool is_plain(std::string_view text) {
  for (unsigned char c : text) {
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') return false;
  }
  return true;
}

}  // namespace

void JsonWriter::write(bool value) { out_ += value ? "true" : "false"; }
void JsonWriter::write(std::int64_t value) { append_number(value, out_); }
void JsonWriter::write(std::uint64_t value) { append_number(value, out_); }
void JsonWriter::write_null() { out_ += "null"; }

void JsonWriter::write(double value) {
  if (!std::isfinite(value)) throw std::domain_error("JSON has no NaN or infinity");
  append_number(value, out_);
}

void JsonWriter::write(std::string_view value) {
  if (is_plain(value)) {
    out_ += '"';
    out_ += value;
    out_ += '"';
    return;
  }
  out_ += Json(std::string(value)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string JsonNode::kind() const {
  const Json& node = json(node_);
  switch (node.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::boolean: return "a boolean";
    case Json::value_t::string:
      return fmt::format("the string \"{}\"", printable(node.get_ref<const std::string&>(), 40));
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "an array";
    case Json::value_t::number_float: return "the number " + node.dump();
    default: return "the integer " + node.dump();
  }
}

bool JsonNode::is_null() const { return json(node_).is_null(); }

bool JsonNode::as_bool() const {
  if (!json(node_).is_boolean()) throw_kind("a boolean", *this);
  return json(node_).get<bool>();
}

std::int64_t JsonNode::as_int64() const {
  const Json& node = json(node_);
  if (!node.is_number_integer()) throw_kind("an integer", *this);
  if (node.is_number_unsigned() && node.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    detail::throw_out_of_range(node.dump());
  }
  return node.get<std::int64_t>();
}

std::uint64_t JsonNode::as_uint64() const {
  const Json& node = json(node_);
  if (!node.is_number_integer()) throw_kind("an integer", *this);
  if (!node.is_number_unsigned()) detail::throw_out_of_range(node.dump());
  return node.get<std::uint64_t>();
}

double JsonNode::as_double() const {
  if (!json(node_).is_number()) throw_kind("a number", *this);
  return json(node_).get<double>();
}

const std::string& JsonNode::as_string() const {
  if (!json(node_).is_string()) throw_kind("a string", *this);
  return json(node_).get_ref<const std::string&>();
}

std::vector<JsonNode> JsonNode::elements() const {
  if (!json(node_).is_array()) throw_kind("an array", *this);
  std::vector<JsonNode> nodes;
  for (const Json& element : json(node_)) nodes.emplace_back(&element);
  return nodes;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
  if (!json(node_).is_object()) throw_kind("an object", *this);
  std::vector<std::pair<std::string, JsonNode>> nodes;
  for (const auto& [name, value] : json(node_).items()) nodes.emplace_back(name, JsonNode(&value));
  return nodes;
}

std::optional<JsonNode> JsonNode::find(std::string_view name) const {
  const Json& node = json(node_);
  if (!node.is_object()) throw_kind("an object", *this);
  auto found = node.find(name);
  if (found == node.end()) return std::nullopt;
  return JsonNode(&*found);
}

void JsonError::prepend(const std::string& step) {
  if (path.empty()) path = step;
  else path = step + (path[0] == '[' ? "" : ".") + path;
}

void detail::throw_out_of_range(const std::string& number) {
  throw JsonError{"", fmt::format("the number {} does not fit", number)};
}

void detail::throw_missing_member(const char* name) {
  throw JsonError{"", fmt::format("the member \"{}\" is missing", name)};
}

Result<void> parse_json(BytesView text, void (*read)(const JsonNode& root, void* context), void* context) {
  try {
    Json document = Json::parse(text.begin(), text.end());
    read(JsonNode(&document), context);
    return {};
  } catch (const Json::parse_error& failure) {
    return Error(ErrorCode::DeserializationFailed,
                 fmt::format("not JSON at byte {}: \"{}\"", failure.byte, printable(text)));
  } catch (const Json::out_of_range&) {  // the parser's word for 1e400
    return Error(ErrorCode::DeserializationFailed,
                 fmt::format("JSON with a number that does not fit a double: \"{}\"", printable(text)));
  } catch (const JsonError& failure) {
    return Error(ErrorCode::DeserializationFailed,
                 fmt::format("JSON{}: {}: \"{}\"", failure.path.empty() ? "" : " at " + failure.path,
                             failure.message, printable(text)));
  }
}

}  // namespace millrace
