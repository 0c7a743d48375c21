#include "mail/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "account/directory.h"
#include "mail/acl.h"
#include "mail/message_store.h"
#include "store/key.h"

namespace mail {
namespace {

// Of a key: 0 for a shared one. It stands behind account and mailbox.
account::AccountId writer_of(std::string_view key) {
    const std::size_t head = mailbox_key(KeyTag::kAnnotation, {}).size();
    return store::KeyReader(key.substr(std::min(head, key.size()))).u64();
}

struct Kept {
    std::string key;
    std::string record;

    [[nodiscard]] std::uint64_t octets() const { return key.size() + record.size(); }

    [[nodiscard]] account::AccountId who() const { return writer_of(key); }
};

base::Result<std::vector<Kept>> collect(const store::Reader& reader, const std::string& prefix) {
    std::vector<Kept> found;
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            found.push_back({std::string(key), std::string(record)});
            return true;
        }));
    return found;
}

}  // namespace

base::Result<std::uint64_t*> AnnotationCharges::of(account::AccountId who) {
    if (is_owners(who)) {
        return &owner_.counters().annotation_octets;
    }
    auto guest = guests_.find(who);
    if (guest == guests_.end()) {
        TRY(const auto account, account::find_account(change_, who));
        TRY(const AccountCounters counters, load_counters(change_, who));
        guest = guests_.emplace(who, Guest{counters, account.has_value()}).first;
    }
    return &guest->second.counters.annotation_octets;
}

void AnnotationCharges::save() const {
    for (const auto& [who, guest] : guests_) {
        if (guest.exists) {
            change_.put(counters_key(who), encode(guest.counters));
        }
    }
}

base::Result<> erase_annotations(store::Transaction& change,
                                 AccountEditor& owner,
                                 const std::string& prefix) {
    AnnotationCharges charges(change, owner);
    TRY(const std::vector<Kept> gone, collect(change, prefix));
    for (const Kept& annotation : gone) {
        TRY(std::uint64_t* const octets, charges.of(annotation.who()));
        *octets -= std::min(*octets, annotation.octets());
        change.erase(annotation.key);
    }
    charges.save();
    return {};
}

base::Result<> copy_annotations(store::Transaction& change,
                                AccountEditor& owner,
                                MailboxId from,
                                MailboxId to,
                                std::uint64_t octets_max) {
    const std::string source = mailbox_key(KeyTag::kAnnotation, {owner.id(), from});
    const std::string target = mailbox_key(KeyTag::kAnnotation, {owner.id(), to});
    AnnotationCharges charges(change, owner);
    TRY(const std::vector<Kept> known, collect(change, source));
    for (const Kept& annotation : known) {
        TRY(std::uint64_t* const octets, charges.of(annotation.who()));
        const bool fits = *octets + annotation.octets() <= octets_max;
        if (!fits && charges.is_owners(annotation.who())) {
            return base::fail(base::Errc::kOverQuota,
                              "the account's annotations would take too much");
        }
        if (fits) {
            *octets += annotation.octets();
            change.put(target + annotation.key.substr(source.size()), annotation.record);
        }
    }
    charges.save();
    return {};
}

base::Result<> erase_out_of_reach(store::Transaction& change, Ref ref) {
    const std::string all = mailbox_key(KeyTag::kAnnotation, ref);
    const auto prefix_of = [&all](account::AccountId who) {
        return store::KeyWriter().raw(all).u64(who).key();
    };
    std::vector<account::AccountId> strangers;
    account::AccountId last = 0;
    while (true) {
        std::optional<account::AccountId> who;
        TRY_VOID(change.scan(store::prefix_end(prefix_of(last)),
                             store::prefix_end(all),
                             [&who](std::string_view key, std::string_view /*record*/) {
                                 who = writer_of(key);
                                 return false;
                             }));
        if (!who) {
            break;
        }
        last = *who;
        TRY(const Rights rights, rights_of(change, last, ref));
        if (last != ref.owner && (rights & kRightLookup) == 0) {
            strangers.push_back(last);
        }
    }
    if (strangers.empty()) {
        return {};
    }
    TRY(AccountEditor owner, AccountEditor::load(change, ref.owner));
    for (const account::AccountId who : strangers) {
        TRY_VOID(erase_annotations(change, owner, prefix_of(who)));
    }
    return {};
}

base::Result<std::map<account::AccountId, AnnotationSum>> wrong_annotation_sums(
    const store::Reader& reader) {
    std::map<account::AccountId, AnnotationSum> sums;
    const std::string counters = prefix(KeyTag::kCounters);
    TRY_VOID(reader.scan(
        counters, store::prefix_end(counters), [&](std::string_view key, std::string_view record) {
            const auto account = parse_account(key);
            const auto known = decode_counters(record);
            if (account && known) {
                sums[*account].counted = known->annotation_octets;
            }
            return true;
        }));
    const std::string annotations = prefix(KeyTag::kAnnotation);
    TRY_VOID(reader.scan(annotations,
                         store::prefix_end(annotations),
                         [&](std::string_view key, std::string_view record) {
                             const auto ref = parse_mailbox_key(key);
                             const account::AccountId who = writer_of(key);
                             const auto sum = sums.find(who == 0 && ref ? ref->owner : who);
                             if (sum != sums.end()) {
                                 sum->second.octets += key.size() + record.size();
                             }
                             return true;
                         }));
    std::erase_if(sums, [](const auto& sum) { return sum.second.octets == sum.second.counted; });
    return sums;
}

base::Result<std::vector<std::string>> mend_sums(store::Transaction& change) {
    std::vector<std::string> mended;
    TRY(const auto wrong, wrong_annotation_sums(change));
    for (const auto& [account, sum] : wrong) {
        TRY(AccountCounters counters, load_counters(change, account));
        counters.annotation_octets = sum.octets;
        change.put(counters_key(account), encode(counters));
        mended.push_back(
            fmt::format("account {}: the annotations it pays for take {} octets, not {}",
                        account,
                        sum.octets,
                        sum.counted));
    }
    return mended;
}

}  // namespace mail
