// What a session knows of the mailbox it has selected: which sequence numbers its client counts with, and
// what it has been told (RFC 9051 2.3.1.2, 5.2, 7.5.1).
//
// Numbers come from a snapshot, the one the client was last told about in full. While numbers may not
// change (FETCH, STORE and SEARCH by number), flags are still told; so there is a second snapshot, whose
// flags the client knows, and the one with the numbers keeps messages that have gone until EXPUNGE may be
// said. A third is the newest that was looked at: values are answered from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "imap/grammar/sequence_set.h"
#include "mail/mailboxes.h"
#include "mail/snapshot.h"

namespace imap {

class View {
  public:
    // `examined`: nothing may be changed, whatever the rights.
    View(mail::MailboxInfo info, mail::SnapshotPtr snapshot, bool examined);

    [[nodiscard]] mail::Ref ref() const { return info_.ref; }

    [[nodiscard]] mail::Opened opened() const { return {info_.ref, info_.uid_validity}; }

    // False: `snapshot` is of another mailbox, made in its place since.
    [[nodiscard]] bool is_of(const mail::Snapshot& snapshot) const {
        return snapshot.uid_validity() == info_.uid_validity;
    }

    [[nodiscard]] const mail::MailboxInfo& info() const { return info_; }

    [[nodiscard]] bool read_only() const { return (rights() & mail::kRightsToChange) == 0; }

    // What the user may change here: nothing after EXAMINE.
    [[nodiscard]] mail::Rights rights() const { return examined_ ? mail::Rights() : info_.rights; }

    // Others have given or taken some.
    void set_rights(mail::Rights rights) { info_.rights = rights; }

    [[nodiscard]] bool may(mail::Rights right) const { return (rights() & right) != 0; }

    // The mailbox as the client numbers it: index + 1.
    [[nodiscard]] const mail::SnapshotPtr& told() const { return told_; }

    // The newest that was looked at.
    [[nodiscard]] const mail::SnapshotPtr& latest() const { return latest_; }

    // The entry of a message the client knows, as it is now; as it was last, when it has gone.
    [[nodiscard]] const mail::Entry& current(const mail::Entry& told) const;

    // Of `vanished` what has gone for the client as well: what its numbers still count is told when those change.
    [[nodiscard]] mail::UidSet gone_of(const mail::Vanished& vanished) const;

    // The UIDs of the messages of told() that a set means. Nothing: a sequence number beyond the last
    // one, which is the client's mistake (UIDs that are not there are none).
    [[nodiscard]] std::optional<mail::UidSet> resolve(const SequenceSet& set, bool is_uids) const;
    // The same with what lies between two messages of a range: as short as it is written, whatever the mailbox holds.
    [[nodiscard]] std::optional<mail::UidSet> spans(const SequenceSet& set, bool is_uids) const;

    // RFC 5182: "$". Messages that go drop out of it.
    void save_result(mail::UidSet uids) { saved_ = std::move(uids); }

    [[nodiscard]] const mail::UidSet& saved_result() const { return saved_; }

    // Messages from `first` on and below `next` are \Recent here.
    void add_recent(mail::Uid first, mail::Uid next);

    [[nodiscard]] bool is_recent(mail::Uid uid) const { return recent_.contains(uid); }

    [[nodiscard]] mail::UidSet recent() const;
    [[nodiscard]] std::size_t recent_count() const;

    // The newest, for current(); news are still what differs from what was told.
    void look_at(mail::SnapshotPtr latest) {
        latest_ = is_of(*latest) ? std::move(latest) : latest_;
    }

    // Are there keywords in latest() that the client has not heard of? It is told now.
    [[nodiscard]] bool take_keyword_news();

    // The keywords that the client was told of.
    [[nodiscard]] const std::vector<std::string>& keywords_told() const { return keywords_told_; }

    // The mailbox with the flags that were told last.
    [[nodiscard]] const mail::SnapshotPtr& flags_told() const { return flags_told_; }

    // Amid a long IDLE: lets the snapshots go and keeps only which UIDs the client knows, and the last change
    // it was told of. The next take_news() brings all back; until then nothing else may be asked. Not
    // while something is held back.
    void fall_asleep();

    [[nodiscard]] bool can_sleep() const { return asleep_ == nullptr && !holds_back(); }

    // Is there something that take_news() could not tell yet?
    [[nodiscard]] bool holds_back() const { return told_ != flags_told_; }

    [[nodiscard]] bool is_asleep() const { return asleep_ != nullptr; }

    // What the client must hear to come from what it knows to `latest`; the view then takes that as told.
    struct News {
        std::vector<std::uint32_t> expunged;  // sequence numbers before all this, ascending
        mail::UidSet vanished;                // the same as UIDs

        struct Change {
            std::uint32_t number = 0;  // afterwards
            mail::Uid uid = 0;
        };

        std::vector<Change> changed;
        bool has_more = false;    // EXISTS is to be told,
        mail::Uid first_new = 0;  // and these UIDs and higher ones are new
    };

    // Without `may_expunge` numbers stay, and so does EXISTS while messages that have gone are kept.
    [[nodiscard]] News take_news(mail::SnapshotPtr latest, bool may_expunge);

    // The messages whose flags the last news told.
    [[nodiscard]] const mail::UidSet& flags_just_told() const { return flags_just_told_; }

    // The next news leave these out, as far as nobody changes them after `modseq`: the client knows.
    void note_told(mail::UidSet uids, mail::Modseq modseq);

    // Messages that the client has put here itself, until take_own().
    void note_own(const mail::UidSet& uids) { own_ = own_.unite(uids); }

    [[nodiscard]] mail::UidSet take_own() { return std::exchange(own_, {}); }

  private:
    // What is kept of the snapshots meanwhile.
    struct Asleep {
        mail::UidSet uids;
        mail::Modseq modseq = 0;
        mail::Uid uid_next = 0;
    };

    [[nodiscard]] News find_news(mail::SnapshotPtr latest, bool may_expunge);
    [[nodiscard]] News wake_up(mail::SnapshotPtr latest);
    [[nodiscard]] bool is_known(const mail::Entry& entry) const;
    [[nodiscard]] bool is_known_page(const mail::Page& page) const;
    void find_vanished(mail::SnapshotNews& found, News& news) const;
    void find_changed(mail::SnapshotNews& found, bool may_expunge, News& news) const;

    mail::MailboxInfo info_;
    mail::SnapshotPtr told_;
    mail::SnapshotPtr flags_told_;
    mail::SnapshotPtr latest_;
    std::vector<std::string> keywords_told_;
    bool examined_;
    mail::UidSet recent_;  // or were, before they went
    mail::UidSet saved_;
    mail::UidSet known_;  // by note_told()
    mail::Modseq known_modseq_ = 0;
    mail::UidSet flags_just_told_;
    mail::UidSet own_;
    std::unique_ptr<Asleep> asleep_;
};

}  // namespace imap
