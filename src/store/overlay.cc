#include "store/overlay.h"

#include <algorithm>
#include <exception>

#include "base/check.h"

namespace store {
namespace {

// Hands over a record of the overlay itself. By copy: the visitor may write the very key it is shown.
bool show(const WriteSet::value_type& record, const Visitor& visit) {
    if (!record.second) {
        return true;
    }
    const std::string value = *record.second;
    return visit(record.first, value);
}

// What an entry costs beside its octets, about: its place in the map, its lengths in the journal.
constexpr std::uint64_t kEntryOctets = 32;

std::uint64_t written_octets(std::string_view key, const std::optional<std::string_view>& value) {
    return kEntryOctets + key.size() + (value ? value->size() : 0);
}

// Ends a change from within; never leaves run().
struct ChangeTooLong {};

void check_key(std::string_view key) {
    CHECK(!key.empty());
    CHECK(!key.starts_with(kOwnKeys));
}

}  // namespace

std::string_view clamp_to_rooms(std::string_view last) {
    return std::min(last, kOwnKeys);
}

base::Result<std::optional<BlobRecord>> find_blob(const KeySpace& space, const BlobId& id) {
    TRY(const auto record, space.get(blob_key(id)));
    if (!record) {
        return std::nullopt;
    }
    TRY(BlobRecord blob, BlobRecord::decode(*record));
    return blob;
}

base::Result<std::optional<std::string>> Overlay::get(std::string_view key) const {
    const auto found = writes_.find(key);
    if (found != writes_.end()) {
        return found->second;
    }
    return below_.get(key);
}

base::Result<> Overlay::scan(std::string_view first,
                             std::string_view last,
                             const Visitor& visit) const {
    // A merge of two sorted runs. Entries are never taken out while a change runs (an erased key is an
    // entry without a value), so iterators hold whatever the visitor writes. A record it wrote ahead of
    // its place is looked up, since `next` may have passed it by.
    auto next = writes_.lower_bound(first);
    bool go_on = true;
    const auto show_before = [&](std::string_view bound) {
        while (go_on && next != writes_.end() && next->first < bound) {
            go_on = show(*next, visit);
            ++next;
        }
        return go_on;
    };
    TRY_VOID(below_.scan(first, last, [&](std::string_view key, std::string_view value) {
        if (!show_before(key)) {
            return false;
        }
        const auto own = writes_.find(key);
        if (own == writes_.end()) {
            go_on = visit(key, value);
        } else if (own != next) {
            go_on = show(*own, visit);
        }
        return go_on;  // an entry at `next` is shown in its turn
    }));
    show_before(last);
    return {};
}

base::Result<> Overlay::scan_back(std::string_view first,
                                  std::string_view last,
                                  const Visitor& visit) const {
    // `next` is one behind the entry to come, as a reverse iterator is.
    auto next = writes_.lower_bound(last);
    bool go_on = true;
    const auto show_from = [&](std::string_view bound) {
        while (go_on && next != writes_.begin() && std::prev(next)->first >= bound) {
            --next;
            go_on = show(*next, visit);
        }
        return go_on;
    };
    TRY_VOID(below_.scan_back(first, last, [&](std::string_view key, std::string_view value) {
        if (!show_from(key)) {
            return false;
        }
        if (!writes_.contains(key)) {
            go_on = visit(key, value);
        }
        return go_on;
    }));
    show_from(first);
    return {};
}

void Overlay::write(std::string_view key, std::optional<std::string> value) {
    octets_written_ += written_octets(key, value);
    const auto found = writes_.lower_bound(key);
    if (found != writes_.end() && found->first == key) {
        undo_.emplace_back(found, std::move(found->second));
        found->second = std::move(value);
        return;
    }
    const auto entry = writes_.emplace_hint(found, std::string(key), std::move(value));
    undo_.emplace_back(entry, std::nullopt);
}

void Overlay::roll_back() {
    while (!undo_.empty()) {
        auto& [entry, before] = undo_.back();
        if (before) {
            entry->second = std::move(*before);
        } else {
            writes_.erase(entry);
        }
        undo_.pop_back();
    }
}

base::Result<std::optional<std::string>> OverlayTransaction::get(std::string_view key) const {
    check_key(key);
    return overlay_.get(key);
}

base::Result<> OverlayTransaction::scan(std::string_view first,
                                        std::string_view last,
                                        const Visitor& visit) const {
    return overlay_.scan(first, clamp_to_rooms(last), visit);
}

base::Result<> OverlayTransaction::scan_back(std::string_view first,
                                             std::string_view last,
                                             const Visitor& visit) const {
    return overlay_.scan_back(first, clamp_to_rooms(last), visit);
}

void OverlayTransaction::put(std::string_view key, std::string_view value) {
    check_key(key);
    write(key, value);
}

void OverlayTransaction::erase(std::string_view key) {
    check_key(key);
    write(key, std::nullopt);
}

base::Result<std::string> OverlayTransaction::refer(const NewBlob& blob) {
    TRY(auto record, find_blob(overlay_, blob.id()));
    if (!record) {
        record.emplace();
        record->size = blob.size();
        TRY(record->extents, place(blob));
        on_extents(record->extents, true);
    }
    ++record->references;
    write(blob_key(blob.id()), record->encode());
    return describe_place(record->extents);
}

base::Result<std::string> OverlayTransaction::refer(const BlobId& id) {
    TRY(auto record, find_blob(overlay_, id));
    if (!record) {
        return base::fail(base::Errc::kNotFound, "no blob " + id.hex());
    }
    ++record->references;
    write(blob_key(id), record->encode());
    return describe_place(record->extents);
}

base::Result<> OverlayTransaction::release(const BlobId& id) {
    TRY(auto record, find_blob(overlay_, id));
    if (!record) {
        return base::fail(base::Errc::kNotFound, "no blob " + id.hex());
    }
    if (--record->references > 0) {
        write(blob_key(id), record->encode());
        return {};
    }
    on_extents(record->extents, false);
    write(blob_key(id), std::nullopt);
    return {};
}

// Throws because put() and erase() cannot fail, and a change that went on would fill the memory.
void OverlayTransaction::write(std::string_view key, std::optional<std::string_view> value) {
    const std::uint64_t octets =
        overlay_.octets_written() - change_begin_ + written_octets(key, value);
    if (octets > kChangeOctetsMax) {
        throw ChangeTooLong();
    }
    overlay_.write(key, value ? std::optional(std::string(*value)) : std::nullopt);
}

base::Result<> OverlayTransaction::run(const Change& change) {
    overlay_.mark();
    on_mark();
    change_begin_ = overlay_.octets_written();
    base::Result<> result;
    try {
        result = change(*this);
    } catch (const ChangeTooLong&) {
        result = base::fail(
            base::Errc::kTooLong,
            "a change of more than 256 MiB of records: do the work in several smaller ones");
    } catch (const std::exception& thrown) {
        // A bug above the store costs its own change, not the group's.
        result = base::fail(base::Errc::kIo, std::string("a change failed: ") + thrown.what());
    }
    if (!result) {
        overlay_.roll_back();
        on_roll_back();
    }
    return result;
}

}  // namespace store
