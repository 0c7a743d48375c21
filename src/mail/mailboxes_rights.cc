// What is said of mailboxes: rights (RFC 4314), annotations (RFC 5464), quotas (RFC 9208).
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "mail/annotations.h"
#include "mail/mailboxes.h"
#include "mail/mailboxes_impl.h"
#include "mail/special_use.h"
#include "store/key.h"

namespace mail {
namespace {

using store::KeyWriter;

constexpr std::size_t kAnnotationNameOctetsMax = 255;
constexpr std::string_view kPrivate = "/private/";
constexpr std::string_view kShared = "/shared/";

base::Result<std::string> identifier_of(const store::Reader& reader, const AclGrant& grant) {
    const std::string sign = grant.negative ? "-" : "";
    if (grant.who == kAnyone) {
        return sign + "anyone";
    }
    TRY(const auto account, account::find_account(reader, grant.who));
    return account ? sign + account->address.to_string() : std::string();
}

Rights change_rights(Rights before, const RightsChange& change) {
    switch (change.mode) {
        case RightsMode::kAdd:
            return static_cast<Rights>(before | change.rights);
        case RightsMode::kRemove:
            return static_cast<Rights>(before & ~change.rights);
        case RightsMode::kReplace:
            break;
    }
    return change.rights;
}

base::Result<> change_acl(store::Transaction& change,
                          account::AccountId user,
                          Ref ref,
                          std::string_view identifier,
                          const RightsChange& rights) {
    TRY_VOID(require(change, user, ref, kRightAdminister));
    TRY(const auto mailbox, load_mailbox(change, ref));
    if (!mailbox) {
        return base::fail(base::Errc::kNotFound, "the mailbox has gone");
    }
    TRY(const AclName name, parse_identifier(change, identifier));
    if (name.who == ref.owner) {
        return base::fail(base::Errc::kInvalid, "the owner's rights are his");
    }
    TRY(const auto grants, load_acl(change, ref));
    AclGrant grant{name.who, name.negative, 0};
    for (const AclGrant& known : grants) {
        if (known.who == name.who && known.negative == name.negative) {
            grant.rights = known.rights;
        }
    }
    grant.rights = change_rights(grant.rights, rights);
    TRY_VOID(put_grant(change, ref, grant));
    return erase_out_of_reach(change, ref);
}

// RFC 5464 3.2: what a vendor's product keeps has a vendor and a name of its own; others have two components at least.
bool has_enough_components(std::string_view name) {
    constexpr std::ptrdiff_t kVendorComponents = 4;
    for (const std::string_view vendor : {"/private/vendor", "/shared/vendor"}) {
        if (name == vendor || (name.starts_with(vendor) && name[vendor.size()] == '/')) {
            return std::ranges::count(name, '/') >= kVendorComponents;
        }
    }
    return true;
}

// RFC 5464 3.2: "/private/..." or "/shared/...", without regard to case, components divided by single
// slashes. Nothing for what is no such name.
std::optional<std::string> entry_name(std::string_view text) {
    std::string name = base::to_lower(text);
    const auto is_bad = [](char c) {
        return c < 0x20 || c == 0x7f || c == '*' || c == '%';  // and what is not ASCII
    };
    const bool known = name.starts_with(kPrivate) || name.starts_with(kShared);
    if (!known || name.size() > kAnnotationNameOctetsMax || name.ends_with('/') ||
        name.find("//") != std::string::npos || !has_enough_components(name) ||
        std::any_of(name.begin(), name.end(), is_bad)) {
        return std::nullopt;
    }
    return name;
}

std::string annotation_prefix(Ref ref, account::AccountId user) {
    return KeyWriter().raw(mailbox_key(KeyTag::kAnnotation, ref)).u64(user).key();
}

// Who may read or write them: of a mailbox as its rights say, of an account itself its owner. Shared ones of mailbox 0
// are the whole server's (RFC 5464 3.2.1.1), and no user's to write (3.3).
base::Result<> require_annotation(const store::Reader& reader,
                                  account::AccountId user,
                                  Ref ref,
                                  Rights rights) {
    if (ref.mailbox != 0) {
        return require(reader, user, ref, rights);
    }
    return user == ref.owner || user == kServer
               ? base::Result<>()
               : base::fail(base::Errc::kDenied, "another's annotations");
}

// The mailbox that has had this use has it no longer (RFC 6154 5.4).
base::Result<> take_role_away(store::Transaction& change, AccountEditor& account, Role role) {
    TRY(const MailboxId holder, find_role(change, account.id(), role));
    const Ref ref{account.id(), holder};
    TRY(auto record, load_mailbox(change, ref));
    if (record) {
        record->role = Role::kNone;
        record->modseq = account.modseq();
        change.put(mailbox_key(KeyTag::kMailbox, ref), encode(*record));
    }
    return {};
}

// RFC 6154 4: the special use of a mailbox as an annotation, its owner's to read and to change. kUnsupported: a
// use that is none, or several.
base::Result<> set_special_use(store::Transaction& change,
                               account::AccountId user,
                               AccountEditor& account,
                               MailboxId mailbox,
                               const std::optional<std::string>& value) {
    const Ref ref{account.id(), mailbox};
    TRY(auto record, load_mailbox(change, ref));
    TRY(const auto state, load_state(change, ref));
    if (user != ref.owner) {
        return base::fail(base::Errc::kDenied, "another's special use");
    }
    const auto role = value && !value->empty() ? find_special_use(*value) : Role::kNone;
    if (!record || !state || !role) {
        return base::fail(base::Errc::kUnsupported, "no special use of a mailbox");
    }
    if (*role != record->role) {
        TRY_VOID(take_role_away(change, account, *role));
    }
    record->role = *role;
    record->modseq = account.modseq();
    change.put(mailbox_key(KeyTag::kMailbox, ref), encode(*record));
    return {};
}

// What annotations take, and may take.
struct AnnotationBudget {
    AnnotationCharges& charges;
    const MailboxLimits& limits;
};

base::Result<> annotate_one(store::Transaction& change,
                            account::AccountId user,
                            Ref ref,
                            const Mailboxes::AnnotationChange& wanted,
                            AnnotationBudget budget) {
    const auto name = entry_name(wanted.name);
    if (!name) {
        return base::fail(base::Errc::kInvalid, "no name of an annotation");
    }
    const bool shared = name->starts_with(kShared);
    if (shared && ref.mailbox == 0 && user != kServer) {
        return base::fail(base::Errc::kDenied, "the server's annotations");
    }
    const Rights rights =
        shared ? kRightLookup | kRightRead | kRightWrite : kRightLookup | kRightRead;
    TRY_VOID(require_annotation(change, user, ref, rights));
    const std::string key = annotation_prefix(ref, shared ? 0 : user) + *name;
    TRY(const auto before, change.get(key));
    TRY(std::uint64_t* const octets, budget.charges.of(shared ? 0 : user));
    *octets -= std::min<std::uint64_t>(*octets, before ? key.size() + before->size() : 0);
    if (!wanted.value) {
        change.erase(key);
        return {};
    }
    const std::string record = store::RecordWriter(1).raw(*wanted.value).record();
    *octets += key.size() + record.size();
    if (wanted.value->size() > budget.limits.annotation_octets_max) {
        return base::fail(base::Errc::kTooLong, "an annotation that is too long");
    }
    if (*octets > budget.limits.annotations_octets_max) {
        return base::fail(base::Errc::kOverQuota, "the account's annotations take too much");
    }
    change.put(key, record);
    return {};
}

base::Result<> collect_annotations(const store::Reader& reader,
                                   const std::string& prefix,
                                   std::vector<Annotation>& annotations) {
    return reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            // An octet of version stands in front.
            annotations.push_back({std::string(key.substr(prefix.size())),
                                   std::string(record.substr(record.empty() ? 0 : 1))});
            return true;
        });
}

}  // namespace

