// run_app: the command line of an application.
//
//   int main(int argc, char** argv) { return millrace::run_app(argc, argv, word_count); }
//
//   run --config FILE          runs until SIGTERM or SIGINT; a second one ends it at once
//   describe [--format F]      prints the topology: text, mermaid or graphviz
//   describe --diff OLD        what an upgrade from the topology described in OLD keeps, renames and loses
//   check --config FILE        checks the configuration and says what is wrong
//   reset --config FILE --yes  forgets offsets, internal topics and local state; without --yes says what it would do
//   --help, --version
//
// Exit codes: 0 done, 1 failed while running, or `describe --diff` found a loss, or a stop took longer than
// shutdown.timeout.ms and was cut short (nothing is lost), 2 command line, configuration or topology at fault, 130 or
// 143 ended at once by a second SIGINT or SIGTERM.
// Results go to standard output, everything else to standard error.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <millrace/app/streams.hpp>
#include <millrace/config/property.hpp>

namespace millrace {

/// Makes the topology; may throw TopologyError.
using TopologyFactory = std::function<Topology()>;

/// What a program adds to its command line.
struct AppOptions {
  std::string name{};                  ///< default: the program's file name
  std::string version{};               ///< default: the library's
  std::string description{};           ///< one sentence for --help
  std::vector<Property> properties{};  ///< the application's own configuration keys
  /// A further subcommand: `name ARGS...` calls `run` with the arguments after the name.
  struct Command {
    std::string name;                               ///< the subcommand's word
    std::string description;                        ///< one sentence for --help
    std::function<int(int argc, char** argv)> run;  ///< gives the exit code
  };
  std::vector<Command> commands{};  ///< further subcommands
};

/// Returns the exit code. Call it at the beginning of main(), before any thread is made.
[[nodiscard]] int run_app(int argc, char** argv, const TopologyFactory& topology, const AppOptions& options = {});

}  // namespace millrace
