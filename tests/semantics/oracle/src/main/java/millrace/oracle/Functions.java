package millrace.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** The functions that case files name. functions.cpp of the C++ runner has the same. All are null-safe. */
final class Functions {
  private Functions() {}

  /** {@code {value_contains: x}}, {@code {key_is: a}}, {@code {value_null: true}}. */
  static boolean test(Settings predicate, String key, String value) {
    if (predicate.has("value_contains")) {
      return value != null && value.contains(predicate.text("value_contains"));
    }
    if (predicate.has("key_is")) {
      return predicate.text("key_is").equals(key);
    }
    if (predicate.has("value_null")) {
      return value == null;
    }
    throw unknown("predicate", predicate.values());
  }

  /** A function of a value: {@code upper}, {@code null}, {@code same}, {@code append:-x}, {@code null_if:x}. */
  static UnaryOperator<String> mapper(String name) {
    String argument = argument(name);
    return switch (verb(name)) {
      case "same" -> value -> value;
      case "upper" -> value -> value == null ? null : value.toUpperCase(Locale.ROOT);
      case "null" -> value -> null;
      case "append" -> value -> value + argument;
      case "null_if" -> value -> argument.equals(value) ? null : value;
      default -> throw unknown("mapper", name);
    };
  }

  /** A new key: {@code key}, {@code value}, {@code first} (character of the value), {@code rest}, {@code null}. */
  static BinaryOperator<String> selector(String name) {
    return switch (verb(name)) {
      case "key" -> (key, value) -> key;
      case "value" -> (key, value) -> value;
      case "first" -> (key, value) -> value == null || value.isEmpty() ? null : value.substring(0, 1);
      case "rest" -> (key, value) -> value == null || value.isEmpty() ? null : value.substring(1);
      case "null" -> (key, value) -> null;
      default -> throw unknown("selector", name);
    };
  }

  /** Of an aggregate and a value: {@code plus}, {@code minus}, {@code delete_on:x}, {@code latest}. */
  static BinaryOperator<String> combiner(String name) {
    String argument = argument(name);
    return switch (verb(name)) {
      case "plus" -> (aggregate, value) -> aggregate + "+" + value;
      case "minus" -> (aggregate, value) -> aggregate + "-" + value;
      case "latest" -> (aggregate, value) -> value;
      case "delete_on" -> (aggregate, value) -> argument.equals(value) ? null : aggregate + "+" + value;
      default -> throw unknown("combiner", name);
    };
  }

  /** What a join makes of both sides. */
  static String joined(String left, String right) {
    return left + "&" + right;
  }

  static List<String> words(String value) {
    List<String> words = new ArrayList<>();
    if (value != null) {
      for (String word : value.split(" ")) {
        if (!word.isEmpty()) {
          words.add(word);
        }
      }
    }
    return words;
  }

  private static String verb(String name) {
    int colon = name.indexOf(':');
    return colon < 0 ? name : name.substring(0, colon);
  }

  private static String argument(String name) {
    int colon = name.indexOf(':');
    return colon < 0 ? "" : name.substring(colon + 1);
  }

  static IllegalArgumentException unknown(String what, Object name) {
    return new IllegalArgumentException("unknown " + what + ": " + name);
  }
}
