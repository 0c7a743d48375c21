#include "mail/mailbox_tree.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "account/text.h"
#include "base/ascii.h"
#include "mail/acl.h"
#include "mail/annotations.h"
#include "mail/page_record.h"
#include "store/key.h"

namespace mail {
namespace {

using store::KeyWriter;

struct Provision {
    std::string_view name;
    Role role;
};

constexpr std::array kProvisions = {
    Provision{"Archive", Role::kArchive},
    Provision{"Drafts", Role::kDrafts},
    Provision{"Junk", Role::kJunk},
    Provision{"Sent", Role::kSent},
    Provision{"Trash", Role::kTrash},
};

// RFC 9051 5.1: no controls, and no line or paragraph separators (Net-Unicode). Wildcards would make names
// that no LIST can ask for.
bool is_name(std::string_view name) {
    const auto is_bad = [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet < 0x20 || octet == 0x7f || c == '%' || c == '*';
    };
    if (name.empty() || std::any_of(name.begin(), name.end(), is_bad)) {
        return false;
    }
    for (std::size_t i = 0; i + 1 < name.size(); ++i) {
        // U+0080 to U+009F; U+2028 and U+2029.
        const bool control = name[i] == '\xc2' && static_cast<unsigned char>(name[i + 1]) < 0xa0;
        const bool separator = name.substr(i).starts_with("\xe2\x80\xa8") ||
                               name.substr(i).starts_with("\xe2\x80\xa9");
        if (control || separator) {
            return false;
        }
    }
    return true;
}

// Calls visit(key, record) for all under `prefix` until it fails.
template <class Visit>
base::Result<> each(const store::Reader& reader, const std::string& prefix, Visit visit) {
    base::Result<> outcome;
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            outcome = visit(key, record);
            return outcome.has_value();
        }));
    return outcome;
}

}  // namespace

base::Result<std::vector<std::string>> parse_levels(std::string_view path,
                                                    std::size_t depth_max,
                                                    std::size_t name_octets_max) {
    std::vector<std::string> levels;
    for (bool more = true; more;) {
        const std::size_t slash = path.find('/');
        more = slash != std::string_view::npos;
        auto name = account::normalize(path.substr(0, slash));
        path.remove_prefix(more ? slash + 1 : path.size());
        if (!name || !is_name(*name)) {
            return base::fail(
                base::Errc::kInvalid,
                "not a mailbox name: one has no controls, no *, no % and no empty levels");
        }
        if (name->size() > name_octets_max || levels.size() == depth_max) {
            return base::fail(base::Errc::kTooLong, "a mailbox name that is too long or too deep");
        }
        levels.push_back(std::move(*name));
    }
    if (base::iequals(levels.front(), kInboxName)) {
        levels.front() = kInboxName;
    }
    return levels;
}

std::string join_levels(const std::vector<std::string>& levels) {
    std::string path;
    for (const std::string& level : levels) {
        path += (path.empty() ? "" : "/") + level;
    }
    return path;
}

base::Result<std::optional<MailboxId>> find_child(const store::Reader& reader,
                                                  account::AccountId owner,
                                                  MailboxId parent,
                                                  std::string_view name) {
    TRY(const auto record, reader.get(name_key(owner, parent, name)));
    if (!record) {
        return std::optional<MailboxId>();
    }
    TRY(const MailboxId id, decode_number(*record));
    return std::optional(id);
}

base::Result<std::optional<MailboxId>> find_mailbox(const store::Reader& reader,
                                                    account::AccountId owner,
                                                    const std::vector<std::string>& levels) {
    std::optional<MailboxId> at = 0;
    for (const std::string& level : levels) {
        TRY(at, find_child(reader, owner, *at, level));
        if (!at) {
            break;
        }
    }
    return at;
}

base::Result<bool> has_children(const store::Reader& reader, Ref ref) {
    bool found = false;
    const std::string prefix = name_prefix(ref.owner, ref.mailbox);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&found](std::string_view, std::string_view) {
            found = true;
            return false;
        }));
    return found;
}

base::Result<std::vector<std::string>> levels_of(const store::Reader& reader, Ref ref) {
    constexpr std::size_t kDepthMax = 1000;  // whatever the limits were when it was made
    std::vector<std::string> levels;
    while (ref.mailbox != 0) {
        TRY(auto mailbox, load_mailbox(reader, ref));
        if (!mailbox || levels.size() == kDepthMax) {
            return base::fail(base::Errc::kNotFound, "the mailbox has gone");
        }
        levels.push_back(std::move(mailbox->name));
        ref.mailbox = mailbox->parent;
    }
    std::reverse(levels.begin(), levels.end());
    return levels;
}

