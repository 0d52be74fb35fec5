package millrace.bench;

import java.io.IOException;
import java.util.Locale;

/** Kafka Streams' side of the driver benchmark: prints one JSON line per pass, as driver_bench does. */
public final class DriverBench {
  private DriverBench() {}

  public static void main(String[] args) throws IOException {
    Options options;
    Workload workload;
    try {
      options = Options.parse(args);
      int records = options.checksum() > 0 ? options.checksum() : options.records();
      workload = new Workload(records, options.keys(), options.valueBytes(), options.seed());
    } catch (IllegalArgumentException refused) {
      System.err.println("DriverBench: " + refused.getMessage());
      System.exit(2);
      return;
    }
    if (options.checksum() > 0) {
      System.out.printf("%016x%n", workload.checksum(options.checksum()));
      return;
    }
    for (int pass = 1; pass <= options.passes(); pass++) {
      print(options, pass, new DriverPass(options, workload).run());
    }
  }

  private static void print(Options options, int pass, Measure measure) {
    String variant = options.topology().equals("pass-through") ? "" : options.store();
    System.out.printf(Locale.ROOT,
        "{\"peer\":\"java\",\"topology\":\"%s\",\"variant\":\"%s\",\"pass\":%d,\"records\":%d,\"seconds\":%.6f,"
            + "\"cpu_seconds\":%.6f,\"records_per_second\":%.0f,\"peak_rss_bytes\":%d,\"outputs\":%d}%n",
        options.topology(), variant, pass, options.records(), measure.seconds(), measure.cpuSeconds(),
        options.records() / measure.seconds(), Measure.peakRssBytes(), measure.outputs());
  }
}
