#include "queue/queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/key.h"

namespace queue {
namespace {

using base::Errc;
using base::fail;
using base::Result;
using store::Reader;
using store::Transaction;

// Who is due first of a destination, or nobody.
Result<std::optional<Scheduled>> first_scheduled(const Reader& reader,
                                                 std::string_view destination,
                                                 base::WallTime first_due) {
    std::optional<std::string> found;
    TRY_VOID(reader.scan(schedule_from(destination, first_due),
                         store::prefix_end(schedule_prefix(destination)),
                         [&found](std::string_view key, std::string_view) {
                             found = std::string(key);
                             return false;
                         }));
    if (!found) {
        return std::optional<Scheduled>();
    }
    TRY(Scheduled first, parse_schedule_key(*found));
    return std::optional(std::move(first));
}

// The one place that moves a destination in the order of waking.
void put_destination(Transaction& change,
                     std::string_view name,
                     const std::optional<DestinationRecord>& before,
                     const DestinationRecord& after) {
    if (before && before->wake != after.wake) {
        change.erase(wake_key(before->wake, name));
    }
    change.put(destination_key(name), encode(after));
    change.put(wake_key(after.wake, name), {});
}

}  // namespace

// The destination wakes when the recipient is due at the latest, unless it cannot be reached: then its own
// time counts.
Result<> reschedule(Transaction& change,
                    const RecipientId& id,
                    const RecipientRecord& recipient,
                    bool wake_destination) {
    change.put(schedule_key({recipient.destination, recipient.due, id}), {});
    TRY(const auto before, load_destination(change, recipient.destination));
    DestinationRecord after =
        before.value_or(DestinationRecord{.wake = recipient.due, .first_due = recipient.due});
    const bool sleeps = after.failures != 0 && !wake_destination;
    after.wake = sleeps ? after.wake : std::min(after.wake, recipient.due);
    after.first_due = std::min(after.first_due, recipient.due);
    if (!before || before->wake != after.wake || before->first_due != after.first_due) {
        put_destination(change, recipient.destination, before, after);
    }
    return {};
}

std::string make_queue_id(base::WallTime now, base::Random& random) {
    // The alphabet of Random::token, which is in ASCII's order.
    static constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
    constexpr std::size_t kTimeDigits = 9;    // of five bits: until the year 3084
    constexpr std::size_t kChanceDigits = 8;  // ten in each millisecond meet once in a year
    std::string id(kTimeDigits, '0');
    auto left = static_cast<std::uint64_t>(now.time_since_epoch().count());
    for (std::size_t i = kTimeDigits; i > 0; --i) {
        id[i - 1] = kDigits[left % kDigits.size()];
        left /= kDigits.size();
    }
    return id + random.token(kChanceDigits);
}

Result<> forget_gone(Transaction& change, std::string_view destination) {
    TRY(const auto before, load_destination(change, destination));
    if (!before) {
        return {};
    }
    TRY(const auto first, first_scheduled(change, destination, before->first_due));
    if (first && first->due != before->first_due) {
        DestinationRecord after = *before;
        after.first_due = first->due;
        put_destination(change, destination, before, after);
    }
    return {};
}

Result<> enqueue(Transaction& change,
                 const NewMessage& message,
                 const Router& route,
                 const Lifetimes& lifetimes,
                 base::WallTime now) {
    CHECK(!message.recipients.empty());
    const base::WallTime due = std::max(now, message.release.value_or(now));
    const auto after = [due](base::Duration span) {
        return due + std::chrono::duration_cast<std::chrono::milliseconds>(span);
    };
    MessageRecord record{.blob = message.blob.id(),
                         .octets = message.blob.size(),
                         .created = now,
                         .expires = after(lifetimes.longest),
                         .sender = message.sender,
                         .envelope_id = message.envelope_id,
                         .return_content = message.return_content,
                         .body = message.body,
                         .smtputf8 = message.smtputf8,
                         .message_id = message.message_id,
                         .submitter = message.submitter,
                         .recipients = static_cast<std::uint32_t>(message.recipients.size()),
                         .pending = static_cast<std::uint32_t>(message.recipients.size()),
                         .delay_notice = after(lifetimes.delay_notice),
                         .double_bounce = message.double_bounce,
                         .release_request = message.release_request};
    TRY_VOID(change.refer(message.blob));
    for (std::uint32_t number = 0; number < record.recipients; ++number) {
        const NewRecipient& recipient = message.recipients[number];
        const RecipientId id{message.queue_id, number};
        const RecipientRecord entry{.address = recipient.address.to_string(),
                                    .original = recipient.original,
                                    .notify = recipient.notify,
                                    .destination = recipient.destination.empty()
                                                       ? route(recipient.address, message.sender)
                                                       : recipient.destination,
                                    .due = due};
        change.put(recipient_key(id), encode(entry));
        TRY_VOID(reschedule(change, id, entry, false));
        if (!recipient.progress.empty()) {
            change.put(progress_key(id), recipient.progress);
        }
    }
    record.age_event = std::min(record.delay_notice, record.expires);
    change.put(age_key(record.age_event, message.queue_id), {});
    change.put(message_key(message.queue_id), encode(record));
    return {};
}

Result<> finish(Transaction& change, const RecipientId& id) {
    TRY(const auto recipient, load_recipient(change, id));
    TRY(auto message, load_message(change, id.queue_id));
    if (!recipient || !message) {
        return fail(Errc::kNotFound, "the recipient is not in the queue");
    }
    change.erase(schedule_key({recipient->destination, recipient->due, id}));
    change.erase(recipient_key(id));
    change.erase(progress_key(id));
    if (message->pending > 1) {
        --message->pending;
        change.put(message_key(id.queue_id), encode(*message));
        return {};
    }
    change.erase(age_key(message->age_event, id.queue_id));
    change.erase(message_key(id.queue_id));
    return change.release(message->blob);
}

Result<> set_progress(Transaction& change, const RecipientId& id, std::string_view progress) {
    TRY(const auto recipient, load_recipient(change, id));
    if (!recipient) {
        return fail(Errc::kNotFound, "the recipient is not in the queue");
    }
    change.put(progress_key(id), progress);
    return {};
}

Result<std::string> load_progress(const Reader& reader, const RecipientId& id) {
    TRY(auto progress, reader.get(progress_key(id)));
    return std::move(progress).value_or(std::string());
}

Result<> defer(Transaction& change,
               const RecipientId& id,
               const RemoteReply& reply,
               base::WallTime now,
               base::WallTime due) {
    TRY(auto recipient, load_recipient(change, id));
    if (!recipient) {
        return fail(Errc::kNotFound, "the recipient is not in the queue");
    }
    change.erase(schedule_key({recipient->destination, recipient->due, id}));
    ++recipient->attempts;
    recipient->last = reply;
    recipient->last_attempt = now;
    recipient->due = due;
    change.put(recipient_key(id), encode(*recipient));
    // An administrator may have held it, or sent it back, while it was under way.
    return recipient->held || recipient->returned ? Result<>()
                                                  : reschedule(change, id, *recipient, false);
}

Result<std::optional<base::WallTime>> settle(Transaction& change,
                                             std::string_view destination,
                                             base::WallTime now,
                                             base::WallTime not_before,
                                             const std::optional<RemoteReply>& failure) {
    TRY(const auto before, load_destination(change, destination));
    if (!before) {
        return std::optional<base::WallTime>();
    }
    TRY(const auto first, first_scheduled(change, destination, before->first_due));
    if (!first) {
        change.erase(wake_key(before->wake, destination));
        change.erase(destination_key(destination));
        return std::optional<base::WallTime>();
    }
    DestinationRecord after{.wake = std::max(first->due, not_before), .first_due = first->due};
    if (failure) {
        after.failures = before->failures + 1;
        after.failing_since = before->failures != 0 ? before->failing_since : now;
        after.last = *failure;
    }
    put_destination(change, destination, before, after);
    return std::optional(after.wake);
}

Result<> set_age_event(Transaction& change,
                       std::string_view queue_id,
                       MessageRecord& message,
                       base::WallTime when) {
    change.erase(age_key(message.age_event, queue_id));
    message.age_event = when;
    change.put(age_key(when, queue_id), {});
    change.put(message_key(queue_id), encode(message));
    return {};
}

Result<> count_references(const Reader& reader,
                          const std::function<void(const store::BlobId&)>& add) {
    Result<> damage;
    TRY_VOID(reader.scan(message_prefix(),
                         store::prefix_end(message_prefix()),
                         [&](std::string_view, std::string_view value) {
                             auto message = decode_message(value);
                             if (!message) {
                                 damage = base::forward_error(message);
                                 return false;
                             }
                             add(message->blob);
                             return true;
                         }));
    return damage;
}

}  // namespace queue
