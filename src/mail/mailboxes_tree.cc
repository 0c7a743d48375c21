// The tree as one user sees it: his own mailboxes, and those that others let him look up.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "mail/mailboxes.h"
#include "mail/mailboxes_impl.h"
#include "store/key.h"

namespace mail {
namespace {

using store::KeyReader;

MailboxInfo info_of(Ref ref,
                    const MailboxRecord& mailbox,
                    const std::optional<MailboxState>& state) {
    MailboxInfo info;
    info.ref = ref;
    info.role = mailbox.role;
    info.selectable = state.has_value();
    if (state) {
        info.uid_validity = state->uid_validity;
        info.uid_next = state->uid_next;
        info.highest_modseq = state->highest_modseq;
        info.messages = state->messages;
        info.unseen = state->unseen;
        info.deleted = state->deleted;
        info.octets = state->octets;
        info.deleted_octets = state->deleted_octets;
        info.object_id = mailbox_object_id(ref.owner, state->uid_validity);
    }
    return info;
}

// All mailboxes of one account, with their paths in it.
class Tree {
  public:
    static base::Result<Tree> load(const store::Reader& reader, account::AccountId owner) {
        Tree tree;
        tree.owner_ = owner;
        TRY_VOID(tree.each(reader, KeyTag::kMailbox, [&tree](Ref ref, std::string_view record) {
            auto mailbox = decode_mailbox(record);
            if (mailbox) {
                tree.mailboxes_.emplace(ref.mailbox, std::move(*mailbox));
            }
            return mailbox.has_value();
        }));
        TRY_VOID(tree.each(reader, KeyTag::kState, [&tree](Ref ref, std::string_view record) {
            const auto state = decode_state(record);
            if (state) {
                tree.states_.emplace(ref.mailbox, *state);
            }
            return state.has_value();
        }));
        return tree;
    }

    [[nodiscard]] const std::map<MailboxId, MailboxRecord>& mailboxes() const { return mailboxes_; }

    // The path within the account; empty for one that hangs in the air.
    const std::string& path(MailboxId id) {
        const auto [at, added] = paths_.try_emplace(id);
        const auto mailbox = mailboxes_.find(id);
        if (!added || mailbox == mailboxes_.end()) {
            return at->second;
        }
        // Parents are no deeper than MailboxLimits::depth_max.
        const MailboxId parent = mailbox->second.parent;
        std::string path =
            parent == 0 ? mailbox->second.name : this->path(parent) + "/" + mailbox->second.name;
        return paths_[id] = std::move(path);
    }

    MailboxInfo info(MailboxId id) {
        const auto state = states_.find(id);
        MailboxInfo info =
            info_of({owner_, id},
                    mailboxes_.at(id),
                    state == states_.end() ? std::nullopt : std::optional(state->second));
        info.path = path(id);
        return info;
    }

  private:
    template <class Take>
    base::Result<> each(const store::Reader& reader, KeyTag tag, Take take) const {
        base::Result<> damage;
        const std::string prefix = account_prefix(tag, owner_);
        TRY_VOID(reader.scan(
            prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
                const auto ref = parse_mailbox_key(key);
                if (!ref || !take(*ref, record)) {
                    damage = base::fail(base::Errc::kCorrupt, "a mailbox' record is damaged");
                    return false;
                }
                return true;
            }));
        return damage;
    }

    account::AccountId owner_ = 0;
    std::map<MailboxId, MailboxRecord> mailboxes_;
    std::map<MailboxId, MailboxState> states_;
    std::map<MailboxId, std::string> paths_;
};

base::Result<std::set<std::string, std::less<>>> load_subscriptions(const store::Reader& reader,
                                                                    account::AccountId user) {
    std::set<std::string, std::less<>> paths;
    const std::string prefix = subscription_key(user, {});
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view /*record*/) {
            paths.emplace(key.substr(prefix.size()));
            return true;
        }));
    return paths;
}

base::Result<std::string> others_prefix(const store::Reader& reader, account::AccountId owner) {
    TRY(const auto account, account::find_account(reader, owner));
    if (!account) {
        return base::fail(base::Errc::kNotFound, "the account has gone");
    }
    return std::string(kOthersName) + "/" + account->address.to_string() + "/";
}

