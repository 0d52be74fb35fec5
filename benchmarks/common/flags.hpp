#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace millrace::bench {

/// The command line of a benchmark program: `--name value` pairs and bare `--name` switches.
///
/// Ask for every flag first, then call `reject_unknown()`: a misspelt flag must not measure something else silently.
/// Errors: std::invalid_argument naming the flag.
class Flags {
 public:
  Flags(int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view word = argv[i];
      if (!word.starts_with("--") || word.size() == 2) {
        throw std::invalid_argument("unexpected argument '" + std::string(word) + "': flags are --name value");
      }
      const bool has_value = i + 1 < argc && !std::string_view(argv[i + 1]).starts_with("--");
      given_[std::string(word.substr(2))] = has_value ? std::string(argv[++i]) : std::string();
    }
  }

  /// True if the bare switch was given.
  bool enabled(const std::string& name) {
    const auto found = take(name);
    if (found != given_.end() && !found->second.empty()) {
      throw std::invalid_argument("--" + name + " takes no value, got '" + found->second + "'");
    }
    return found != given_.end();
  }

  std::string text(const std::string& name, std::string fallback) {
    const auto found = take(name);
    if (found == given_.end()) return fallback;
    if (found->second.empty()) throw std::invalid_argument("--" + name + " needs a value");
    return found->second;
  }

  std::uint64_t number(const std::string& name, std::uint64_t fallback) {
    const std::string given = text(name, std::to_string(fallback));
    std::uint64_t value = 0;
    const char* const end = given.data() + given.size();
    const auto parsed = std::from_chars(given.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      throw std::invalid_argument("--" + name + " needs a number of at least 0, got '" + given + "'");
    }
    return value;
  }

  /// One of `allowed`; the first is the default.
  std::string choice(const std::string& name, const std::vector<std::string>& allowed) {
    const std::string given = text(name, allowed.front());
    std::string listed;
    for (const std::string& candidate : allowed) {
      if (candidate == given) return given;
      listed += (listed.empty() ? "" : " | ") + candidate;
    }
    throw std::invalid_argument("--" + name + " must be " + listed + ", got '" + given + "'");
  }

  /// REQUIRES: every known flag was asked for.
  void reject_unknown() const {
    for (const auto& [name, value] : given_) {
      if (!known_.contains(name)) throw std::invalid_argument("unknown flag --" + name);
    }
  }

 private:
  using Given = std::map<std::string, std::string>;

  Given::const_iterator take(const std::string& name) {
    known_[name] = true;
    return given_.find(name);
  }

  Given given_;
  std::map<std::string, bool> known_;
};

/// The main() of a benchmark: runs it with its flags. 0: measured, 1: not measured, 2: wrong usage.
template <class Run>
int run_with_flags(const char* program, int argc, const char* const* argv, Run run) {
  try {
    Flags flags(argc, argv);
    run(flags);
    return 0;
  } catch (const std::invalid_argument& refused) {
    std::fprintf(stderr, "%s: %s\n", program, refused.what());
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s: %s\n", program, failure.what());
    return 1;
  }
}

}  // namespace millrace::bench
