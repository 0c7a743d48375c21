#include "smtp/server/outgoing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/log.h"
#include "queue/inside.h"
#include "smtp/server/session.h"

namespace smtp {
namespace {

queue::BodyType body_type(Body body) {
    switch (body) {
        case Body::k7bit:
            return queue::BodyType::k7bit;
        case Body::k8bitMime:
            return queue::BodyType::k8bit;
        case Body::kBinaryMime:
            return queue::BodyType::kBinary;
    }
    return queue::BodyType::kBinary;
}

queue::ReturnContent return_content(Return ret) {
    switch (ret) {
        case Return::kUnsaid:
            return queue::ReturnContent::kDefault;
        case Return::kFull:
            return queue::ReturnContent::kFull;
        case Return::kHeaders:
            return queue::ReturnContent::kHeader;
    }
    return queue::ReturnContent::kDefault;
}

// RFC 4865: the request, as notices repeat it.
std::string release_request(const MailParameters& parameters) {
    if (parameters.hold_for) {
        return fmt::format("for;{}", parameters.hold_for->count());
    }
    return parameters.hold_until ? "until;" + base::format_rfc3339(*parameters.hold_until)
                                 : std::string();
}

// Whoever sent to one address of ours knows that one, not those that it stands for: so notices name it
// (RFC 3461 4.2), even where the client gave no ORCPT.
std::string original_recipient(const Recipient& recipient) {
    const auto& given = recipient.parameters.orcpt;
    if (given) {
        return given->type + ";" + given->address;
    }
    const std::string typed = recipient.path.to_string();
    return recipient.domain.empty() || !base::is_ascii(typed) ? std::string() : "rfc822;" + typed;
}

constexpr std::uint8_t kSuccess = queue::kNotifySuccess;

// RFC 3461 5.2.7: success of an alias is told once, for the alias; its members are not asked for it.
std::uint8_t without_success(std::uint8_t notify) {
    if (notify == kSuccess) {
        return queue::kNotifyNever;
    }
    return notify & static_cast<std::uint8_t>(~kSuccess);
}

// Each address once, whatever aliases and recipients lead to it.
void add_recipient(queue::NewMessage& message, queue::NewRecipient recipient) {
    const bool known = std::any_of(message.recipients.begin(),
                                   message.recipients.end(),
                                   [&](const queue::NewRecipient& other) {
                                       return other.address == recipient.address &&
                                              other.progress == recipient.progress;
                                   });
    if (!known) {
        message.recipients.push_back(std::move(recipient));
    }
}

// Sorts recipients by what becomes of them.
class Planner {
  public:
    Planner(queue::NewMessage envelope, base::WallTime now)
        : envelope_(std::move(envelope)),
          now_(now) {}

    // `sender` is whom failures of what leaves by an alias go to; `alone`: the reply to DATA speaks for
    // this recipient only.
    void add(const Recipient& recipient, const std::string& sender, bool alone);

    // The first message keeps the queue id of the transaction.
    [[nodiscard]] Queueing take(base::Random& random);

  private:
    [[nodiscard]] queue::NewMessage& message_from(const std::string& sender);
    void add_local(const account::LocalRecipient& local,
                   queue::NewRecipient recipient,
                   bool of_loss);

