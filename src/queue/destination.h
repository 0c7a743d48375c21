// A destination while it is active: what the scheduler keeps in memory about it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/loop.h"
#include "queue/scheduler.h"

namespace queue {

struct Scheduler::Destination {
    std::string name;
    std::size_t connections = 0;
    // How many there may be: moves up by parts of one with each message taken, and halves with each
    // connection that broke.
    double window = 2;
    std::set<RecipientId> in_flight;  // handed out, and their outcome not yet in the store
    std::set<RecipientId>
        unreadable;  // left out until the next look: their records are damaged, or newer than we are
    std::string cursor;     // where the schedule goes on, a key; empty: at its begin
    std::size_t gone = 0;   // recipients that left the schedule since forget_gone()
    bool dry = false;       // nobody else was due at the last look
    bool settling = false;  // it is being put to sleep
    bool waiting = false;   // in Scheduler::waiting_

    std::set<std::uint64_t> idle;  // its connections with nothing to do, in Scheduler::idle_

    std::uint32_t throttled = 0;  // in a row
    base::WallTime paused_until;  // no new connection before
    base::Loop::TimerId pause_timer = 0;
    std::optional<RemoteReply> failure;  // why nobody can be reached: it goes to sleep
};

}  // namespace queue
