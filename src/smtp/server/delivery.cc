// From a received message to mailboxes: one change, then the answer that promises it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mail/thread_keys.h"
#include "smtp/server/session.h"

namespace smtp {
namespace {

using base::Errc;

Reply delivery_refusal(const base::Error& error) {
    if (error.code == Errc::kNoSpace) {
        return {452, {4, 3, 1}, "no space for the message now, try again later"};
    }
    return {451, {4, 3, 0}, "the message cannot be stored now, try again later"};
}

}  // namespace

// The reply to DATA, or LMTP's for this recipient, is about one mailbox and nothing else.
bool Session::stands_alone(const Recipient& recipient) const {
    const bool each_is_answered =
        options_.port == Port::kLmtp || transaction_->recipients.size() == 1;
    return each_is_answered && recipient.local.size() == 1 && recipient.stays();
}

// Each account once, whatever aliases and recipients lead to it. Where one recipient cannot be answered
// alone, a full mailbox takes the message all the same: to refuse it for all would be wrong, and to
// drop it in silence would break the promise of 250. So a quota is passed by one message at most,
// since RCPT refuses the next one.
mail::Delivery Session::make_delivery(store::NewBlob blob, const Incoming& incoming) const {
    const Transaction& transaction = *transaction_;
    mail::Delivery delivery{.blob = std::move(blob),
                            .queue_id = transaction.queue_id,
                            .message_id = incoming.facts().message_id,
                            .return_path = transaction.sender.to_string(),
                            .recipients = {},
                            .summary = incoming.summary().packed(),
                            .thread = {},
                            .accepted = make_event("accepted")};
    if (!incoming.summary().empty()) {
        delivery.thread = mail::thread_keys(incoming.summary().fields());
    }
    if (transaction.release) {
        return delivery;  // all of it is the queue's until then
    }
    for (const Recipient& recipient : transaction.recipients) {
        const bool alone = stands_alone(recipient);
        for (account::LocalRecipient local : recipient.local) {
            if (!alone) {
                local.forget_quotas();
            }
            const auto same = std::find_if(delivery.recipients.begin(),
                                           delivery.recipients.end(),
                                           [&](const account::LocalRecipient& other) {
                                               return other.account == local.account;
                                           });
            if (same == delivery.recipients.end()) {
                delivery.recipients.push_back(std::move(local));
            } else if (!alone) {
                same->forget_quotas();
            }
        }
    }
    return delivery;
}

// What the message needs of the queue joins the change that stores it. The destinations to wake after.
std::vector<std::string> Session::add_queueing(mail::Delivery& delivery,
                                               const Incoming& incoming) const {
    Queueing queueing = plan_queueing(delivery.blob, incoming);
    if (queueing.empty()) {
        return {};
    }
    const Outgoing& outgoing = *services_.outgoing;
    auto destinations = queueing.destinations(outgoing);
    delivery.also = [queueing = std::move(queueing), &outgoing, now = services_.clock.now()](
                        store::Transaction& change,
                        const std::vector<mail::DeliveryOutcome>& outcomes) {
        return queueing.enter(change, outcomes, outgoing, now);
    };
    return destinations;
}

mail::TraceEvent Session::make_event(std::string_view kind) const {
    const std::string name = protocol();
    return {.time = services_.clock.now(),
            .kind = std::string(kind),
            .session = id_,
            .text = describe_origin(trace_facts(name))};
}

// One reply a recipient.
base::Task<std::vector<Reply>> Session::deliver(store::NewBlob blob, const Incoming& incoming) {
    const std::uint64_t octets = blob.size();
    mail::Delivery delivery = make_delivery(std::move(blob), incoming);
    auto destinations = add_queueing(delivery, incoming);
    const base::SteadyTime begin = services_.clock.steady();
    const auto outcomes =
        co_await services_.messages.deliver(lines_.stream().loop(), std::move(delivery));
    services_.meters.commit_seconds().observe(services_.clock.steady() - begin);
    if (outcomes && !destinations.empty()) {
        services_.outgoing->nudge(std::move(destinations));
    }
    std::vector<Reply> replies;
    for (const Recipient& recipient : transaction_->recipients) {
        if (!outcomes) {
            replies.push_back(delivery_refusal(outcomes.error()));
        } else if (auto refusal = judge_outcome(recipient, *outcomes, octets)) {
            replies.push_back(std::move(*refusal));
        } else {
            replies.push_back(
                {250, {2, 0, 0}, fmt::format("{} accepted for delivery", transaction_->queue_id)});
        }
    }
    co_return replies;
}

std::optional<Reply> Session::judge_outcome(const Recipient& recipient,
                                            const std::vector<mail::DeliveryOutcome>& outcomes,
                                            std::uint64_t octets) {
    std::optional<Reply> refusal;
    if (!recipient.stays()) {
        return refusal;  // the queue has it
    }
    for (const account::LocalRecipient& local : recipient.local) {
        const auto outcome =
            std::find_if(outcomes.begin(), outcomes.end(), [&](const mail::DeliveryOutcome& other) {
                return other.account == local.account;
            });
        if (outcome == outcomes.end() || outcome->delivered) {
            return std::nullopt;  // some of those that the recipient stands for have it
        }
        refusal = outcome->gone ? Reply{550, {5, 1, 1}, "no such user here any more"}
                                : quota_refusal(local, octets);
    }
    return refusal;
}

// SMTP answers once for all recipients, well when anybody has the message; LMTP once for each, in their
// order (RFC 2033 4.2).
Reply Session::answer(std::vector<Reply> replies, const Incoming& incoming) {
    const auto accepted = std::find_if(
        replies.begin(), replies.end(), [](const Reply& reply) { return reply.is_positive(); });
    if (accepted != replies.end()) {
        idle_ = 0;
        refused_recipients_ = 0;
        ++messages_;
    }
    Reply& for_all = accepted != replies.end() ? *accepted : replies.front();
    note_message(for_all, incoming);
    if (options_.port != Port::kLmtp) {
        return std::move(for_all);
    }
    for (std::size_t i = 0; i + 1 < replies.size(); ++i) {
        say(replies[i]);
    }
    return std::move(replies.back());
}

// The log's line, the counters, and for a refused message its trace, which an accepted one got within
// its own commit.
void Session::note_message(const Reply& reply, const Incoming& incoming) {
    services_.meters.count_message(reply.code, incoming.octets());
    const std::string code = fmt::format("{} {}", reply.code, reply.text);
    services_.log.info(reply.is_positive() ? "message accepted" : "message refused",
                       {{"protocol", "smtp"},
                        {"session", id_},
                        {"queue_id", transaction_->queue_id},
                        {"message_id", incoming.facts().message_id},
                        {"from", transaction_->sender.to_string()},
                        {"recipients", transaction_->recipients.size()},
                        {"octets", incoming.octets()},
                        {"reply", code}});
    if (!incoming.refusal()) {
        return;
    }
    mail::TraceEvent event = make_event("refused");
    event.text += ": " + code;
    auto change = [queue_id = transaction_->queue_id,
                   message_id = incoming.facts().message_id,
                   event = std::move(event)](store::Transaction& transaction) -> base::Result<> {
        mail::add_trace(transaction, queue_id, message_id, event);
        return {};
    };
    // Nobody waits for it: losing a refusal's trace breaks no promise.
    services_.store.submit(std::move(change), [](const base::Result<>&) {});
}

}  // namespace smtp
