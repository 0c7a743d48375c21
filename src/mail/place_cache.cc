#include "mail/place_cache.h"

#include <algorithm>

#include "mail/records.h"

namespace mail {
namespace {

// Names and levels of the tree, and whether messages may lie there. A state is written with every message; that it goes
// is what matters.
bool changes_tree(const store::Write& write, KeyTag tag) {
    return tag != KeyTag::kState || !write.value;
}

}  // namespace

PlaceCache::Epoch PlaceCache::epoch() const {
    const std::lock_guard lock(mutex_);
    return epoch_;
}

std::optional<MailboxInfo> PlaceCache::find(account::AccountId owner, std::string_view path) const {
    const std::lock_guard lock(mutex_);
    const auto known = places_.find(std::pair(owner, path));
    return known == places_.end() ? std::nullopt : std::optional(known->second);
}

void PlaceCache::keep(Epoch before,
                      account::AccountId owner,
                      std::string_view path,
                      const MailboxInfo& info) {
    const std::lock_guard lock(mutex_);
    if (before != epoch_) {
        return;  // what was read may be from before the change
    }
    if (places_.size() >= kPlacesMax) {
        places_.clear();
    }
    places_.insert_or_assign(Key(owner, path), info);
}

void PlaceCache::on_commit(std::span<const store::Write> writes) {
    std::optional<account::AccountId> last;
    for (const KeyTag tag : {KeyTag::kMailbox, KeyTag::kName, KeyTag::kState}) {
        for (const store::Write& write : writes_under(writes, prefix(tag))) {
            if (!changes_tree(write, tag)) {
                continue;
            }
            const auto owner = parse_account(write.key);
            if (owner && last != *owner) {
                forget(*owner);
                last = *owner;
            }
        }
    }
}

void PlaceCache::forget(account::AccountId owner) {
    const std::lock_guard lock(mutex_);
    ++epoch_;
    const auto first = places_.lower_bound(std::pair(owner, std::string_view()));
    const auto last = places_.lower_bound(std::pair(owner + 1, std::string_view()));
    places_.erase(first, last);
}

}  // namespace mail
