// Mail's invariants: every sum agrees with what it sums, every number was handed out by its counter, every
// email is there as long as an entry names it and no longer.
#include <fmt/format.h>

#include <bit>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "mail/annotations.h"
#include "mail/emails.h"
#include "mail/message_store.h"
#include "mail/page_record.h"
#include "mail/records.h"
#include "mail/search_indexer.h"
#include "mail/summary.h"
#include "store/key.h"

namespace mail {
namespace {

struct Sums {
    MailboxState state;  // what the record should say
    Modseq modseq_max = 0;
    Uid uid_max = 0;
    std::uint64_t keywords = 0;
};

// What entries and garbage say of one email, and what there is of it.
struct EmailUse {
    std::uint64_t references = 0;
    std::uint64_t counted = 0;  // as its records say
    std::uint64_t octets = 0;   // as entries say
};

// What is wrong with one record, said with its name in front.
class Findings {
  public:
    template <class... Arguments>
    void add(fmt::format_string<Arguments...> sentence, Arguments&&... arguments) {
        sentences_.push_back(fmt::format(sentence, std::forward<Arguments>(arguments)...));
    }

    [[nodiscard]] std::vector<std::string> take() { return std::move(sentences_); }

  private:
    std::vector<std::string> sentences_;
};

using Visit = std::function<void(std::string_view key, std::string_view record)>;

base::Result<> each(const store::Reader& reader, const std::string& prefix, const Visit& visit) {
    return reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            visit(key, record);
            return true;
        });
}

// One account. What is kept in memory is sums, a mailbox each, and counts, an email each.
class AccountCheck {
  public:
    AccountCheck(const store::Reader& reader, account::AccountId account, Findings& findings)
        : reader_(reader),
          account_(account),
          findings_(findings) {}

    base::Result<> run() {
        TRY(const auto owner, account::find_account(reader_, account_));
        TRY(leaving_, account::is_being_removed(reader_, account_));
        if (!owner && !leaving_) {
            findings_.add("there is mail of account {}, which does not exist", account_);
        }
        TRY_VOID(check_counters());
        TRY_VOID(each_of(KeyTag::kPage, &AccountCheck::on_page));
        TRY_VOID(each_of(KeyTag::kState, &AccountCheck::on_state));
        TRY_VOID(each_of(KeyTag::kMailbox, &AccountCheck::on_mailbox));
        TRY_VOID(each_of(KeyTag::kName, &AccountCheck::on_name));
        TRY_VOID(each_of(KeyTag::kAnnotation, &AccountCheck::on_saying));
        TRY_VOID(each_of(KeyTag::kAcl, &AccountCheck::on_saying));
        for (const auto& [id, records] : orphans_) {
            findings_.add(
                "account {} has {} annotations and rights of mailbox {}, which does not exist",
                account_,
                records,
                id);
        }
        for (const auto& [id, sums] : mailboxes_) {
            findings_.add("account {} has {} messages in mailbox {}, which does not exist",
                          account_,
                          sums.state.messages,
                          id);
        }
        for (const auto& [id, mailbox] : names_) {
            findings_.add("mailbox {} ({}) of account {} cannot be found by its name",
                          id,
                          mailbox.name,
                          account_);
        }
        compare();
        TRY_VOID(check_emails());
        TRY(const std::vector<std::string> of_index, check_index(reader_, account_));
        for (const std::string& finding : of_index) {
            findings_.add("{}", finding);
        }
        return {};
    }

  private:
    base::Result<> each_of(KeyTag tag,
                           void (AccountCheck::*visit)(std::string_view, std::string_view)) {
        return each(reader_,
                    account_prefix(tag, account_),
                    [this, visit](std::string_view key, std::string_view record) {
                        (this->*visit)(key, record);
                    });
    }

