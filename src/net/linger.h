// The end of a connection (RFC 9293 3.6.1): our FIN is out, and what the peer still sends is read and
// dropped for a short time. Closing at once would answer it with a reset, which may overtake our last reply.
#pragma once

#include <memory>

#include "net/loop.h"
#include "net/unique_fd.h"

namespace net {

// Takes `fd` over, shut down for writing, and closes it at the peer's FIN, after 64 KiB, or after two
// seconds. `permit` is held until then.
void linger(IoLoop& loop, UniqueFd fd, std::shared_ptr<void> permit);

}  // namespace net
