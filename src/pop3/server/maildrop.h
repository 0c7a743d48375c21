// The maildrop of one session: a snapshot of the INBOX, numbered from 1, with marks for deletion
// (RFC 1939 5); and what all sessions share about maildrops: who has one open, who logged in when.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "account/directory.h"
#include "base/clock.h"
#include "base/result.h"
#include "mail/message_store.h"

namespace pop3 {

class Maildrop {
  public:
    explicit Maildrop(const mail::MailboxView& view);

    struct Entry {
        mail::MessageInfo message;
        bool deleted = false;
        bool fetched = false;  // since take_fetched()
    };

    // Numbers run from 1 to size(), whatever is deleted.
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

    // `number` is in range.
    [[nodiscard]] const Entry& entry(std::uint32_t number) const { return entries_[number - 1]; }

    // Without what is marked as deleted.
    [[nodiscard]] std::uint32_t messages() const { return messages_; }

    [[nodiscard]] std::uint64_t octets() const { return octets_; }

    // UIDL's (RFC 1939 7): UIDVALIDITY and UID, the same in every session for ever.
    [[nodiscard]] std::string unique_id(std::uint32_t number) const;

    // Of those behind message `number`, the next `messages_max`.
    [[nodiscard]] std::vector<mail::EmailId> following(std::uint32_t number,
                                                       std::size_t messages_max) const;

    void mark_deleted(std::uint32_t number);
    void unmark_all();
    void mark_fetched(std::uint32_t number);

    [[nodiscard]] mail::MailboxId mailbox() const { return mailbox_; }

    [[nodiscard]] std::vector<mail::Uid> deleted() const;
    // What was fetched since the last call.
    [[nodiscard]] std::vector<mail::Fetched> take_fetched();

  private:
    mail::MailboxId mailbox_;
    std::uint32_t uid_validity_;
    std::vector<Entry> entries_;
    std::uint32_t messages_ = 0;
    std::uint64_t octets_ = 0;
};

// One for all sessions of a server, on every thread.
class Maildrops {
  public:
    // Keeps others out while it lives.
    class Lock {
      public:
        Lock(Maildrops& maildrops, account::AccountId account)
            : maildrops_(&maildrops),
              account_(account) {}

        Lock(Lock&& other) noexcept
            : maildrops_(std::exchange(other.maildrops_, nullptr)),
              account_(other.account_) {}

        Lock& operator=(Lock&& other) noexcept {
            std::swap(maildrops_, other.maildrops_);
            std::swap(account_, other.account_);
            return *this;
        }

        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;
        ~Lock();

      private:
        Maildrops* maildrops_;
        account::AccountId account_;
    };

    // A login of `account` at `now`. With `exclusive`, kInUse while another session has the maildrop
    // open. kUnavailable: it comes less than `delay` after the one before.
    [[nodiscard]] base::Result<Lock> open(account::AccountId account,
                                          bool exclusive,
                                          base::Duration delay,
                                          base::SteadyTime now);

  private:
    struct Use {
        std::uint32_t sessions = 0;
        base::SteadyTime login;  // the last that succeeded
    };

    void close(account::AccountId account);
    void forget_old(base::SteadyTime now);

    std::mutex mutex_;
    std::map<account::AccountId, Use> uses_;
    base::Duration delay_{};  // the longest asked for: what forget_old() must remember
    std::size_t sweep_at_ = 1024;
};

}  // namespace pop3