base::Result<std::vector<AclEntry>> Mailboxes::acl(account::AccountId user, Ref ref) const {
    const auto reader = parts_->store.snapshot();
    TRY_VOID(require(*reader, user, ref, kRightAdminister));
    TRY(const auto owner, account::find_account(*reader, ref.owner));
    if (!owner) {
        return base::fail(base::Errc::kNotFound, "the account has gone");
    }
    std::vector<AclEntry> entries{{owner->address.to_string(), kAllRights}};
    TRY(const auto grants, load_acl(*reader, ref));
    for (const AclGrant& grant : grants) {
        TRY(std::string identifier, identifier_of(*reader, grant));
        if (!identifier.empty()) {
            entries.push_back({std::move(identifier), grant.rights});
        }
    }
    return entries;
}

base::Result<Rights> Mailboxes::my_rights(account::AccountId user, Ref ref) const {
    const auto reader = parts_->store.snapshot();
    TRY(const auto mailbox, load_mailbox(*reader, ref));
    if (!mailbox) {
        return Rights{0};
    }
    return rights_of(*reader, user, ref);
}

base::Task<base::Result<>> Mailboxes::set_acl(base::Loop& loop,
                                              account::AccountId user,
                                              Ref ref,
                                              std::string identifier,
                                              RightsChange change) {
    auto run =
        [user, ref, identifier = std::move(identifier), change](store::Transaction& transaction) {
            return change_acl(transaction, user, ref, identifier, change);
        };
    co_return co_await parts_->store.change(loop, std::move(run));
}

