// A mailbox at one moment, in memory: immutable, shared by every session that looks at it, and sharing
// with the next moment's snapshot whatever did not change between them.
//
// Entries lie in pages, page n those of UIDs 64n to 64n+63, and pages in chunks of 64. A change makes
// new pages and the chunks that hold them; the rest is shared. So news are what compare() finds under
// pages that are not the same pointer, and a delivery into a mailbox of a million costs a few hundred pointers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mail/types.h"
#include "mail/uid_set.h"

namespace mail {

inline constexpr Uid kPageUids = 64;

[[nodiscard]] constexpr Uid page_of(Uid uid) {
    return uid / kPageUids;
}

// The entries of up to kPageUids UIDs, ascending; never empty. Made by PageBlocks and make_page().
struct Page {
    Uid number = 0;                  // page_of() each uid
    Modseq highest_modseq = 0;       // no entry's is above it
    std::span<const Entry> entries;  // live as long as the page
    // Flags that some entry has, and flags that every entry has: by these whoever looks for \Deleted or
    // for what is unseen passes over whole pages.
    std::uint32_t any_flags = 0;
    std::uint32_t all_flags = 0;
};

using PagePtr = std::shared_ptr<const Page>;

// A page that is being made or changed.
struct PageDraft {
    Uid number = 0;
    Modseq highest_modseq = 0;
    std::vector<Entry> entries;
};

[[nodiscard]] PagePtr make_page(const PageDraft& draft);
[[nodiscard]] PageDraft draft_of(const Page& page);

// Makes many pages at a time: those that are made one after the other share memory, in blocks of a few
// hundred KiB, which lives until the last page in it has gone. A page of its own costs two page faults and
// as many calls to the kernel, and more than reading what stands in it.
class PageBlocks {
  public:
    // About so many will be made.
    explicit PageBlocks(std::size_t pages) : pages_left_(pages) {}

    // Room for the entries of the next page, `count` of them, at most kPageUids, as they were made by
    // Entry(); call finish() before the next.
    [[nodiscard]] std::span<Entry> begin(std::size_t count);
    [[nodiscard]] PagePtr finish(Uid number, Modseq highest_modseq);

  private:
    struct Block;

    std::size_t pages_left_;
    std::shared_ptr<Block> block_;
    std::span<Entry> begun_;
};

// What a snapshot knows of the mailbox as a whole.
struct SnapshotHead {
    Ref ref;
    std::uint32_t uid_validity = 0;
    Uid uid_next = 1;
    Modseq highest_modseq = 0;
    std::uint64_t messages = 0;
    std::uint64_t unseen = 0;
    std::uint64_t deleted = 0;  // with \Deleted
    std::uint64_t octets = 0;
    std::uint64_t deleted_octets = 0;
    // By bit of Entry::keywords; an empty name is a bit that nobody uses.
    std::vector<std::string> keywords;
};

class Snapshot {
  public:
    // New pages by number for apply(); null for one that has no entries any more.
    using PageChanges = std::map<Uid, PagePtr>;

    Snapshot() = default;
    // `pages` ascending by number.
    Snapshot(SnapshotHead head, std::vector<PagePtr> pages);
    // The moment after: `head` replaces the head, `changes` the pages they name.
    [[nodiscard]] Snapshot apply(SnapshotHead head, const PageChanges& changes) const;

    [[nodiscard]] const SnapshotHead& head() const { return head_; }

    [[nodiscard]] Ref ref() const { return head_.ref; }

    [[nodiscard]] std::uint32_t uid_validity() const { return head_.uid_validity; }

    [[nodiscard]] Uid uid_next() const { return head_.uid_next; }

    [[nodiscard]] Modseq highest_modseq() const { return head_.highest_modseq; }

    [[nodiscard]] const std::vector<std::string>& keywords() const { return head_.keywords; }

    // The names of the bits set in `mask`, in the table's order; views into this snapshot.
    [[nodiscard]] std::vector<std::string_view> keyword_names(std::uint64_t mask) const;
    // The bit of a name, without regard to the case of ASCII letters; nothing when no message has it.
    [[nodiscard]] std::optional<unsigned> keyword_bit(std::string_view name) const;

    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] bool empty() const { return size_ == 0; }

    // `index` is the sequence number - 1, less than size(). Two binary searches: to walk, use for_each.
    [[nodiscard]] const Entry& at(std::size_t index) const;
    // The index of the first entry whose UID is `uid` or above; size() when there is none.
    [[nodiscard]] std::size_t lower_bound(Uid uid) const;
    [[nodiscard]] std::optional<std::size_t> find(Uid uid) const;
    // The first entry without \Seen (RFC 3501's UNSEEN response code); size() when there is none.
    [[nodiscard]] std::size_t first_unseen() const;

    // Calls visit(index, entry) for the indexes [first, last), ascending.
    template <class Visit>
    void for_each(std::size_t first, std::size_t last, Visit visit) const;

