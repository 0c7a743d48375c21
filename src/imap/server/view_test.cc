#include "imap/server/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace imap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A mailbox of messages whose UIDs are keys and whose modseqs are values; modseq 0 has no flags.
mail::SnapshotPtr snapshot(const std::map<mail::Uid, mail::Modseq>& messages,
                           std::vector<std::string> keywords = {}) {
    std::map<mail::Uid, mail::PageDraft> pages;
    for (const auto& [uid, modseq] : messages) {
        mail::PageDraft& page = pages[mail::page_of(uid)];
        page.number = mail::page_of(uid);
        mail::Entry entry;
        entry.uid = uid;
        entry.modseq = modseq;
        entry.flags = modseq == 0 ? 0 : mail::kSeen;
        page.entries.push_back(entry);
        page.highest_modseq = std::max(page.highest_modseq, modseq);
    }
    std::vector<mail::PagePtr> list;
    for (const auto& [number, page] : pages) {
        list.push_back(mail::make_page(page));
    }
    mail::SnapshotHead head;
    head.uid_validity = 1;
    head.uid_next = messages.empty() ? 1 : messages.rbegin()->first + 1;
    head.messages = messages.size();
    for (const auto& [uid, modseq] : messages) {
        head.highest_modseq = std::max(head.highest_modseq, modseq);
    }
    head.keywords = std::move(keywords);
    return std::make_shared<const mail::Snapshot>(std::move(head), std::move(list));
}

View view_of(const std::map<mail::Uid, mail::Modseq>& messages) {
    mail::MailboxInfo info;
    info.rights = mail::kAllRights;
    return {std::move(info), snapshot(messages), false};
}

std::vector<std::uint32_t> changed_numbers(const View::News& news) {
    std::vector<std::uint32_t> numbers;
    for (const View::News::Change& change : news.changed) {
        numbers.push_back(change.number);
    }
    return numbers;
}

SequenceSet set_of(std::string_view text) {
    Scanner scanner(text);
    return parse_sequence_set(scanner).value();
}

TEST(View, NumbersWhatTheClientKnows) {
    const View view = view_of({{2, 0}, {5, 0}, {70, 0}});
    EXPECT_EQ(view.resolve(set_of("1:2"), false)->to_text(), "2,5");
    EXPECT_EQ(view.resolve(set_of("*"), false)->to_text(), "70");
    EXPECT_EQ(view.resolve(set_of("1:4"), false), std::nullopt);
    EXPECT_EQ(view.resolve(set_of("1:10"), true)->to_text(), "2,5");
    EXPECT_EQ(view.resolve(set_of("100:*"), true)->to_text(), "70");
    const View nothing = view_of({});
    EXPECT_EQ(nothing.resolve(set_of("*"), false), std::nullopt);
    EXPECT_EQ(nothing.resolve(set_of("1:*"), true)->to_text(), "");
}

// The store may be ahead of what the client's numbers count.
TEST(View, TakesNothingFromTheListThatIsCounted) {
    const View view = view_of({{1, 0}, {3, 0}, {7, 0}});
    EXPECT_EQ(view.gone_of({.complete = true, .uids = {2, 3}}).to_text(), "2");
    EXPECT_EQ(view.gone_of({.complete = true, .uids = {6, 100}}).to_text(), "6");
    EXPECT_EQ(view.gone_of({.complete = false, .uids = {}}).to_text(), "2,4:6");
    EXPECT_TRUE(view_of({}).gone_of({.complete = false, .uids = {}}).empty());
}

TEST(View, TellsWhatWentCameAndChanged) {
    View view = view_of({{1, 0}, {2, 0}, {3, 0}});
    const auto news = view.take_news(snapshot({{1, 0}, {3, 9}, {4, 8}}), true);
    EXPECT_THAT(news.expunged, ElementsAre(2));
    EXPECT_EQ(news.vanished.to_text(), "2");
    EXPECT_TRUE(news.has_more);
    EXPECT_THAT(changed_numbers(news), ElementsAre(2));  // UID 3, by its new number
    EXPECT_EQ(view.told()->size(), 3U);
    const auto again = view.take_news(view.latest(), true);
    EXPECT_THAT(again.expunged, IsEmpty());
    EXPECT_THAT(again.changed, IsEmpty());
}

TEST(View, KeepsNumbersWhereExpungeMayNotBeSaid) {
    View view = view_of({{1, 0}, {2, 0}, {3, 0}});
    const auto held = view.take_news(snapshot({{1, 0}, {3, 9}, {4, 8}}), false);
    EXPECT_THAT(held.expunged, IsEmpty());
    EXPECT_FALSE(held.has_more);  // 4 messages would be no number the client can count with
    EXPECT_THAT(changed_numbers(held), ElementsAre(3));  // by the number that still holds
    EXPECT_EQ(view.resolve(set_of("2"), false)->to_text(), "2");
    EXPECT_EQ(view.current(view.told()->at(2)).modseq, 9U);
    EXPECT_EQ(view.current(view.told()->at(1)).uid, 2U);  // gone, as it was last
    const auto news = view.take_news(snapshot({{1, 0}, {3, 9}, {4, 8}, {5, 10}}), true);
    EXPECT_THAT(news.expunged, ElementsAre(2));
    EXPECT_TRUE(news.has_more);
    EXPECT_THAT(news.changed, IsEmpty());  // told before
    EXPECT_EQ(view.resolve(set_of("2"), false)->to_text(), "3");
}

