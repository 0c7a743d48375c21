// The command line: subcommands, options and their help (CLI11), and what each of them runs.
#pragma once

namespace app {

// Runs what the arguments say and gives the exit status (exit_status.h).
[[nodiscard]] int run_command_line(int argc, char** argv);

}  // namespace app
