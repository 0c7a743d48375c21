// Who knocks: is the name of EHLO one that a stranger may bear, and has the address a name? RFC 5321 4.1.4,
// RFC 1912 2.1, RFC 7372 3.
//
// RFC 5321 wants no mail refused because EHLO's name does not belong to the client, so by default only a client
// that calls itself by this server's own name is: nobody does so but to look like an insider. The rest is for who
// prefers less junk to mail from servers that are set up badly.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/task.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "smtp/grammar/reply.h"

namespace smtp {

enum class HelloCheck {
    kOff,
    kOwn,     // it is not this server's name or address
    kExists,  // ... and has an address or an MX record; an address literal is the client's own
};

enum class ReverseCheck {
    kOff,
    kExists,   // the client's address has a name (PTR)
    kMatches,  // ... that leads back to it
};

struct ClientChecks {
    HelloCheck hello = HelloCheck::kOwn;
    ReverseCheck reverse = ReverseCheck::kOff;
};

// A stranger's connection, as far as it is judged.
struct Knock {
    std::string hello;     // what EHLO said
    std::string hostname;  // of this server
    net::Endpoint peer;
    net::Endpoint local;
};

// The refusal with its reason, 550, or 450 where the DNS does not answer now; or nothing. Waits for the DNS.
[[nodiscard]] base::Task<std::optional<Reply>> judge_client(net::Resolver& resolver,
                                                            base::Loop& loop,
                                                            ClientChecks checks,
                                                            Knock knock);

}  // namespace smtp
