// The queue as its records: putting messages in, taking recipients out, and what administrators do.
// Everything here works inside a store's change, so an incoming message is queued in the commit that
// delivers it locally; the scheduler (scheduler.h) and the command line stand on it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "queue/records.h"
#include "store/store.h"

namespace queue {

// The destination for a recipient of a sender: "mx:hamburger.example", "smtp:relay.crepes.example:587" ...
// What it says is between the configuration and the transport; equal texts share connections, limits
// and sleep. A pure function: changes may run it more than once and on any thread.
using Router =
    std::function<std::string(const account::Address& recipient, std::string_view sender)>;

// A name for a message: the time in milliseconds, then chance. Names in the order of their time keep what is queued
// together beside one another in the store, where names by chance alone would scatter each of its records; and
// whoever lists the queue sees the oldest first.
[[nodiscard]] std::string make_queue_id(base::WallTime now, base::Random& random);

struct NewRecipient {
    account::Address address;
    std::string original;  // ORCPT, decoded
    std::uint8_t notify = 0;
    std::string destination = {};  // for who takes another way than the router's
    std::string progress = {};     // set_progress() from the start
};

struct NewMessage {
    store::NewBlob blob;
    std::string queue_id;
    std::string sender;
    std::string envelope_id;
    ReturnContent return_content = ReturnContent::kDefault;
    BodyType body = BodyType::k8bit;
    bool smtputf8 = false;
    std::string message_id;
    account::AccountId submitter = 0;
    std::vector<NewRecipient> recipients;
    std::optional<base::WallTime> release;  // RFC 4865: not before
    bool double_bounce = false;
    std::string release_request = {};  // as in MessageRecord
};

// Times that an administrator sets.
struct Lifetimes {
    base::Duration longest = std::chrono::hours(24 * 5);  // RFC 5321 4.5.4.1: 4-5 days
    base::Duration delay_notice = std::chrono::hours(4);
};

// Queues a message for its recipients, each once. The blob gets one more reference.
[[nodiscard]] base::Result<> enqueue(store::Transaction& change,
                                     const NewMessage& message,
                                     const Router& route,
                                     const Lifetimes& lifetimes,
                                     base::WallTime now);

// Takes a recipient out of the queue; with the last one the message goes too. kNotFound when it is gone.
[[nodiscard]] base::Result<> finish(store::Transaction& change, const RecipientId& id);
// How far a transport that works in several changes has come with a recipient: in the same change as the
// work itself, so that none of it is done twice. What it says is the transport's own; it goes when the
// recipient does. kNotFound: the recipient is gone.
[[nodiscard]] base::Result<> set_progress(store::Transaction& change,
                                          const RecipientId& id,
                                          std::string_view progress);
// Empty when nothing was noted.
[[nodiscard]] base::Result<std::string> load_progress(const store::Reader& reader,
                                                      const RecipientId& id);
// Notes an attempt that came to nothing and when to try again.
[[nodiscard]] base::Result<> defer(store::Transaction& change,
                                   const RecipientId& id,
                                   const RemoteReply& reply,
                                   base::WallTime now,
                                   base::WallTime due);

// A destination was looked after: it sleeps until its next recipient is due, or `not_before` when that is
// later, or is forgotten when nobody is scheduled. `failure` is why nobody was reached, and counts as one
// more; without it the failures are forgotten. Returns when it wakes.
[[nodiscard]] base::Result<std::optional<base::WallTime>> settle(
    store::Transaction& change,
    std::string_view destination,
    base::WallTime now,
    base::WallTime not_before,
    const std::optional<RemoteReply>& failure);

// Many left a destination's schedule: notes whom it begins with now, so that nobody looks there for those
// who have gone.
[[nodiscard]] base::Result<> forget_gone(store::Transaction& change, std::string_view destination);

// Puts a recipient into the schedule, whose place in it the caller has taken away. `now`: a destination
// that sleeps because nobody was reached is woken all the same.
[[nodiscard]] base::Result<> reschedule(store::Transaction& change,
                                        const RecipientId& id,
                                        const RecipientRecord& recipient,
                                        bool wake_destination);

// Moves a message's next event of age.
[[nodiscard]] base::Result<> set_age_event(store::Transaction& change,
                                           std::string_view queue_id,
                                           MessageRecord& message,
                                           base::WallTime when);

// Every blob reference of the queue's records, for Store::check.
[[nodiscard]] base::Result<> count_references(const store::Reader& reader,
                                              const std::function<void(const store::BlobId&)>& add);
// The queue's own invariants: indexes and records say the same. Each finding one sentence.
[[nodiscard]] base::Result<std::vector<std::string>> check(const store::Reader& reader);

}  // namespace queue
