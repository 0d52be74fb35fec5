// What one operator edge costs a record: chains of equal operators through the erased graph, without a log. The slope
// over the length of the chain is the cost per edge; length 0 is the source's decoding and the terminal operator.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace millrace {
namespace {

/// A task with nothing but its nodes.
class BareContext final : public TaskContext, private RecordCollector {
 public:
  const TaskId& task_id() const override { return task_; }
  const std::string& application_id() const override { return name_; }
  Timestamp stream_time() const override { return {}; }
  WallTime wall_time() const override { return {}; }
  ObservedTimes& observed_times() override { return times_; }
  std::optional<RecordMetadata> record_metadata() const override { return std::nullopt; }
  StateStore& state_store(const std::string&, std::string_view) override { refuse(); }
  const StoreSpec& store_spec(std::string_view) const override { refuse(); }
  RecordCollector& collector() override { return *this; }
  PunctuatorId schedule(const std::string&, milliseconds, PunctuationType, Punctuator) override { refuse(); }
  void cancel(PunctuatorId) override { refuse(); }
  void request_commit() override { refuse(); }
  void run_apart(const KeptRecord&, const std::function<void()>&) override { refuse(); }
  void count_dropped(const std::string&, std::string_view) override { refuse(); }
  Error take_noted_failure() override { refuse(); }

 private:
  [[noreturn]] static void refuse() { throw std::logic_error("not part of this benchmark"); }
  void note_failure(Error error) override { throw std::runtime_error(error.to_string()); }
  OutputTopic open(const TopicRef&) override { refuse(); }
  std::optional<OutputTopic> find(const std::string&) override { refuse(); }
  std::int32_t partition_count(OutputTopic) const override { refuse(); }
  void send(const std::string&, OutputTopic, std::optional<Partition>, OptionalBytesView, OptionalBytesView, Timestamp,
            BytesView) override {
    refuse();
  }

  TaskId task_{};
  std::string name_ = "bench";
  ObservedTimes times_;
};

/// The nodes of a topology with one source, as a task makes and binds them.
class Graph {
 public:
  explicit Graph(const Topology& topology) {
    for (const NodeSpec& spec : topology.nodes()) nodes_.push_back(spec.factory());
    for (const NodeSpec& spec : topology.nodes()) {
      std::vector<Node*> children;
      for (NodeId child : spec.children) children.push_back(nodes_[child.value()].get());
      nodes_[spec.id.value()]->bind(spec.name, std::move(children));
      if (spec.kind == NodeKind::Source) source_ = static_cast<SourceNode*>(nodes_[spec.id.value()].get());
    }
    for (auto& node : nodes_) node->init(context_);
  }
  void accept(const RecordView& record) { source_->accept(record); }

 private:
  BareContext context_;
  std::vector<std::unique_ptr<Node>> nodes_;
  SourceNode* source_ = nullptr;
};

template <class V>
using Stream = KStream<std::string, V>;

template <class V>
Stream<V> add_filters(Stream<V> stream, std::int64_t length) {
  for (std::int64_t i = 0; i < length; ++i) {
    stream = stream.filter([](const V& value) {
      benchmark::DoNotOptimize(&value);
      return true;
    });
  }
  return stream;
}

template <class V>
Stream<V> add_mappers(Stream<V> stream, std::int64_t length) {
  for (std::int64_t i = 0; i < length; ++i) stream = stream.map_values([](const V& value) { return value; });
  return stream;
}

template <class V, Stream<V> (*add)(Stream<V>, std::int64_t)>
void chain(benchmark::State& state, const V& value) {
  StreamsBuilder builder;
  add(builder.stream<std::string, V>("input"), state.range(0)).for_each([](const V& arrived) {
    benchmark::DoNotOptimize(&arrived);
  });
  Graph graph(builder.build());
  const std::string key = "key-000001";
  Bytes bytes;
  Serde<V>{}.serialize(value, bytes);
  RecordView record;
  record.key = key;
  record.value = bytes;
  for (auto _ : state) graph.accept(record);
  state.SetItemsProcessed(state.iterations());
}

void filter_int64(benchmark::State& state) { chain<std::int64_t, add_filters<std::int64_t>>(state, 7); }
void map_values_int64(benchmark::State& state) { chain<std::int64_t, add_mappers<std::int64_t>>(state, 7); }
void map_values_100_bytes(benchmark::State& state) {
  chain<std::string, add_mappers<std::string>>(state, std::string(100, 'x'));
}

BENCHMARK(filter_int64)->ArgName("edges")->Arg(0)->Arg(1)->Arg(2)->Arg(4)->Arg(8);
BENCHMARK(map_values_int64)->ArgName("edges")->Arg(0)->Arg(1)->Arg(2)->Arg(4)->Arg(8);
BENCHMARK(map_values_100_bytes)->ArgName("edges")->Arg(0)->Arg(1)->Arg(2)->Arg(4)->Arg(8);

}  // namespace
}  // namespace millrace
