// Jobs and the connections that carry them.
#include <algorithm>
#include <utility>

#include "queue/destination.h"
#include "queue/scheduler.h"
#include "store/key.h"

namespace queue {

using base::Result;

// The next message's recipients that are due and that nobody has in hand: those of one message together,
// and after them it is another message's turn.
Result<std::vector<RecipientId>> Scheduler::next_recipients(const store::Reader& reader,
                                                            Destination& destination) const {
    const base::WallTime now = services_.loop.clock().now();
    const std::string last = schedule_from(destination.name, now + std::chrono::milliseconds(1));
    std::vector<RecipientId> found;
    const auto visit = [&](std::string_view key, std::string_view) {
        auto entry = parse_schedule_key(key);
        if (!entry || destination.in_flight.contains(entry->recipient) ||
            destination.unreadable.contains(entry->recipient) ||
            given_up_.contains(entry->recipient)) {
            return true;
        }
        if (found.empty()) {
            destination.cursor = schedule_behind(*entry);
        } else if (entry->recipient.queue_id != found.front().queue_id) {
            return false;
        }
        found.push_back(std::move(entry->recipient));
        return found.size() < options_.recipients_per_transaction;
    };
    if (!destination.cursor.empty()) {
        TRY_VOID(reader.scan(std::exchange(destination.cursor, {}), last, visit));
    }
    if (found.empty()) {
        TRY(const auto record, load_destination(reader, destination.name));
        const base::WallTime first_due = record ? record->first_due : base::WallTime();
        TRY_VOID(reader.scan(schedule_from(destination.name, first_due), last, visit));
    }
    return found;
}

Result<Job> Scheduler::load_job(const store::Reader& reader,
                                const std::vector<RecipientId>& ids) const {
    TRY(const auto message, load_message(reader, ids.front().queue_id));
    if (!message) {
        return base::fail(base::Errc::kCorrupt, "the schedule names a message that is not there");
    }
    Job job{.queue_id = ids.front().queue_id, .message = *message, .recipients = {}, .body = {}};
    for (const RecipientId& id : ids) {
        TRY(auto recipient, load_recipient(reader, id));
        if (recipient) {
            job.recipients.push_back({id, std::move(*recipient)});
        }
    }
    TRY(job.body, reader.open_blob(message->blob));
    return job;
}

// What cannot be read holds up nothing but itself.
std::optional<Job> Scheduler::take_job(Destination& destination) {
    const auto reader = services_.store.snapshot();
    while (true) {
        const auto ids = next_recipients(*reader, destination);
        if (!ids || ids->empty()) {
            return std::nullopt;
        }
        auto job = load_job(*reader, *ids);
        if (job && !job->recipients.empty()) {
            for (const Job::Recipient& recipient : job->recipients) {
                destination.in_flight.insert(recipient.id);
            }
            return std::move(*job);
        }
        if (!job) {
            services_.log.error("a queued message cannot be read",
                                {{"queue_id", ids->front().queue_id},
                                 {"destination", destination.name},
                                 {"reason", job.error().text}});
        }
        destination.unreadable.insert(ids->begin(), ids->end());
    }
}

base::Task<> Scheduler::converse(DestinationRef destination, Job job) {
    auto connection = co_await services_.transport.connect(services_.loop, destination->name);
    if (connection) {
        co_await send_all(destination, std::move(*connection), std::move(job));
    } else {
        on_unreachable(destination, std::move(job), std::move(connection.error()));
    }
    --destination->connections;
    --connections_;
    connections_gauge_.add(-1);
    review_waiting();
    review(destination);
}

// One message after another, as long as there are any, the peer is willing and nobody else waits.
base::Task<> Scheduler::send_all(DestinationRef destination,
                                 std::unique_ptr<Connection> connection,
                                 Job job) {
    Destination& it = *destination;
    std::optional<Job> next = std::move(job);
    for (std::size_t sent = 1; next; ++sent) {
        Report report = co_await connection->send(*next);
        if (report.stale && sent > 1) {
            give_back(it, *next);
            co_return;
        }
        const bool usable = report.usable;
        adapt(destination, report);
        begin(conclude(destination, std::move(*next), std::move(report)));
        next.reset();
        if (!usable) {
            co_return;
        }
        if (stopping_ || sent >= options_.messages_per_connection || must_make_room(it)) {
            break;
        }
        review(destination);  // its window may have grown
        next = take_job(it);
        while (!next && co_await linger(destination)) {
            next = take_job(it);
        }
    }
    co_await connection->quit();
}

// Nobody was attempted.
void Scheduler::give_back(Destination& destination, const Job& job) {
    for (const Job::Recipient& recipient : job.recipients) {
        destination.in_flight.erase(recipient.id);
    }
    destination.cursor.clear();
    destination.dry = false;
}

// Others wait for a connection: a destination with several gives one up.
bool Scheduler::must_make_room(const Destination& destination) const {
    return !waiting_.empty() && destination.connections > 1;
}

// Waits a moment for another message; true when there may be one. To open a connection costs both sides more
// than to keep it so long, unless somebody else wants it.
base::Task<bool> Scheduler::linger(DestinationRef destination) {
    destination->dry = true;
    if (stopping_ || !waiting_.empty() || options_.linger.count() == 0) {
        co_return false;
    }
    const std::uint64_t id = ++next_idle_;
    base::Handover<bool> handover(services_.loop);
    idle_.emplace(id, Idle{destination, handover.giver()});
    destination->idle.insert(id);
    const auto timer = services_.loop.call_at(services_.loop.clock().steady() + options_.linger,
                                              [this, id] { dismiss(id, false); });
    const bool more = co_await handover;
    services_.loop.cancel(timer);
    co_return more;
}

// Ends an idle connection's wait: there is more to send, or it goes home.
void Scheduler::dismiss(std::uint64_t id, bool more) {
    const auto idle = idle_.extract(id);
    if (!idle.empty()) {
        idle.mapped().destination->idle.erase(id);
        idle.mapped().give(more);
    }
}

// While others of its connections work, the peer only takes no more of them. Otherwise the destination
// sleeps, its recipients untouched; or there is no use in waiting, and they fail one message after another.
void Scheduler::on_unreachable(const DestinationRef& destination, Job job, Unreachable why) {
    Destination& it = *destination;
    if (why.outcome == Outcome::kFailed) {
        Report report;
        report.recipients.assign(job.recipients.size(), {Outcome::kFailed, why.reply});
        begin(conclude(destination, std::move(job), std::move(report)));
        return;
    }
    give_back(it, job);
    it.window = std::max(1.0, it.window / 2);
    services_.log.info("destination unreachable",
                       {{"destination", it.name}, {"reason", why.reply.to_string()}});
    if (why.throttled) {
        pause(destination);
    } else if (it.connections == 1) {
        it.failure = std::move(why.reply);
    }
}

void Scheduler::adapt(const DestinationRef& destination, const Report& report) {
    Destination& it = *destination;
    if (report.throttled) {
        it.window = std::max(1.0, it.window / 2);
        pause(destination);
    } else if (report.unreached) {
        it.window = std::max(1.0, it.window / 2);
    } else {
        it.throttled = 0;
        const auto most = static_cast<double>(options_.connections_per_destination_max);
        it.window = std::min(most, it.window + 1 / it.window);
    }
}

}  // namespace queue
