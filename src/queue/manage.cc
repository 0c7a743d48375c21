#include "queue/manage.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "queue/queue.h"
#include "store/key.h"

namespace queue {
namespace {

using base::Result;
using store::Reader;
using store::Transaction;

// "bob@hamburger.example", "@hamburger.example" for all of them.
bool address_matches(std::string_view pattern, std::string_view address) {
    if (!pattern.starts_with('@')) {
        return base::iequals(pattern, address);
    }
    return address.size() >= pattern.size() &&
           base::iequals(pattern, address.substr(address.size() - pattern.size()));
}

constexpr std::size_t kLookedAtInAChange = 5000;  // some milliseconds, for which all others wait
constexpr std::size_t kAll = SIZE_MAX;

// Where a walk through the queue begins and how far it goes; `next` is where it stopped short.
struct Stretch {
    RecipientId from = {};
    std::size_t looked_at_max = kAll;
    std::optional<RecipientId> next = {};
};

// Visits recipients that match. One message is held at a time.
Result<> walk(const Reader& reader,
              const Filter& filter,
              Stretch& stretch,
              const std::function<bool(const Listed&)>& visit) {
    std::string queue_id;
    std::optional<MessageRecord> message;
    Result<> damage;
    std::size_t looked_at = 0;
    const auto on_recipient = [&](std::string_view key, std::string_view value) -> Result<bool> {
        TRY(const RecipientId id, parse_recipient_key(key));
        if (looked_at++ == stretch.looked_at_max) {
            stretch.next = id;
            return false;
        }
        if (id.queue_id != queue_id || !message) {
            TRY(message, load_message(reader, id.queue_id));
            queue_id = id.queue_id;
        }
        TRY(const RecipientRecord recipient, decode_recipient(value));
        if (!message || !filter.matches(id.queue_id, *message) || !filter.matches(recipient)) {
            return true;
        }
        if (!visit({id, *message, recipient})) {
            stretch.next = id;
            return false;
        }
        return true;
    };
    const std::string all =
        filter.queue_id.empty() ? recipient_prefix() : recipient_prefix(filter.queue_id);
    const std::string first = std::max(all, recipient_key(stretch.from));
    TRY_VOID(reader.scan(
        first, store::prefix_end(all), [&](std::string_view key, std::string_view value) {
            auto more = on_recipient(key, value);
            if (!more) {
                damage = base::forward_error(more);
            }
            return more && *more;
        }));
    return damage;
}

Result<> hold(Transaction& change, const RecipientId& id, RecipientRecord recipient) {
    change.erase(schedule_key({recipient.destination, recipient.due, id}));
    recipient.held = true;
    change.put(recipient_key(id), encode(recipient));
    return {};
}

// Its sender has it wait for a moment that is yet to come (RFC 4865).
bool awaits_release(const MessageRecord& message,
                    const RecipientRecord& recipient,
                    base::WallTime now) {
    return !message.release_request.empty() && recipient.attempts == 0 && recipient.due > now;
}

Result<> send_at(Transaction& change,
                 const RecipientId& id,
                 RecipientRecord recipient,
                 base::WallTime when) {
    change.erase(schedule_key({recipient.destination, recipient.due, id}));
    recipient.held = false;
    recipient.due = when;
    change.put(recipient_key(id), encode(recipient));
    return reschedule(change, id, recipient, true);
}

// The notice is the scheduler's to write: it is told by the message's age.
Result<> give_back(Transaction& change,
                   const RecipientId& id,
                   RecipientRecord recipient,
                   base::WallTime now) {
    recipient.returned = true;
    recipient.last = {.code = 0, .enhanced = "5.7.0", .text = "returned by the administrator"};
    change.erase(schedule_key({recipient.destination, recipient.due, id}));
    change.put(recipient_key(id), encode(recipient));
    TRY(auto message, load_message(change, id.queue_id));
    return message ? set_age_event(change, id.queue_id, *message, now) : Result<>();
}

// Somebody whom an action means, as found.
struct Meant {
    RecipientId id;
    RecipientRecord recipient;
    bool awaits_release = false;
};

Result<> act_on(Transaction& change, Action action, const Meant& meant, base::WallTime now) {
    const auto& [id, recipient, awaits] = meant;
    switch (action) {
        case Action::kRetry:
            return send_at(change, id, recipient, now);
        case Action::kRelease:
            // What an administrator held goes on waiting for its sender's moment.
            return send_at(change, id, recipient, recipient.held && awaits ? recipient.due : now);
        case Action::kHold:
            return hold(change, id, recipient);
        case Action::kRemove:
            return finish(change, id);
        case Action::kReturn:
            return give_back(change, id, recipient, now);
    }
    return {};
}

// Not to what it would change nothing about. Before its sender's moment a message goes only when it is
// released by its name: who has a whole destination tried anew does not mean it.
bool applies(Action action, const Filter& filter, const Meant& meant) {
    const RecipientRecord& recipient = meant.recipient;
    switch (action) {
        case Action::kRetry:
            return !recipient.held && !recipient.returned && !meant.awaits_release;
        case Action::kHold:
            return !recipient.held && !recipient.returned;
        case Action::kRelease:
            return recipient.held ||
                   (meant.awaits_release && !filter.queue_id.empty() && !recipient.returned);
        case Action::kRemove:
        case Action::kReturn:
            return !recipient.returned;
    }
    return false;
}

}  // namespace

bool Filter::matches(std::string_view id, const MessageRecord& message) const {
    if (!queue_id.empty() && queue_id != id) {
        return false;
    }
    if (sender == "<>" ? !message.sender.empty()
                       : !sender.empty() && !address_matches(sender, message.sender)) {
        return false;
    }
    return !before || message.created < *before;
}

bool Filter::matches(const RecipientRecord& entry) const {
    return (recipient.empty() || address_matches(recipient, entry.address)) &&
           (destination.empty() || destination == entry.destination) &&
           (!held || *held == entry.held);
}

Result<> list(const Reader& reader,
              const Filter& filter,
              const std::function<bool(const Listed& listed)>& visit) {
    Stretch whole;
    return walk(reader, filter, whole, visit);
}

Result<std::optional<RecipientId>> list_some(
    const Reader& reader,
    const Filter& filter,
    const RecipientId& from,
    std::size_t recipients_max,
    const std::function<void(const Listed& listed)>& visit) {
    Stretch stretch{.from = from};
    std::size_t visited = 0;
    TRY_VOID(walk(reader, filter, stretch, [&](const Listed& listed) {
        if (visited++ == recipients_max) {
            return false;
        }
        visit(listed);
        return true;
    }));
    return std::move(stretch.next);
}

Result<Step> act(Transaction& change,
                 Action action,
                 const Filter& filter,
                 const Portion& portion,
                 base::WallTime now) {
    std::vector<Meant> found;
    Stretch stretch{.from = portion.from.value_or(RecipientId{}),
                    .looked_at_max = kLookedAtInAChange};
    TRY_VOID(walk(change, filter, stretch, [&](const Listed& listed) {
        if (found.size() == portion.recipients_max) {
            return false;
        }
        Meant meant{
            listed.id, listed.recipient, awaits_release(listed.message, listed.recipient, now)};
        if (applies(action, filter, meant)) {
            found.push_back(std::move(meant));
        }
        return true;
    }));
    std::set<std::string> destinations;
    for (const Meant& meant : found) {
        TRY_VOID(act_on(change, action, meant, now));
        destinations.insert(meant.recipient.destination);
    }
    Step step{.recipients = found.size(), .next = std::move(stretch.next), .destinations = {}};
    step.destinations.assign(destinations.begin(), destinations.end());
    return step;
}

namespace {

constexpr std::size_t kReroutedAtOnce = 1000;

// Where it goes now; nothing when that is where it went before.
std::optional<std::string> other_way(const Rerouter& route, const Listed& listed) {
    std::string destination = route(listed);
    const bool same = destination.empty() || destination == listed.recipient.destination;
    return same ? std::nullopt : std::optional(std::move(destination));
}

Result<> move_to(Transaction& change,
                 const RecipientId& id,
                 RecipientRecord recipient,
                 std::string destination) {
    change.erase(schedule_key({recipient.destination, recipient.due, id}));
    recipient.destination = std::move(destination);
    change.put(recipient_key(id), encode(recipient));
    return recipient.held || recipient.returned ? Result<>()
                                                : reschedule(change, id, recipient, false);
}

// Looks at so many recipients from `from` on, and leaves there where to go on.
Result<std::size_t> reroute_some(Transaction& change,
                                 const Rerouter& route,
                                 std::optional<RecipientId>& from) {
    struct Moved {
        RecipientId id;
        RecipientRecord recipient;
        std::string destination;
    };

    std::vector<Moved> moved;
    Stretch stretch{.from = from.value_or(RecipientId{}), .looked_at_max = kReroutedAtOnce};
    TRY_VOID(walk(change, {}, stretch, [&](const Listed& listed) {
        if (auto destination = other_way(route, listed)) {
            moved.push_back({listed.id, listed.recipient, std::move(*destination)});
        }
        return true;
    }));
    for (Moved& one : moved) {
        TRY_VOID(move_to(change, one.id, std::move(one.recipient), std::move(one.destination)));
    }
    from = std::move(stretch.next);
    return moved.size();
}

// Destinations that everybody has left.
Result<> forget_empty(store::Store& store) {
    TRY(auto destinations, list_destinations(*store.snapshot(), 1));
    std::erase_if(destinations,
                  [](const ListedDestination& destination) { return destination.scheduled != 0; });
    return store.change_and_wait([&](Transaction& change) -> Result<> {
        for (const ListedDestination& destination : destinations) {
            TRY_VOID(settle(change, destination.name, {}, {}, std::nullopt));
        }
        return {};
    });
}

}  // namespace

Result<std::size_t> reroute(store::Store& store,
                            const Rerouter& route,
                            std::string_view fingerprint) {
    TRY(const auto before, store.snapshot()->get(routes_key()));
    std::size_t moved = 0;
    if (before && *before == fingerprint) {
        return moved;
    }
    std::optional<RecipientId> from;
    do {
        std::size_t step = 0;
        std::optional<RecipientId> next;
        TRY_VOID(store.change_and_wait([&](Transaction& change) -> Result<> {
            next = from;
            TRY(step, reroute_some(change, route, next));
            if (!next) {
                change.put(routes_key(), fingerprint);
            }
            return {};
        }));
        moved += step;
        from = next;
    } while (from);
    TRY_VOID(forget_empty(store));
    return moved;
}

Result<std::vector<ListedDestination>> list_destinations(const Reader& reader,
                                                         std::uint64_t count_max) {
    std::vector<ListedDestination> listed;
    Result<> damage;
    const auto on_record = [&](std::string_view key, std::string_view value) -> Result<> {
        ListedDestination destination;
        TRY(destination.name, parse_destination_key(key));
        TRY(destination.record, decode_destination(value));
        const std::string prefix = schedule_prefix(destination.name);
        TRY_VOID(reader.scan(prefix, store::prefix_end(prefix), [&](auto, auto) {
            return ++destination.scheduled < count_max;
        }));
        listed.push_back(std::move(destination));
        return {};
    };
    TRY_VOID(reader.scan(destination_prefix(),
                         store::prefix_end(destination_prefix()),
                         [&](std::string_view key, std::string_view value) {
                             damage = on_record(key, value);
                             return damage.has_value();
                         }));
    TRY_VOID(std::move(damage));
    return listed;
}

}  // namespace queue
