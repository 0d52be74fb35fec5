// The demo: engine and players in one process, shown live, then audited.
#pragma once

namespace hunt {

/// argv[0] is the command's name. Returns the exit code: 0 if the audit found nothing, 1 if it did or the run failed, 2
/// for a mistake on the command line or in the configuration. Call it before any thread is made.
[[nodiscard]] int demo(int argc, char** argv);

}  // namespace hunt
