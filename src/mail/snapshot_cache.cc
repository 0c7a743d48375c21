#include "mail/snapshot_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "mail/glimpse.h"
#include "mail/page_record.h"
#include "mail/records.h"

namespace mail {
namespace {

using base::Result;

std::size_t memory_octets(const Snapshot& snapshot) {
    return 512 + snapshot.size() * (sizeof(Entry) + 2);
}

}  // namespace

struct SnapshotCache::Slot {
    // A page as some commit left it; nothing when it has no entries any more.
    struct PendingPage {
        Modseq modseq = 0;  // the mailbox' highest of that commit
        std::optional<std::string> record;
    };

    // What commits wrote that `snapshot` does not show yet.
    struct Pending {
        bool removed = false;
        std::optional<MailboxState> state;
        std::optional<std::vector<std::string>> keywords;
        std::map<Uid, PendingPage> pages;
    };

    std::mutex refresh_mutex;  // held while pages are decoded; taken before `mutex`
    std::mutex mutex;          // guards what follows
    Pending pending;
    SnapshotPtr snapshot;
    // The cache's mutex guards these.
    std::list<Ref>::iterator recent;
    std::size_t octets = 0;
};

SnapshotCache::SlotPtr SnapshotCache::slot(Ref ref, bool make) {
    const std::lock_guard lock(mutex_);
    auto known = slots_.find(ref);
    if (known == slots_.end()) {
        if (!make) {
            return nullptr;
        }
        known = slots_.emplace(ref, std::make_shared<Slot>()).first;
        known->second->recent = recent_.insert(recent_.begin(), ref);
    }
    recent_.splice(recent_.begin(), recent_, known->second->recent);
    return known->second;
}

Result<SnapshotPtr> SnapshotCache::find(Ref ref) {
    const SlotPtr found = slot(ref, false);
    if (!found) {
        return SnapshotPtr();
    }
    const std::unique_lock refreshing(found->refresh_mutex, std::try_to_lock);
    if (!refreshing || !found->snapshot) {
        return SnapshotPtr();  // somebody else is about to load it, and may take long
    }
    return refresh(ref, found);
}

Result<SnapshotPtr> SnapshotCache::load(const store::Store& store, Ref ref) {
    // There before the store is read, so that no commit from then on is missed.
    const SlotPtr made = slot(ref, true);
    const std::lock_guard refreshing(made->refresh_mutex);
    if (!made->snapshot) {
        auto read = read_snapshot(*store.snapshot(), ref);
        if (!read) {
            forget(ref, made);
            return base::forward_error(read);
        }
        const std::lock_guard lock(made->mutex);
        made->snapshot = std::move(*read);
    }
    auto newest = refresh(ref, made);
    if (newest) {
        shrink(made, memory_octets(**newest));
    }
    return newest;
}

// With the slot's refresh_mutex held and a snapshot in it.
Result<SnapshotPtr> SnapshotCache::refresh(Ref ref, const SlotPtr& slot) {
    Slot::Pending pending;
    SnapshotPtr before;
    {
        const std::lock_guard lock(slot->mutex);
        pending = std::exchange(slot->pending, {});
        before = slot->snapshot;
    }
    if (pending.removed ||
        (pending.state && pending.state->uid_validity != before->uid_validity())) {
        forget(ref, slot);
        return base::fail(base::Errc::kNotFound, "the mailbox has gone");
    }
    // What was read when the slot was made may be newer than commits that were told of later.
    if (!pending.state || pending.state->highest_modseq <= before->highest_modseq()) {
        return before;
    }
    Snapshot::PageChanges changes;
    PageBlocks blocks(pending.pages.size());
    for (const auto& [number, page] : pending.pages) {
        if (page.modseq <= before->highest_modseq()) {
            continue;
        }
        PagePtr decoded;
        if (page.record) {
            auto result = decode_page(number, *page.record, blocks);
            if (!result) {
                forget(ref, slot);
                return base::forward_error(result);
            }
            decoded = std::move(*result);
        }
        changes.emplace(number, std::move(decoded));
    }
    auto keywords = pending.keywords ? *pending.keywords : before->keywords();
    auto next = std::make_shared<const Snapshot>(
        before->apply(make_head(ref, *pending.state, std::move(keywords)), changes));
    {
        const std::lock_guard lock(slot->mutex);
        slot->snapshot = next;
    }
    return SnapshotPtr(std::move(next));
}

Result<SnapshotPtr> SnapshotCache::load(const store::Store& store, const Glimpse& glimpse) {
    const SnapshotHead& head = glimpse.head();
    const auto newest = load(store, head.ref);
    // Every change raises the modseq, so the same modseq is the same mailbox.
    const bool is_this = newest && (*newest)->uid_validity() == head.uid_validity &&
                         (*newest)->highest_modseq() == head.highest_modseq;
    return is_this ? newest : glimpse.read_all();
}

void SnapshotCache::forget(Ref ref, const SlotPtr& slot) {
    const std::lock_guard lock(mutex_);
    const auto known = slots_.find(ref);
    if (known != slots_.end() && known->second == slot) {
        octets_ -= slot->octets;
        recent_.erase(slot->recent);
        slots_.erase(known);
    }
}

// `slot` takes `octets` now; others make room for it.
void SnapshotCache::shrink(const SlotPtr& slot, std::size_t octets) {
    const std::lock_guard lock(mutex_);
    octets_ += octets - std::exchange(slot->octets, octets);
    for (auto at = recent_.end(); octets_ > octets_max_ && at != recent_.begin();) {
        --at;
        const auto known = slots_.find(*at);
        // One that is being loaded counts for nothing yet.
        if (known->second != slot && known->second->octets != 0) {
            octets_ -= known->second->octets;
            slots_.erase(known);
            at = recent_.erase(at);
        }
    }
}

void SnapshotCache::on_commit(std::span<const store::Write> writes) {
    const auto states = writes_under(writes, prefix(KeyTag::kState));
    const std::lock_guard lock(mutex_);
    if (slots_.empty()) {
        return;
    }
    for (const store::Write& write : states) {
        const auto ref = parse_mailbox_key(write.key);
        const auto known = ref ? slots_.find(*ref) : slots_.end();
        if (known == slots_.end()) {
            continue;
        }
        Slot& slot = *known->second;
        const std::lock_guard slot_lock(slot.mutex);
        const auto state = write.value
                               ? decode_state(*write.value)
                               : Result<MailboxState>(base::fail(base::Errc::kNotFound, ""));
        if (!state) {
            slot.pending.removed = true;
            continue;
        }
        slot.pending.state = *state;
        collect(slot, writes, *ref);
    }
}

// With the slot's mutex held, after its state was taken.
void SnapshotCache::collect(Slot& slot, std::span<const store::Write> writes, Ref ref) {
    const Modseq modseq = slot.pending.state->highest_modseq;
    const std::string pages = mailbox_key(KeyTag::kPage, ref);
    for (const store::Write& write : writes_under(writes, pages)) {
        if (const auto name = parse_page_key(write.key)) {
            slot.pending.pages[name->page] = {
                modseq, write.value ? std::optional<std::string>(*write.value) : std::nullopt};
        }
    }
    for (const store::Write& write : writes_under(writes, mailbox_key(KeyTag::kKeywords, ref))) {
        auto names = write.value ? decode_names(*write.value)
                                 : Result<std::vector<std::string>>(std::vector<std::string>());
        if (names) {
            slot.pending.keywords = std::move(*names);
        }
    }
}

}  // namespace mail
