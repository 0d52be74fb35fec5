package millrace.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** One case of a file: a topology and the steps it is put through. README.md describes the format. */
record Case(String name, List<Settings> topology, List<Settings> steps) {

  static List<Case> load(Path file) throws IOException {
    Object root = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
    List<Case> cases = new ArrayList<>();
    for (Object entry : (List<?>) root) {
      Settings map = new Settings((Map<?, ?>) entry);
      cases.add(new Case(map.text("case"), map.list("topology"), map.list("steps")));
    }
    return cases;
  }
}