// The paths that lead to mailboxes of others', each with its separator behind it. Only parents of what is shared are
// read: beside them an owner may have thousands of mailboxes that nobody asks for.
class Branches {
  public:
    explicit Branches(const store::Reader& reader) : reader_(reader) {}

    // To what lies below `parent`; mailbox 0 is the top of its owner's tree. kNotFound: a parent or the owner has gone.
    base::Result<std::string> below(Ref parent) {
        const auto known = known_.find(parent);
        return known != known_.end() ? known->second : read(parent);
    }

  private:
    // Parents are no deeper than MailboxLimits::depth_max.
    base::Result<std::string> read(Ref parent) {
        if (parent.mailbox == 0) {
            TRY(std::string top, others_prefix(reader_, parent.owner));
            return known_[parent] = std::move(top);
        }
        TRY(const auto mailbox, load_mailbox(reader_, parent));
        if (!mailbox) {
            return base::fail(base::Errc::kNotFound, "a mailbox without its parent");
        }
        TRY(const std::string above, below({parent.owner, mailbox->parent}));
        return known_[parent] = above + mailbox->name + "/";
    }

    const store::Reader& reader_;
    std::map<Ref, std::string> known_;
};

base::Result<> add_shared(const store::Reader& reader,
                          account::AccountId user,
                          std::vector<MailboxInfo>& list) {
    TRY(const auto refs, shared_with(reader, user));
    Branches branches(reader);
    for (const Ref& ref : refs) {
        TRY(const Rights rights, rights_of(reader, user, ref));
        TRY(const auto mailbox, load_mailbox(reader, ref));
        if ((rights & kRightLookup) == 0 || !mailbox) {
            continue;
        }
        auto above = branches.below({ref.owner, mailbox->parent});
        if (!above && above.error().code == base::Errc::kNotFound) {
            continue;
        }
        if (!above) {
            return base::forward_error(above);
        }
        TRY(const auto state, load_state(reader, ref));
        MailboxInfo info = info_of(ref, *mailbox, state);
        info.path = *above + mailbox->name;
        info.rights = rights;
        info.role = Role::kNone;  // its owner's use of it, not this user's
        list.push_back(std::move(info));
    }
    return {};
}

// INBOX in front, then by path; then who has children is the one that the next paths go on from.
void finish_list(std::vector<MailboxInfo>& list, const std::set<std::string, std::less<>>& known) {
    const auto before = [](const MailboxInfo& left, const MailboxInfo& right) {
        const bool left_first = left.path == kInboxName;
        const bool right_first = right.path == kInboxName;
        return left_first != right_first ? left_first : left.path < right.path;
    };
    std::sort(list.begin(), list.end(), before);
    std::set<std::string_view> parents;
    for (const MailboxInfo& info : list) {
        const std::size_t slash = info.path.rfind('/');
        if (slash != std::string::npos) {
            parents.insert(std::string_view(info.path).substr(0, slash));
        }
    }
    for (MailboxInfo& info : list) {
        info.has_children = parents.contains(info.path);
        info.subscribed = known.contains(info.path);
    }
}

}  // namespace

base::Result<Mailboxes::Parts::Place> Mailboxes::Parts::locate(const store::Reader& reader,
                                                               account::AccountId user,
                                                               std::string_view path) const {
    Place place;
    place.owner = user;
    if (path.size() > limits.path_octets_max) {
        return base::fail(base::Errc::kTooLong, "a path that is too long");
    }
    TRY(place.levels, parse_levels(path, limits.depth_max + 2, limits.name_octets_max));
    if (place.levels.front() != kOthersName) {
        return place;
    }
    if (place.levels.size() < 3) {
        return base::fail(base::Errc::kNotFound, "no mailbox but a level above others' mailboxes");
    }
    const auto address = account::parse_address(place.levels[1]);
    if (!address) {
        return base::fail(base::Errc::kNotFound, "nobody has that address");
    }
    TRY(const auto owner, account::find_account(reader, *address));
    if (!owner) {
        return base::fail(base::Errc::kNotFound, "nobody has that address");
    }
    place.owner = owner->id;
    place.levels.erase(place.levels.begin(), place.levels.begin() + 2);
    TRY(place.levels,
        parse_levels(join_levels(place.levels), limits.depth_max, limits.name_octets_max));
    return place;
}