base::Result<MailboxId> make_mailbox(store::Transaction& change,
                                     AccountEditor& account,
                                     const NewMailbox& mailbox,
                                     base::WallTime now) {
    const bool inbox = mailbox.parent == 0 && mailbox.name == kInboxName;
    const MailboxId id = inbox ? kInbox : account.counters().next_mailbox++;
    MailboxRecord record;
    record.parent = mailbox.parent;
    record.name = mailbox.name;
    record.role = mailbox.role;
    record.created_modseq = record.modseq = account.modseq();
    const Ref ref{account.id(), id};
    change.put(mailbox_key(KeyTag::kMailbox, ref), encode(record));
    change.put(name_key(account.id(), mailbox.parent, mailbox.name), encode_number(id));
    ++account.counters().mailboxes;
    if (mailbox.selectable) {
        TRY_VOID(MailboxEditor::create(change, account, id, now).save());
    }
    return id;
}

base::Result<> provision(store::Transaction& change, AccountEditor& account, base::WallTime now) {
    const bool first = account.counters().mailboxes == 0;
    TRY(const auto inbox, find_child(change, account.id(), 0, kInboxName));
    if (!inbox) {
        NewMailbox mailbox;
        mailbox.name = kInboxName;
        TRY_VOID(make_mailbox(change, account, mailbox, now));
        change.put(subscription_key(account.id(), kInboxName), encode_mark());
    }
    for (const Provision& row : kProvisions) {
        if (first) {
            NewMailbox mailbox;
            mailbox.name = row.name;
            mailbox.role = row.role;
            TRY_VOID(make_mailbox(change, account, mailbox, now));
            change.put(subscription_key(account.id(), row.name), encode_mark());
        }
    }
    return {};
}

base::Result<> empty_mailbox(store::Transaction& change,
                             AccountEditor& account,
                             MailboxId mailbox,
                             std::vector<EmailId>& emails) {
    const Ref ref{account.id(), mailbox};
    TRY(const auto state, load_state(change, ref));
    if (!state) {
        return {};
    }
    TRY_VOID(each(change,
                  mailbox_key(KeyTag::kPage, ref),
                  [&](std::string_view key, std::string_view record) -> base::Result<> {
                      TRY(const PageName name, parse_page_key(key));
                      TRY(const PagePtr page, decode_page(name.page, record));
                      for (const Entry& entry : page->entries) {
                          emails.push_back(entry.email);
                      }
                      return {};
                  }));
    AccountCounters& counters = account.counters();
    if (counters.messages < state->messages || counters.octets < state->octets) {
        return base::fail(base::Errc::kCorrupt, "the account's counters are less than its mail");
    }
    counters.messages -= state->messages;
    counters.octets -= state->octets;
    static_cast<void>(account.modseq());
    for (const KeyTag tag : {KeyTag::kPage, KeyTag::kVanished}) {
        TRY_VOID(erase_all(change, mailbox_key(tag, ref)));
    }
    change.erase(mailbox_key(KeyTag::kState, ref));
    change.erase(mailbox_key(KeyTag::kKeywords, ref));
    change.erase(mailbox_key(KeyTag::kRecent, ref));
    return {};
}

base::Result<> erase_mailbox(store::Transaction& change,
                             AccountEditor& account,
                             MailboxId mailbox) {
    const Ref ref{account.id(), mailbox};
    TRY(const auto record, load_mailbox(change, ref));
    if (!record) {
        return {};
    }
    change.erase(mailbox_key(KeyTag::kMailbox, ref));
    change.erase(name_key(account.id(), record->parent, record->name));
    static_cast<void>(account.modseq());
    --account.counters().mailboxes;
    return erase_sayings(change, account, mailbox);
}

base::Result<> erase_sayings(store::Transaction& change,
                             AccountEditor& account,
                             MailboxId mailbox) {
    const Ref ref{account.id(), mailbox};
    TRY_VOID(erase_acl(change, ref));
    return erase_annotations(change, account, mailbox_key(KeyTag::kAnnotation, ref));
}

base::Result<> erase_all(store::Transaction& change, const std::string& prefix) {
    std::vector<std::string> keys;
    TRY_VOID(
        each(change, prefix, [&keys](std::string_view key, std::string_view) -> base::Result<> {
            keys.emplace_back(key);
            return {};
        }));
    for (const std::string& key : keys) {
        change.erase(key);
    }
    return {};
}

std::string subscription_key(account::AccountId user, std::string_view path) {
    return KeyWriter().raw(account_prefix(KeyTag::kSubscription, user)).raw(path).key();
}

}  // namespace mail
