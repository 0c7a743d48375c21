// What became of recipients, into the store.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "queue/destination.h"
#include "queue/scheduler.h"

namespace queue {

using base::Result;

namespace {

constexpr auto kCommitRetry = std::chrono::seconds(10);
constexpr std::size_t kForgetEvery = 100;  // recipients

std::string describe(const Job::Recipient& recipient, const RecipientReport& report) {
    return fmt::format("to {}: {}", recipient.record.address, report.reply.to_string());
}

std::string describe_delivered(const Job::Recipient& recipient,
                               const RecipientReport& report,
                               const std::string& tls) {
    return fmt::format("{}{}{}", describe(recipient, report), tls.empty() ? "" : " over ", tls);
}

// What the change writes about one recipient.
struct Settled {
    RecipientId id;
    Outcome outcome = Outcome::kDeferred;
    RemoteReply reply;
    base::WallTime due;  // of a deferred one
    std::string_view kind;
    std::string text;
};

std::string_view success_name(Success success) {
    switch (success) {
        case Success::kRelayed:
            return "relayed";
        case Success::kDelivered:
            return "delivered";
        case Success::kExpanded:
            return "expanded";
    }
    return {};
}

Settled settle_one(const Job::Recipient& recipient,
                   const RecipientReport& report,
                   const std::string& tls) {
    Settled entry{.id = recipient.id, .outcome = report.outcome, .reply = report.reply};
    switch (report.outcome) {
        case Outcome::kDelivered:
            entry.kind = success_name(report.success);
            entry.text = describe_delivered(recipient, report, tls);
            break;
        case Outcome::kDeferred:
            entry.kind = "deferred";
            entry.text = describe(recipient, report);
            break;
        case Outcome::kFailed:
            entry.kind = "failed";
            entry.text = describe(recipient, report);
            break;
    }
    return entry;
}

// What is told about one recipient; a peer that notifies tells of success itself.
std::optional<NoticeKind> kind_of(const RecipientReport& verdict, bool peer_notifies) {
    if (verdict.outcome == Outcome::kFailed) {
        return NoticeKind::kFailed;
    }
    if (verdict.outcome == Outcome::kDeferred || peer_notifies) {
        return std::nullopt;
    }
    switch (verdict.success) {
        case Success::kDelivered:
            return NoticeKind::kDelivered;
        case Success::kExpanded:
            return NoticeKind::kExpanded;
        case Success::kRelayed:
            return NoticeKind::kRelayed;
    }
    return std::nullopt;
}

}  // namespace

base::Counter& Scheduler::counter_of(Outcome outcome) const {
    return outcome == Outcome::kDelivered  ? delivered_
           : outcome == Outcome::kDeferred ? deferred_
                                           : failed_;
}

void Scheduler::land(Destination& destination, const Job& job) {
    for (const Job::Recipient& recipient : job.recipients) {
        destination.in_flight.erase(recipient.id);
    }
}

// Until this is committed the recipients stay in flight, so nobody gets a message twice while the disk
// is full; only a crash in between sends again what the peer took (RFC 5321 4.5.4.1 wants it so).
base::Task<> Scheduler::conclude(DestinationRef destination, Job job, Report report) {
    const base::WallTime now = services_.loop.clock().now();
    std::vector<Settled> settled;
    std::vector<Told> told;
    for (std::size_t i = 0; i < job.recipients.size(); ++i) {
        const Job::Recipient& recipient = job.recipients[i];
        const RecipientReport& verdict = report.recipients.at(i);
        Settled entry = settle_one(recipient, verdict, report.tls);
        entry.due = later(options_.recipient_backoff.after(recipient.record.attempts + 1));
        counter_of(verdict.outcome).add();
        if (const auto kind = kind_of(verdict, report.peer_notifies)) {
            told.push_back({*kind, {recipient.record, verdict.reply}});
        }
        settled.push_back(std::move(entry));
    }
    auto notices = co_await notifier_.plan(job.queue_id, job.message, told);
    while (!notices && !stopping_) {
        services_.log.error("a notice cannot be kept yet",
                            {{"queue_id", job.queue_id}, {"reason", notices.error().text}});
        co_await base::sleep_until(services_.loop, services_.loop.clock().steady() + kCommitRetry);
        notices = co_await notifier_.plan(job.queue_id, job.message, told);
    }
    if (!notices) {
        land(*destination, job);
        co_return;  // the next start finds the recipients as they were
    }
    const bool queued = report.queued || !notices->empty();
    destination->gone += settled.size();
    const bool forgets = destination->gone >= kForgetEvery;
    destination->gone = forgets ? 0 : destination->gone;
    auto change = [this,
                   now,
                   settled,
                   message = job.message,
                   notices = std::move(*notices),
                   forgets,
                   name = destination->name](store::Transaction& transaction) -> Result<> {
        for (const Settled& entry : settled) {
            notifier_.trace(transaction, entry.id.queue_id, message, entry.kind, entry.text);
            auto written = entry.outcome == Outcome::kDeferred
                               ? defer(transaction, entry.id, entry.reply, now, entry.due)
                               : finish(transaction, entry.id);
            // An administrator may have removed it meanwhile.
            if (!written && written.error().code != base::Errc::kNotFound) {
                return written;
            }
        }
        if (forgets) {
            TRY_VOID(forget_gone(transaction, name));
        }
        return notifier_.deliver(transaction, notices);
    };
    while (!co_await commit(change) && !stopping_) {
        co_await base::sleep_until(services_.loop, services_.loop.clock().steady() + kCommitRetry);
    }
    land(*destination, job);
    for (const Settled& entry : settled) {
        services_.log.info(entry.kind,
                           {{"queue_id", entry.id.queue_id},
                            {"destination", destination->name},
                            {"text", entry.text}});
    }
    if (queued) {
        tick();  // a notice may be for a destination that nobody looks at
    }
    review(destination);
}

base::Task<bool> Scheduler::commit(store::Change change) {
    const auto committed = co_await services_.store.change(services_.loop, std::move(change));
    if (!committed) {
        services_.log.error("the queue cannot be written", {{"reason", committed.error().text}});
    }
    co_return committed.has_value();
}

}  // namespace queue
