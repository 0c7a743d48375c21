// NOTIFY (RFC 5465): what a client wants to hear of, and what it knows of its mailboxes. The mail room's hub says where
// something happened; what happened is the difference between what is there and what is known.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "imap/grammar/notify.h"
#include "imap/server/session.h"
#include "mail/mailboxes.h"

namespace imap {

// May mailboxes of others be among the group's? Names in UTF-8; of the selected mailbox's group nothing is asked.
[[nodiscard]] bool may_cover_others(const NotifyGroup& group);

class Notifier {
  public:
    // NOTIFY NONE: nothing is told at all.
    explicit Notifier(Session& session) : session_(session) {}

    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;
    ~Notifier() = default;

    // NOTIFY SET. Tells \NoAccess, and with `status` STATUS, and begins to listen; call once. kTooLong: too
    // many mailboxes to be watched. Other errors are the store's.
    [[nodiscard]] base::Result<> begin(NotifyArguments wishes);

    // Of the selected mailbox, NotifyEvent bits.
    [[nodiscard]] std::uint32_t selected_events() const { return selected_.events; }

    // EXPUNGE has to wait for a command that lets it be told (RFC 5465 6.1.2).
    [[nodiscard]] bool is_delayed() const {
        return selected_.filter == NotifyGroup::Filter::kSelectedDelayed;
    }

    // What to tell of new messages there.
    [[nodiscard]] const std::vector<FetchItem>& new_message_items() const {
        return selected_.items;
    }

    // The mailbox that was just selected, which somebody may share: what happened there since is heard of.
    void watch_view(mail::Ref ref);

    // Something happened that was not told yet.
    [[nodiscard]] bool is_waiting() const { return overflown_ || !waiting_.empty(); }

    // So much happened that it cannot be told; the answer is NOTIFY NONE and NOTIFICATIONOVERFLOW.
    [[nodiscard]] bool is_overflown() const { return overflown_; }

    // Did something happen in the selected mailbox? It counts as told.
    [[nodiscard]] bool take_selected();
    // Tells what happened elsewhere. An error is the connection's.
    [[nodiscard]] base::Task<base::Result<>> tell();

    // What the client does itself it need not hear of (RFC 5465 5): messages that came to `ref`, the names
    // of mailboxes that were made, renamed (both) or deleted, subscribed to or not, annotations.
    void note_own_messages(mail::Ref ref, const mail::UidSet& uids);
    void note_own_name(std::string_view path);
    void note_own_subscription(std::string_view path);
    void note_own_entry(mail::Ref ref, std::string_view entry);
    // A command begins: what the one before did has been heard of.
    void forget_own();

  private:
    using Entries = std::map<std::string, std::size_t>;  // hashes of values by name

    // A mailbox as the client was told of it.
    struct Known {
        std::string path;
        bool selectable = false;
        bool readable = false;
        std::uint32_t uid_validity = 0;
        mail::Uid uid_next = 0;
        std::uint64_t messages = 0;
        std::uint64_t unseen = 0;
        mail::Modseq modseq = 0;
        Entries entries;

        // Takes the numbers of messages as they are now.
        void count(const mail::MailboxInfo& info);
    };

    using Waiting = std::map<mail::Ref, std::uint32_t>;  // mail::EventKind bits
    using Infos = std::map<mail::Ref, const mail::MailboxInfo*>;

    [[nodiscard]] bool covers(const NotifyGroup& group, const mail::MailboxInfo& info) const;
    [[nodiscard]] std::uint32_t events_for(const mail::MailboxInfo& info) const;
    // The same of a mailbox that is no more.
    [[nodiscard]] std::uint32_t events_for(const Known& known, mail::Ref ref) const;
    [[nodiscard]] bool is_selected(mail::Ref ref) const;

    [[nodiscard]] bool wants(std::uint32_t events) const { return (all_events_ & events) != 0; }

    // False where the owner's changes are heard of already, or nothing is to be told of any.
    bool watch(account::AccountId owner);
    // The same of all that are meant: whether there was one that had not been.
    bool watch_owners(const std::vector<mail::MailboxInfo>& infos);
    void hear(const mail::Event& event);
    [[nodiscard]] Known know(const mail::MailboxInfo& info) const;
    [[nodiscard]] Entries entries_of(mail::Ref ref) const;

    [[nodiscard]] base::Task<base::Result<>> tell_tree(Waiting waiting);

    // Names that are told, and those above them, which are told when all others are.
    struct Affected {
        std::set<std::string, std::less<>> told;
        std::set<std::string, std::less<>> above;

        void tell(std::string_view path);
        void tell_above(std::string_view path);
    };

    void tell_names(const Waiting& waiting, const Infos& now);
    void tell_gone(const Waiting& waiting, const Infos& now, Affected& affected);
    void tell_renamed(const Infos& now, Affected& affected);
    void tell_created(const Infos& now, Affected& affected);
    void tell_turned(const Infos& now, Affected& affected);
    void tell_above(const Infos& now, const Affected& affected);
    void tell_subscriptions(const Infos& now);
    void tell_messages(const mail::MailboxInfo& info, Known& known);
    void tell_entries(const mail::MailboxInfo& info, Known& known);
    void tell_server_entries();
    void put_list(std::string_view attributes, std::string_view path, std::string_view old = {});
    void put_entries(std::string_view path,
                     const Entries& before,
                     const Entries& now,
                     mail::Ref ref);

    [[nodiscard]] bool take_own(const std::string& what);
    void note_own(std::string what);

    Session& session_;
    std::vector<NotifyGroup> groups_;  // but for the selected mailbox's; names in UTF-8
    NotifyGroup selected_;
    std::uint32_t all_events_ = 0;
    std::map<mail::Ref, Known> known_;
    std::set<std::string> subscribed_;
    Entries server_entries_;
    std::set<std::string> own_;
    std::map<mail::Ref, mail::UidSet> own_messages_;
    Waiting waiting_;
    bool overflown_ = false;
    std::map<account::AccountId, mail::Hub::Subscription> watched_;
};

}  // namespace imap
