// Snapshots against plain vectors, and what compare() tells of two of them.
#include "mail/snapshot.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/random.h"
#include "mail/page_record.h"

namespace mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<PagePtr> pages_of(const std::vector<Entry>& entries) {
    std::vector<PageDraft> drafts;
    for (const Entry& entry : entries) {
        if (drafts.empty() || drafts.back().number != page_of(entry.uid)) {
            drafts.push_back({page_of(entry.uid), 0, {}});
        }
        drafts.back().entries.push_back(entry);
        drafts.back().highest_modseq = std::max(drafts.back().highest_modseq, entry.modseq);
    }
    PageBlocks blocks(drafts.size());
    std::vector<PagePtr> pages;
    for (const PageDraft& draft : drafts) {
        std::ranges::copy(draft.entries, blocks.begin(draft.entries.size()).begin());
        pages.push_back(blocks.finish(draft.number, draft.highest_modseq));
    }
    return pages;
}

SnapshotHead head_of(const std::vector<Entry>& entries, Uid uid_next) {
    SnapshotHead head;
    head.uid_next = uid_next;
    head.messages = entries.size();
    head.unseen = static_cast<std::uint64_t>(std::count_if(
        entries.begin(), entries.end(), [](const Entry& e) { return (e.flags & kSeen) == 0; }));
    return head;
}

Entry entry(Uid uid, std::uint32_t flags = 0) {
    Entry made;
    made.uid = uid;
    made.flags = flags;
    made.email = uid;
    return made;
}

struct News {
    std::vector<Uid> vanished;
    std::vector<Uid> changed;
    std::vector<Uid> appended;
};

News compared(const Snapshot& older, const Snapshot& newer) {
    News news;
    compare(older,
            newer,
            {[&](Uid uid) { news.vanished.push_back(uid); },
             [&](std::size_t index, const Entry& entry) {
                 EXPECT_EQ(newer.at(index), entry);
                 news.changed.push_back(entry.uid);
             },
             [&](std::size_t first) {
                 newer.for_each(first, newer.size(), [&](std::size_t, const Entry& e) {
                     news.appended.push_back(e.uid);
                 });
             },
             {}});
    return news;
}

TEST(Snapshot, AnEmptyOneHasNothing) {
    const Snapshot snapshot;
    EXPECT_TRUE(snapshot.empty());
    EXPECT_EQ(snapshot.lower_bound(1), 0U);
    EXPECT_EQ(snapshot.find(1), std::nullopt);
    EXPECT_EQ(snapshot.first_unseen(), 0U);
    EXPECT_TRUE(snapshot.uids().empty());
}

