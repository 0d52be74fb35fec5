package millrace.bench;

/** The records that a topology is fed with; feed.hpp has the same. */
final class Feed {
  private static final long BEGIN = 1_700_000_000_000L;
  private static final int RECORDS_PER_MILLISECOND = 64;

  private final Workload workload;
  private final boolean pairs;
  private final boolean table;

  Feed(String topology, Workload workload) {
    this.workload = workload;
    this.pairs = topology.equals("stream-stream-join");
    this.table = topology.equals("stream-table-join");
  }

  /** Rows of the table that is joined; they come first and are not counted. */
  int rows() {
    return table ? workload.keys().length : 0;
  }

  String rowKey(int row) {
    return workload.keys()[row];
  }

  String rowValue(int row) {
    return workload.valueOfPool(row % Workload.poolSize());
  }

  static long rowTime() {
    return BEGIN - 1;
  }

  /** True for the second stream of a join: the two take turns, and both records of a pair have the same key. */
  boolean right(int i) {
    return pairs && i % 2 == 1;
  }

  String key(int i) {
    return workload.key(pairs ? i / 2 : i);
  }

  String value(int i) {
    return workload.value(i);
  }

  long time(int i) {
    return BEGIN + (pairs ? i / 2 : i / RECORDS_PER_MILLISECOND);
  }
}
