#include "mail/snapshot.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"

namespace mail {
namespace {

// The first of `pages` with that number or above.
std::size_t page_at(const std::vector<PagePtr>& pages, Uid number) {
    const auto at =
        std::lower_bound(pages.begin(), pages.end(), number, [](const PagePtr& page, Uid value) {
            return page->number < value;
        });
    return static_cast<std::size_t>(at - pages.begin());
}

std::size_t entry_at(std::span<const Entry> entries, Uid uid) {
    const auto at =
        std::lower_bound(entries.begin(), entries.end(), uid, [](const Entry& entry, Uid value) {
            return entry.uid < value;
        });
    return static_cast<std::size_t>(at - entries.begin());
}

}  // namespace

// Its vectors never grow beyond what was reserved, so that pages and entries stay where they are while
// others read those that are finished.
struct PageBlocks::Block {
    Block(std::size_t pages_max, std::size_t entries_max) {
        pages.reserve(pages_max);
        entries.reserve(entries_max);
    }

    [[nodiscard]] bool has_room_for(std::size_t count) const {
        return pages.size() < pages.capacity() && entries.capacity() - entries.size() >= count;
    }

    std::vector<Page> pages;
    std::vector<Entry> entries;
};

std::span<Entry> PageBlocks::begin(std::size_t count) {
    CHECK(count > 0 && count <= kPageUids);
    if (!block_ || !block_->has_room_for(count)) {
        constexpr std::size_t kPagesMax = 64;
        const std::size_t pages = std::clamp<std::size_t>(pages_left_, 1, kPagesMax);
        block_ = std::make_shared<Block>(pages, pages == 1 ? count : pages * kPageUids);
    }
    std::vector<Entry>& entries = block_->entries;
    const std::size_t before = entries.size();
    entries.resize(before + count);
    begun_ = std::span(entries).subspan(before);
    return begun_;
}

PagePtr PageBlocks::finish(Uid number, Modseq highest_modseq) {
    Page& page = block_->pages.emplace_back();
    page.number = number;
    page.highest_modseq = highest_modseq;
    page.entries = begun_;
    page.all_flags = ~std::uint32_t{0};
    for (const Entry& entry : begun_) {
        page.any_flags |= entry.flags;
        page.all_flags &= entry.flags;
    }
    pages_left_ -= pages_left_ == 0 ? 0 : 1;
    return {block_, &page};
}

PagePtr make_page(const PageDraft& draft) {
    PageBlocks blocks(1);
    std::ranges::copy(draft.entries, blocks.begin(draft.entries.size()).begin());
    return blocks.finish(draft.number, draft.highest_modseq);
}

PageDraft draft_of(const Page& page) {
    return {page.number, page.highest_modseq, {page.entries.begin(), page.entries.end()}};
}

Snapshot::Snapshot(SnapshotHead head, std::vector<PagePtr> pages) : head_(std::move(head)) {
    for (std::size_t begin = 0; begin < pages.size();) {
        const Uid number = pages[begin]->number / kChunkPages;
        std::size_t end = begin;
        while (end < pages.size() && pages[end]->number / kChunkPages == number) {
            ++end;
        }
        const auto at = [&pages](std::size_t index) {
            return std::make_move_iterator(pages.begin() + static_cast<std::ptrdiff_t>(index));
        };
        chunks_.push_back(make_chunk(std::vector<PagePtr>(at(begin), at(end))));
        begin = end;
    }
    count();
}

Snapshot::ChunkPtr Snapshot::make_chunk(std::vector<PagePtr> pages) {
    auto chunk = std::make_shared<Chunk>();
    chunk->number = pages.front()->number / kChunkPages;
    chunk->starts.reserve(pages.size() + 1);
    std::uint32_t entries = 0;
    chunk->all_flags = ~std::uint32_t{0};
    for (const PagePtr& page : pages) {
        chunk->any_flags |= page->any_flags;
        chunk->all_flags &= page->all_flags;
        chunk->starts.push_back(entries);
        entries += static_cast<std::uint32_t>(page->entries.size());
    }
    chunk->starts.push_back(entries);
    chunk->pages = std::move(pages);
    return chunk;
}

void Snapshot::count() {
    starts_.clear();
    starts_.reserve(chunks_.size() + 1);
    size_ = 0;
    for (const ChunkPtr& chunk : chunks_) {
        starts_.push_back(size_);
        size_ += chunk->starts.back();
    }
    starts_.push_back(size_);
}

Snapshot Snapshot::apply(SnapshotHead head, const PageChanges& changes) const {
    Snapshot next;
    next.head_ = std::move(head);
    next.chunks_.reserve(chunks_.size() + 1);
    auto change = changes.begin();
    std::size_t old = 0;
    while (old < chunks_.size() || change != changes.end()) {
        const Uid changed = change == changes.end() ? ~Uid{0} : Uid{change->first / kChunkPages};
        if (old < chunks_.size() && chunks_[old]->number < changed) {
            next.chunks_.push_back(chunks_[old++]);
            continue;
        }
        std::map<Uid, PagePtr> pages;
        if (old < chunks_.size() && chunks_[old]->number == changed) {
            for (const PagePtr& page : chunks_[old]->pages) {
                pages.emplace(page->number, page);
            }
            ++old;
        }
        for (; change != changes.end() && change->first / kChunkPages == changed; ++change) {
            pages[change->first] = change->second;
        }
        std::vector<PagePtr> kept;
        kept.reserve(pages.size());
        for (auto& [number, page] : pages) {
            if (page) {
                kept.push_back(std::move(page));
            }
        }
        if (!kept.empty()) {
            next.chunks_.push_back(make_chunk(std::move(kept)));
        }
    }
    next.count();
    return next;
}

std::vector<std::string_view> Snapshot::keyword_names(std::uint64_t mask) const {
    std::vector<std::string_view> names;
    for (; mask != 0; mask &= mask - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(mask));
        if (bit < head_.keywords.size()) {
            names.emplace_back(head_.keywords[bit]);
        }
    }
    return names;
}

