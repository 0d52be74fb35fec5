// The serde of changes, as they travel through the repartition topic of a grouped table.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <millrace/dsl/change.hpp>
#include <millrace/serde/changed_bytes.hpp>
#include <millrace/serde/serde.hpp>

namespace millrace::detail {

/// Format: changed_bytes.hpp. REQUIRES: `value_serde` has a codec before the result is used.
template <class V>
[[nodiscard]] Serde<Change<V>> changed_serde(const Serde<V>& value_serde) {
  struct Changed final : Serde<Change<V>>::Codec {
    explicit Changed(Serde<V> serde) : value_serde(std::move(serde)) {}
    void serialize(const Change<V>& change, Bytes& out) const override {
      Bytes new_bytes;
      Bytes old_bytes;
      ChangedBytes changed;
      if (change.new_value) changed.new_value = value_serde.encode(*change.new_value, new_bytes);
      if (change.old_value) changed.old_value = value_serde.encode(*change.old_value, old_bytes);
      encode_changed(changed, out);
    }
    Result<Change<V>> deserialize(BytesView bytes) const override {
      auto changed = decode_changed(bytes);
      if (!changed) return changed.error();
      Change<V> change;
      MILLRACE_TRY(read(changed->new_value, change.new_value));
      MILLRACE_TRY(read(changed->old_value, change.old_value));
      return change;
    }
    Result<void> read(OptionalBytesView bytes, std::optional<V>& into) const {
      if (!bytes) return {};
      auto value = value_serde.deserialize(*bytes);
      if (!value) return value.error();
      into = std::move(*value);
      return {};
    }
    Serde<V> value_serde;
  };
  return Serde<Change<V>>(std::make_shared<const Changed>(value_serde));
}

}  // namespace millrace::detail
