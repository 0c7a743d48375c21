// Taking away an account's mail, a bounded number of messages a change.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "mail/acl.h"
#include "mail/annotations.h"
#include "mail/emails.h"
#include "mail/message_store.h"
#include "mail/page_record.h"
#include "mail/records.h"
#include "mail/search_indexer.h"
#include "store/key.h"

namespace mail {
namespace {

// What an account has beside messages and emails: that of which there may be much, and what goes at once.
constexpr std::array kMany = {KeyTag::kVanished, KeyTag::kThread};
constexpr std::array kRest = {KeyTag::kState,
                              KeyTag::kKeywords,
                              KeyTag::kRecent,
                              KeyTag::kMailbox,
                              KeyTag::kName,
                              KeyTag::kSubscription,
                              KeyTag::kCopies,
                              KeyTag::kCounters};
// Small records go this many for a message.
constexpr std::size_t kKeysForMessage = 10;

// An account's sums while its messages go. What is damaged goes too, and counts for nothing.
class Remover {
  public:
    Remover(store::Transaction& change, account::AccountId account)
        : change_(change),
          account_(account) {}

    // At most `messages_max` messages; returns how many.
    base::Result<std::size_t> remove_pages(std::size_t messages_max) {
        std::vector<std::pair<std::string, std::string>> pages;
        const std::string prefix = account_prefix(KeyTag::kPage, account_);
        TRY_VOID(change_.scan(
            prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
                pages.emplace_back(key, record);
                return pages.size() * kPageUids < messages_max + kPageUids;
            }));
        for (const auto& [key, record] : pages) {
            if (emails_.size() < messages_max) {
                TRY_VOID(remove_page(key, record, messages_max - emails_.size()));
            }
        }
        TRY_VOID(abandon_emails(change_, account_, emails_));
        TRY_VOID(save());
        return emails_.size();
    }

  private:
    base::Result<> remove_page(const std::string& key,
                               std::string_view record,
                               std::size_t messages_max) {
        const auto name = parse_page_key(key);
        const auto page = decode_page(name ? name->page : 0, record);
        change_.erase(key);
        if (!name || !page) {
            return {};
        }
        auto known = mailboxes_.find(name->ref.mailbox);
        if (known == mailboxes_.end()) {
            TRY(auto loaded, load_state(change_, name->ref));
            known = mailboxes_.emplace(name->ref.mailbox, loaded).first;
        }
        PageDraft rest = draft_of(**page);
        const auto begin = rest.entries.begin();
        const auto count = std::min(rest.entries.size(), messages_max);
        const auto end = begin + static_cast<std::ptrdiff_t>(count);
        for (auto entry = begin; entry != end; ++entry) {
            emails_.push_back(entry->email);
            octets_ += entry->octets;
            if (known->second) {
                subtract(*known->second, *entry);
            }
        }
        rest.entries.erase(begin, end);
        if (!rest.entries.empty()) {
            change_.put(key, encode(rest));
        }
        return {};
    }

    static void subtract(MailboxState& state, const Entry& entry) {
        const auto less = [](std::uint64_t& sum, std::uint64_t by) { sum -= std::min(sum, by); };
        less(state.messages, 1);
        less(state.octets, entry.octets);
        if ((entry.flags & kSeen) == 0) {
            less(state.unseen, 1);
        }
        if ((entry.flags & kDeleted) != 0) {
            less(state.deleted, 1);
            less(state.deleted_octets, entry.octets);
        }
    }

    base::Result<> save() {
        if (emails_.empty()) {
            return {};
        }
        TRY(AccountCounters counters, load_counters(change_, account_));
        counters.messages -= std::min<std::uint64_t>(counters.messages, emails_.size());
        counters.octets -= std::min(counters.octets, octets_);
        ++counters.modseq;
        for (auto& [id, state] : mailboxes_) {
            if (state) {
                state->highest_modseq = state->vanished_floor = counters.modseq;
                change_.put(mailbox_key(KeyTag::kState, {account_, id}), encode(*state));
            }
        }
        change_.put(counters_key(account_), encode(counters));
        return {};
    }

    store::Transaction& change_;
    account::AccountId account_;
    std::vector<EmailId> emails_;
    std::uint64_t octets_ = 0;
    std::map<MailboxId, std::optional<MailboxState>> mailboxes_;
};

// Erases at most `keys_max` keys; returns how many there were.
base::Result<std::size_t> erase_some(store::Transaction& change,
                                     const std::string& prefix,
                                     std::size_t keys_max) {
    std::vector<std::string> keys;
    TRY_VOID(change.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view /*record*/) {
            keys.emplace_back(key);
            return keys.size() < keys_max;
        }));
    for (const std::string& key : keys) {
        change.erase(key);
    }
    return keys.size();
}

// Emails that garbage, or nothing, names; returns how many.
base::Result<std::size_t> remove_leavings(store::Transaction& change,
                                          account::AccountId account,
                                          std::size_t emails_max) {
    TRY_VOID(erase_some(change, account_prefix(KeyTag::kGarbage, account), SIZE_MAX));
    std::vector<EmailId> emails;
    const std::string prefix = account_prefix(KeyTag::kEmail, account);
    TRY_VOID(change.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view /*record*/) {
            emails.push_back(store::KeyReader(key.substr(prefix.size())).u64());
            return emails.size() < emails_max;
        }));
    for (const EmailId email : emails) {
        TRY_VOID(abandon_email(change, account, email));
    }
    return emails.size();
}

}  // namespace

base::Result<bool> remove_account_mail(store::Transaction& change,
                                       account::AccountId account,
                                       std::size_t messages_max) {
    TRY(std::size_t gone, Remover(change, account).remove_pages(messages_max));
    if (gone >= messages_max) {
        return false;
    }
    // With no entry left garbage counts for nothing: each email that is still there goes.
    TRY(const std::size_t left, remove_leavings(change, account, messages_max - gone));
    if (gone + left >= messages_max) {
        return false;
    }
    for (const KeyTag tag : kMany) {
        const std::size_t keys_max = messages_max * kKeysForMessage;
        TRY(gone, erase_some(change, account_prefix(tag, account), keys_max));
        if (gone == keys_max) {
            return false;
        }
    }
    TRY(const bool has_no_index, erase_index(change, account));
    if (!has_no_index) {
        return false;
    }
    TRY(const AccountCounters counters, load_counters(change, account));
    TRY_VOID(raise_uid_validity(change, counters.uid_validity));
    TRY_VOID(erase_grants_to(change, account));
    TRY_VOID(erase_grants_by(change, account));
    AccountEditor nobody;  // whose sums go with the account
    TRY_VOID(erase_annotations(change, nobody, account_prefix(KeyTag::kAnnotation, account)));
    for (const KeyTag tag : kRest) {
        TRY_VOID(erase_some(change, account_prefix(tag, account), SIZE_MAX));
    }
    return true;
}

}  // namespace mail