std::optional<unsigned> Snapshot::keyword_bit(std::string_view name) const {
    for (std::size_t bit = 0; bit < head_.keywords.size(); ++bit) {
        if (!name.empty() && base::iequals(head_.keywords[bit], name)) {
            return static_cast<unsigned>(bit);
        }
    }
    return std::nullopt;
}

Snapshot::Place Snapshot::place_of(std::size_t index) const {
    CHECK(index < size_);
    const auto chunk = std::upper_bound(starts_.begin(), starts_.end(), index) - 1;
    Place place;
    place.chunk = static_cast<std::size_t>(chunk - starts_.begin());
    const auto rest = static_cast<std::uint32_t>(index - *chunk);
    const std::vector<std::uint32_t>& starts = chunks_[place.chunk]->starts;
    const auto page = std::upper_bound(starts.begin(), starts.end(), rest) - 1;
    place.page = static_cast<std::size_t>(page - starts.begin());
    place.entry = rest - *page;
    return place;
}

const Entry& Snapshot::at(std::size_t index) const {
    const Place place = place_of(index);
    return chunks_[place.chunk]->pages[place.page]->entries[place.entry];
}

std::size_t Snapshot::chunk_at(Uid number) const {
    const auto at = std::lower_bound(
        chunks_.begin(), chunks_.end(), number, [](const ChunkPtr& chunk, Uid value) {
            return chunk->number < value;
        });
    return static_cast<std::size_t>(at - chunks_.begin());
}

std::size_t Snapshot::lower_bound(Uid uid) const {
    const Uid number = page_of(uid);
    const std::size_t chunk = chunk_at(number / kChunkPages);
    if (chunk == chunks_.size() || chunks_[chunk]->number != number / kChunkPages) {
        return starts_.empty() ? 0 : starts_[chunk];
    }
    const Chunk& found = *chunks_[chunk];
    const std::size_t page = page_at(found.pages, number);
    std::size_t index = starts_[chunk] + found.starts[page];
    if (page < found.pages.size() && found.pages[page]->number == number) {
        index += entry_at(found.pages[page]->entries, uid);
    }
    return index;
}

std::optional<std::size_t> Snapshot::find(Uid uid) const {
    const std::size_t index = lower_bound(uid);
    return index < size_ && at(index).uid == uid ? std::optional(index) : std::nullopt;
}