    base::Result<> check_counters() {
        TRY(const auto record, reader_.get(counters_key(account_)));
        const auto counters = decode_counters(record.value_or(""));
        if (!record) {
            findings_.add("account {}: the account has no mail counters", account_);
        } else if (!counters) {
            findings_.add("account {}: its mail counters are damaged", account_);
        } else {
            counters_ = *counters;
        }
        return {};
    }

    void on_page(std::string_view key, std::string_view record) {
        const auto name = parse_page_key(key);
        const auto page = decode_page(name ? name->page : 0, record);
        if (!name || !page) {
            findings_.add("account {}: a page of messages is damaged", account_);
            return;
        }
        for (const Entry& entry : (*page)->entries) {
            count(mailboxes_[name->ref.mailbox], entry);
            count(all_, entry);
            EmailUse& use = emails_[entry.email];
            ++use.references;
            if (use.octets != 0 && use.octets != entry.octets) {
                findings_.add("email {} of account {} has two sizes", entry.email, account_);
            }
            use.octets = entry.octets;
            if (entry.modseq > (*page)->highest_modseq) {
                findings_.add("message {} of account {}, mailbox {} is newer than its page",
                              entry.uid,
                              account_,
                              name->ref.mailbox);
            }
        }
    }

    static void count(Sums& sums, const Entry& entry) {
        MailboxState& state = sums.state;
        ++state.messages;
        state.octets += entry.octets;
        state.unseen += (entry.flags & kSeen) == 0 ? 1 : 0;
        if ((entry.flags & kDeleted) != 0) {
            ++state.deleted;
            state.deleted_octets += entry.octets;
        }
        sums.modseq_max = std::max(sums.modseq_max, entry.modseq);
        sums.uid_max = std::max(sums.uid_max, entry.uid);
        sums.keywords |= entry.keywords;
    }

    void on_state(std::string_view key, std::string_view record) {
        const auto ref = parse_mailbox_key(key);
        const auto state = decode_state(record);
        if (!ref || !state) {
            findings_.add("account {}: the sums of a mailbox are damaged", account_);
            return;
        }
        const auto node = mailboxes_.extract(ref->mailbox);
        const Sums sums = node ? node.mapped() : Sums{};
        selectable_.insert(ref->mailbox);
        const std::string where = fmt::format("mailbox {} of account {}", ref->mailbox, account_);
        compare(where, sums, *state);
        const auto keywords = load_keywords(reader_, *ref);
        if (!keywords ||
            static_cast<std::size_t>(std::bit_width(sums.keywords)) > keywords->size()) {
            findings_.add("{} has messages with keywords that have no name", where);
        }
        check_vanished(where, *ref, *state);
        const auto recent = load_first_recent(reader_, *ref);
        if (!recent || *recent > state->uid_next) {
            findings_.add("{} has told of messages that never came", where);
        }
        if (ref->mailbox >= counters_.next_mailbox ||
            state->uid_validity > counters_.uid_validity ||
            state->highest_modseq > counters_.modseq) {
            findings_.add("{} has an id, UIDVALIDITY or modseq that its account never gave out",
                          where);
        }
    }

    void compare(const std::string& where, const Sums& sums, const MailboxState& state) {
        const auto say = [](const MailboxState& what) {
            return fmt::format("{} messages, {} unseen, {} deleted, {} octets, {} deleted",
                               what.messages,
                               what.unseen,
                               what.deleted,
                               what.octets,
                               what.deleted_octets);
        };
        if (say(sums.state) != say(state)) {
            findings_.add("{} holds {}; its record says {}", where, say(sums.state), say(state));
        }
        if (sums.uid_max >= state.uid_next) {
            findings_.add(
                "{} has UID {}, its next was to be {}", where, sums.uid_max, state.uid_next);
        }
        if (sums.modseq_max > state.highest_modseq) {
            findings_.add("{} has modseq {}, its highest was to be {}",
                          where,
                          sums.modseq_max,
                          state.highest_modseq);
        }
    }

