// Nodes of windowed joins of two streams: one for each side; both feed a node that merges.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <millrace/dsl/detail/invoke.hpp>
#include <millrace/dsl/detail/unmatched_store.hpp>
#include <millrace/dsl/fwd.hpp>
#include <millrace/dsl/windows.hpp>
#include <millrace/serde/serde.hpp>
#include <millrace/state/window_bytes_store.hpp>
#include <millrace/topology/node.hpp>

namespace millrace::detail {

/// How a joiner is called for a kind of join: values that may be missing are optional.
template <JoinKind kKind, class K, class V1, class V2, class F>
struct Joining {
  static constexpr bool kLeftMayMiss = kKind == JoinKind::Outer;
  static constexpr bool kRightMayMiss = kKind != JoinKind::Inner;
  using Left = std::conditional_t<kLeftMayMiss, const std::optional<V1>&, const V1&>;
  using Right = std::conditional_t<kRightMayMiss, const std::optional<V2>&, const V2&>;
  static constexpr bool kTakesKey = std::invocable<F&, Argument<F, 0, K>, Left, Right>;
  static constexpr bool kTakesValues = std::invocable<F&, Left, Right>;
  static_assert(
      kTakesKey || kTakesValues,
      "millrace: the joiner must take (const V1& left, const V2& right) or (const K& key, const V1& left, const "
      "V2& right); a left_join's right, and both of an outer_join, are const std::optional<V>&");

  static Left left(const std::optional<V1>& value) {
    if constexpr (kLeftMayMiss) return value;
    else return *value;
  }
  static Right right(const std::optional<V2>& value) {
    if constexpr (kRightMayMiss) return value;
    else return *value;
  }
  static decltype(auto) call(F& f, const std::optional<K>& key, const std::optional<V1>& v1,
                             const std::optional<V2>& v2, TaskContext& context, const std::string& node) {
    return run_user_code(context, node, [&]() -> decltype(auto) {
      if constexpr (kTakesKey) return f(argument<F, 0, K>(key, context, node, "key"), left(v1), right(v2));
      else return f(left(v1), right(v2));
    });
  }
  using Result =
      without_optional<typename std::conditional_t<kTakesKey, std::invoke_result<F&, Argument<F, 0, K>, Left, Right>,
                                                   std::invoke_result<F&, Left, Right>>::type>;
};

/// What both sides of one join know.
template <class K, class V1, class V2>
struct JoinPlan {
  std::string time;  ///< the name of the stream time that both sides observe
  JoinWindows windows;
  std::string left_store;
  std::string right_store;
  std::string unmatched_store;  ///< empty for an inner join
  Serde<K> key_serde;
  Serde<V1> left_serde;
  Serde<V2> right_serde;
};

/// One side: finds the records of the other side in the window, then keeps its own.
/// Source: KStreamKStreamJoin of Kafka Streams, without its throttle by the wall clock: unmatched records are emitted
/// with the first record whose timestamp shows that their window is closed, with their own timestamp and its headers.
template <JoinKind kKind, bool kLeft, class K, class V1, class V2, class F>
class StreamJoinNode final : public Node {
 public:
  using Join = Joining<kKind, K, V1, V2, F>;
  using This = std::conditional_t<kLeft, V1, V2>;
  using Other = std::conditional_t<kLeft, V2, V1>;
  /// A record of this side that meets no other is a result too.
  static constexpr bool kKeepsUnmatched = kLeft ? kKind != JoinKind::Inner : kKind == JoinKind::Outer;

  StreamJoinNode(JoinPlan<K, V1, V2> plan, F joiner) : plan_(std::move(plan)), joiner_(std::move(joiner)) {}

  void init(TaskContext& context) override {
    context_ = &context;
    ObservedTimes& times = context.observed_times();
    time_ = times.open(plan_.time);
    const milliseconds retention = plan_.windows.retention();
    auto store = [&](const std::string& name) -> KeyValueBytesStore& {
      return static_cast<KeyValueBytesStore&>(context.state_store(this->name(), name));
    };
    own_.emplace(store(kLeft ? plan_.left_store : plan_.right_store), times, retention, true);
    other_.emplace(store(kLeft ? plan_.right_store : plan_.left_store), times, retention, true);
    if constexpr (kKind != JoinKind::Inner) {
      unmatched_.emplace(store(plan_.unmatched_store), times, plan_.time, plan_.windows, kKind == JoinKind::Outer);
    }
  }