base::Result<std::string> Mailboxes::Parts::path_for(const store::Reader& reader,
                                                     account::AccountId user,
                                                     const Place& place) {
    std::string prefix;
    if (user != place.owner && user != kServer) {
        TRY(prefix, others_prefix(reader, place.owner));
    }
    return prefix + join_levels(place.levels);
}

base::Task<base::Result<>> Mailboxes::prepare(base::Loop& loop, account::AccountId user) {
    CO_TRY(const auto inbox, load_state(*parts_->store.snapshot(), {user, kInbox}));
    if (inbox) {
        co_return base::Result<>();
    }
    auto change = [user,
                   now = parts_->clock.now()](store::Transaction& transaction) -> base::Result<> {
        TRY(AccountEditor account, AccountEditor::load(transaction, user));
        TRY_VOID(provision(transaction, account, now));
        account.save(transaction);
        return {};
    };
    co_return co_await parts_->store.change(loop, std::move(change));
}

base::Result<std::vector<MailboxInfo>> Mailboxes::list(account::AccountId user) const {
    const auto reader = parts_->store.snapshot();
    TRY(Tree tree, Tree::load(*reader, user));
    std::vector<MailboxInfo> list;
    list.reserve(tree.mailboxes().size());
    for (const auto& [id, mailbox] : tree.mailboxes()) {
        list.push_back(tree.info(id));
        list.back().rights = kAllRights;
    }
    TRY_VOID(add_shared(*reader, user, list));
    TRY(const auto subscribed, load_subscriptions(*reader, user));
    finish_list(list, subscribed);
    return list;
}

base::Result<MailboxInfo> Mailboxes::find(account::AccountId user,
                                          std::string_view path,
                                          Around around) const {
    PlaceCache& places = parts_->ears->places;
    if (around == Around::kLeftOut) {
        if (auto known = places.find(user, path)) {
            return std::move(*known);
        }
    }
    const PlaceCache::Epoch before = places.epoch();
    const auto reader = parts_->store.snapshot();
    TRY(const Parts::Place place, parts_->locate(*reader, user, path));
    TRY(const auto id, find_mailbox(*reader, place.owner, place.levels));
    if (!id) {
        return base::fail(base::Errc::kNotFound, "no such mailbox");
    }
    const Ref ref{place.owner, *id};
    TRY(const Rights rights, rights_of(*reader, user, ref));
    TRY(const auto mailbox, load_mailbox(*reader, ref));
    if ((rights & kRightsToKnow) == 0 || !mailbox) {
        return base::fail(base::Errc::kNotFound, "no such mailbox");
    }
    TRY(const auto state, load_state(*reader, ref));
    MailboxInfo info = info_of(ref, *mailbox, state);
    info.rights = rights;
    TRY(info.path, Parts::path_for(*reader, user, place));
    if (around == Around::kLeftOut) {
        // In others' trees it would be for their names and rights to change as well.
        if (place.owner == user && info.selectable) {
            places.keep(before, user, path, info);
        }
        return info;
    }
    TRY(info.has_children, has_children(*reader, ref));
    TRY(const auto subscribed, reader->get(subscription_key(user, info.path)));
    info.subscribed = subscribed.has_value();
    return info;
}

base::Result<std::vector<std::string>> Mailboxes::subscriptions(account::AccountId user) const {
    TRY(const auto paths, load_subscriptions(*parts_->store.snapshot(), user));
    return std::vector<std::string>(paths.begin(), paths.end());
}

base::Task<base::Result<>> Mailboxes::subscribe(base::Loop& loop,
                                                account::AccountId user,
                                                std::string path,
                                                bool subscribed) {
    auto change = [user, path = std::move(path), subscribed, limits = parts_->limits](
                      store::Transaction& transaction) -> base::Result<> {
        TRY(const auto levels, parse_levels(path, limits.depth_max + 2, limits.name_octets_max));
        const std::string key = subscription_key(user, join_levels(levels));
        if (!subscribed) {
            transaction.erase(key);
            return {};
        }
        TRY_VOID(require_account(transaction, user));
        TRY(const auto known, load_subscriptions(transaction, user));
        if (known.size() >= limits.mailboxes_max) {
            return base::fail(base::Errc::kTooLong, "too many subscriptions");
        }
        transaction.put(key, encode_mark());
        return {};
    };
    co_return co_await parts_->store.change(loop, std::move(change));
}

}  // namespace mail
