// Forward declarations of the DSL.
#pragma once

namespace millrace {
template <class K, class V>
class KStream;
template <class K, class V>
class KTable;
template <class K, class V>
class KGroupedStream;
class StreamsBuilder;
}  // namespace millrace