std::size_t Snapshot::first_unseen() const {
    if (head_.unseen == 0) {
        return size_;
    }
    for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
        const Chunk& here = *chunks_[chunk];
        for (std::size_t at = 0; at < here.pages.size() && (here.all_flags & kSeen) == 0; ++at) {
            const Page& page = *here.pages[at];
            if ((page.all_flags & kSeen) != 0) {
                continue;
            }
            const auto unseen =
                std::find_if(page.entries.begin(), page.entries.end(), [](const Entry& entry) {
                    return (entry.flags & kSeen) == 0;
                });
            if (unseen != page.entries.end()) {
                return starts_[chunk] + here.starts[at] +
                       static_cast<std::size_t>(unseen - page.entries.begin());
            }
        }
    }
    return size_;
}

PagePtr Snapshot::page(Uid number) const {
    std::vector<PagePtr> pages;
    append_pages(number, number, pages);
    return pages.empty() ? nullptr : std::move(pages.front());
}

void Snapshot::append_pages(Uid first,
                            Uid last,
                            std::vector<PagePtr>& pages,
                            std::uint32_t flags) const {
    const auto is_wanted = [flags](const auto& part) {
        return flags == 0 || (part.any_flags & flags) != 0;
    };
    for (std::size_t chunk = chunk_at(first / kChunkPages);
         chunk < chunks_.size() && chunks_[chunk]->number <= last / kChunkPages;
         ++chunk) {
        if (!is_wanted(*chunks_[chunk])) {
            continue;
        }
        const std::vector<PagePtr>& all = chunks_[chunk]->pages;
        for (std::size_t page = page_at(all, first); page < all.size() && all[page]->number <= last;
             ++page) {
            if (is_wanted(*all[page])) {
                pages.push_back(all[page]);
            }
        }
    }
}

// A page without gaps is one range: most are.
UidSet Snapshot::uids_between(std::size_t first, std::size_t last) const {
    UidSet uids;
    if (first >= last) {
        return uids;
    }
    Place place = place_of(first);
    for (std::size_t left = last - first; left > 0; ++place.chunk, place.page = 0) {
        const auto& pages = chunks_[place.chunk]->pages;
        for (; place.page < pages.size() && left > 0; ++place.page, place.entry = 0) {
            auto entries = pages[place.page]->entries.subspan(place.entry);
            entries = entries.first(std::min(entries.size(), left));
            left -= entries.size();
            if (entries.back().uid - entries.front().uid + 1 == entries.size()) {
                uids.add(entries.front().uid, entries.back().uid);
                continue;
            }
            for (const Entry& entry : entries) {
                uids.add(entry.uid);
            }
        }
    }
    return uids;
}

UidSet Snapshot::intersect(const UidSet& uids) const {
    UidSet here;
    for (const UidSet::Range& range : uids.ranges()) {
        const std::size_t last =
            range.last == std::numeric_limits<Uid>::max() ? size_ : lower_bound(range.last + 1);
        const UidSet some = uids_between(lower_bound(range.first), last);
        for (const UidSet::Range& found : some.ranges()) {
            here.add(found.first, found.last);
        }
    }
    return here;
}

UidSet Snapshot::uids() const {
    return intersect(UidSet::all());
}

const Entry* SnapshotCursor::search(Uid uid) {
    if (entries_.empty() || page_of(entries_.front().uid) != page_of(uid)) {
        seek(page_of(uid));
    }
    next_ = entry_at(entries_, uid);
    const bool is_here = next_ < entries_.size() && entries_[next_].uid == uid;
    return is_here ? &entries_[next_++] : nullptr;
}

// Makes entries_ those of the page of that number, or none.
void SnapshotCursor::seek(Uid number) {
    entries_ = {};
    const std::size_t chunk = snapshot_.chunk_at(number / Snapshot::kChunkPages);
    if (chunk == snapshot_.chunks_.size()) {
        return;
    }
    const std::vector<PagePtr>& pages = snapshot_.chunks_[chunk]->pages;
    const std::size_t at = page_at(pages, number);
    if (at < pages.size() && pages[at]->number == number) {
        entries_ = pages[at]->entries;
    }
}

// Walks two snapshots page by page and leaves out what they share.
class Comparison {
  public:
    Comparison(const Snapshot& older, const Snapshot& newer, const SnapshotNews& news)
        : older_(older),
          newer_(newer),
          news_(news) {}

