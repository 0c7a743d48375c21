// Mail's invariants: every sum agrees with what it sums, every number was handed out by its counter.
#include <fmt/format.h>

#include <functional>
#include <map>
#include <utility>

#include "mail/message_store.h"
#include "mail/records.h"
#include "store/key.h"

namespace mail {
namespace {

struct Sums {
    std::uint64_t messages = 0;
    std::uint64_t unseen = 0;
    std::uint64_t octets = 0;
    std::uint64_t modseq_max = 0;
    std::uint64_t email_max = 0;
    Uid uid_max = 0;
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

// One pass over each kind of record; what is kept between them is sums, an account and a mailbox each.
class Checker {
  public:
    explicit Checker(const store::Reader& reader) : reader_(reader) {}

    base::Result<std::vector<std::string>> run() {
        TRY_VOID(each('m', [this](auto key, auto record) { on_counters(key, record); }));
        TRY_VOID(each('U', [this](auto key, auto record) { on_message(key, record); }));
        TRY_VOID(each('M', [this](auto key, auto record) { on_mailbox(key, record); }));
        for (const auto& [name, sums] : mailboxes_) {
            findings_.add("account {} has {} messages in mailbox {}, which does not exist",
                          name.first,
                          sums.messages,
                          name.second);
        }
        for (const auto& [account, sums] : accounts_) {
            compare(account, sums);
            TRY(const auto owner, account::find_account(reader_, account));
            TRY(const bool leaving, account::is_being_removed(reader_, account));
            if (!owner && !leaving) {
                findings_.add("there is mail of account {}, which does not exist", account);
            }
        }
        return findings_.take();
    }

  private:
    using Visit = std::function<void(std::string_view key, std::string_view record)>;

    base::Result<> each(char tag, const Visit& visit) const {
        const std::string prefix = store::KeyWriter().u8(static_cast<std::uint8_t>(tag)).key();
        return reader_.scan(prefix,
                            store::prefix_end(prefix),
                            [&visit](std::string_view key, std::string_view record) {
                                visit(key, record);
                                return true;
                            });
    }

    void on_counters(std::string_view key, std::string_view record) {
        const auto account = parse_counters_key(key);
        auto counters = decode_counters(record);
        if (!account || !counters) {
            findings_.add("an account's mail counters are damaged");
            return;
        }
        counters_.emplace(*account, *counters);
        accounts_.try_emplace(*account);
    }

    void on_message(std::string_view key, std::string_view record) {
        const auto name = parse_message_key(key);
        const auto message = decode_message(record);
        if (!name || !message) {
            findings_.add("a message's record is damaged");
            return;
        }
        const auto blob = reader_.open_blob(message->blob);
        if (!blob) {
            findings_.add("message {} of account {}, mailbox {}: its text is missing: {}",
                          name->uid,
                          name->account,
                          name->mailbox,
                          blob.error().text);
        } else if ((*blob)->size() != message->octets) {
            findings_.add("message {} of account {}, mailbox {} has {} octets, its record says {}",
                          name->uid,
                          name->account,
                          name->mailbox,
                          (*blob)->size(),
                          message->octets);
        }
        count(mailboxes_[{name->account, name->mailbox}], name->uid, *message);
        count(accounts_[name->account], name->uid, *message);
    }

    static void count(Sums& sums, Uid uid, const MessageRecord& message) {
        ++sums.messages;
        sums.unseen += (message.flags & kSeen) == 0 ? 1 : 0;
        sums.octets += message.octets;
        sums.modseq_max = std::max(sums.modseq_max, message.modseq);
        sums.email_max = std::max(sums.email_max, message.email);
        sums.uid_max = std::max(sums.uid_max, uid);
    }

    void on_mailbox(std::string_view key, std::string_view record) {
        const auto name = parse_mailbox_key(key);
        const auto mailbox = decode_mailbox(record);
        if (!name || !mailbox) {
            findings_.add("a mailbox' record is damaged");
            return;
        }
        const auto node = mailboxes_.extract({name->account, name->mailbox});
        const Sums sums = node ? node.mapped() : Sums{};
        const std::string where = fmt::format(
            "mailbox {} ({}) of account {}", name->mailbox, mailbox->name, name->account);
        if (sums.messages != mailbox->messages || sums.unseen != mailbox->unseen ||
            sums.octets != mailbox->octets) {
            findings_.add(
                "{} holds {} messages, {} unseen, {} octets; its record says {}, {} and {}",
                where,
                sums.messages,
                sums.unseen,
                sums.octets,
                mailbox->messages,
                mailbox->unseen,
                mailbox->octets);
        }
        if (sums.uid_max >= mailbox->uid_next) {
            findings_.add(
                "{} has UID {}, its next was to be {}", where, sums.uid_max, mailbox->uid_next);
        }
        if (sums.modseq_max > mailbox->highest_modseq) {
            findings_.add("{} has modseq {}, its highest was to be {}",
                          where,
                          sums.modseq_max,
                          mailbox->highest_modseq);
        }
        check_handed_out(*name, *mailbox, where);
    }

    void check_handed_out(const MailboxName& name,
                          const MailboxRecord& mailbox,
                          const std::string& where) {
        const auto counters = counters_.find(name.account);
        if (counters == counters_.end()) {
            findings_.add("{}: the account has no mail counters", where);
            return;
        }
        if (name.mailbox >= counters->second.next_mailbox ||
            mailbox.uid_validity > counters->second.uid_validity ||
            mailbox.highest_modseq > counters->second.modseq) {
            findings_.add("{} has an id, UIDVALIDITY or modseq that its account never gave out",
                          where);
        }
    }

    void compare(account::AccountId account, const Sums& sums) {
        const AccountCounters counters = counters_[account];
        if (sums.messages != counters.messages || sums.octets != counters.octets) {
            findings_.add("account {} holds {} messages, {} octets; its counters say {} and {}",
                          account,
                          sums.messages,
                          sums.octets,
                          counters.messages,
                          counters.octets);
        }
        if (sums.email_max >= counters.next_email) {
            findings_.add("account {} has a message id that it never gave out", account);
        }
    }

    const store::Reader& reader_;
    Findings findings_;
    std::map<account::AccountId, AccountCounters> counters_;
    std::map<account::AccountId, Sums> accounts_;
    std::map<std::pair<account::AccountId, MailboxId>, Sums> mailboxes_;
};

}  // namespace

base::Result<std::vector<std::string>> check(const store::Reader& reader) {
    return Checker(reader).run();
}

base::Result<> count_references(const store::Reader& reader,
                                const std::function<void(const store::BlobId&)>& add) {
    const std::string prefix = store::KeyWriter().u8('U').key();
    base::Result<> damage;
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view /*key*/, std::string_view record) {
            const auto message = decode_message(record);
            if (!message) {
                damage = base::fail(base::Errc::kCorrupt, "a message's record is damaged");
                return true;
            }
            add(message->blob);
            return true;
        }));
    return damage;
}

}  // namespace mail