    void check_vanished(const std::string& where, Ref ref, const MailboxState& state) {
        const auto scanned = each(reader_,
                                  mailbox_key(KeyTag::kVanished, ref),
                                  [&](std::string_view key, std::string_view record) {
                                      const auto modseq = parse_vanished_key(key);
                                      const auto uids = decode_uids(record);
                                      if (!modseq || !uids || *modseq > state.highest_modseq ||
                                          uids->last() >= state.uid_next) {
                                          findings_.add("{}: its history is damaged", where);
                                      }
                                  });
        if (!scanned) {
            findings_.add("{}: {}", where, scanned.error().text);
        }
    }

    void on_mailbox(std::string_view key, std::string_view record) {
        const auto ref = parse_mailbox_key(key);
        auto mailbox = decode_mailbox(record);
        if (!ref || !mailbox) {
            findings_.add("a mailbox' record is damaged");
            return;
        }
        selectable_.erase(ref->mailbox);
        ++mailbox_count_;
        names_.emplace(ref->mailbox, std::move(*mailbox));
        known_.insert(ref->mailbox);
    }

    // Every name leads to a mailbox of that name under that parent, and takes it off the list.
    void on_name(std::string_view key, std::string_view record) {
        const auto id = decode_number(record);
        const auto mailbox = id ? names_.find(*id) : names_.end();
        if (mailbox == names_.end() ||
            name_key(account_, mailbox->second.parent, mailbox->second.name) != key) {
            findings_.add("account {}: a name leads to no mailbox of that name", account_);
            return;
        }
        if (mailbox->second.parent != 0 && !known_.contains(mailbox->second.parent)) {
            findings_.add("mailbox {} of account {} lies below one that does not exist",
                          mailbox->first,
                          account_);
        }
        names_.erase(mailbox);
    }

    // An annotation, or somebody's rights. Those of mailbox 0 are of the account itself.
    void on_saying(std::string_view key, std::string_view /*record*/) {
        const auto ref = parse_mailbox_key(key);
        if (ref && ref->mailbox != 0 && !known_.contains(ref->mailbox)) {
            ++orphans_[ref->mailbox];
        }
    }

    void compare() {
        if (all_.state.messages != counters_.messages || all_.state.octets != counters_.octets) {
            findings_.add("account {} holds {} messages, {} octets; its counters say {} and {}",
                          account_,
                          all_.state.messages,
                          all_.state.octets,
                          counters_.messages,
                          counters_.octets);
        }
        if (mailbox_count_ != counters_.mailboxes) {
            findings_.add("account {} has {} mailboxes; its counters say {}",
                          account_,
                          mailbox_count_,
                          counters_.mailboxes);
        }
        for (const MailboxId id : selectable_) {
            findings_.add("mailbox {} of account {} has no place in the tree", id, account_);
        }
    }

    base::Result<> check_emails() {
        TRY_VOID(scan_garbage(reader_, account_, [this](std::span<const EmailId> emails) {
            for (const EmailId email : emails) {
                ++emails_[email].references;
            }
        }));
        TRY_VOID(scan_copies(reader_, account_, [this](EmailId email, std::uint64_t copies) {
            emails_[email].counted += copies;
        }));
        TRY_VOID(each_of(KeyTag::kEmail, &AccountCheck::on_email));
        for (const auto& [email, use] : emails_) {
            if (use.references != use.counted && (!leaving_ || use.references != 0)) {
                findings_.add("email {} of account {} lies in {} places, {} are counted",
                              email,
                              account_,
                              use.references,
                              use.counted);
            }
        }
        return {};
    }

