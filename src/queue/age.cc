// Delay notices and the end of patience: what a message's age brings (RFC 5321 4.5.4.1, RFC 3461 6.2.7).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "queue/destination.h"
#include "queue/manage.h"
#include "queue/scheduler.h"
#include "store/key.h"

namespace queue {

using base::Result;

namespace {

constexpr std::size_t kAtOnce = 20;           // messages that grow old at the same time
constexpr std::size_t kRecipientsMax = 1000;  // of one message in one change
constexpr auto kAgain = std::chrono::minutes(1);
constexpr auto kLookMax = std::chrono::minutes(10);  // a clock may be set
constexpr auto kBetweenLooks = std::chrono::seconds(1);
constexpr auto kLate = std::chrono::minutes(1);  // for a change to be on disk

// The last word about a recipient that was never attempted itself, since nobody was reached.
RemoteReply last_word(const RecipientRecord& recipient,
                      const std::optional<DestinationRecord>& destination,
                      bool expired) {
    RemoteReply reply = recipient.last;
    if (reply.code == 0 && reply.text.empty() && destination) {
        reply = destination->last;
    }
    // RFC 3463 3.5: X.4.7, delivery time expired.
    if (expired && (reply.enhanced.empty() || reply.enhanced.starts_with('4'))) {
        reply.enhanced = "5.4.7";
    }
    return reply;
}

}  // namespace

bool Scheduler::in_flight(const RecipientId& id, const std::string& destination) const {
    const auto found = active_.find(destination);
    return found != active_.end() && found->second->in_flight.contains(id);
}

// Begins with the oldest and asks to be called again when the next one is of age. While that is arranged, only
// those are looked for whose time has come since: most messages leave young, and what they left in the order
// of ages is a step each for whoever looks for the next one.
void Scheduler::look_at_ages() {
    if (stopping_ || ageing_.size() >= kAtOnce) {
        return;
    }
    const base::WallTime now = services_.loop.clock().now();
    ages_looked_at_ = services_.loop.clock().steady();
    const bool whole = age_timer_ == 0;
    const std::string first = whole ? age_prefix() : age_key(ages_seen_ - kLate, {});
    const std::string last =
        whole ? store::prefix_end(age_prefix()) : age_key(now + std::chrono::milliseconds(1), {});
    std::vector<std::string> old;
    std::optional<base::WallTime> next;
    base::WallTime seen = now;
    const auto visit = [&](std::string_view key, std::string_view) {
        const auto aged = parse_age_key(key);
        if (!aged || ageing_.contains(aged->queue_id)) {
            return true;
        }
        if (aged->time > now) {
            next = aged->time;
            return false;
        }
        old.push_back(aged->queue_id);
        if (ageing_.size() + old.size() < kAtOnce) {
            return true;
        }
        seen = aged->time;
        return false;
    };
    const auto read = services_.store.snapshot()->scan(first, last, visit);
    ages_seen_ = read ? seen : ages_seen_;
    if (whole && (next || !read)) {
        look_at_ages_in(std::min<base::Duration>(next ? *next - now : kAgain, kLookMax));
    }
    for (const std::string& queue_id : old) {
        ageing_.insert(queue_id);
        begin(grow_old(queue_id));
    }
}

void Scheduler::look_at_ages_in(base::Duration span) {
    services_.loop.cancel(age_timer_);
    age_timer_ = services_.loop.call_at(services_.loop.clock().steady() + span, [this] {
        age_timer_ = 0;
        look_at_ages();
    });
}

// For each message that is queued, since its age may be told at once; but a busy queue is looked at once a second.
void Scheduler::look_at_ages_soon() {
    const base::SteadyTime next = ages_looked_at_ + kBetweenLooks;
    if (next <= services_.loop.clock().steady()) {
        look_at_ages();
    } else if (age_soon_timer_ == 0) {
        age_soon_timer_ = services_.loop.call_at(next, [this] {
            age_soon_timer_ = 0;
            look_at_ages();
        });
    }
}

// What has become of age in a message: read at once, then told and committed.
struct Scheduler::OldMessage {
    std::string queue_id;
    MessageRecord message;
    std::vector<RecipientId> given_up;
    std::vector<Told> told;
    std::vector<std::string> texts;  // for the trace
    bool rest = false;               // there are more than one change takes, or some are in flight
};

// False ends the walk: the rest comes in another change.
bool Scheduler::judge_age(const store::Reader& reader,
                          const Listed& listed,
                          OldMessage& old) const {
    const base::WallTime now = services_.loop.clock().now();
    const RecipientRecord& recipient = listed.recipient;
    old.message = listed.message;
    const bool expired = listed.message.expires <= now && !recipient.returned;
    const bool late = !listed.message.delay_told && listed.message.delay_notice <= now;
    if (!expired && !recipient.returned && !late) {
        return true;
    }
    if (old.told.size() == kRecipientsMax) {
        old.rest = true;
        return false;
    }
    const bool give_up = expired || recipient.returned;
    if (give_up && in_flight(listed.id, recipient.destination)) {
        old.rest = true;
        return true;
    }
    const auto destination = load_destination(reader, recipient.destination);
    const RemoteReply reply = last_word(recipient, destination.value_or(std::nullopt), expired);
    old.texts.push_back(fmt::format(
        "{} to {}: {}", give_up ? "given up" : "late", recipient.address, reply.to_string()));
    old.told.push_back({give_up ? NoticeKind::kFailed : NoticeKind::kDelayed, {recipient, reply}});
    if (give_up) {
        old.given_up.push_back(listed.id);
    }
    return true;
}

store::Change Scheduler::age_change(OldMessage old, std::vector<PlannedNotice> notices) const {
    const base::WallTime now = services_.loop.clock().now();
    const base::WallTime again = old.rest ? later(kAgain) : old.message.expires;
    return [this, now, again, old = std::move(old), notices = std::move(notices)](
               store::Transaction& transaction) -> Result<> {
        TRY(auto current, load_message(transaction, old.queue_id));
        if (!current) {
            return {};
        }
        for (const std::string& text : old.texts) {
            notifier_.trace(transaction, old.queue_id, *current, "aged", text);
        }
        current->delay_told = current->delay_told || current->delay_notice <= now;
        TRY_VOID(
            set_age_event(transaction,
                          old.queue_id,
                          *current,
                          current->delay_told ? again : std::min(again, current->delay_notice)));
        for (const RecipientId& id : old.given_up) {
            auto finished = finish(transaction, id);
            if (!finished && finished.error().code != base::Errc::kNotFound) {
                return finished;
            }
        }
        return notifier_.deliver(transaction, notices);
    };
}

base::Task<> Scheduler::grow_old(std::string queue_id) {
    OldMessage old{.queue_id = queue_id};
    const auto reader = services_.store.snapshot();
    const auto walked = list(*reader, {.queue_id = queue_id}, [&](const Listed& listed) {
        return judge_age(*reader, listed, old);
    });
    const std::vector<RecipientId> given_up = old.given_up;
    const bool rest = old.rest;
    // Who is told now that the message came to nothing does not get it meanwhile.
    given_up_.insert(given_up.begin(), given_up.end());
    auto notices = co_await notifier_.plan(queue_id, old.message, old.told);
    const bool queued = notices && !notices->empty();
    const bool committed =
        walked && notices && co_await commit(age_change(std::move(old), std::move(*notices)));
    ageing_.erase(queue_id);
    for (const RecipientId& id : given_up) {
        given_up_.erase(id);
    }
    if (committed) {
        failed_.add(given_up.size());
        if (queued) {
            tick();
        }
        look_at_ages();
    }
    if ((!committed || rest) && !stopping_) {
        look_at_ages_in(kAgain);
    }
}

}  // namespace queue
