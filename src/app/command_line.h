// The command line: subcommands, options and their help (CLI11), and what each of them runs.
#pragma once

#include <sys/types.h>

namespace app {

// Runs what the arguments say and gives the exit status (exit_status.h). `users_umask` is for what is made at a user's
// wish, as by the FTP client; all else is made with the umask that is in force.
[[nodiscard]] int run_command_line(int argc, char** argv, mode_t users_umask);

}  // namespace app
