#include "pop3/server/maildrop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pop3 {

Maildrop::Maildrop(const mail::MailboxView& view)
    : mailbox_(view.mailbox),
      uid_validity_(view.uid_validity) {
    entries_.reserve(view.messages.size());
    for (const mail::MessageInfo& message : view.messages) {
        octets_ += message.octets;
        ++messages_;
        entries_.push_back({message});
    }
}

std::string Maildrop::unique_id(std::uint32_t number) const {
    return fmt::format("{}.{}", uid_validity_, entry(number).message.uid);
}

std::vector<mail::EmailId> Maildrop::following(std::uint32_t number,
                                               std::size_t messages_max) const {
    std::vector<mail::EmailId> emails;
    const std::size_t end = std::min(entries_.size(), number + messages_max);
    for (std::size_t index = number; index < end; ++index) {
        emails.push_back(entries_[index].message.email);
    }
    return emails;
}

void Maildrop::mark_deleted(std::uint32_t number) {
    Entry& entry = entries_[number - 1];
    if (!std::exchange(entry.deleted, true)) {
        --messages_;
        octets_ -= entry.message.octets;
    }
}

void Maildrop::unmark_all() {
    for (Entry& entry : entries_) {
        if (std::exchange(entry.deleted, false)) {
            ++messages_;
            octets_ += entry.message.octets;
        }
    }
}

void Maildrop::mark_fetched(std::uint32_t number) {
    entries_[number - 1].fetched = true;
}

std::vector<mail::Uid> Maildrop::deleted() const {
    std::vector<mail::Uid> uids;
    for (const Entry& entry : entries_) {
        if (entry.deleted) {
            uids.push_back(entry.message.uid);
        }
    }
    return uids;
}

std::vector<mail::Fetched> Maildrop::take_fetched() {
    std::vector<mail::Fetched> messages;
    for (Entry& entry : entries_) {
        if (std::exchange(entry.fetched, false)) {
            messages.push_back({entry.message.uid, entry.message.email, entry.message.seen});
        }
    }
    return messages;
}

Maildrops::Lock::~Lock() {
    if (maildrops_ != nullptr) {
        maildrops_->close(account_);
    }
}

base::Result<Maildrops::Lock> Maildrops::open(account::AccountId account,
                                              bool exclusive,
                                              base::Duration delay,
                                              base::SteadyTime now) {
    const std::scoped_lock lock(mutex_);
    delay_ = std::max(delay_, delay);
    forget_old(now);
    const auto [known, is_new] = uses_.try_emplace(account);
    Use& use = known->second;
    if (exclusive && use.sessions > 0) {
        return base::fail(base::Errc::kInUse, "another session has the maildrop open");
    }
    if (!is_new && now < use.login + delay) {
        return base::fail(base::Errc::kUnavailable, "logged in again too soon");
    }
    ++use.sessions;
    use.login = now;
    return Lock(*this, account);
}

void Maildrops::close(account::AccountId account) {
    const std::scoped_lock lock(mutex_);
    const auto use = uses_.find(account);
    --use->second.sessions;
    if (use->second.sessions == 0 && delay_ == base::Duration::zero()) {
        uses_.erase(use);
    }
}

// With a login delay, entries outlive their sessions: they are swept away whenever their number has
// doubled, so that a login costs the same however many there are.
void Maildrops::forget_old(base::SteadyTime now) {
    if (uses_.size() < sweep_at_) {
        return;
    }
    std::erase_if(uses_, [&](const auto& use) {
        return use.second.sessions == 0 && now >= use.second.login + delay_;
    });
    sweep_at_ = std::max<std::size_t>(1024, uses_.size() * 2);
}

}  // namespace pop3
