package millrace.oracle;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.BranchedKStream;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.StreamJoined;

/** The verbs of a stream. */
final class StreamOps {
  private final Pipeline pipeline;
  private final Settings line;

  StreamOps(Pipeline pipeline, Settings line) {
    this.pipeline = pipeline;
    this.line = line;
  }

  Object apply(String op, KStream<String, String> stream) {
    return switch (op) {
      case "filter" -> stream.filter((key, value) -> Functions.test(line.map("if"), key, value));
      case "filter_not" -> stream.filterNot((key, value) -> Functions.test(line.map("if"), key, value));
      case "map_values" -> stream.mapValues(value -> mapper().apply(value));
      case "flat_map_values" -> stream.flatMapValues(Functions::words);
      case "select_key" -> stream.selectKey((key, value) -> selector().apply(key, value));
      case "map" -> stream.map((key, value) -> KeyValue.pair(selector().apply(key, value), mapper().apply(value)));
      case "flat_map" -> stream.flatMap(this::pairs);
      case "merge" -> stream.merge(Pipeline.streamOf(pipeline.get(line.text("with"))));
      case "split" -> split(stream);
      case "repartition" -> stream.repartition(
          Repartitioned.with(Pipeline.TEXT, Pipeline.TEXT).withName(line.text("name")));
      case "to_table" -> stream.toTable(pipeline.materialized(line));
      case "group_by_key" -> stream.groupByKey(Grouped.with(Pipeline.TEXT, Pipeline.TEXT));
      case "group_by" -> stream.groupBy((key, value) -> selector().apply(key, value),
          Grouped.with(Pipeline.TEXT, Pipeline.TEXT));
      case "join", "left_join", "outer_join" -> join(op, stream);
      case "to" -> to(stream);
      default -> throw Functions.unknown("verb of a stream", op);
    };
  }

  private UnaryOperator<String> mapper() {
    return Functions.mapper(line.text("with", "same"));
  }

  private BinaryOperator<String> selector() {
    return Functions.selector(line.text("key", "key"));
  }

  private List<KeyValue<String, String>> pairs(String key, String value) {
    List<KeyValue<String, String>> pairs = new ArrayList<>();
    for (String word : Functions.words(value)) {
      pairs.add(KeyValue.pair(word, key));
    }
    return pairs;
  }

  /** Branches are called by the names that the case gives them. */
  private Object split(KStream<String, String> stream) {
    BranchedKStream<String, String> split = stream.split(Named.as("split-"));
    for (Settings branch : line.list("branches")) {
      if (branch.has("if")) {
        split = split.branch((key, value) -> Functions.test(branch.map("if"), key, value),
            Branched.as(branch.text("as")));
      }
    }
    Map<String, KStream<String, String>> streams =
        line.has("default") ? split.defaultBranch(Branched.as(line.text("default"))) : split.noDefaultBranch();
    streams.forEach((name, branch) -> pipeline.define(name.substring("split-".length()), branch));
    return stream;
  }

  private Object join(String op, KStream<String, String> left) {
    Object other = pipeline.get(line.text("with"));
    if (other instanceof KTable) {
      KTable<String, String> table = Pipeline.plainTableOf(other);
      Joined<String, String, String> joined = Joined.with(Pipeline.TEXT, Pipeline.TEXT, Pipeline.TEXT);
      return op.equals("join") ? left.join(table, Functions::joined, joined)
                               : left.leftJoin(table, Functions::joined, joined);
    }
    KStream<String, String> right = Pipeline.streamOf(other);
    JoinWindows windows = JoinWindows
        .ofTimeDifferenceAndGrace(Duration.ZERO, line.has("grace_ms") ? line.millis("grace_ms") : Duration.ZERO)
        .before(line.millis("before_ms"))
        .after(line.millis("after_ms"));
    StreamJoined<String, String, String> joined = StreamJoined.with(Pipeline.TEXT, Pipeline.TEXT, Pipeline.TEXT);
    return switch (op) {
      case "join" -> left.join(right, Functions::joined, windows, joined);
      case "left_join" -> left.leftJoin(right, Functions::joined, windows, joined);
      default -> left.outerJoin(right, Functions::joined, windows, joined);
    };
  }

  private Object to(KStream<String, String> stream) {
    Produced<String, String> produced = Produced.with(Pipeline.TEXT, Pipeline.TEXT);
    if (line.has("topic")) {
      pipeline.addSink(line.text("topic"));
      stream.to(line.text("topic"), produced);
      return stream;
    }
    // To the topic "<prefix><first character of the value>".
    line.texts("topics").forEach(pipeline::addSink);
    String prefix = line.text("prefix");
    stream.to((key, value, context) -> prefix + Functions.selector("first").apply(key, value), produced);
    return stream;
  }
}
