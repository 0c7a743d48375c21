// Connecting to the first of several addresses that answers (RFC 8305 5, with mail's patience): the next
// attempt begins when the one before has failed, or has been silent for a moment.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "net/network.h"

namespace smtp {

struct RaceOptions {
    std::vector<net::Endpoint> peers;    // in the order of preference; at least one
    std::optional<net::Endpoint> local;  // the source; peers of another family are passed over
    base::Duration head_start = std::chrono::milliseconds(250);
    base::Duration patience = std::chrono::seconds(30);  // for each attempt
};

// The connection that was there first; attempts that come later are closed. The error is that of the last
// attempt that failed.
[[nodiscard]] base::Task<base::Result<std::unique_ptr<net::Stream>>> connect_first(
    net::Network& network, base::Loop& loop, RaceOptions options);

}  // namespace smtp