TEST(Snapshot, FindsEntriesByIndexAndUidAcrossChunks) {
    std::vector<Entry> entries;
    for (Uid uid = 3; uid < 20'000; uid += 7) {
        entries.push_back(entry(uid, uid < 9000 ? kSeen : 0));
    }
    const Snapshot snapshot(head_of(entries, 20'000), pages_of(entries));
    ASSERT_EQ(snapshot.size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        EXPECT_EQ(snapshot.at(i), entries[i]);
        EXPECT_EQ(snapshot.find(entries[i].uid), i);
        EXPECT_EQ(snapshot.lower_bound(entries[i].uid + 1), i + 1);
        EXPECT_EQ(snapshot.find(entries[i].uid + 1), std::nullopt);
    }
    EXPECT_EQ(snapshot.lower_bound(std::numeric_limits<Uid>::max()), entries.size());
    EXPECT_EQ(snapshot.at(snapshot.first_unseen()).uid, 9005U);
    EXPECT_EQ(snapshot.uids().size(), entries.size());
    EXPECT_EQ(snapshot.intersect(UidSet::from_ranges({{1, 10}, {15'000, 15'010}})).to_text(),
              "3,10,15004");
}

TEST(Snapshot, ComparesPagesThatAreNotShared) {
    const std::vector<Entry> before = {entry(1), entry(2), entry(64), entry(5000), entry(5001)};
    const std::vector<Entry> after = {entry(1, kSeen), entry(64), entry(5001), entry(9000)};
    const Snapshot older(head_of(before, 5002), pages_of(before));
    const Snapshot newer(head_of(after, 9001), pages_of(after));
    const News news = compared(older, newer);
    EXPECT_THAT(news.vanished, ElementsAre(2U, 5000U));
    EXPECT_THAT(news.changed, ElementsAre(1U));
    EXPECT_THAT(news.appended, ElementsAre(9000U));
    const News none = compared(newer, newer);
    EXPECT_THAT(none.vanished, IsEmpty());
    EXPECT_THAT(none.changed, IsEmpty());
    EXPECT_THAT(none.appended, IsEmpty());
}

TEST(Snapshot, PassesOverChangedPagesThatAreKnown) {
    std::vector<Entry> entries = {entry(1), entry(70), entry(140)};
    const Snapshot before(head_of(entries, 150), pages_of(entries));
    for (Entry& changed : entries) {
        changed.flags = kSeen;
        changed.modseq = 7;
    }
    const Snapshot after(head_of(entries, 150), pages_of(entries));
    std::vector<Uid> told;
    SnapshotNews news;
    news.changed = [&](std::size_t, const Entry& changed) { told.push_back(changed.uid); };
    news.is_known = [](const Page& page) {
        EXPECT_EQ(page.highest_modseq, 7U);
        return page.number == 1;
    };
    compare(before, after, news);
    EXPECT_THAT(told, ElementsAre(1, 140));
}

TEST(Snapshot, PassesOverPagesByTheirFlags) {
    std::vector<Entry> entries;
    for (Uid uid = 1; uid <= 20'000; ++uid) {
        entries.push_back(entry(uid, uid == 700 || uid == 15'000 ? kSeen | kDeleted : kSeen));
    }
    entries[12'345].flags = 0;
    const Snapshot snapshot(head_of(entries, 20'001), pages_of(entries));
    EXPECT_EQ(snapshot.first_unseen(), 12'345U);
    const auto numbers = [&](Uid first, Uid last, std::uint32_t flags) {
        std::vector<PagePtr> pages;
        snapshot.append_pages(first, last, pages, flags);
        std::vector<Uid> numbers;
        for (const PagePtr& page : pages) {
            numbers.push_back(page->number);
        }
        return numbers;
    };
    EXPECT_THAT(numbers(0, page_of(20'000), kDeleted), ElementsAre(page_of(700), page_of(15'000)));
    EXPECT_THAT(numbers(11, 300, kDeleted | kDraft), ElementsAre(page_of(15'000)));
    EXPECT_THAT(numbers(0, page_of(20'000), kDraft), IsEmpty());
    EXPECT_THAT(numbers(9, 11, 0), ElementsAre(9U, 10U, 11U));
}

TEST(Snapshot, CursorFindsWhatFindFinds) {
    base::SeededRandom random(13);
    std::vector<Entry> entries;
    for (Uid uid = 1; uid <= 20'000; uid += 1 + static_cast<Uid>(random.below(200))) {
        entries.push_back(entry(uid));
    }
    const Snapshot snapshot(head_of(entries, 20'001), pages_of(entries));
    SnapshotCursor cursor(snapshot);
    const auto expect_found = [&](Uid uid) {
        const auto index = snapshot.find(uid);
        const Entry* const found = cursor.find(uid);
        ASSERT_EQ(found != nullptr, index.has_value()) << uid;
        EXPECT_TRUE(found == nullptr || found == &snapshot.at(*index));
    };
    for (Uid uid = 1; uid <= 20'100; ++uid) {
        expect_found(uid);
    }
    for (int i = 0; i < 2000; ++i) {
        expect_found(1 + static_cast<Uid>(random.below(20'100)));
    }
    const Snapshot nothing;
    EXPECT_EQ(SnapshotCursor(nothing).find(1), nullptr);
}

TEST(Snapshot, PagesOutliveTheirBlock) {
    PagePtr last;
    {
        PageBlocks blocks(3);
        for (Uid number = 0; number < 200; ++number) {
            blocks.begin(1).front() = entry(number * kPageUids + 1, number % 2 == 0 ? kSeen : 0);
            last = blocks.finish(number, number);
        }
    }
    EXPECT_EQ(last->number, 199U);
    EXPECT_EQ(last->entries.front(), entry(199 * kPageUids + 1));
    EXPECT_EQ(last->any_flags, 0U);
}

TEST(Snapshot, AppliedChangesAreWhatAWholeOneIs) {
    base::SeededRandom random(11);
    std::vector<Entry> entries;
    Snapshot snapshot;
    Uid uid_next = 1;
    for (int round = 0; round < 200; ++round) {
        std::vector<Entry> next;
        for (Entry kept : entries) {
            const auto what = random.below(40);
            kept.flags ^= what == 1 ? kSeen : 0U;
            if (what != 0) {
                next.push_back(kept);
            }
        }
        for (std::uint64_t count = random.below(40); count > 0; --count) {
            next.push_back(entry(uid_next));
            uid_next += 1 + static_cast<Uid>(random.below(50));
        }
        Snapshot::PageChanges changes;
        for (const PagePtr& page : pages_of(entries)) {
            changes[page->number] = nullptr;
        }
        for (const PagePtr& page : pages_of(next)) {
            changes[page->number] = page;
        }
        // Those that stay as they are stay shared.
        std::erase_if(changes, [&](const auto& change) {
            const PagePtr old = snapshot.page(change.first);
            return old && change.second && std::ranges::equal(old->entries, change.second->entries);
        });
        const Snapshot applied = snapshot.apply(head_of(next, uid_next), changes);
        const Snapshot whole(head_of(next, uid_next), pages_of(next));
        ASSERT_EQ(applied.size(), whole.size());
        const News from_shared = compared(snapshot, applied);
        const News from_whole = compared(snapshot, whole);
        EXPECT_EQ(from_shared.vanished, from_whole.vanished);
        EXPECT_EQ(from_shared.changed, from_whole.changed);
        EXPECT_EQ(from_shared.appended, from_whole.appended);
        entries = std::move(next);
        for (std::size_t i = 0; i < entries.size(); ++i) {
            ASSERT_EQ(applied.at(i), entries[i]);
        }
        snapshot = applied;
    }
}

TEST(PageRecord, GivesBackWhatWasWritten) {
    base::SeededRandom random(3);
    for (int round = 0; round < 200; ++round) {
        PageDraft page;
        page.number = static_cast<Uid>(random.below(3)) * 1'000'000;
        page.highest_modseq = random.below(1U << 30U) + 100;
        for (Uid uid = page.number * kPageUids; uid < (page.number + 1) * kPageUids; ++uid) {
            if (uid == 0 || random.below(3) == 0) {
                continue;
            }
            Entry made;
            made.uid = uid;
            made.flags = static_cast<std::uint32_t>(random.below(32));
            made.keywords = random.below(2) == 0 ? 0 : ~random.below(1000);
            made.modseq = page.highest_modseq - random.below(100);
            made.email = random.below(1000);
            made.octets = random.below(~std::uint64_t{0});
            made.received_s = static_cast<std::int64_t>(random.below(1U << 31U)) - (1 << 30);
            made.saved_s = random.below(2) == 0 ? made.received_s : -made.received_s;
            page.entries.push_back(made);
        }
        const std::string record = encode(page);
        const auto decoded = decode_page(page.number, record);
        ASSERT_TRUE(decoded);
        EXPECT_THAT((*decoded)->entries, testing::ElementsAreArray(page.entries));
        EXPECT_EQ((*decoded)->highest_modseq, page.highest_modseq);
        EXPECT_FALSE(decode_page(page.number, record.substr(0, record.size() - 1)));
        EXPECT_FALSE(decode_page(page.number, record + "x"));
    }
}

TEST(PageRecord, IsShortForMessagesThatWereDelivered) {
    PageDraft page;
    for (Uid uid = 1; uid < kPageUids; ++uid) {
        Entry made;
        made.uid = uid;
        made.email = 100 + uid;
        made.modseq = page.highest_modseq = 1000 + uid;
        made.octets = 5000;
        made.received_s = made.saved_s = 1'800'000'000 + 60 * std::int64_t{uid};
        page.entries.push_back(made);
    }
    EXPECT_LT(encode(page).size(), page.entries.size() * 8);
}

}  // namespace
}  // namespace mail
