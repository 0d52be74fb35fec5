// Branches of a stream: split() sends each record to the first branch that wants it.
//
//   auto branches = orders.split({.name = "orders-"})
//                       .branch([](const Order& order) { return order.total > 1000; }, {.name = "large"})
//                       .default_branch({.name = "other"});
//   branches.at("orders-large").to("large-orders");
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <millrace/dsl/kstream.hpp>

namespace millrace {

/// One branch. Its name follows that of split(); default: its position, from 1; that of the default branch is 0. At
/// most one of the two functions may be set.
template <class K, class V>
struct Branched {
  std::string name{};  ///< of the branch, after that of split()
  /// Makes of the branch what stands in the result instead of it.
  std::function<KStream<K, V>(KStream<K, V>)> function{};
  /// Uses the branch, which then does not stand in the result.
  std::function<void(KStream<K, V>)> consumer{};
};

/// What split() gives. End it with default_branch() or no_default_branch().
template <class K, class V>
class BranchedKStream {
 public:
  /// By name: the name of split() and then that of the branch.
  using Branches = std::map<std::string, KStream<K, V>>;

  /// Records for which `predicate` is true and no predicate before was.
  template <class F>
  BranchedKStream& branch(F predicate, Branched<K, V> options = {}) {
    detail::check_returns_bool<F, K, V>();
    predicates_.push_back(
        [predicate](const Record<K, V>& record, TaskContext& context, const std::string& node) mutable {
          return static_cast<bool>(detail::call(predicate, record, context, node));
        });
    // Topologies that were built before keep the predicates that they have.
    stream_.graph_->graph.replace_factory(stream_.node_, make_split(predicates_));
    add(std::to_string(predicates_.size()), options);
    return *this;
  }
  /// What no predicate took. The branches cannot be added to after it.
  Branches default_branch(Branched<K, V> options = {}) {
    add("0", options);
    return std::move(branches_);
  }
  /// What no predicate took goes nowhere.
  Branches no_default_branch() { return std::move(branches_); }

 private:
  friend class KStream<K, V>;
  using Predicates = typename detail::SplitNode<K, V>::Predicates;

  BranchedKStream(KStream<K, V> stream, std::string prefix) : stream_(std::move(stream)), prefix_(std::move(prefix)) {}

  static NodeFactory make_split(const Predicates& predicates) {
    return [=] { return std::make_unique<detail::SplitNode<K, V>>(predicates); };
  }
  void add(const std::string& position, const Branched<K, V>& options) {
    const std::string name = prefix_ + (options.name.empty() ? position : options.name);
    auto node = stream_.template add<Record<K, V>>("", name, [] { return std::make_unique<detail::PassNode>(); });
    KStream<K, V> branch = stream_.same(node);
    if (options.function && options.consumer) {
      stream_.graph_->graph.add_finding("branch \"" + name + "\" has a function and a consumer: set one of them");
    }
    if (options.function) branches_.emplace(name, options.function(branch));
    else if (options.consumer) options.consumer(branch);
    else branches_.emplace(name, branch);
  }

  KStream<K, V> stream_;  // the splitting operator
  std::string prefix_;
  Predicates predicates_;
  Branches branches_;
};

template <class K, class V>
BranchedKStream<K, V> KStream<K, V>::split(Named options) const {
  // Derived names go down by dots; a given one is taken as it is, as Kafka Streams does.
  auto name = graph_->name_for(options.name, node_, "split");
  auto node = add<Record<K, V>>("", name, BranchedKStream<K, V>::make_split({}));
  return BranchedKStream<K, V>(same(node), options.name.empty() ? name + "." : name);
}

}  // namespace millrace
