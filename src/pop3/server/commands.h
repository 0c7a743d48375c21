// The commands of POP3 in one table: the only source for dispatch, states, capabilities and counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "pop3/server/reply.h"

namespace pop3 {

class Session;

// RFC 1939 3: the states. UPDATE takes no commands.
enum State : std::uint8_t {
    kAuthorization = 1U << 0U,
    kTransaction = 1U << 1U,
    kAnyState = kAuthorization | kTransaction,
};

enum Flags : std::uint8_t {
    kNoArguments = 1U << 0U,  // what stands behind the verb is an error
    kArguments = 1U << 1U,    // nothing behind the verb is one
};

// `arguments` is a copy: handlers suspend. An error is the world's (end of file, timeout), which ends the
// session; everything else is a reply.
using Handler = base::Task<base::Result<Reply>> (Session::*)(std::string arguments);

struct Command {
    std::string_view verb;
    Handler handler;
    std::uint8_t states;
    std::uint8_t flags;
    std::string_view
        capability;  // its line in CAPA; "" for none. Session::offers() may withhold it
    std::string_view syntax;
    std::string_view section;  // RFC and section
};

// Sorted by verb.
[[nodiscard]] std::span<const Command> commands();
// The row of `verb`, in upper case; null when there is none.
[[nodiscard]] const Command* find_command(std::string_view verb);

}  // namespace pop3
