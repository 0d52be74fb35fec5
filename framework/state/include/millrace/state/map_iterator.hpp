// MapIterator: walks entries in memory that nobody changes any more.
#pragma once

#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include <millrace/state/key_value_bytes_store.hpp>

namespace millrace {

/// Shows the entries of a range, upwards or downwards, and keeps them alive. Whoever owns them replaces them instead of
/// changing them while a walk goes on. Thread: one at a time.
class MapIterator final : public KeyValueIterator {
 public:
  using Entries = std::map<Bytes, Bytes, std::less<>>;  ///< by key
  /// Begins at the first entry of the range, as its order has it.
  MapIterator(std::shared_ptr<const Entries> entries, const KeyRange& range)
      : entries_(std::move(entries)), descending_(range.order == KeyOrder::Descending) {
    first_ = range.from ? entries_->lower_bound(*range.from) : entries_->begin();
    last_ = range.to ? entries_->lower_bound(*range.to) : entries_->end();
    if (range.empty()) first_ = last_;
  }
  bool valid() const override { return first_ != last_; }
  void next() override {
    if (descending_) --last_;
    else ++first_;
  }
  BytesView key() const override { return here().first; }
  BytesView value() const override { return here().second; }
  Result<void> status() const override { return {}; }

 private:
  [[nodiscard]] const Entries::value_type& here() const { return descending_ ? *std::prev(last_) : *first_; }

  std::shared_ptr<const Entries> entries_;
  const bool descending_;
  // What is left to be shown: [first_, last_).
  Entries::const_iterator first_;
  Entries::const_iterator last_;
};

}  // namespace millrace
