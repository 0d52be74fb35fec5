package millrace.bench;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;

/** The topologies that are measured; topologies.hpp has the same. Which stores they use is a setting of the driver. */
final class Topologies {
  static final String STORE = "counts";
  private static final Duration WINDOW = Duration.ofMillis(1000);
  private static final Duration JOIN_WINDOW = Duration.ofMillis(5);
  private static final Serde<String> TEXT = Serdes.String();

  private Topologies() {}

  static Topology make(String name) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, String> input = builder.stream("input", Consumed.with(TEXT, TEXT));
    switch (name) {
      case "pass-through" -> input.to("output", Produced.with(TEXT, TEXT));
      case "count" -> input.groupByKey(Grouped.with(TEXT, TEXT)).count(counts())
          .toStream().to("output", Produced.with(TEXT, Serdes.Long()));
      case "repartition-count" -> input.groupBy((key, value) -> key, Grouped.with(TEXT, TEXT)).count(counts())
          .toStream().to("output", Produced.with(TEXT, Serdes.Long()));
      case "tumbling-count" -> input.groupByKey(Grouped.with(TEXT, TEXT))
          .windowedBy(TimeWindows.ofSizeWithNoGrace(WINDOW))
          .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as(STORE)
              .withKeySerde(TEXT).withValueSerde(Serdes.Long()).withRetention(WINDOW))
          .toStream()
          .to("output", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, WINDOW.toMillis()),
              Serdes.Long()));
      case "stream-table-join" -> {
        var table = builder.table("table", Consumed.with(TEXT, TEXT),
            Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(STORE));
        input.join(table, Topologies::joined, Joined.with(TEXT, TEXT, TEXT)).to("output", Produced.with(TEXT, TEXT));
      }
      case "stream-stream-join" -> {
        KStream<String, String> right = builder.stream("right", Consumed.with(TEXT, TEXT));
        input.join(right, Topologies::joined, JoinWindows.ofTimeDifferenceWithNoGrace(JOIN_WINDOW),
                StreamJoined.with(TEXT, TEXT, TEXT).withStoreName(STORE).withName(STORE))
            .to("output", Produced.with(TEXT, TEXT));
      }
      default -> throw new IllegalArgumentException("no topology is called " + name);
    }
    return builder.build();
  }

  private static Materialized<String, Long, KeyValueStore<Bytes, byte[]>> counts() {
    return Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as(STORE)
        .withKeySerde(TEXT).withValueSerde(Serdes.Long());
  }

  /** Half of each value. */
  private static String joined(String left, String right) {
    return left.substring(0, left.length() / 2) + right.substring(right.length() / 2);
  }
}
