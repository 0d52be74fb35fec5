// JSON serdes for structs that describe their fields.
//
//   struct Player {
//     std::string name;
//     std::int64_t score = 0;
//     std::optional<std::string> team;
//   };
//   MILLRACE_DESCRIBE(Player, name, score, team)      // at global namespace scope
//
// makes Player Serializable: {"name":"ada","score":3}. Members keep the order of the description. An absent optional is
// left out; an absent member of another type is an error that names it; unknown members are ignored, so that a newer
// writer does not break an older reader.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <millrace/serde/serde.hpp>

namespace millrace {

/// Writes JSON text. Strings must be UTF-8; other bytes are replaced by U+FFFD.
class JsonWriter {
 public:
  explicit JsonWriter(Bytes& out) : out_(out) {}  ///< Borrows `out` and appends to it.
  void write(bool value);                         ///< true or false
  void write(std::int64_t value);                 ///< A whole number.
  void write(std::uint64_t value);                ///< A whole number.
  /// Shortest text that reads back as the same number. Throws std::domain_error for NaN and infinities: JSON has none.
  void write(double value);
  void write(std::string_view value);  ///< A string, quoted and escaped.
  void write_null();                   ///< null
  /// Appends text as it is; the caller sees to it that JSON comes out.
  void raw(std::string_view text) { out_ += text; }

 private:
  Bytes& out_;
};

/// A value within a parsed JSON document; borrows from the document. Readers throw JsonError.
class JsonNode {
 public:
  explicit JsonNode(const void* node) : node_(node) {}  ///< Of the parser behind it; not for users.
  [[nodiscard]] bool is_null() const;                   ///< True for null.
  [[nodiscard]] bool as_bool() const;                   ///< Throws unless this is true or false.
  [[nodiscard]] std::int64_t as_int64() const;          ///< Throws unless this is a whole number in range.
  [[nodiscard]] std::uint64_t as_uint64() const;        ///< Throws unless this is a whole number in range.
  [[nodiscard]] double as_double() const;               ///< Throws unless this is a number.
  [[nodiscard]] const std::string& as_string() const;   ///< Throws unless this is a string. Borrowed from the document.
  /// REQUIRES nothing; throws unless this is an array.
  [[nodiscard]] std::vector<JsonNode> elements() const;
  /// Throws unless this is an object.
  [[nodiscard]] std::vector<std::pair<std::string, JsonNode>> members() const;
  /// The member of that name; nullopt if there is none. Throws unless this is an object.
  [[nodiscard]] std::optional<JsonNode> find(std::string_view name) const;
  /// "a string", "an integer", ...: for messages.
  [[nodiscard]] std::string kind() const;

