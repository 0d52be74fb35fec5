// Forward declarations of the DSL.
#pragma once

#include <cstdint>

namespace millrace {
template <class K, class V>
class KStream;
template <class K, class V>
class KTable;
template <class K, class V>
class KGroupedStream;
template <class K, class V>
class KGroupedTable;
template <class K, class V>
class BranchedKStream;
template <class K, class V>
class TimeWindowedKStream;
class StreamsBuilder;

namespace detail {
enum class JoinKind : std::uint8_t { Inner, Left, Outer };
}  // namespace detail
}  // namespace millrace
