// The interactive FTP client: BSD's verbs at a prompt.
#pragma once

#include "agent/ftp_arguments.h"

namespace agent {

// Reads commands from the terminal, or from standard input where that is none. The exit status.
[[nodiscard]] int run_shell(FtpArguments& arguments);

}  // namespace agent
