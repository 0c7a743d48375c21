// Taking away an account's mail, a bounded number of messages a change.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "mail/message_store.h"
#include "mail/records.h"
#include "store/key.h"

namespace mail {
namespace {

// Collects the keys from `prefix` on, at most `keys_max`.
base::Result<std::vector<std::string>> collect_keys(const store::Reader& reader,
                                                    const std::string& prefix,
                                                    std::size_t keys_max) {
    std::vector<std::string> keys;
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view /*record*/) {
            keys.emplace_back(key);
            return keys.size() < keys_max;
        }));
    return keys;
}

// An account's sums while its messages go. What is damaged goes too, and counts for nothing.
class Remover {
  public:
    Remover(store::Transaction& change, account::AccountId account)
        : change_(change),
          account_(account) {}

    base::Result<> remove(const std::string& key) {
        TRY(const auto record, change_.get(key));
        change_.erase(key);
        const auto message = decode_message(record.value_or(""));
        if (!message) {
            return {};
        }
        const auto released = change_.release(message->blob);
        if (!released && released.error().code != base::Errc::kNotFound) {
            return released;
        }
        if (const auto name = parse_message_key(key)) {
            return subtract(name->mailbox, *message);
        }
        return {};
    }

    base::Result<> save() {
        for (const auto& [id, mailbox] : mailboxes_) {
            if (mailbox) {
                change_.put(mailbox_key(account_, id), encode(*mailbox));
            }
        }
        TRY(AccountCounters counters, load_counters(change_, account_));
        counters.messages -= std::min(counters.messages, messages_);
        counters.octets -= std::min(counters.octets, octets_);
        change_.put(counters_key(account_), encode(counters));
        return {};
    }

  private:
    base::Result<> subtract(MailboxId id, const MessageRecord& message) {
        ++messages_;
        octets_ += message.octets;
        auto known = mailboxes_.find(id);
        if (known == mailboxes_.end()) {
            TRY(auto loaded, load_mailbox(change_, account_, id));
            known = mailboxes_.emplace(id, std::move(loaded)).first;
        }
        if (auto& mailbox = known->second) {
            mailbox->messages -= std::min<std::uint64_t>(mailbox->messages, 1);
            mailbox->octets -= std::min(mailbox->octets, message.octets);
            const bool unseen = (message.flags & kSeen) == 0;
            mailbox->unseen -= std::min<std::uint64_t>(mailbox->unseen, unseen ? 1 : 0);
        }
        return {};
    }

    store::Transaction& change_;
    account::AccountId account_;
    std::uint64_t messages_ = 0;
    std::uint64_t octets_ = 0;
    std::map<MailboxId, std::optional<MailboxRecord>> mailboxes_;
};

}  // namespace

base::Result<bool> remove_account_mail(store::Transaction& change,
                                       account::AccountId account,
                                       std::size_t messages_max) {
    TRY(const auto messages, collect_keys(change, message_prefix(account), messages_max));
    if (!messages.empty()) {
        Remover remover(change, account);
        for (const std::string& key : messages) {
            TRY_VOID(remover.remove(key));
        }
        TRY_VOID(remover.save());
    }
    if (messages.size() == messages_max) {
        return false;
    }
    TRY(const auto mailboxes, collect_keys(change, mailbox_prefix(account), SIZE_MAX));
    for (const std::string& key : mailboxes) {
        change.erase(key);
    }
    change.erase(counters_key(account));
    return true;
}

}  // namespace mail
