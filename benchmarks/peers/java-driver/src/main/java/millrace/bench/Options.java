package millrace.bench;

import java.util.List;

/** The command line; the same flags as driver_bench. A misspelt flag must not measure something else silently. */
record Options(String topology, String store, int records, int keys, int valueBytes, long seed, int passes,
               int checksum) {

  static Options parse(String[] args) {
    String topology = "pass-through";
    String store = "memory";
    int records = 1_000_000;
    int keys = 20_000;
    int valueBytes = 100;
    long seed = 1;
    int passes = 2;
    int checksum = 0;
    for (int i = 0; i < args.length; i += 2) {
      if (i + 1 == args.length) {
        throw new IllegalArgumentException(args[i] + " needs a value");
      }
      String value = args[i + 1];
      switch (args[i]) {
        case "--topology" -> topology = choice(args[i], value,
            List.of("pass-through", "count", "tumbling-count", "repartition-count", "stream-table-join",
                "stream-stream-join"));
        case "--store" -> store = choice(args[i], value, List.of("memory", "rocksdb"));
        case "--records" -> records = number(args[i], value);
        case "--keys" -> keys = number(args[i], value);
        case "--value-bytes" -> valueBytes = number(args[i], value);
        case "--seed" -> seed = number(args[i], value);
        case "--passes" -> passes = number(args[i], value);
        case "--checksum" -> checksum = number(args[i], value);
        default -> throw new IllegalArgumentException("unknown flag " + args[i]);
      }
    }
    return new Options(topology, store, records, keys, valueBytes, seed, passes, checksum);
  }

  private static String choice(String flag, String given, List<String> allowed) {
    if (!allowed.contains(given)) {
      throw new IllegalArgumentException(flag + " must be " + String.join(" | ", allowed) + ", got '" + given + "'");
    }
    return given;
  }

  private static int number(String flag, String given) {
    try {
      return Integer.parseUnsignedInt(given);
    } catch (NumberFormatException notANumber) {
      throw new IllegalArgumentException(flag + " needs a number of at least 0, got '" + given + "'", notANumber);
    }
  }
}
