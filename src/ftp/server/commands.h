// The commands of FTP in one table: the only source for dispatch, states, FEAT, HELP and counters; and
// SITE's own in a second one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "ftp/server/reply.h"

namespace ftp {

class Session;

// RFC 959 6.
enum State : std::uint8_t {
    kLogin = 1U << 0U,  // nobody has logged in
    kReady = 1U << 1U,
    kAnyState = kLogin | kReady,
};

enum Flags : std::uint8_t {
    kNoArguments = 1U << 0U,  // what stands behind the verb is an error
    kArguments = 1U << 1U,    // nothing behind the verb is one
    kBeside = 1U << 2U,       // answered at once while a transfer runs; all others wait for its end
    kFollowsRename = 1U << 3U,  // may stand between RNFR and RNTO
    kPath = 1U << 4U,           // as kArguments, but spaces alone are the name of a file
};

// `arguments` is a copy: handlers suspend. An error is the world's (end of file, timeout), which ends the
// session; everything else is a reply.
using Handler = base::Task<base::Result<Reply>> (Session::*)(std::string arguments);

struct Command {
    std::string_view verb;
    Handler handler;
    std::uint8_t states;
    std::uint8_t flags;
    std::string_view feature;  // its line in FEAT; "" for none. Session::features() may say more
    std::string_view syntax;
    std::string_view section;  // RFC and section, or the draft
};

// Sorted by verb.
[[nodiscard]] std::span<const Command> commands();
[[nodiscard]] std::span<const Command> site_commands();
// The row of `verb`, in upper case; null when there is none.
[[nodiscard]] const Command* find_command(std::span<const Command> table, std::string_view verb);

}  // namespace ftp