TEST(View, SleepsAndKnowsWhatHappenedMeanwhile) {
    const std::map<mail::Uid, mail::Modseq> before = {{1, 0}, {2, 0}, {3, 0}, {70, 3}, {72, 0}};
    const std::map<mail::Uid, mail::Modseq> after = {{1, 9}, {3, 0}, {70, 3}, {73, 8}};
    mail::SnapshotPtr later = snapshot(after);
    View awake = view_of(before);
    View asleep = view_of(before);
    asleep.fall_asleep();
    EXPECT_TRUE(asleep.is_asleep());
    const auto expected = awake.take_news(later, true);
    const auto news = asleep.take_news(later, true);
    EXPECT_FALSE(asleep.is_asleep());
    EXPECT_THAT(expected.expunged, ElementsAre(2, 5));
    EXPECT_EQ(news.expunged, expected.expunged);
    EXPECT_EQ(news.vanished, expected.vanished);
    EXPECT_EQ(news.has_more, expected.has_more);
    EXPECT_EQ(changed_numbers(news), changed_numbers(expected));
    EXPECT_EQ(asleep.resolve(set_of("2"), false)->to_text(), "3");
}

// SEARCH keeps sets as they are written, whatever holes the mailbox has.
TEST(View, SpansWhatASetMeans) {
    const View view = view_of({{2, 0}, {4, 0}, {6, 0}, {9, 0}, {11, 0}});
    for (const std::string_view text : {"1", "2:3", "1,3:5", "2:*", "*", "1:*"}) {
        for (const bool is_uids : {false, true}) {
            const auto spans = view.spans(set_of(text), is_uids);
            ASSERT_TRUE(spans);
            EXPECT_EQ(view.told()->intersect(*spans).to_text(),
                      view.resolve(set_of(text), is_uids)->to_text())
                << text;
        }
    }
    EXPECT_EQ(view.spans(set_of("1:*"), false)->to_text(), "2:11");
    EXPECT_FALSE(view.spans(set_of("6"), false));
    EXPECT_FALSE(view.spans(set_of("4:6"), false));
}

// So many holes, before and since, that a pass for each of them would take minutes.
TEST(View, WakesUpToManyHolesAtOnce) {
    std::map<mail::Uid, mail::Modseq> before;
    std::map<mail::Uid, mail::Modseq> after;
    for (mail::Uid uid = 1; uid < 400'000; uid += 2) {
        before[uid] = 0;
        if (uid % 4 == 1) {
            after[uid] = 0;
        }
    }
    View awake = view_of(before);
    View asleep = view_of(before);
    asleep.fall_asleep();
    const mail::SnapshotPtr later = snapshot(after);
    const auto news = asleep.take_news(later, true);
    ASSERT_EQ(news.expunged.size(), 100'000U);
    EXPECT_EQ(news.expunged, awake.take_news(later, true).expunged);
}

TEST(View, StaysAwakeWhileSomethingIsHeldBack) {
    View view = view_of({{1, 0}, {2, 0}});
    static_cast<void>(view.take_news(snapshot({{2, 0}}), false));
    EXPECT_FALSE(view.can_sleep());
}

TEST(View, TellsNothingTwice) {
    View view = view_of({{1, 0}, {2, 0}});
    const auto mine = snapshot({{1, 5}, {2, 0}});
    view.look_at(mine);
    EXPECT_EQ(mail::SnapshotCursor(*view.flags_told()).find(1)->modseq, 0U);
    view.note_told(mail::UidSet(1, 1), 5);
    EXPECT_THAT(view.take_news(mine, true).changed, IsEmpty());
    view.note_told(mail::UidSet(1, 1), 5);
    // Somebody changed it after us.
    EXPECT_THAT(changed_numbers(view.take_news(snapshot({{1, 7}, {2, 0}}), true)), ElementsAre(1));
}

// Of a page of which all is known nothing is looked at; of one of which some is, every message.
TEST(View, TellsWhatOthersChangedBesideWhatIsKnown) {
    View view = view_of({{1, 0}, {2, 0}, {70, 0}, {71, 0}, {130, 0}});
    view.note_told(mail::UidSet::from_ranges({{1, 2}, {70, 70}, {130, 130}}), 5);
    const auto later = snapshot({{1, 5}, {2, 5}, {70, 5}, {71, 5}, {130, 6}});
    EXPECT_THAT(changed_numbers(view.take_news(later, true)), ElementsAre(4, 5));
}

TEST(View, TellsNewKeywordsOnce) {
    View view = view_of({{1, 0}});
    EXPECT_FALSE(view.take_keyword_news());
    view.look_at(snapshot({{1, 4}}, {"$Later"}));
    EXPECT_TRUE(view.take_keyword_news());
    EXPECT_FALSE(view.take_keyword_news());
}

TEST(View, KnowsWhatIsRecent) {
    View view = view_of({{1, 0}, {5, 0}, {6, 0}, {8, 0}, {9, 0}});
    EXPECT_EQ(view.recent_count(), 0U);
    view.add_recent(4, 7);
    view.add_recent(9, 10);
    view.add_recent(10, 10);
    EXPECT_EQ(view.recent_count(), 3U);
    EXPECT_EQ(view.recent().to_text(), "5:6,9");
    EXPECT_FALSE(view.is_recent(1));
    EXPECT_TRUE(view.is_recent(6));
    EXPECT_FALSE(view.is_recent(8));
}

}  // namespace
}  // namespace imap