    void on_email(std::string_view key, std::string_view record) {
        const EmailId id = store::KeyReader(key.substr(key.size() - sizeof(EmailId))).u64();
        EmailUse& use = emails_[id];
        ++use.counted;
        const auto email = decode_email(record);
        if (!email) {
            findings_.add("email {} of account {}: its record is damaged", id, account_);
            return;
        }
        if (id >= counters_.next_email) {
            findings_.add("account {} has a message id that it never gave out", account_);
        }
        const auto summary = Summary::unpack(std::string(email->summary));
        if (!summary || (!summary->empty() && !summary->structure())) {
            findings_.add("email {} of account {}: its summary is damaged", id, account_);
        }
        if (use.octets != 0 && use.octets != email->octets) {
            findings_.add("email {} of account {} has {} octets, its entries say {}",
                          id,
                          account_,
                          email->octets,
                          use.octets);
        }
        const auto blob = reader_.open_blob(email->blob);
        if (!blob) {
            findings_.add(
                "email {} of account {}: its text is missing: {}", id, account_, blob.error().text);
        } else if ((*blob)->size() != email->octets) {
            findings_.add("email {} of account {} has {} octets, its record says {}",
                          id,
                          account_,
                          (*blob)->size(),
                          email->octets);
        }
        const auto placed = reader_.open_blob_at(email->blob, email->place);
        if (blob && placed && (*placed)->size() != (*blob)->size()) {
            findings_.add("email {} of account {}: its text lies elsewhere", id, account_);
        }
    }

    const store::Reader& reader_;
    const account::AccountId account_;
    Findings& findings_;
    bool leaving_ = false;
    AccountCounters counters_;
    Sums all_;
    std::map<MailboxId, Sums> mailboxes_;       // those with pages and no sums yet
    std::set<MailboxId> selectable_;            // those with sums and no place yet
    std::map<MailboxId, MailboxRecord> names_;  // those with a place and no name yet
    std::set<MailboxId> known_;
    std::map<MailboxId, std::uint64_t> orphans_;  // what is said of mailboxes that do not exist
    std::uint64_t mailbox_count_ = 0;
    std::unordered_map<EmailId, EmailUse> emails_;
};

// The accounts of which there is a record of that kind.
base::Result<> add_accounts(const store::Reader& reader,
                            KeyTag tag,
                            std::set<account::AccountId>& accounts) {
    const std::string end = store::prefix_end(prefix(tag));
    std::string from = prefix(tag);
    for (bool found = true; found;) {
        found = false;
        TRY_VOID(reader.scan(from, end, [&](std::string_view key, std::string_view /*record*/) {
            const auto account = parse_account(key);
            if (account) {
                accounts.insert(*account);
                from = store::prefix_end(account_prefix(tag, *account));
            }
            found = account.has_value();
            return false;
        }));
    }
    return {};
}

}  // namespace

base::Result<std::vector<std::string>> check(const store::Reader& reader) {
    std::set<account::AccountId> accounts;
    for (const KeyTag tag : {KeyTag::kCounters,
                             KeyTag::kPage,
                             KeyTag::kState,
                             KeyTag::kMailbox,
                             KeyTag::kEmail,
                             KeyTag::kAnnotation,
                             KeyTag::kAcl}) {
        TRY_VOID(add_accounts(reader, tag, accounts));
    }
    Findings findings;
    for (const account::AccountId account : accounts) {
        TRY_VOID(AccountCheck(reader, account, findings).run());
    }
    TRY(const auto annotations, wrong_annotation_sums(reader));
    for (const auto& [account, sum] : annotations) {
        findings.add("account {} pays for {} octets of annotations; its counters say {}",
                     account,
                     sum.octets,
                     sum.counted);
    }
    return findings.take();
}

base::Result<> count_references(const store::Reader& reader,
                                const std::function<void(const store::BlobId&)>& add) {
    base::Result<> damage;
    TRY_VOID(each(reader, prefix(KeyTag::kEmail), [&](std::string_view, std::string_view record) {
        const auto email = decode_email(record);
        if (!email) {
            damage = base::fail(base::Errc::kCorrupt, "an email's record is damaged");
            return;
        }
        add(email->blob);
    }));
    return damage;
}

}  // namespace mail
