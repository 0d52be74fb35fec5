package millrace.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code oracle CASES_DIR EXPECTED_DIR}: runs every case through Kafka Streams and writes one file of expectations for
 * each file of cases.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      System.err.println("usage: oracle CASES_DIR EXPECTED_DIR");
      System.exit(2);
    }
    Path expected = Path.of(args[1]);
    Files.createDirectories(expected);
    int count = 0;
    for (Path file : yamlFiles(Path.of(args[0]))) {
      ExpectationWriter writer = new ExpectationWriter();
      for (Case one : Case.load(file)) {
        try {
          writer.add(one.name(), new CaseRunner(one).run());
        } catch (RuntimeException fault) {
          throw new IllegalStateException(
              file.getFileName() + ", case \"" + one.name() + "\": " + fault.getMessage(), fault);
        }
        count++;
      }
      Files.writeString(expected.resolve(file.getFileName()), writer.text());
    }
    System.out.println(count + " cases run through Kafka Streams");
  }

  private static List<Path> yamlFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }
}
