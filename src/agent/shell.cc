#include "agent/shell.h"

#include <fmt/format.h>

#include "agent/exit_status.h"

namespace agent {

int run_shell(FtpArguments& /*arguments*/) {
    fmt::print(stderr, "{}", ftp_usage());
    return kFtpUsage;
}

}  // namespace agent
