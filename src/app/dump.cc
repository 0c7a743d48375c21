#include <fmt/format.h>

#include "app/commands.h"
#include "app/exit_status.h"
#include "ftp/server/server.h"
#include "imap/server/server.h"
#include "pop3/server/server.h"
#include "smtp/server/commands.h"

namespace app {

int dump_commands_command(const std::string& protocol) {
    if (protocol == "smtp") {
        fmt::print("{}", smtp::dump_commands());
        return kExitOk;
    }
    if (protocol == "imap") {
        fmt::print("{}", imap::dump_commands());
        return kExitOk;
    }
    if (protocol == "pop3") {
        fmt::print("{}", pop3::dump_commands());
        return kExitOk;
    }
    if (protocol == "ftp") {
        fmt::print("{}", ftp::dump_commands());
        return kExitOk;
    }
    return report(
        {base::Errc::kInvalid, fmt::format("no protocol {}: smtp, pop3, imap or ftp", protocol)},
        kExitUsage);
}

}  // namespace app
