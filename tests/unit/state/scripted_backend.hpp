// A backend that counts its reads and fails when it is told to.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <millrace/state/task_backend.hpp>

namespace millrace::state_test {

class ScriptedBackend final : public StoreBackend {
 public:
  std::map<Bytes, Bytes> entries;
  int gets = 0;
  std::optional<Error> get_error;
  std::optional<Error> range_error;
  /// Met by iterators after this many entries.
  std::optional<Error> walk_error;
  std::size_t walk_error_after = 0;

  Result<bool> get(BytesView key, Bytes& value) override {
    ++gets;
    if (get_error) return *get_error;
    auto found = entries.find(Bytes(key));
    if (found == entries.end()) return false;
    value = found->second;
    return true;
  }
  Result<std::unique_ptr<KeyValueIterator>> range(const KeyRange&) override {
    if (range_error) return *range_error;
    return std::unique_ptr<KeyValueIterator>(
        std::make_unique<Walk>(entries, walk_error, walk_error ? walk_error_after : entries.size()));
  }
  std::uint64_t approximate_entries() const override { return entries.size(); }
  const CommittedStore& committed() const override { std::abort(); }  // nobody else reads it

 private:
  class Walk final : public KeyValueIterator {
   public:
    Walk(std::map<Bytes, Bytes> entries, std::optional<Error> error, std::size_t steps)
        : entries_(std::move(entries)), at_(entries_.begin()), error_(std::move(error)), steps_left_(steps) {}
    bool valid() const override { return steps_left_ > 0 && at_ != entries_.end(); }
    void next() override {
      ++at_;
      --steps_left_;
    }
    BytesView key() const override { return at_->first; }
    BytesView value() const override { return at_->second; }
    Result<void> status() const override { return steps_left_ == 0 && error_ ? Result<void>(*error_) : Result<void>(); }

   private:
    std::map<Bytes, Bytes> entries_;
    std::map<Bytes, Bytes>::const_iterator at_;
    std::optional<Error> error_;
    std::size_t steps_left_;
  };
};

}  // namespace millrace::state_test
