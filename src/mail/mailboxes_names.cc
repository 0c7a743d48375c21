// Mailboxes that come, go and get other names: RFC 9051 6.3.4 to 6.3.6.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "mail/annotations.h"
#include "mail/emails.h"
#include "mail/mailboxes.h"
#include "mail/mailboxes_impl.h"
#include "mail/mailboxes_transfer.h"
#include "store/key.h"

namespace mail {
namespace {

using Levels = std::vector<std::string>;

// One path on its way to a mailbox: how far the tree has it already.
struct Walk {
    MailboxId last = 0;     // the deepest mailbox that is there
    std::size_t there = 0;  // levels that are there
};

base::Result<Walk> walk(const store::Reader& reader,
                        account::AccountId owner,
                        const Levels& levels) {
    Walk walk;
    for (const std::string& level : levels) {
        TRY(const auto child, find_child(reader, owner, walk.last, level));
        if (!child) {
            break;
        }
        walk.last = *child;
        ++walk.there;
    }
    return walk;
}

// In one's own tree everything; below another's mailbox with its right to create; nowhere else.
base::Result<> require_create(const store::Reader& reader,
                              account::AccountId user,
                              account::AccountId owner,
                              MailboxId parent) {
    if (user == owner || user == kServer) {
        return {};
    }
    if (parent == 0) {
        return base::fail(base::Errc::kDenied, "the top of another's tree");
    }
    return require(reader, user, {owner, parent}, kRightCreate);
}

// RFC 4314 2.1: what is made below a mailbox starts with its rights.
base::Result<> inherit_acl(store::Transaction& change, Ref parent, Ref made) {
    if (parent.mailbox == 0) {
        return {};
    }
    TRY(const auto grants, load_acl(change, parent));
    for (const AclGrant& grant : grants) {
        TRY_VOID(put_grant(change, made, grant));
    }
    return {};
}

struct NewPath {
    const Levels& levels;
    Role role = Role::kNone;  // the last one's
    base::WallTime now;
};

// The levels from `walk` on; returns the last one's id.
base::Result<MailboxId> make_levels(store::Transaction& change,
                                    AccountEditor& account,
                                    Walk walk,
                                    const NewPath& path) {
    for (std::size_t i = walk.there; i < path.levels.size(); ++i) {
        NewMailbox mailbox;
        mailbox.parent = walk.last;
        mailbox.name = path.levels[i];
        mailbox.role = i + 1 == path.levels.size() ? path.role : Role::kNone;
        TRY(const MailboxId made, make_mailbox(change, account, mailbox, path.now));
        TRY_VOID(inherit_acl(change, {account.id(), walk.last}, {account.id(), made}));
        walk.last = made;
    }
    return walk.last;
}

template <class Visit>
base::Result<> each_mailbox(const store::Reader& reader, account::AccountId owner, Visit visit) {
    const std::string prefix = account_prefix(KeyTag::kMailbox, owner);
    base::Result<> damage;
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            const auto ref = parse_mailbox_key(key);
            const auto mailbox = decode_mailbox(record);
            if (!ref || !mailbox) {
                damage = base::fail(base::Errc::kCorrupt, "a mailbox' record is damaged");
                return false;
            }
            visit(ref->mailbox, *mailbox);
            return true;
        }));
    return damage;
}

}  // namespace

base::Result<MailboxId> find_role(const store::Reader& reader,
                                  account::AccountId owner,
                                  Role role) {
    MailboxId holder = 0;
    if (role != Role::kNone) {
        TRY_VOID(each_mailbox(reader, owner, [&](MailboxId id, const MailboxRecord& mailbox) {
            holder = mailbox.role == role ? id : holder;
        }));
    }
    return holder;
}