base::Result<std::vector<Annotation>> Mailboxes::annotations(account::AccountId user,
                                                             Ref ref) const {
    const auto reader = parts_->store.snapshot();
    TRY_VOID(require_annotation(*reader, user, ref, kRightLookup | kRightRead));
    std::vector<Annotation> annotations;
    TRY_VOID(collect_annotations(*reader, annotation_prefix(ref, user), annotations));
    if (ref.mailbox != 0) {
        TRY_VOID(collect_annotations(*reader, annotation_prefix(ref, 0), annotations));
    }
    TRY(const auto mailbox, load_mailbox(*reader, ref));
    if (mailbox && mailbox->role != Role::kNone && user == ref.owner) {
        annotations.push_back(
            {std::string(kSpecialUse), std::string(special_use_name(mailbox->role))});
        std::ranges::sort(annotations, {}, &Annotation::name);
    }
    return annotations;
}

base::Task<base::Result<>> Mailboxes::annotate(base::Loop& loop,
                                               account::AccountId user,
                                               Ref ref,
                                               std::vector<AnnotationChange> changes) {
    auto run = [user, ref, changes = std::move(changes), limits = parts_->limits](
                   store::Transaction& change) -> base::Result<> {
        TRY(AccountEditor account, AccountEditor::load(change, ref.owner));
        TRY(const auto annotated, load_mailbox(change, ref));
        if (ref.mailbox != 0 && !annotated) {
            return base::fail(base::Errc::kNotFound, "the mailbox has gone");
        }
        AnnotationCharges charges(change, account);
        const AnnotationBudget budget{charges, limits};
        for (const AnnotationChange& wanted : changes) {
            TRY_VOID(base::iequals(wanted.name, kSpecialUse)
                         ? set_special_use(change, user, account, ref.mailbox, wanted.value)
                         : annotate_one(change, user, ref, wanted, budget));
        }
        // RFC 7162 3.2: whoever asks for HIGHESTMODSEQ learns that something has changed.
        TRY(auto mailbox, MailboxEditor::load(change, account, ref));
        if (mailbox) {
            mailbox->touch();
            TRY_VOID(mailbox->save());
        }
        charges.save();
        account.save(change);
        return {};
    };
    co_return co_await parts_->store.change(loop, std::move(run));
}

base::Result<Quota> Mailboxes::quota(account::AccountId owner) const {
    const auto reader = parts_->store.snapshot();
    TRY(const auto account, account::find_account(*reader, owner));
    if (!account) {
        return base::fail(base::Errc::kNotFound, "the account has gone");
    }
    TRY(const AccountCounters counters, load_counters(*reader, owner));
    Quota quota;
    quota.root = account->address.to_string();
    quota.storage_octets = {counters.octets, account->quota_octets};
    quota.messages = {counters.messages, account->quota_messages};
    quota.mailboxes = {counters.mailboxes, parts_->limits.mailboxes_max};
    quota.annotation_octets = {counters.annotation_octets, parts_->limits.annotations_octets_max};
    return quota;
}

}  // namespace mail
