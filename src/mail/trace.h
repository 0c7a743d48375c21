// What happened to a message, kept in the store for a time: accepted from whom over which TLS, stored
// where, fetched or deleted by which client. `staffetta trace` prints it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace mail {

struct TraceEvent {
    base::WallTime time;
    std::string kind;     // "accepted", "stored", "refused", "fetched", "deleted"
    std::string session;  // the session's id, as in the log
    std::string text;     // one sentence: "from crepes.example [192.0.2.1] by ESMTPS (TLSv1.3 ...)"
};

// Appends to what is known of `queue_id`; `message_id` (may be empty) finds it too.
void add_trace(store::Transaction& change,
               std::string_view queue_id,
               std::string_view message_id,
               const TraceEvent& event);

// The same, unless the last event of `queue_id` says the same apart from its time and session: a client that
// fetches a mailbox again and again is told of once.
void add_trace_once(store::Transaction& change, std::string_view queue_id, const TraceEvent& event);

// The events of a queue id or Message-ID (with or without angle brackets), oldest first; several
// messages may share a Message-ID.
struct TracedMessage {
    std::string queue_id;
    std::string message_id;
    std::vector<TraceEvent> events;
};

[[nodiscard]] base::Result<std::vector<TracedMessage>> find_trace(const store::Reader& reader,
                                                                  std::string_view id);
// Forgets what is older; at most `events_max` a call, so that a change stays short. Returns how many went.
[[nodiscard]] base::Result<std::size_t> expire_trace(store::Transaction& change,
                                                     base::WallTime older_than,
                                                     std::size_t events_max);

}  // namespace mail