    void run() {
        const std::vector<Step> steps = find_steps();
        if (news_.vanished) {
            for (const Step& step : steps) {
                tell_vanished(step);
            }
        }
        if (news_.changed) {
            for (const Step& step : steps) {
                tell_changed(step);
            }
        }
        const std::size_t first_new = newer_.lower_bound(older_.uid_next());
        if (first_new < newer_.size() && news_.appended) {
            news_.appended(first_new);
        }
    }

  private:
    // One page number at which the two differ; either may have no page there.
    struct Step {
        const Page* older = nullptr;
        const Page* newer = nullptr;
        std::size_t start = 0;  // the newer page's first index
    };

    using Pages = std::vector<PagePtr>;

    std::vector<Step> find_steps() {
        std::size_t left = 0;
        std::size_t right = 0;
        while (left < older_.chunks_.size() || right < newer_.chunks_.size()) {
            const Snapshot::Chunk* const old = chunk(older_, left);
            const Snapshot::Chunk* const now = chunk(newer_, right);
            const bool use_old = old != nullptr && (now == nullptr || old->number <= now->number);
            const bool use_now = now != nullptr && (old == nullptr || now->number <= old->number);
            static const Pages none;
            if (!use_old || !use_now || old != now) {
                compare_pages(use_old ? old->pages : none,
                              use_now ? now->pages : none,
                              use_now ? newer_.starts_[right] : 0);
            }
            left += use_old ? 1 : 0;
            right += use_now ? 1 : 0;
        }
        return std::move(steps_);
    }

    static const Snapshot::Chunk* chunk(const Snapshot& snapshot, std::size_t index) {
        return index < snapshot.chunks_.size() ? snapshot.chunks_[index].get() : nullptr;
    }

    void compare_pages(const Pages& older, const Pages& newer, std::size_t start) {
        std::size_t left = 0;
        std::size_t right = 0;
        while (left < older.size() || right < newer.size()) {
            const bool use_old =
                left < older.size() &&
                (right == newer.size() || older[left]->number <= newer[right]->number);
            const bool use_new =
                right < newer.size() &&
                (left == older.size() || newer[right]->number <= older[left]->number);
            const Page* const old = use_old ? older[left].get() : nullptr;
            const Page* const now = use_new ? newer[right].get() : nullptr;
            if (old != now) {
                steps_.push_back({old, now, start});
            }
            start += use_new ? newer[right]->entries.size() : 0;
            left += use_old ? 1 : 0;
            right += use_new ? 1 : 0;
        }
    }

    // Both pages' entries ascend: the two are walked side by side.
    void tell_vanished(const Step& step) const {
        if (step.older == nullptr) {
            return;
        }
        const std::span<const Entry> now =
            step.newer == nullptr ? std::span<const Entry>() : step.newer->entries;
        std::size_t at = 0;
        for (const Entry& entry : step.older->entries) {
            at = skip_below(now, at, entry.uid);
            if (at == now.size() || now[at].uid != entry.uid) {
                news_.vanished(entry.uid);
            }
        }
    }

    void tell_changed(const Step& step) const {
        if (step.older == nullptr || step.newer == nullptr ||
            (news_.is_known && news_.is_known(*step.newer))) {
            return;
        }
        const std::span<const Entry> before = step.older->entries;
        std::size_t at = 0;
        for (std::size_t i = 0; i < step.newer->entries.size(); ++i) {
            const Entry& entry = step.newer->entries[i];
            at = skip_below(before, at, entry.uid);
            if (at < before.size() && before[at].uid == entry.uid && before[at] != entry) {
                news_.changed(step.start + i, entry);
            }
        }
    }

    static std::size_t skip_below(std::span<const Entry> entries, std::size_t at, Uid uid) {
        while (at < entries.size() && entries[at].uid < uid) {
            ++at;
        }
        return at;
    }

    const Snapshot& older_;
    const Snapshot& newer_;
    const SnapshotNews& news_;
    std::vector<Step> steps_;
};

void compare(const Snapshot& older, const Snapshot& newer, const SnapshotNews& news) {
    Comparison(older, newer, news).run();
}

}  // namespace mail