    queue::NewMessage envelope_;
    base::WallTime now_;
    Queueing queueing_;
};

queue::NewMessage& Planner::message_from(const std::string& sender) {
    auto& messages = queueing_.messages;
    const auto found =
        std::find_if(messages.begin(), messages.end(), [&sender](const queue::NewMessage& message) {
            return message.sender == sender;
        });
    if (found != messages.end()) {
        return *found;
    }
    messages.push_back(envelope_);
    messages.back().sender = sender;
    return messages.back();
}

void Planner::add(const Recipient& recipient, const std::string& sender, bool alone) {
    queue::NewRecipient entry{.address = {},
                              .original = original_recipient(recipient),
                              .notify = static_cast<std::uint8_t>(recipient.parameters.notify)};
    const std::size_t targets =
        recipient.local.size() + recipient.remote.size() + recipient.lists.size();
    if (targets > 1 && (entry.notify & kSuccess) != 0) {
        queue::NewRecipient expanded = entry;
        expanded.address = {recipient.path.local, recipient.path.domain};
        expanded.destination = queue::kLocalDestination;
        expanded.progress = queue::kProgressExpanded;
        add_recipient(message_from(envelope_.sender), std::move(expanded));
        entry.notify = without_success(entry.notify);
    }
    for (const account::LocalRecipient& local : recipient.local) {
        entry.address = local.address;
        entry.destination = queue::kLocalDestination;
        // A member of an alias that has gone is passed over, as it would have been at RCPT.
        add_local(local, entry, !alone && targets == 1);
    }
    for (const account::Address& list : recipient.lists) {
        entry.address = list;
        entry.destination = queue::list_destination(list);
        add_recipient(message_from(envelope_.sender), entry);
    }
    if (recipient.bounced) {
        entry.address = {recipient.path.local, recipient.path.domain};
        entry.destination = queue::bounces_destination(*recipient.bounced);
        add_recipient(message_from(envelope_.sender), entry);
    }
    for (const account::Address& remote : recipient.remote) {
        entry.address = remote;
        entry.destination.clear();
        add_recipient(message_from(sender), entry);
    }
}

void Planner::add_local(const account::LocalRecipient& local,
                        queue::NewRecipient recipient,
                        bool of_loss) {
    if (envelope_.release) {
        add_recipient(message_from(envelope_.sender), std::move(recipient));
        return;
    }
    const bool success = (recipient.notify & kSuccess) != 0;
    if (success || of_loss) {
        queueing_.words.push_back({local.account, success, of_loss, std::move(recipient)});
    }
}

Queueing Planner::take(base::Random& random) {
    // What is told of people here joins the message that their sender has sent.
    if (!queueing_.words.empty()) {
        static_cast<void>(message_from(envelope_.sender));
    }
    auto& messages = queueing_.messages;
    const auto own =
        std::find_if(messages.begin(), messages.end(), [this](const queue::NewMessage& message) {
            return message.sender == envelope_.sender;
        });
    if (own != messages.end()) {
        std::iter_swap(messages.begin(), own);
    }
    for (std::size_t i = 1; i < messages.size(); ++i) {
        messages[i].queue_id = queue::make_queue_id(now_, random);
    }
    return std::move(queueing_);
}

}  // namespace

std::vector<std::string> Queueing::destinations(const Outgoing& outgoing) const {
    std::vector<std::string> names;
    if (!words.empty()) {
        names.emplace_back(queue::kLocalDestination);
    }
    for (const queue::NewMessage& message : messages) {
        for (const queue::NewRecipient& recipient : message.recipients) {
            names.push_back(recipient.destination.empty()
                                ? outgoing.route(recipient.address, message.sender)
                                : recipient.destination);
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

base::Result<> Queueing::enter(store::Transaction& change,
                               const std::vector<mail::DeliveryOutcome>& outcomes,
                               const Outgoing& outgoing,
                               base::WallTime now) const {
    std::vector<queue::NewMessage> all = messages;
    for (const LocalWord& word : words) {
        const auto outcome = std::find_if(
            outcomes.begin(), outcomes.end(), [&word](const mail::DeliveryOutcome& other) {
                return other.account == word.account;
            });
        if (outcome == outcomes.end()) {
            continue;
        }
        queue::NewRecipient recipient = word.recipient;
        if (outcome->delivered && word.of_success) {
            recipient.progress = queue::kProgressEnd;
            add_recipient(all.front(), std::move(recipient));
        } else if (!outcome->delivered && word.of_loss) {
            add_recipient(all.front(), std::move(recipient));  // the queue finds out and tells
        }
    }
    for (const queue::NewMessage& message : all) {
        if (!message.recipients.empty()) {
            TRY_VOID(queue::enqueue(change, message, outgoing.route, outgoing.lifetimes, now));
        }
    }
    return {};
}

// The sender of what an alias of ours sends to other domains: one of ours, so that their servers believe
// us. Our own people's senders are that already.
std::string Session::forwarding_sender(const Recipient& recipient) const {
    const Path& path = transaction_->sender;
    std::string sender = path.to_string();
    const auto& srs = services_.outgoing->srs;
    const auto address = account::parse_address(sender);
    if (srs == nullptr || recipient.domain.empty() || path.is_null() || !address ||
        account::is_local_domain(*services_.store.snapshot(), address->domain).value_or(true)) {
        return sender;
    }
    return srs->forward(*address, recipient.domain, services_.clock.now()).to_string();
}

Queueing Session::plan_queueing(const store::NewBlob& blob, const Incoming& incoming) const {
    const Transaction& transaction = *transaction_;
    if (services_.outgoing == nullptr) {
        return {};
    }
    Planner planner({.blob = blob,
                     .queue_id = transaction.queue_id,
                     .sender = transaction.sender.to_string(),
                     .envelope_id = transaction.parameters.envid.value_or(""),
                     .return_content = return_content(transaction.parameters.ret),
                     .body = body_type(transaction.parameters.body),
                     .smtputf8 = transaction.parameters.smtputf8,
                     .message_id = incoming.facts().message_id,
                     .submitter = identity_ ? identity_->account.id : 0,
                     .recipients = {},
                     .release = transaction.release,
                     .release_request = release_request(transaction.parameters)},
                    services_.clock.now());
    for (const Recipient& recipient : transaction.recipients) {
        const std::string sender =
            recipient.remote.empty() ? std::string() : forwarding_sender(recipient);
        planner.add(recipient, sender, stands_alone(recipient));
    }
    return planner.take(services_.random);
}

}  // namespace smtp
