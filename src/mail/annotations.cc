#include "mail/annotations.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "account/directory.h"
#include "store/key.h"

namespace mail {
namespace {

struct Kept {
    std::string key;
    std::string record;

    [[nodiscard]] std::uint64_t octets() const { return key.size() + record.size(); }

    // Behind account and mailbox.
    [[nodiscard]] account::AccountId who() const {
        const std::size_t head = mailbox_key(KeyTag::kAnnotation, {}).size();
        return store::KeyReader(std::string_view(key).substr(head)).u64();
    }
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

}  // namespace mail
