package millrace.oracle;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A mapping of a case file, read by key. */
record Settings(Map<?, ?> values) {

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** Null where the file says null; the key must be there. */
  String textOrNull(String key) {
    if (!has(key)) {
      throw new IllegalArgumentException("\"" + key + "\" is missing in " + values);
    }
    Object value = values.get(key);
    return value == null ? null : value.toString();
  }

  String text(String key) {
    String value = textOrNull(key);
    if (value == null) {
      throw new IllegalArgumentException("\"" + key + "\" is null in " + values);
    }
    return value;
  }

  String text(String key, String otherwise) {
    return has(key) ? text(key) : otherwise;
  }

  long number(String key) {
    return Long.parseLong(text(key));
  }

  Duration millis(String key) {
    return Duration.ofMillis(number(key));
  }

  Settings map(String key) {
    return new Settings((Map<?, ?>) values.get(key));
  }

  List<Settings> list(String key) {
    List<Settings> maps = new ArrayList<>();
    for (Object entry : (List<?>) values.get(key)) {
      maps.add(new Settings((Map<?, ?>) entry));
    }
    return maps;
  }

  List<String> texts(String key) {
    return ((List<?>) values.get(key)).stream().map(Object::toString).toList();
  }
}
