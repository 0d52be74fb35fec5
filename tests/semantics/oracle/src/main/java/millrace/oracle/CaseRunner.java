package millrace.oracle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.test.TestRecord;

/** Puts one case through Kafka Streams' own test driver. */
final class CaseRunner {
  private final Case given;
  private final Map<String, TestInputTopic<String, String>> inputs = new TreeMap<>();
  private final Map<String, TestOutputTopic<String, String>> outputs = new LinkedHashMap<>();

  CaseRunner(Case given) {
    this.given = given;
  }

  ExpectationWriter.Expectation run() throws IOException {
    Path state = Files.createTempDirectory("oracle-");
    Pipeline pipeline = new Pipeline(given.topology());
    try (TopologyTestDriver driver =
             new TopologyTestDriver(pipeline.build(), config(state), Instant.ofEpochMilli(0))) {
      List<List<ExpectationWriter.Output>> steps = new ArrayList<>();
      String failure = null;
      for (Settings step : given.steps()) {
        try {
          take(driver, step);
        } catch (StreamsException fault) {
          failure = "true";
        }
        steps.add(read(driver, pipeline.sinks()));
        if (failure != null) {
          break;
        }
      }
      return new ExpectationWriter.Expectation(steps, stores(driver, pipeline.stores()), dropped(driver), failure);
    } finally {
      deleteRecursively(state);
    }
  }

  private void take(TopologyTestDriver driver, Settings step) {
    if (step.has("advance_wall_ms")) {
      driver.advanceWallClockTime(Duration.ofMillis(step.number("advance_wall_ms")));
      return;
    }
    TestInputTopic<String, String> topic = inputs.computeIfAbsent(
        step.text("in"), name -> driver.createInputTopic(name, new StringSerializer(), new StringSerializer()));
    RecordHeaders headers = new RecordHeaders();
    if (step.has("headers")) {
      step.map("headers").values().forEach((key, value) -> headers.add(key.toString(), value.toString().getBytes()));
    }
    topic.pipeInput(
        new TestRecord<>(step.textOrNull("key"), step.textOrNull("value"), headers, step.number("ts")));
  }

  private List<ExpectationWriter.Output> read(TopologyTestDriver driver, List<String> sinks) {
    List<ExpectationWriter.Output> records = new ArrayList<>();
    for (String sink : sinks) {
      var topic = outputs.computeIfAbsent(
          sink, name -> driver.createOutputTopic(name, new StringDeserializer(), new StringDeserializer()));
      while (!topic.isEmpty()) {
        TestRecord<String, String> one = topic.readRecord();
        records.add(new ExpectationWriter.Output(sink, one.key(), one.value(), one.timestamp(), text(one.headers())));
      }
    }
    return records;
  }

  private static String text(Headers headers) {
    return StreamSupport.stream(headers.spliterator(), false)
        .map(header -> header.key() + "=" + new String(header.value()))
        .collect(Collectors.joining(","));
  }

  private static Map<String, Map<String, String>> stores(TopologyTestDriver driver, List<String> names) {
    Map<String, Map<String, String>> all = new TreeMap<>();
    for (String name : names) {
      Map<String, String> entries = new TreeMap<>();
      try (KeyValueIterator<Object, Object> iterator = driver.<Object, Object>getKeyValueStore(name).all()) {
        iterator.forEachRemaining(entry -> entries.put(entry.key.toString(), entry.value.toString()));
      }
      all.put(name, entries);
    }
    return all;
  }

  private static long dropped(TopologyTestDriver driver) {
    return driver.metrics().entrySet().stream()
        .filter(metric -> metric.getKey().name().equals("dropped-records-total"))
        .mapToLong(metric -> ((Double) metric.getValue().metricValue()).longValue())
        .sum();
  }

  private static Properties config(Path state) {
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "semantics");
    config.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    // In memory a store forgets records as soon as they are older than its retention; on disk a minute later or more.
    config.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
        BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
    // Kafka Streams looks for unmatched records at most once a second of wall-clock time; here at every record.
    config.put("__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", 0L);
    return config;
  }

  private static void deleteRecursively(Path root) {
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException fault) {
      throw new UncheckedIOException(fault);
    }
  }
}
