package millrace.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Wall-clock and process CPU time: the collector's and the compiler's threads count, as ours would. */
final class Measure {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private long wallStart;
  private long cpuStart;
  private long wallNanos;
  private long cpuNanos;
  private int outputs;

  void start() {
    wallStart = System.nanoTime();
    cpuStart = SYSTEM.getProcessCpuTime();
  }

  void stop() {
    wallNanos += System.nanoTime() - wallStart;
    cpuNanos += SYSTEM.getProcessCpuTime() - cpuStart;
  }

  /** How many records the topology wrote. */
  void outputs(int count) {
    outputs = count;
  }

  int outputs() {
    return outputs;
  }

  double seconds() {
    return wallNanos * 1e-9;
  }

  double cpuSeconds() {
    return cpuNanos * 1e-9;
  }

  /** VmHWM of this process; 0 where /proc is missing. */
  static long peakRssBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException noProc) {
      return 0;
    }
    return 0;
  }
}
