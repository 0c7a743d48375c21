// The commands of IMAP in one table: the only source for dispatch, states, capabilities and counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "imap/grammar/literal.h"
#include "imap/server/reply.h"

namespace imap {

class Session;
struct Request;

// RFC 9051 3. A mailbox is selected within the authenticated state.
enum State : std::uint8_t {
    kNotAuthenticated = 1U << 0U,
    kAuthenticated = 1U << 1U,
    kSelected = 1U << 2U,
    kLoggedIn = kAuthenticated | kSelected,
    kAnyState = kNotAuthenticated | kLoggedIn,
};

enum CommandFlag : std::uint8_t {
    kBare = 1U << 0U,       // what stands behind the verb is an error
    kArguments = 1U << 1U,  // nothing behind the verb is one
    // Messages keep their numbers until it is answered (RFC 9051 7.5.1): no EXPUNGE meanwhile.
    kHoldsNumbers = 1U << 2U,
    kUid = 1U << 3U,        // numbers in it are UIDs
    kStreams = 1U << 4U,    // its literals are messages: the handler reads them
    kReadsNews = 1U << 5U,  // what is new is told before it as well
    kMessageNumbers =
        1U << 6U,  // numbers in it are sequence numbers: nothing for UIDONLY (RFC 9586)
    // Messages go: that is told even where NOTIFY wants no news (RFC 5465 3.1).
    kRemoves = 1U << 7U,
};

using Handler = base::Task<Handled> (*)(Session& session, const Request& request);

struct Command {
    std::string_view verb;
    Handler handler;
    std::uint8_t states;
    std::uint8_t flags;
    std::string_view capability;  // words of CAPABILITY that it brings; "" for none
    std::string_view syntax;
    std::string_view section;  // RFC and section
};

// A command as the session hands it to its handler.
struct Request {
    const Command& command;
    std::string tag;
    // Behind the verb, with the literals in it; of a streaming command up to the first message.
    std::string arguments;
    std::optional<Literal> unread;  // of a streaming command: the literal that `arguments` end with

    [[nodiscard]] bool is_uid() const { return (command.flags & kUid) != 0; }
};

// Sorted by verb; "UID FETCH" is a verb.
[[nodiscard]] std::span<const Command> commands();
// The row of `verb`, in upper case; null when there is none.
[[nodiscard]] const Command* find_command(std::string_view verb);
// Does a line begin with a tag and a verb of the table?
[[nodiscard]] bool is_command(std::string_view line);

// "usage: ..."
[[nodiscard]] Reply usage(const Command& command);
// What the grammar says of arguments that it does not take: BAD, the reason and the syntax, or for a bound of the
// server's, which is no mistake of the client's, NO [LIMIT] and the bound (RFC 5530 3). So the grammar's texts are for
// the peer.
[[nodiscard]] Reply refuse(const Command& command, const base::Error& error);

}  // namespace imap
