// Forward declarations of the DSL.
#pragma once

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
class StreamsBuilder;
}  // namespace millrace
