#include "smtp/server/outgoing.h"

#include <algorithm>

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

std::string original_recipient(const RcptParameters& parameters) {
    if (!parameters.orcpt) {
        return {};
    }
    return parameters.orcpt->type + ";" + parameters.orcpt->address;
}

}  // namespace

// Each remote address once, whatever aliases and recipients lead to it.
std::optional<queue::NewMessage> Session::make_outgoing(const store::NewBlob& blob,
                                                        const Incoming& incoming) const {
    const Transaction& transaction = *transaction_;
    queue::NewMessage message{.blob = blob,
                              .queue_id = transaction.queue_id,
                              .sender = transaction.sender.to_string(),
                              .envelope_id = transaction.parameters.envid.value_or(""),
                              .return_content = return_content(transaction.parameters.ret),
                              .body = body_type(transaction.parameters.body),
                              .smtputf8 = transaction.parameters.smtputf8,
                              .message_id = incoming.facts().message_id,
                              .submitter = identity_ ? identity_->account.id : 0,
                              .recipients = {},
                              .release = {}};
    for (const Recipient& recipient : transaction.recipients) {
        for (const account::Address& address : recipient.remote) {
            const bool known = std::any_of(
                message.recipients.begin(),
                message.recipients.end(),
                [&](const queue::NewRecipient& other) { return other.address == address; });
            if (!known) {
                message.recipients.push_back(
                    {.address = address,
                     .original = original_recipient(recipient.parameters),
                     .notify = static_cast<std::uint8_t>(recipient.parameters.notify)});
            }
        }
    }
    if (message.recipients.empty()) {
        return std::nullopt;
    }
    return message;
}

}  // namespace smtp
