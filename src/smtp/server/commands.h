// The SMTP commands as one table: RFC 5321 4.1.1 and its extensions. It is the only source for dispatch,
// state checks, HELP, counters and --dump-commands.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "smtp/grammar/reply.h"

namespace smtp {

class Session;

// Where a session stands; a command is legal in some of these.
enum State : unsigned {
    kFresh = 1,    // no HELO, EHLO or LHLO yet
    kReady = 2,    // between two messages
    kMail = 4,     // a sender, no recipient yet
    kRcpt = 8,     // a sender and recipients
    kChunks = 16,  // amid BDAT
    kAny = kFresh | kReady | kMail | kRcpt | kChunks,
};

enum CommandFlag : unsigned {
    kSmtp = 1,  // on relay and submission ports
    kLmtp = 2,  // on the LMTP port
    kBoth = kSmtp | kLmtp,
    kLogin = 4,  // on the submission port only after AUTH (RFC 6409 4.3)
    kLast = 8,   // must end a pipelined group (RFC 2920 3.1)
    kBare = 16,  // takes no argument
};

// The peer's faults become replies; an error is the world's: the connection ended or timed out.
using Handled = base::Result<Reply>;
// `arguments` is valid until the handler first suspends.
using Handler = base::Task<Handled> (Session::*)(std::string_view arguments);

struct Command {
    std::string_view verb;
    Handler handler;
    unsigned states;
    unsigned flags;
    std::string_view syntax;
    std::string_view section;
};

[[nodiscard]] std::span<const Command> commands();
// Null for a verb that is not in the table.
[[nodiscard]] const Command* find_command(std::string_view verb);
// The table as text, for `staffetta --dump-commands smtp`.
[[nodiscard]] std::string dump_commands();

}  // namespace smtp
