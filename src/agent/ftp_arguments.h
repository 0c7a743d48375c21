// The command line of `staffetta ftp`: BSD's letters, curl's and lftp's long names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ftp_site.h"
#include "agent/mirror.h"
#include "base/result.h"

namespace agent {

struct FtpArguments {
    FtpSettings settings;
    std::string verb;                   // get, put, ls, mirror, or empty: interactive
    std::vector<std::string> operands;  // URLs and files
    std::string output;                 // -o
    std::string user;                   // --user NAME[:PASSWORD]
    bool password_from_stdin = false;
    bool resume = false;
    ftp::Type type = ftp::Type::kImage;
    bool append = false;
    bool keep_time = true;
    bool quiet = false;  // no meter
    bool names_only = false;
    bool anonymous = false;  // -a
    bool auto_login = true;  // -n
    bool ask_each = true;    // -i
    bool globbing = true;    // -g
    unsigned segments = 1;   // get: connections for one file
    MirrorOptions mirror;
    std::vector<std::string> commands;  // -e
    std::string script;                 // -f: a file of commands, and nothing behind them
    bool wants_help = false;
};

// kSyntax with a sentence.
[[nodiscard]] base::Result<FtpArguments> parse_ftp_arguments(
    const std::vector<std::string>& arguments);

[[nodiscard]] std::string_view ftp_usage();

// "500", "64k", "1.5M" octets. kSyntax.
[[nodiscard]] base::Result<std::uint64_t> parse_octets(std::string_view text);

}  // namespace agent