 private:
  const void* node_;
};

/// Why JSON could not be read as the asked type; `path` grows on the way out: "clues[3].code".
struct JsonError {
  std::string path;                       ///< where in the document: "players[3].score"
  std::string message;                    ///< what is wrong there
  void prepend(const std::string& step);  ///< Puts a step before the path, on the way out of nested values.
};

/// Parses `text` and calls `read(root, context)`. Errors: DeserializationFailed with position or path.
[[nodiscard]] Result<void> parse_json(BytesView text, void (*read)(const JsonNode& root, void* context), void* context);

/// Specialised by MILLRACE_DESCRIBE: `fields()` returns a tuple of Field.
template <class T>
struct Description;

template <class T>
concept Described = requires {
  Description<T>::fields();
};

/// A described member.
template <class Struct, class Member>
struct Field {
  const char* name;        ///< as it stands in the JSON text
  Member Struct::*member;  ///< the member that holds it
};
/// Pairs a name with a member; MILLRACE_DESCRIBE writes this.
template <class Struct, class Member>
constexpr Field<Struct, Member> field(const char* name, Member Struct::*member) {
  return {name, member};
}

// --- writing and reading of each kind of member ---------------------------------------------------------------------

template <class T>
struct JsonCodec;  // to add a member type of your own: write(const T&, JsonWriter&), read(const JsonNode&, T&)

namespace detail {
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

[[noreturn]] void throw_out_of_range(const std::string& number);
[[noreturn]] void throw_missing_member(const char* name);
}  // namespace detail

/// true or false.
template <>
struct JsonCodec<bool> {
  static void write(bool value, JsonWriter& out) { out.write(value); }
  static void read(const JsonNode& node, bool& value) { value = node.as_bool(); }
};
/// A string.
template <>
struct JsonCodec<std::string> {
  static void write(const std::string& value, JsonWriter& out) { out.write(std::string_view(value)); }
  static void read(const JsonNode& node, std::string& value) { value = node.as_string(); }
};
/// A floating-point number.
template <std::floating_point T>
struct JsonCodec<T> {
  static void write(T value, JsonWriter& out) { out.write(static_cast<double>(value)); }
  static void read(const JsonNode& node, T& value) {
    double wide = node.as_double();
    if (wide < std::numeric_limits<T>::lowest() || wide > std::numeric_limits<T>::max()) {
      detail::throw_out_of_range(std::to_string(wide));
    }
    value = static_cast<T>(wide);
  }
};
/// A signed integer; out of range is an error.
template <std::signed_integral T>
struct JsonCodec<T> {
  static void write(T value, JsonWriter& out) { out.write(static_cast<std::int64_t>(value)); }
  static void read(const JsonNode& node, T& value) {
    std::int64_t wide = node.as_int64();
    value = static_cast<T>(wide);
    if (value != wide) detail::throw_out_of_range(std::to_string(wide));
  }
};
/// An unsigned integer; out of range is an error.
template <std::unsigned_integral T>
requires(!std::same_as<T, bool>) struct JsonCodec<T> {
  static void write(T value, JsonWriter& out) { out.write(static_cast<std::uint64_t>(value)); }
  static void read(const JsonNode& node, T& value) {
    std::uint64_t wide = node.as_uint64();
    value = static_cast<T>(wide);
    if (value != wide) detail::throw_out_of_range(std::to_string(wide));
  }
};
/// null, or a value.
template <class T>
struct JsonCodec<std::optional<T>> {
  static void write(const std::optional<T>& value, JsonWriter& out) {
    if (value) JsonCodec<T>::write(*value, out);
    else out.write_null();
  }
  static void read(const JsonNode& node, std::optional<T>& value) {
    value.reset();
    if (!node.is_null()) JsonCodec<T>::read(node, value.emplace());
  }
};
/// An array.
template <class T>
struct JsonCodec<std::vector<T>> {
  static void write(const std::vector<T>& value, JsonWriter& out) {
    out.raw("[");
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out.raw(",");
      JsonCodec<T>::write(value[i], out);
    }
    out.raw("]");
  }
  static void read(const JsonNode& node, std::vector<T>& value) {
    value.clear();
    for (const JsonNode& element : node.elements()) {
      try {
        T item{};
        JsonCodec<T>::read(element, item);
        value.push_back(std::move(item));
      } catch (JsonError& error) {
        error.prepend("[" + std::to_string(value.size()) + "]");
        throw;
      }
    }
  }
};
/// An object whose member names are the keys.
template <class T>
struct JsonCodec<std::map<std::string, T>> {
  static void write(const std::map<std::string, T>& value, JsonWriter& out) {
    out.raw("{");
    bool first = true;
    for (const auto& [name, item] : value) {
      if (!first) out.raw(",");
      first = false;
      out.write(std::string_view(name));
      out.raw(":");
      JsonCodec<T>::write(item, out);
    }
    out.raw("}");
  }
  static void read(const JsonNode& node, std::map<std::string, T>& value) {
    value.clear();
    for (const auto& [name, item] : node.members()) {
      try {
        JsonCodec<T>::read(item, value[name]);
      } catch (JsonError& error) {
        error.prepend(name);
        throw;
      }
    }
  }
};
/// An object with the members that were described.
template <Described T>
struct JsonCodec<T> {
  static void write(const T& value, JsonWriter& out) {
    out.raw("{");
    bool first = true;
    std::apply([&](const auto&... fields) { (write_member(value, fields, first, out), ...); },
               Description<T>::fields());
    out.raw("}");
  }
  static void read(const JsonNode& node, T& value) {
    std::apply([&](const auto&... fields) { (read_member(node, fields, value), ...); }, Description<T>::fields());
  }

