// The way from a session to the queue: what a message for other domains, for lists, and for later becomes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "account/srs.h"
#include "base/loop.h"
#include "base/task.h"
#include "mail/message_store.h"
#include "queue/queue.h"
#include "smtp/grammar/reply.h"

namespace smtp {

// What sessions need of the queue; shared by all, and outlives them.
struct Outgoing {
    queue::Router route;
    queue::Lifetimes lifetimes;
    // After the commit: somebody waits for these destinations. From any thread.
    std::function<void(std::vector<std::string> destinations)> nudge;
    // Rewrites the senders of what aliases send on; null: they stay as they are.
    std::shared_ptr<const account::Srs> srs = nullptr;
    // Why mail that somebody else's server is to get (RelayDomains) would come to nothing: 550, or 450 when that is
    // not to be known now. Empty: nobody asks.
    std::function<base::Task<std::optional<Reply>>(
        base::Loop& loop, account::Address recipient, std::string sender)>
        check_way = {};
};

// What is told about somebody here, once it is known whether they got the message.
struct LocalWord {
    account::AccountId account = 0;
    bool of_success = false;  // its sender asked for that
    bool of_loss = false;     // nobody answers for this recipient alone, so a notice must
    queue::NewRecipient recipient;
};

// What a message needs of the queue besides its delivery here.
struct Queueing {
    std::vector<queue::NewMessage> messages;  // one for each sender that the envelope becomes
    std::vector<LocalWord> words;

    [[nodiscard]] bool empty() const { return messages.empty() && words.empty(); }

    // To be woken after the commit, each once.
    [[nodiscard]] std::vector<std::string> destinations(const Outgoing& outgoing) const;
    // In the change that delivers, which told `outcomes`.
    [[nodiscard]] base::Result<> enter(store::Transaction& change,
                                       const std::vector<mail::DeliveryOutcome>& outcomes,
                                       const Outgoing& outgoing,
                                       base::WallTime now) const;
};

}  // namespace smtp
