// Serde<T>: how values of T become bytes and come back.
//
// A type gets its default serde by a specialisation of SerdeFor (basic.hpp has those of the built-in types, json.hpp
// that of described structs). A serde of your own is a value that overrides the default in one place:
//
//   stream.to("topic", {.value_serde = make_serde<Point>(encode_point, decode_point)});
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include <millrace/base/bytes.hpp>
#include <millrace/base/result.hpp>

namespace millrace {

/// Specialise for your type T:
///   static void serialize(const T& value, Bytes& out);      // appends; throws what it likes: the record's handler
/// decides
///   static Result<T> deserialize(BytesView bytes);           // Error DeserializationFailed with what is wrong
template <class T>
struct SerdeFor;

/// The bytes of a T lie in it as they are: then SerdeFor<T> may also have
///   static BytesView view(const T& value);                   // borrows from `value`
template <class T>
concept ViewableAsBytes = requires(const T& value) {
  { SerdeFor<T>::view(value) } -> std::same_as<BytesView>;
};

/// T has a default serde.
template <class T>
concept Serializable = requires(const T& value, Bytes& out, BytesView bytes) {
  { SerdeFor<T>::serialize(value, out) } -> std::same_as<void>;
  { SerdeFor<T>::deserialize(bytes) } -> std::same_as<Result<T>>;
};

/// A serde as a value: cheap to copy, immutable, usable from many threads.
template <class T>
class Serde {
 public:
  /// What a serde does. Implementations are immutable.
  class Codec {
   public:
    Codec() = default;
    Codec(const Codec&) = delete;
    Codec& operator=(const Codec&) = delete;
    virtual ~Codec() = default;
    /// Appends the bytes of `value` to `out`; what it throws is the record's failure.
    virtual void serialize(const T& value, Bytes& out) const = 0;
    /// The bytes of `value`; they borrow from it, or from `scratch`, which is overwritten.
    [[nodiscard]] virtual BytesView encode(const T& value, Bytes& scratch) const {
      scratch.clear();
      serialize(value, scratch);
      return scratch;
    }
    /// The value that the bytes stand for. Errors: DeserializationFailed.
    [[nodiscard]] virtual Result<T> deserialize(BytesView bytes) const = 0;
  };

  /// The default serde of T. It exists only if T is Serializable; option structs refuse an empty one.
  Serde() {
    if constexpr (Serializable<T>) codec_ = default_codec();
  }
  explicit Serde(std::shared_ptr<const Codec> codec) : codec_(std::move(codec)) {}  ///< A serde of its own.

  /// False for a default-constructed serde of a type that has no SerdeFor.
  [[nodiscard]] bool has_codec() const { return codec_ != nullptr; }
  /// True unless it was made from a codec of its own.
  [[nodiscard]] bool is_default() const {
    if constexpr (Serializable<T>) return codec_ == default_codec();
    return codec_ == nullptr;
  }

  /// Equal serdes are copies of one another, or defaults.
  friend bool operator==(const Serde& a, const Serde& b) noexcept { return a.codec_ == b.codec_; }

  /// Appends the bytes of `value` to `out`. REQUIRES: has_codec().
  void serialize(const T& value, Bytes& out) const { codec_->serialize(value, out); }
  /// The bytes of `value`; they borrow from it, or from `scratch`, which is overwritten. REQUIRES: has_codec().
  [[nodiscard]] BytesView encode(const T& value, Bytes& scratch) const { return codec_->encode(value, scratch); }
  /// REQUIRES: has_codec().
  [[nodiscard]] Result<T> deserialize(BytesView bytes) const { return codec_->deserialize(bytes); }

 private:
  static std::shared_ptr<const Codec> default_codec() {
    struct Default final : Codec {
      void serialize(const T& value, Bytes& out) const override { SerdeFor<T>::serialize(value, out); }
      BytesView encode(const T& value, Bytes& scratch) const override {
        if constexpr (ViewableAsBytes<T>) return SerdeFor<T>::view(value);
        else return Codec::encode(value, scratch);
      }
      Result<T> deserialize(BytesView bytes) const override { return SerdeFor<T>::deserialize(bytes); }
    };
    static const auto codec = std::make_shared<const Default>();
    return codec;
  }
  std::shared_ptr<const Codec> codec_;
};

/// A serde from two functions: `void(const T&, Bytes& out)` which appends, and `Result<T>(BytesView)`.
template <class T, class Encode, class Decode>
requires std::invocable<Encode, const T&, Bytes&> && std::is_invocable_r_v<Result<T>, Decode, BytesView>
[[nodiscard]] Serde<T> make_serde(Encode encode, Decode decode) {
  struct Functions final : Serde<T>::Codec {
    Functions(Encode e, Decode d) : encode(std::move(e)), decode(std::move(d)) {}
    void serialize(const T& value, Bytes& out) const override { encode(value, out); }
    Result<T> deserialize(BytesView bytes) const override { return decode(bytes); }
    Encode encode;
    Decode decode;
  };
  return Serde<T>(std::make_shared<const Functions>(std::move(encode), std::move(decode)));
}

}  // namespace millrace
