package millrace.bench;

import java.nio.charset.StandardCharsets;

/**
 * The records every benchmark reads. Mirrors benchmarks/common/workload.hpp bit for bit; run.sh compares the checksums.
 */
final class Workload {
  private static final int VALUE_POOL = 1024;
  private static final long SCATTER = 7919;
  private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  private final String[] keys;
  private final String[] values = new String[VALUE_POOL];
  private final int[] keyIndex;
  private final short[] valueIndex;

  Workload(int records, int keyCount, int valueBytes, long seed) {
    if (keyCount < 1 || keyCount > 1_000_000 || keyCount % SCATTER == 0) {
      throw new IllegalArgumentException("--keys must be 1 to 1000000 and no multiple of 7919, got " + keyCount);
    }
    SplitMix64 random = new SplitMix64(seed);
    keys = new String[keyCount];
    for (int rank = 0; rank < keyCount; rank++) {
      keys[rank] = String.format("key-%06d", rank * SCATTER % keyCount);
    }
    for (int i = 0; i < VALUE_POOL; i++) {
      values[i] = randomText(random, valueBytes);
    }
    double[] cumulative = zipf(keyCount);
    keyIndex = new int[records];
    valueIndex = new short[records];
    for (int i = 0; i < records; i++) {
      keyIndex[i] = sample(cumulative, random);
      valueIndex[i] = (short) Long.remainderUnsigned(random.next(), VALUE_POOL);
    }
  }

  int size() {
    return keyIndex.length;
  }

  String key(int record) {
    return keys[keyIndex[record]];
  }

  String value(int record) {
    return values[valueIndex[record]];
  }

  /** Every key there is, the most frequent first. */
  String[] keys() {
    return keys;
  }

  String valueOfPool(int index) {
    return values[index];
  }

  static int poolSize() {
    return VALUE_POOL;
  }

  /** FNV-1a over key, value of the first {@code count} records. */
  long checksum(int count) {
    long hash = 0xCBF29CE484222325L;
    for (int i = 0; i < Math.min(count, size()); i++) {
      hash = fnv1a(fnv1a(hash, key(i)), value(i));
    }
    return hash;
  }

  private static long fnv1a(long hash, String text) {
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001B3L;
    }
    return hash;
  }

  private static String randomText(SplitMix64 random, int bytes) {
    StringBuilder text = new StringBuilder(bytes);
    for (int i = 0; i < bytes; i++) {
      text.append(ALPHABET.charAt((int) (random.next() & 63)));
    }
    return text.toString();
  }

  private static double[] zipf(int n) {
    double[] cumulative = new double[n];
    double sum = 0;
    for (int i = 1; i <= n; i++) {
      cumulative[i - 1] = sum += 1.0 / i;
    }
    return cumulative;
  }

  /** Index of the first cumulative weight above a uniform draw, as std::upper_bound finds it. */
  private static int sample(double[] cumulative, SplitMix64 random) {
    double at = random.nextUnit() * cumulative[cumulative.length - 1];
    int low = 0;
    int high = cumulative.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (cumulative[middle] > at) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return Math.min(low, cumulative.length - 1);
  }

  private static final class SplitMix64 {
    private long state;

    SplitMix64(long seed) {
      state = seed;
    }

    long next() {
      state += 0x9E3779B97F4A7C15L;
      long z = state;
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }

    double nextUnit() {
      return (next() >>> 11) * 0x1.0p-53;
    }
  }
}