namespace {

// A level that becomes a mailbox again, with another UIDVALIDITY and object id than it had.
base::Result<> revive(store::Transaction& change,
                      AccountEditor& account,
                      MailboxId id,
                      Role role,
                      base::WallTime now) {
    TRY(auto mailbox, load_mailbox(change, {account.id(), id}));
    if (!mailbox) {
        return base::fail(base::Errc::kCorrupt, "a name leads to no mailbox");
    }
    mailbox->role = role;
    mailbox->created_modseq = mailbox->modseq = account.modseq();
    change.put(mailbox_key(KeyTag::kMailbox, {account.id(), id}), encode(*mailbox));
    TRY_VOID(inherit_acl(change, {account.id(), mailbox->parent}, {account.id(), id}));
    return MailboxEditor::create(change, account, id, now).save();
}

struct Creation {
    account::AccountId user = 0;
    account::AccountId owner = 0;
    Levels levels;
    Role role = Role::kNone;
    base::WallTime now;
    std::uint64_t mailboxes_max = 0;
};

// The deepest mailbox above the path's last level, whose rights say who may make that.
base::Result<MailboxId> parent_of(const store::Reader& reader,
                                  account::AccountId owner,
                                  const Levels& levels,
                                  const Walk& walk) {
    if (walk.there < levels.size()) {
        return walk.last;
    }
    TRY(const auto there, load_mailbox(reader, {owner, walk.last}));
    return there ? there->parent : 0;
}

base::Result<> create_mailbox(store::Transaction& change, const Creation& wanted) {
    TRY(const Walk walk, mail::walk(change, wanted.owner, wanted.levels));
    TRY(const MailboxId parent, parent_of(change, wanted.owner, wanted.levels, walk));
    TRY_VOID(require_create(change, wanted.user, wanted.owner, parent));
    TRY(const MailboxId holder, find_role(change, wanted.owner, wanted.role));
    if (holder != 0) {
        return base::fail(base::Errc::kInUse, "another mailbox has that role");
    }
    TRY(AccountEditor account, AccountEditor::load(change, wanted.owner));
    const std::uint64_t missing = wanted.levels.size() - walk.there;
    if (account.counters().mailboxes + missing > wanted.mailboxes_max) {
        return base::fail(base::Errc::kTooLong, "too many mailboxes");
    }
    if (missing != 0) {
        TRY_VOID(make_levels(change, account, walk, {wanted.levels, wanted.role, wanted.now}));
    } else {
        TRY(const auto state, load_state(change, {wanted.owner, walk.last}));
        if (state) {
            return base::fail(base::Errc::kExists, "there is a mailbox of that name");
        }
        TRY_VOID(revive(change, account, walk.last, wanted.role, wanted.now));
    }
    account.save(change);
    return {};
}

base::Result<> remove_mailbox(store::Transaction& change,
                              account::AccountId user,
                              account::AccountId owner,
                              const Levels& levels,
                              base::WallTime now) {
    TRY(const auto id, find_mailbox(change, owner, levels));
    if (!id) {
        return base::fail(base::Errc::kNotFound, "no such mailbox");
    }
    const Ref ref{owner, *id};
    TRY_VOID(require(change, user, ref, kRightDeleteMailbox));
    if (*id == kInbox) {
        return base::fail(base::Errc::kInvalid, "INBOX cannot be removed");
    }
    TRY(const bool parent, has_children(change, ref));
    TRY(const auto state, load_state(change, ref));
    if (parent && !state) {
        return base::fail(base::Errc::kInUse, "there are mailboxes below it");
    }
    TRY(AccountEditor account, AccountEditor::load(change, owner));
    std::vector<EmailId> emails;
    TRY_VOID(empty_mailbox(change, account, *id, emails));
    if (parent) {
        TRY(auto record, load_mailbox(change, ref));
        record->role = Role::kNone;
        record->modseq = account.modseq();
        change.put(mailbox_key(KeyTag::kMailbox, ref), encode(*record));
        TRY_VOID(erase_sayings(change, account, *id));
    } else {
        TRY_VOID(erase_mailbox(change, account, *id));
    }
    account.save(change);
    TraceEvent event;
    event.time = now;
    event.kind = "deleted";
    event.text = "with its mailbox";
    return release_emails(change, owner, account.modseq(), std::move(emails), event);
}

// Levels below a mailbox, itself not counted.
base::Result<std::size_t> height(const store::Reader& reader, Ref top) {
    std::multimap<MailboxId, MailboxId> children;
    TRY_VOID(each_mailbox(reader, top.owner, [&](MailboxId id, const MailboxRecord& mailbox) {
        children.emplace(mailbox.parent, id);
    }));
    std::vector<MailboxId> row{top.mailbox};
    std::size_t levels = 0;
    for (; !row.empty() && levels <= children.size(); ++levels) {
        std::vector<MailboxId> next;
        for (const MailboxId id : row) {
            const auto [begin, end] = children.equal_range(id);
            for (auto at = begin; at != end; ++at) {
                next.push_back(at->second);
            }
        }
        row = std::move(next);
    }
    return levels - 1;
}

struct Renaming {
    account::AccountId user = 0;
    account::AccountId owner = 0;
    Levels from;
    Levels to;
    base::WallTime now;
    std::uint64_t mailboxes_max = 0;
    std::size_t depth_max = 0;
    std::uint64_t annotations_octets_max = 0;
};

// RFC 9051 6.3.6: INBOX stays, its messages go to a new mailbox. What was said of it is said of both (RFC 5464 4.1).
base::Result<> rename_inbox(store::Transaction& change, const Renaming& wanted) {
    TRY_VOID(create_mailbox(
        change,
        {wanted.user, wanted.owner, wanted.to, Role::kNone, wanted.now, wanted.mailboxes_max}));
    TRY(const auto made, find_mailbox(change, wanted.owner, wanted.to));
    TRY(AccountEditor account, AccountEditor::load(change, wanted.owner));
    TRY_VOID(copy_annotations(change, account, kInbox, *made, wanted.annotations_octets_max));
    account.save(change);
    TRY(const auto two,
        TwoMailboxes::open(change, Ref{wanted.owner, kInbox}, {wanted.owner, *made}, {}));
    Copied copied;
    return transfer(change, *two, UidSet::all(), {.remove = true, .now = wanted.now}, copied);
}

base::Result<> move_mailbox(store::Transaction& change,
                            const Renaming& wanted,
                            MailboxId id,
                            const Walk& target) {
    TRY(const std::size_t below, height(change, {wanted.owner, id}));
    if (wanted.to.size() + below > wanted.depth_max) {
        return base::fail(base::Errc::kTooLong, "mailboxes below it would be too deep");
    }
    TRY(AccountEditor account, AccountEditor::load(change, wanted.owner));
    const std::uint64_t missing = wanted.to.size() - target.there - 1;
    if (account.counters().mailboxes + missing > wanted.mailboxes_max) {
        return base::fail(base::Errc::kTooLong, "too many mailboxes");
    }
    const Levels parents(wanted.to.begin(), wanted.to.end() - 1);
    TRY(const MailboxId parent,
        make_levels(change, account, target, {parents, Role::kNone, wanted.now}));
    const Ref ref{wanted.owner, id};
    TRY(auto record, load_mailbox(change, ref));
    change.erase(name_key(wanted.owner, record->parent, record->name));
    record->parent = parent;
    record->name = wanted.to.back();
    record->modseq = account.modseq();
    change.put(name_key(wanted.owner, parent, record->name), encode_number(id));
    change.put(mailbox_key(KeyTag::kMailbox, ref), encode(*record));
    account.save(change);
    return {};
}

base::Result<> rename_mailbox(store::Transaction& change, const Renaming& wanted) {
    TRY(const auto id, find_mailbox(change, wanted.owner, wanted.from));
    if (!id) {
        return base::fail(base::Errc::kNotFound, "no such mailbox");
    }
    TRY_VOID(require(change, wanted.user, {wanted.owner, *id}, kRightDeleteMailbox));
    TRY(const Walk target, walk(change, wanted.owner, wanted.to));
    TRY_VOID(require_create(change, wanted.user, wanted.owner, target.last));
    if (target.there == wanted.to.size()) {
        return base::fail(base::Errc::kExists, "there is a mailbox of that name");
    }
    if (*id == kInbox) {
        return rename_inbox(change, wanted);
    }
    const bool below_itself = wanted.to.size() > wanted.from.size() &&
                              std::equal(wanted.from.begin(), wanted.from.end(), wanted.to.begin());
    if (below_itself) {
        return base::fail(base::Errc::kInvalid, "a mailbox cannot go below itself");
    }
    return move_mailbox(change, wanted, *id, target);
}

// RFC 9051 6.3.4: a separator at the end says that names below will follow, and is no part of the name.
std::string_view without_separator(std::string_view path) {
    return path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

}  // namespace

base::Task<base::Result<MailboxInfo>> Mailboxes::create(base::Loop& loop,
                                                        account::AccountId user,
                                                        std::string path,
                                                        Role role) {
    auto place = parts_->locate(*parts_->store.snapshot(), user, without_separator(path));
    if (!place) {
        co_return base::forward_error(place);
    }
    if (place->levels.size() > parts_->limits.depth_max) {
        co_return base::fail(base::Errc::kTooLong, "a mailbox that is too deep");
    }
    Creation wanted{user,
                    place->owner,
                    std::move(place->levels),
                    role,
                    parts_->clock.now(),
                    parts_->limits.mailboxes_max};
    auto change = [wanted = std::move(wanted)](store::Transaction& transaction) {
        return create_mailbox(transaction, wanted);
    };
    CO_TRY_VOID(co_await parts_->store.change(loop, std::move(change)));
    co_return find(user, without_separator(path));
}

base::Result<> Mailboxes::may_create(account::AccountId user, std::string_view path) const {
    const auto reader = parts_->store.snapshot();
    TRY(const auto place, parts_->locate(*reader, user, without_separator(path)));
    if (place.levels.size() > parts_->limits.depth_max) {
        return base::fail(base::Errc::kTooLong, "a mailbox that is too deep");
    }
    TRY(const Walk walk, mail::walk(*reader, place.owner, place.levels));
    TRY(const MailboxId parent, parent_of(*reader, place.owner, place.levels, walk));
    return require_create(*reader, user, place.owner, parent);
}

base::Task<base::Result<>> Mailboxes::remove(base::Loop& loop,
                                             account::AccountId user,
                                             std::string path) {
    auto place = parts_->locate(*parts_->store.snapshot(), user, path);
    if (!place) {
        co_return base::forward_error(place);
    }
    auto change = [user, place = std::move(*place), now = parts_->clock.now()](
                      store::Transaction& transaction) {
        return remove_mailbox(transaction, user, place.owner, place.levels, now);
    };
    co_return co_await parts_->store.change(loop, std::move(change));
}

base::Task<base::Result<>> Mailboxes::rename(base::Loop& loop,
                                             account::AccountId user,
                                             std::string from,
                                             std::string to) {
    auto source = parts_->locate(*parts_->store.snapshot(), user, from);
    if (!source) {
        co_return base::forward_error(source);
    }
    auto target = parts_->locate(*parts_->store.snapshot(), user, to);
    if (!target) {
        co_return base::forward_error(target);
    }
    if (source->owner != target->owner) {
        co_return base::fail(base::Errc::kDenied, "a mailbox stays with its owner");
    }
    Renaming wanted{user,
                    source->owner,
                    std::move(source->levels),
                    std::move(target->levels),
                    parts_->clock.now(),
                    parts_->limits.mailboxes_max,
                    parts_->limits.depth_max,
                    parts_->limits.annotations_octets_max};
    auto change = [wanted = std::move(wanted)](store::Transaction& transaction) {
        return rename_mailbox(transaction, wanted);
    };
    co_return co_await parts_->store.change(loop, std::move(change));
}

}  // namespace mail