  void process(const void* erased) override {
    const auto& in = *static_cast<const Record<K, This>*>(erased);
    const Timestamp stream_time = context_->observed_times().observe(time_, in.timestamp);
    if constexpr (kKeepsUnmatched) {
      if (!in.key && in.value) return forward(in.key, in.value, std::nullopt, in.timestamp, in.headers);
    }
    if (!in.key || !in.value) return context_->count_dropped(name(), in.key ? "null_value" : "null_key");
    if constexpr (kKind != JoinKind::Inner) {
      if (in.timestamp == stream_time && unmatched_->due(stream_time)) forward_closed(stream_time, in.headers);
    }
    const BytesView key = encode(plan_.key_serde, *in.key, key_bytes_);
    const BytesView value = encode(own_serde(), *in.value, value_bytes_);
    const Timestamp to =
        std::max(shift_time(in.timestamp, kLeft ? plan_.windows.after() : plan_.windows.before()), Timestamp{});
    const bool met = join_with_others(in, key, to);
    if constexpr (kKeepsUnmatched) {
      if (!met) {
        if (to < stream_time) forward(in.key, in.value, std::nullopt, in.timestamp, in.headers);
        else require(unmatched_->add(kLeft, key, in.timestamp, value), plan_.unmatched_store);
      }
    }
    auto kept = own_->put(key, in.timestamp, value);
    if (!kept) fail(kept.error(), own_->name());
    if (!*kept) context_->count_dropped(name(), "late");
  }

 private:
  const Serde<This>& own_serde() const {
    if constexpr (kLeft) return plan_.left_serde;
    else return plan_.right_serde;
  }
  const Serde<Other>& other_serde() const {
    if constexpr (kLeft) return plan_.right_serde;
    else return plan_.left_serde;
  }

  bool join_with_others(const Record<K, This>& in, BytesView key, Timestamp to) {
    const Timestamp from = shift_time(in.timestamp, kLeft ? -plan_.windows.before() : -plan_.windows.after());
    auto fetched = other_->fetch(key, from, to);
    if (!fetched) fail(fetched.error(), other_->name());
    WindowIterator& at = *fetched;
    bool met = false;
    for (; at.valid(); at.next()) {
      met = true;
      if constexpr (kKind != JoinKind::Inner) {
        require(unmatched_->remove(!kLeft, key, at.start()), plan_.unmatched_store);
      }
      auto value = other_serde().deserialize(at.value());
      if (!value) fail(value.error(), other_->name());
      forward(in.key, in.value, std::optional<Other>(std::move(*value)), std::max(in.timestamp, at.start()),
              in.headers);
    }
    require(at.status(), other_->name());
    return met;
  }

  /// Results of records of either side whose window has closed without another. Each may fail by itself: the record
  /// that shows that the window has closed has nothing to do with it.
  void forward_closed(Timestamp stream_time, const Headers& headers) {
    auto closed = unmatched_->take_closed(stream_time);
    if (!closed) fail(closed.error(), plan_.unmatched_store);
    for (const UnmatchedStore::Closed& entry : *closed) {
      for (const Bytes& value : entry.values) {
        auto forward_it = [&] { forward_unmatched(entry, value, headers); };
        context_->run_apart({entry.key, value, entry.timestamp}, std::ref(forward_it));
      }
    }
  }
  void forward_unmatched(const UnmatchedStore::Closed& entry, BytesView value, const Headers& headers) {
    const std::optional<K> key = decode(plan_.key_serde, entry.key);
    if (entry.left) {
      forward_values(key, decode(plan_.left_serde, value), std::optional<V2>(), entry.timestamp, headers);
    } else {
      forward_values(key, std::optional<V1>(), decode(plan_.right_serde, value), entry.timestamp, headers);
    }
  }
  template <class T>
  std::optional<T> decode(const Serde<T>& serde, BytesView bytes) {
    auto value = serde.deserialize(bytes);
    if (!value) fail(value.error(), plan_.unmatched_store);
    return std::optional<T>(std::move(*value));
  }

  void forward(const std::optional<K>& key, const std::optional<This>& own, const std::optional<Other>& other,
               Timestamp timestamp, const Headers& headers) {
    if constexpr (kLeft) forward_values(key, own, other, timestamp, headers);
    else forward_values(key, other, own, timestamp, headers);
  }
  void forward_values(const std::optional<K>& key, const std::optional<V1>& left, const std::optional<V2>& right,
                      Timestamp timestamp, const Headers& headers) {
    out_.value = to_optional(Join::call(joiner_, key, left, right, *context_, name()));
    // Assigned in place: the record is kept from call to call for the memory of its key.
    out_.key = key;
    out_.timestamp = timestamp;
    out_.headers = headers;
    forward_erased(&out_);
  }

  template <class T>
  BytesView encode(const Serde<T>& serde, const T& value, Bytes& scratch) {
    try {
      return serde.encode(value, scratch);
    } catch (...) {
      context_->fail_user_code(name(), ErrorCode::SerializationFailed, "the serde");
    }
  }
  void require(const Result<void>& result, const std::string& store) {
    if (!result) fail(result.error(), store);
  }
  [[noreturn]] void fail(const Error& error, const std::string& store) {
    context_->fail(error.at({.node = name(), .store = store}));
  }

  const JoinPlan<K, V1, V2> plan_;
  F joiner_;
  TaskContext* context_ = nullptr;
  ObservedTimes::Id time_;
  std::optional<WindowBytesStore> own_;
  std::optional<WindowBytesStore> other_;
  std::optional<UnmatchedStore> unmatched_;
  Bytes key_bytes_;
  Bytes value_bytes_;
  Record<K, typename Join::Result> out_;
};

}  // namespace millrace::detail
