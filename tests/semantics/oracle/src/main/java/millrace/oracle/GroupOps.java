package millrace.oracle;

import java.time.Duration;
import java.util.function.BinaryOperator;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

/** What is done with groups: of streams, of windows of streams, of tables. */
final class GroupOps {
  private final Pipeline pipeline;
  private final Settings line;

  GroupOps(Pipeline pipeline, Settings line) {
    this.pipeline = pipeline;
    this.line = line;
  }

  Object apply(String op, KGroupedStream<String, String> group) {
    return switch (op) {
      case "windowed_by" -> group.windowedBy(windows());
      case "count" -> group.count(pipeline.materialized(line, Serdes.Long())).mapValues(GroupOps::text);
      case "reduce" -> group.reduce((old, value) -> combiner("with").apply(old, value), pipeline.materialized(line));
      case "aggregate" -> group.aggregate(() -> "0", (key, value, old) -> combiner("with").apply(old, value),
          pipeline.materialized(line));
      default -> throw Functions.unknown("verb of a group", op);
    };
  }

  Object apply(String op, TimeWindowedKStream<String, String> group) {
    return switch (op) {
      case "count" -> group.count(windowStore(Serdes.Long())).mapValues(GroupOps::text);
      case "reduce" -> group.reduce((old, value) -> combiner("with").apply(old, value),
          windowStore(Pipeline.TEXT));
      case "aggregate" -> group.aggregate(() -> "0", (key, value, old) -> combiner("with").apply(old, value),
          windowStore(Pipeline.TEXT));
      default -> throw Functions.unknown("verb of a windowed group", op);
    };
  }

  Object apply(String op, KGroupedTable<String, String> group) {
    return switch (op) {
      case "count" -> group.count(pipeline.materialized(line, Serdes.Long())).mapValues(GroupOps::text);
      case "reduce" -> group.reduce((old, value) -> combiner("with").apply(old, value),
          (old, value) -> combiner("minus").apply(old, value), pipeline.materialized(line));
      case "aggregate" -> group.aggregate(() -> "0", (key, value, old) -> combiner("with").apply(old, value),
          (key, value, old) -> combiner("minus").apply(old, value), pipeline.materialized(line));
      default -> throw Functions.unknown("verb of a grouped table", op);
    };
  }

  private static <V> Materialized<String, V, WindowStore<Bytes, byte[]>> windowStore(Serde<V> values) {
    return Materialized.<String, V, WindowStore<Bytes, byte[]>>with(Pipeline.TEXT, values).withCachingDisabled();
  }

  private BinaryOperator<String> combiner(String key) {
    return Functions.combiner(line.text(key));
  }

  private TimeWindows windows() {
    Duration size = line.millis("size_ms");
    Duration grace = line.has("grace_ms") ? line.millis("grace_ms") : Duration.ZERO;
    TimeWindows windows = TimeWindows.ofSizeAndGrace(size, grace);
    return line.has("advance_ms") ? windows.advanceBy(line.millis("advance_ms")) : windows;
  }

  private static String text(Long count) {
    return count == null ? null : count.toString();
  }
}
