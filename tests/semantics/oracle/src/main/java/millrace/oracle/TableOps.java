package millrace.oracle;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Windowed;

/** The verbs of a table. */
final class TableOps {
  private final Pipeline pipeline;
  private final Settings line;

  TableOps(Pipeline pipeline, Settings line) {
    this.pipeline = pipeline;
    this.line = line;
  }

  Object apply(String op, Object made) {
    return switch (op) {
      case "filter" -> filter(Pipeline.plainTableOf(made), true);
      case "filter_not" -> filter(Pipeline.plainTableOf(made), false);
      case "map_values" -> mapValues(Pipeline.plainTableOf(made));
      case "to_stream" -> toStream(Pipeline.tableOf(made));
      case "group_by" -> Pipeline.plainTableOf(made).groupBy(
          (key, value) -> KeyValue.pair(Functions.selector(line.text("key")).apply(key, value), value),
          Grouped.with(Pipeline.TEXT, Pipeline.TEXT));
      default -> throw Functions.unknown("verb of a table", op);
    };
  }

  private KTable<String, String> filter(KTable<String, String> table, boolean keep) {
    if (!line.has("store")) {
      return table.filter((key, value) -> Functions.test(line.map("if"), key, value) == keep);
    }
    return table.filter(
        (key, value) -> Functions.test(line.map("if"), key, value) == keep, pipeline.materialized(line));
  }

  private KTable<String, String> mapValues(KTable<String, String> table) {
    if (!line.has("store")) {
      return table.mapValues(value -> Functions.mapper(line.text("with")).apply(value));
    }
    return table.mapValues(value -> Functions.mapper(line.text("with")).apply(value), pipeline.materialized(line));
  }

  /** A window's key becomes "key@start/end". */
  private static KStream<String, String> toStream(KTable<Object, String> table) {
    return table.toStream((key, value) -> key instanceof Windowed<?> windowed
        ? windowed.key() + "@" + windowed.window().start() + "/" + windowed.window().end() : (String) key);
  }
}
