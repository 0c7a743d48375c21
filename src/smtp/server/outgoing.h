// The way from a session to the queue: what a message for other domains becomes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "queue/queue.h"

namespace smtp {

// What sessions need of the queue; shared by all, and outlives them.
struct Outgoing {
    queue::Router route;
    queue::Lifetimes lifetimes;
    // After the commit: somebody waits for these destinations. From any thread.
    std::function<void(std::vector<std::string> destinations)> nudge;
};

}  // namespace smtp
