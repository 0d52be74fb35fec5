// treasure_hunt: players hunt for clues and treasures.
#include <millrace/app/run_app.hpp>

#include "demo.hpp"
#include "demo_options.hpp"
#include "topology.hpp"

int main(int argc, char** argv) {
  millrace::AppOptions options;
  options.name = "treasure_hunt";
  options.description = "Players join hunts, scan clues in order and claim treasures; exactly once.";
  options.properties = hunt::hunt_properties();
  options.commands = {{"demo", "Play with simulated players, shown live, and audit the result.", hunt::demo}};
  return millrace::run_app(
      argc, argv, [] { return hunt::treasure_hunt_topology(hunt::make_hunt_book({})); }, options);
}
