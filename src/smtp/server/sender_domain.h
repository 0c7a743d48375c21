// Does the domain of a sender exist as mail knows it? RFC 5321 5.1 (MX, else an address), RFC 7505 4.2.
#pragma once

#include <string>

#include "base/loop.h"
#include "base/task.h"
#include "net/resolver.h"
#include "smtp/server/server.h"

namespace smtp {

// `domain` is in A-labels, no literal. A host named by an MX record is not looked up: whoever delivers
// there will.
[[nodiscard]] base::Task<DomainVerdict> look_up_sender_domain(net::Resolver& resolver,
                                                              base::Loop& loop,
                                                              std::string domain);

}  // namespace smtp
