package millrace.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/** One pass: a fresh driver, all records piped one by one, the output read back. */
final class DriverPass {
  private static final String APPLICATION = "driver-bench";
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
    try (TopologyTestDriver driver =
             new TopologyTestDriver(Topologies.make(options.topology()), config(state))) {
      drive(driver);
    } finally {
      deleteRecursively(state);
    }
    return measure;
  }

  private void drive(TopologyTestDriver driver) {
    Feed feed = new Feed(options.topology(), workload);
    TestInputTopic<String, String> input =
        driver.createInputTopic("input", new StringSerializer(), new StringSerializer());
    TestInputTopic<String, String> right =
        driver.createInputTopic("right", new StringSerializer(), new StringSerializer());
    pipeTable(driver, feed);
    TestOutputTopic<?, ?> output = output(driver);
    int read = 0;
    for (int begin = 0; begin < workload.size(); begin += DRAIN_EVERY) {
      int end = Math.min(begin + DRAIN_EVERY, workload.size());
      measure.start();
      for (int i = begin; i < end; i++) {
        (feed.right(i) ? right : input).pipeInput(feed.key(i), feed.value(i), feed.time(i));
      }
      read += drain(output);
      measure.stop();
      // The driver also keeps what went to internal topics. Nobody reads it in a test: dropped outside the timing.
      for (String topic : driver.producedTopicNames()) {
        if (!topic.equals("output")) {
          drain(driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
        }
      }
    }
    measure.outputs(read);
  }

  private static void pipeTable(TopologyTestDriver driver, Feed feed) {
    if (feed.rows() == 0) {
      return;
    }
    var table = driver.createInputTopic("table", new StringSerializer(), new StringSerializer());
    for (int row = 0; row < feed.rows(); row++) {
      table.pipeInput(feed.rowKey(row), feed.rowValue(row), Feed.rowTime());
    }
  }

  private TestOutputTopic<?, ?> output(TopologyTestDriver driver) {
    return switch (options.topology()) {
      case "tumbling-count" -> driver.createOutputTopic("output",
          WindowedSerdes.timeWindowedSerdeFrom(String.class, 1000).deserializer(), new LongDeserializer());
      case "count", "repartition-count" ->
          driver.createOutputTopic("output", new StringDeserializer(), new LongDeserializer());
      default -> driver.createOutputTopic("output", new StringDeserializer(), new StringDeserializer());
    };
  }

  private static int drain(TestOutputTopic<?, ?> topic) {
    int read = 0;
    while (!topic.isEmpty()) {
      topic.readValue();
      read++;
    }
    return read;
  }

  private Properties config(Path state) {
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION);
    config.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    config.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
        options.store().equals("memory") ? BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class
                                         : BuiltInDslStoreSuppliers.RocksDBDslStoreSuppliers.class);
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
