// What administrators do with the queue: look, hold, release, retry, remove, return to sender.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "queue/records.h"
#include "store/store.h"

namespace queue {

// Which recipients are meant; what is empty does not narrow.
struct Filter {
    std::string queue_id;
    std::string recipient;                 // an address, or "@domain"
    std::string sender;                    // an address, "@domain", or "<>"
    std::string destination;               // as list() shows it
    std::optional<base::WallTime> before;  // queued before
    std::optional<bool> held;

    [[nodiscard]] bool matches(std::string_view id, const MessageRecord& message) const;
    [[nodiscard]] bool matches(const RecipientRecord& entry) const;
};

// One recipient in the queue, with its message. References live for the call.
struct Listed {
    const RecipientId& id;
    const MessageRecord& message;
    const RecipientRecord& recipient;
};

// Visits them by queue id and number; false ends it.
[[nodiscard]] base::Result<> list(const store::Reader& reader,
                                  const Filter& filter,
                                  const std::function<bool(const Listed& listed)>& visit);

// The same from `from` on, `recipients_max` of them at most. Where to go on; nothing: that was all.
[[nodiscard]] base::Result<std::optional<RecipientId>> list_some(
    const store::Reader& reader,
    const Filter& filter,
    const RecipientId& from,
    std::size_t recipients_max,
    const std::function<void(const Listed& listed)>& visit);

enum class Action {
    kRetry,    // now, and its destination is awake; not what waits for its sender's moment
    kHold,     // not until released
    kRelease,  // what was held; and what its sender has wait (RFC 4865), when it is named, now
    kRemove,   // without a word to anybody
    kReturn,   // to the sender with a notice, as undeliverable
};

// How much of an action is done in one change, so that it stays short.
struct Portion {
    std::optional<RecipientId> from;  // nothing at first, then what the step before returned
    std::size_t recipients_max = 0;   // of those that match
};

// One step of an action.
struct Step {
    std::size_t recipients = 0;             // that it was done to
    std::optional<RecipientId> next;        // where to go on; nothing: done
    std::vector<std::string> destinations;  // for Scheduler::nudge
};

[[nodiscard]] base::Result<Step> act(store::Transaction& change,
                                     Action action,
                                     const Filter& filter,
                                     const Portion& portion,
                                     base::WallTime now);

// The destination that a waiting recipient goes to by the routes of now; empty: they do not choose it.
using Rerouter = std::function<std::string(const Listed& listed)>;

// The configuration's routes may have changed while the server was away: asks anew where each waiting
// recipient goes, so that nobody waits for a destination that is no more. `fingerprint` is the routes' and is
// compared with the one that this left behind last; equal ones cost nothing. Returns how many recipients
// moved. Only while no scheduler runs, since what is under way must not move; waits for the disk.
[[nodiscard]] base::Result<std::size_t> reroute(store::Store& store,
                                                const Rerouter& route,
                                                std::string_view fingerprint);

// The destinations with somebody waiting.
struct ListedDestination {
    std::string name;
    DestinationRecord record;
    std::uint64_t scheduled = 0;  // counted up to `count_max`
};

[[nodiscard]] base::Result<std::vector<ListedDestination>> list_destinations(
    const store::Reader& reader, std::uint64_t count_max);

}  // namespace queue