 private:
  template <class Member>
  static void write_member(const T& value, const Field<T, Member>& field, bool& first, JsonWriter& out) {
    const Member& member = value.*field.member;
    if constexpr (detail::IsOptional<Member>::value) {
      if (!member) return;
    }
    if (!first) out.raw(",");
    first = false;
    out.write(std::string_view(field.name));
    out.raw(":");
    JsonCodec<Member>::write(member, out);
  }
  template <class Member>
  static void read_member(const JsonNode& node, const Field<T, Member>& field, T& value) {
    auto found = node.find(field.name);
    if (!found) {
      if constexpr (detail::IsOptional<Member>::value) {
        (value.*field.member).reset();
        return;
      } else {
        detail::throw_missing_member(field.name);
      }
    }
    try {
      JsonCodec<Member>::read(*found, value.*field.member);
    } catch (JsonError& error) {
      error.prepend(field.name);
      throw;
    }
  }
};

/// Described structs are JSON by default.
template <Described T>
struct SerdeFor<T> {
  static void serialize(const T& value, Bytes& out) {
    JsonWriter writer(out);
    JsonCodec<T>::write(value, writer);
  }
  static Result<T> deserialize(BytesView bytes) {
    T value{};
    auto parsed = parse_json(
        bytes, [](const JsonNode& root, void* into) { JsonCodec<T>::read(root, *static_cast<T*>(into)); }, &value);
    if (!parsed) return parsed.error();
    return value;
  }
};

}  // namespace millrace

// One level of macro per member, up to 16 members.
#define MILLRACE_FIELD_(Struct, member) ::millrace::field(#member, &Struct::member)
#define MILLRACE_EXPAND_(x) x
#define MILLRACE_FOR_1_(S, a) MILLRACE_FIELD_(S, a)
#define MILLRACE_FOR_2_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_1_(S, __VA_ARGS__))
#define MILLRACE_FOR_3_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_2_(S, __VA_ARGS__))
#define MILLRACE_FOR_4_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_3_(S, __VA_ARGS__))
#define MILLRACE_FOR_5_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_4_(S, __VA_ARGS__))
#define MILLRACE_FOR_6_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_5_(S, __VA_ARGS__))
#define MILLRACE_FOR_7_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_6_(S, __VA_ARGS__))
#define MILLRACE_FOR_8_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_7_(S, __VA_ARGS__))
#define MILLRACE_FOR_9_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_8_(S, __VA_ARGS__))
#define MILLRACE_FOR_10_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_9_(S, __VA_ARGS__))
#define MILLRACE_FOR_11_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_10_(S, __VA_ARGS__))
#define MILLRACE_FOR_12_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_11_(S, __VA_ARGS__))
#define MILLRACE_FOR_13_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_12_(S, __VA_ARGS__))
#define MILLRACE_FOR_14_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_13_(S, __VA_ARGS__))
#define MILLRACE_FOR_15_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_14_(S, __VA_ARGS__))
#define MILLRACE_FOR_16_(S, a, ...) MILLRACE_FIELD_(S, a), MILLRACE_EXPAND_(MILLRACE_FOR_15_(S, __VA_ARGS__))
#define MILLRACE_PICK_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, NAME, ...) NAME
#define MILLRACE_FOR_EACH_(S, ...)                                                                                     \
  MILLRACE_EXPAND_(MILLRACE_PICK_(__VA_ARGS__, MILLRACE_FOR_16_, MILLRACE_FOR_15_, MILLRACE_FOR_14_, MILLRACE_FOR_13_, \
                                  MILLRACE_FOR_12_, MILLRACE_FOR_11_, MILLRACE_FOR_10_, MILLRACE_FOR_9_,               \
                                  MILLRACE_FOR_8_, MILLRACE_FOR_7_, MILLRACE_FOR_6_, MILLRACE_FOR_5_, MILLRACE_FOR_4_, \
                                  MILLRACE_FOR_3_, MILLRACE_FOR_2_, MILLRACE_FOR_1_)(S, __VA_ARGS__))

/// Describes a struct's members, at most 16, for JSON. Use it at global namespace scope.
#define MILLRACE_DESCRIBE(Struct, ...)                                                                  \
  template <>                                                                                           \
  struct millrace::Description<Struct> {                                                                \
    static constexpr auto fields() { return std::make_tuple(MILLRACE_FOR_EACH_(Struct, __VA_ARGS__)); } \
  };
