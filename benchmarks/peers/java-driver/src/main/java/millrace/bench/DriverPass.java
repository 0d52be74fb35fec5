package millrace.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;

/** One pass: a fresh driver, all records piped one by one, the output read back. */
final class DriverPass {
  private static final String APPLICATION = "driver-bench";
  private static final String STORE = "counts";
  /** Records between two drains of the output; driver_bench drains as often. */
  private static final int DRAIN_EVERY = 10_000;

  private final Options options;
  private final Workload workload;
  private final Measure measure = new Measure();

  DriverPass(Options options, Workload workload) {
    this.options = options;
    this.workload = workload;
  }

  Measure run() throws IOException {
    Path state = Files.createTempDirectory("driver-bench-");
    try (TopologyTestDriver driver = new TopologyTestDriver(topology(), config(state))) {
      if (options.topology().equals("count")) {
        drive(driver, new LongDeserializer());
      } else {
        drive(driver, new StringDeserializer());
      }
    } finally {
      deleteRecursively(state);
    }
    return measure;
  }

  private <V> void drive(TopologyTestDriver driver, Deserializer<V> valueDeserializer) {
    TestInputTopic<String, String> input =
        driver.createInputTopic("input", new StringSerializer(), new StringSerializer());
    TestOutputTopic<String, V> output =
        driver.createOutputTopic("output", new StringDeserializer(), valueDeserializer);
    TestOutputTopic<byte[], byte[]> changelog = driver.createOutputTopic(
        APPLICATION + "-" + STORE + "-changelog", new ByteArrayDeserializer(), new ByteArrayDeserializer());
    int read = 0;
    int dropped = 0;
    for (int begin = 0; begin < workload.size(); begin += DRAIN_EVERY) {
      int end = Math.min(begin + DRAIN_EVERY, workload.size());
      measure.start();
      for (int i = begin; i < end; i++) {
        input.pipeInput(workload.key(i), workload.value(i));
      }
      read += drain(output);
      measure.stop();
      // The driver also keeps what went to the changelog. Nobody reads it in a test: dropped outside the timing.
      dropped += drain(changelog);
    }
    if (read != workload.size()) {
      throw new IllegalStateException("piped " + workload.size() + " records, read " + read + " from the output");
    }
  }

  private static int drain(TestOutputTopic<?, ?> topic) {
    int read = 0;
    while (!topic.isEmpty()) {
      topic.readValue();
      read++;
    }
    return read;
  }

  private Topology topology() {
    StreamsBuilder builder = new StreamsBuilder();
    var stream = builder.stream("input", Consumed.with(Serdes.String(), Serdes.String()));
    if (options.topology().equals("pass-through")) {
      stream.to("output", Produced.with(Serdes.String(), Serdes.String()));
    } else {
      var supplier = options.store().equals("memory") ? Stores.inMemoryKeyValueStore(STORE)
                                                      : Stores.persistentKeyValueStore(STORE);
      stream.groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
          .count(Materialized.<String, Long>as(supplier).withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()))
          .toStream()
          .to("output", Produced.with(Serdes.String(), Serdes.Long()));
    }
    return builder.build();
  }

  private static Properties config(Path state) {
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION);
    config.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    return config;
  }

  private static void deleteRecursively(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
