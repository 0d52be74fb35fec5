package millrace.oracle;

import java.util.List;
import java.util.Map;

/** Expectations as YAML that is the same at every run. */
final class ExpectationWriter {
  /** A record read from a topic. */
  record Output(String topic, String key, String value, long timestamp, String headers) {}

  /** What one case gave: outputs after each step, what stores hold in the end, how many records were dropped. */
  record Expectation(List<List<Output>> steps, Map<String, Map<String, String>> stores, long dropped, String failure) {}

  private final StringBuilder text =
      new StringBuilder("# Written by the oracle from what Kafka Streams does; not to be edited.\n");

  void add(String name, Expectation expectation) {
    text.append("- case: ").append(quoted(name)).append('\n');
    text.append("  steps:\n");
    for (List<Output> outputs : expectation.steps()) {
      if (outputs.isEmpty()) {
        text.append("    - []\n");
        continue;
      }
      String lead = "    - - ";
      for (Output one : outputs) {
        text.append(lead).append(flow(one)).append('\n');
        lead = "      - ";
      }
    }
    if (!expectation.stores().isEmpty()) {
      text.append("  stores:\n");
      expectation.stores().forEach((store, entries) -> {
        text.append("    ").append(store).append(": {");
        text.append(String.join(", ", entries.entrySet().stream()
            .map(entry -> quoted(entry.getKey()) + ": " + quoted(entry.getValue())).toList()));
        text.append("}\n");
      });
    }
    text.append("  dropped: ").append(expectation.dropped()).append('\n');
    if (expectation.failure() != null) {
      text.append("  fails: ").append(expectation.failure()).append('\n');
    }
  }

  String text() {
    return text.toString();
  }

  private static String flow(Output one) {
    return "{topic: " + one.topic() + ", key: " + quoted(one.key()) + ", value: " + quoted(one.value()) + ", ts: "
        + one.timestamp() + (one.headers().isEmpty() ? "" : ", headers: " + quoted(one.headers())) + "}";
  }

  private static String quoted(String value) {
    return value == null ? "null" : "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