    // Calls visit(index, entry) for the entries whose UIDs are in `uids`, ascending.
    template <class Visit>
    void for_each_in(const UidSet& uids, Visit visit) const;

    // Calls visit(page, index of its first entry), ascending.
    template <class Visit>
    void for_each_page(Visit visit) const;

    // The page of that number, or null.
    [[nodiscard]] PagePtr page(Uid number) const;
    // Appends the pages numbered first to last that are there; with `flags` only those in which some
    // entry may have one of them.
    void append_pages(Uid first,
                      Uid last,
                      std::vector<PagePtr>& pages,
                      std::uint32_t flags = 0) const;

    // The UIDs of the indexes [first, last).
    [[nodiscard]] UidSet uids_between(std::size_t first, std::size_t last) const;
    // Those of `uids` that are here.
    [[nodiscard]] UidSet intersect(const UidSet& uids) const;
    // All UIDs that are here.
    [[nodiscard]] UidSet uids() const;

  private:
    // Pages of which each number / kChunkPages is the chunk's.
    struct Chunk {
        Uid number = 0;
        std::vector<PagePtr> pages;
        std::vector<std::uint32_t> starts;  // entries in front of each page; at the end, all
        std::uint32_t any_flags = 0;        // of the pages
        std::uint32_t all_flags = 0;
    };

    using ChunkPtr = std::shared_ptr<const Chunk>;
    static constexpr Uid kChunkPages = 64;

    // Where an index lies.
    struct Place {
        std::size_t chunk = 0;
        std::size_t page = 0;
        std::size_t entry = 0;
    };

    [[nodiscard]] static ChunkPtr make_chunk(std::vector<PagePtr> pages);
    [[nodiscard]] Place place_of(std::size_t index) const;
    // The first chunk of that number or above.
    [[nodiscard]] std::size_t chunk_at(Uid number) const;
    void count();

    friend class Comparison;
    friend class SnapshotCursor;

    SnapshotHead head_;
    std::vector<ChunkPtr> chunks_;
    std::vector<std::size_t> starts_;  // entries in front of each chunk; at the end, all
    std::size_t size_ = 0;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

// Looks up one UID after the other: ascending ones cost a step each instead of a search.
class SnapshotCursor {
  public:
    // The snapshot must outlive it.
    explicit SnapshotCursor(const Snapshot& snapshot) : snapshot_(snapshot) {}

    // Null when there is none. Lives as long as the snapshot.
    [[nodiscard]] const Entry* find(Uid uid) {
        const bool is_next = next_ < entries_.size() && entries_[next_].uid == uid;
        return is_next ? &entries_[next_++] : search(uid);
    }

  private:
    [[nodiscard]] const Entry* search(Uid uid);
    void seek(Uid number);

    const Snapshot& snapshot_;
    std::span<const Entry> entries_;  // of the page that was looked at last
    std::size_t next_ = 0;            // where to look first
};

// What became of `older` in `newer`, two moments of one mailbox. `vanished` is called for each UID that
// has gone, ascending; then `changed` with the index in `newer` and the entry of each message that was
// there and whose flags, keywords or modseq are others; then `appended`, once, with the index of the first entry that is
// new, if any. Pages that both share are skipped, and for `changed` those that `is_known`, which may be empty,
// says true of. `newer` may have another keyword table.
struct SnapshotNews {
    std::function<void(Uid)> vanished;
    std::function<void(std::size_t index, const Entry& entry)> changed;
    std::function<void(std::size_t first_index)> appended;
    std::function<bool(const Page& newer)> is_known;
};

void compare(const Snapshot& older, const Snapshot& newer, const SnapshotNews& news);

template <class Visit>
void Snapshot::for_each(std::size_t first, std::size_t last, Visit visit) const {
    if (first >= last) {
        return;
    }
    Place place = place_of(first);
    for (std::size_t index = first; index < last; ++place.chunk, place.page = 0) {
        const auto& pages = chunks_[place.chunk]->pages;
        for (; place.page < pages.size() && index < last; ++place.page, place.entry = 0) {
            const std::span<const Entry> entries = pages[place.page]->entries;
            for (; place.entry < entries.size() && index < last; ++place.entry, ++index) {
                visit(index, entries[place.entry]);
            }
        }
    }
}

template <class Visit>
void Snapshot::for_each_in(const UidSet& uids, Visit visit) const {
    for (const UidSet::Range& range : uids.ranges()) {
        const std::size_t first = lower_bound(range.first);
        if (first == size_) {
            return;
        }
        const std::size_t last =
            range.last == std::numeric_limits<Uid>::max() ? size_ : lower_bound(range.last + 1);
        for_each(first, last, visit);
    }
}

template <class Visit>
void Snapshot::for_each_page(Visit visit) const {
    std::size_t index = 0;
    for (const ChunkPtr& chunk : chunks_) {
        for (const PagePtr& page : chunk->pages) {
            visit(*page, index);
            index += page->entries.size();
        }
    }
}

}  // namespace mail
