package millrace.oracle;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.WallclockTimestampExtractor;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Builds the topology that a case describes. Each line names what it makes ({@code as}) and what it is made of
 * ({@code of}; default: what the line before made). All keys and values are strings; counts become strings at once.
 */
final class Pipeline {
  static final Serde<String> TEXT = Serdes.String();

  private final List<Settings> lines;
  private final StreamsBuilder builder = new StreamsBuilder();
  private final Map<String, Object> made = new HashMap<>();
  private final List<String> sinks = new ArrayList<>();
  private final List<String> stores = new ArrayList<>();
  private Object last;

  Pipeline(List<Settings> lines) {
    this.lines = lines;
  }

  Topology build() {
    for (Settings line : lines) {
      last = make(line);
      if (line.has("as")) {
        made.put(line.text("as"), last);
      }
    }
    return builder.build();
  }

  List<String> sinks() {
    return sinks;
  }

  List<String> stores() {
    return stores;
  }

  private Object make(Settings line) {
    String op = line.text("op");
    if (op.equals("stream")) {
      return builder.stream(line.text("topic"), consumed(line));
    }
    if (op.equals("table")) {
      return line.has("store") ? builder.table(line.text("topic"), consumed(line), materialized(line))
                               : builder.table(line.text("topic"), consumed(line));
    }
    Object of = line.has("of") ? get(line.text("of")) : last;
    if (of instanceof KStream) {
      return new StreamOps(this, line).apply(op, streamOf(of));
    }
    if (of instanceof KTable) {
      return new TableOps(this, line).apply(op, of);
    }
    if (of instanceof KGroupedStream) {
      return new GroupOps(this, line).apply(op, groupedOf(of));
    }
    if (of instanceof TimeWindowedKStream) {
      return new GroupOps(this, line).apply(op, windowedOf(of));
    }
    if (of instanceof KGroupedTable) {
      return new GroupOps(this, line).apply(op, groupedTableOf(of));
    }
    throw Functions.unknown("operand of", op);
  }

  Object get(String name) {
    Object found = made.get(name);
    if (found == null) {
      throw new IllegalArgumentException("nothing is called " + name);
    }
    return found;
  }

  void define(String name, Object value) {
    made.put(name, value);
  }

  void addSink(String topic) {
    if (!sinks.contains(topic)) {
      sinks.add(topic);
    }
  }

  /** With string serdes; named if the line says {@code store}; caches only if it says {@code caching}, as ours do. */
  <V> Materialized<String, V, KeyValueStore<Bytes, byte[]>> materialized(Settings line, Serde<V> values) {
    Materialized<String, V, KeyValueStore<Bytes, byte[]>> materialized;
    if (line.has("store")) {
      stores.add(line.text("store"));
      materialized = Materialized.<String, V, KeyValueStore<Bytes, byte[]>>as(line.text("store"))
          .withKeySerde(TEXT).withValueSerde(values);
    } else {
      materialized = Materialized.with(TEXT, values);
    }
    return line.has("caching") ? materialized.withCachingEnabled() : materialized.withCachingDisabled();
  }

  Materialized<String, String, KeyValueStore<Bytes, byte[]>> materialized(Settings line) {
    return materialized(line, TEXT);
  }

  private static Consumed<String, String> consumed(Settings line) {
    Consumed<String, String> consumed = Consumed.with(TEXT, TEXT);
    return line.has("extractor") ? consumed.withTimestampExtractor(extractor(line.text("extractor"))) : consumed;
  }

  /** {@code value}: the number that the value is; -1 where it is none. */
  private static TimestampExtractor extractor(String name) {
    TimestampExtractor ofValue = (record, partitionTime) -> {
      String value = (String) record.value();
      return value != null && value.matches("[0-9]+") ? Long.parseLong(value) : -1;
    };
    return switch (name) {
      case "value" -> ofValue;
      case "value_or_partition_time" -> (record, partitionTime) -> {
        long time = ofValue.extract(record, partitionTime);
        return time < 0 ? partitionTime : time;
      };
      case "wall_clock" -> new WallclockTimestampExtractor();
      default -> throw Functions.unknown("extractor", name);
    };
  }

  @SuppressWarnings("unchecked")
  static KStream<String, String> streamOf(Object made) {
    return (KStream<String, String>) made;
  }

  @SuppressWarnings("unchecked")
  static KTable<Object, String> tableOf(Object made) {
    return (KTable<Object, String>) made;
  }

  @SuppressWarnings("unchecked")
  static KTable<String, String> plainTableOf(Object made) {
    return (KTable<String, String>) made;
  }

  @SuppressWarnings("unchecked")
  private static KGroupedStream<String, String> groupedOf(Object made) {
    return (KGroupedStream<String, String>) made;
  }

  @SuppressWarnings("unchecked")
  private static TimeWindowedKStream<String, String> windowedOf(Object made) {
    return (TimeWindowedKStream<String, String>) made;
  }

  @SuppressWarnings("unchecked")
  private static KGroupedTable<String, String> groupedTableOf(Object made) {
    return (KGroupedTable<String, String>) made;
  }
}
