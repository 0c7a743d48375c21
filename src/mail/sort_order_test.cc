#include "mail/sort_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mail/summarizer.h"

namespace mail {
namespace {

using testing::ElementsAre;

struct Message {
    std::string_view header;
    std::int64_t received_s;
    std::uint64_t octets;
};

constexpr Message kMessages[] = {
    {"From: Zoe <adam@x.example>\r\nSubject: Re: banana\r\nTo: b@x\r\n"
     "Date: Thu, 01 Jan 1970 00:00:09 +0000\r\n\r\n",
     1,
     300},
    {"From: eve@x.example\r\nSubject: Apple\r\nCc: c@x\r\n"
     "Date: Thu, 01 Jan 1970 00:59:05 +0100\r\n\r\n",
     2,
     100},
    {"From: =?utf-8?q?=C3=84nne?= <Bert@x.example>\r\nSubject: [list] BANANA\r\n"
     "To: friends: z@x, y@x;\r\n\r\n",
     3,
     200},
    {"Subject: (fwd)\r\nCc: B@x\r\n\r\n", 3, 200},
};

std::vector<Uid> sorted(const std::vector<SortKey>& keys) {
    std::vector<SortItem> items;
    for (const Message& message : kMessages) {
        Entry entry;
        entry.uid = static_cast<Uid>(items.size() + 1);
        entry.received_s = message.received_s;
        entry.octets = message.octets;
        const Summary summary = summarize(message.header);
        items.push_back(
            make_sort_item(keys, entry, sent_or_received_s(summary, entry), summary.fields()));
    }
    return in_order(keys, std::move(items));
}

TEST(SortOrder, EachKey) {
    EXPECT_THAT(sorted({{SortKind::kArrival}}), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(sorted({{SortKind::kSize}}), ElementsAre(2, 3, 4, 1));
    EXPECT_THAT(sorted({{SortKind::kDate}}), ElementsAre(2, 3, 4, 1));
    EXPECT_THAT(sorted({{SortKind::kSubject}}), ElementsAre(4, 2, 1, 3));
    EXPECT_THAT(sorted({{SortKind::kFrom}}), ElementsAre(4, 1, 3, 2));
    EXPECT_THAT(sorted({{SortKind::kTo}}), ElementsAre(2, 4, 1, 3));
    EXPECT_THAT(sorted({{SortKind::kCc}}), ElementsAre(1, 3, 4, 2));
    EXPECT_THAT(sorted({{SortKind::kDisplayFrom}}), ElementsAre(4, 3, 2, 1));
    EXPECT_THAT(sorted({{SortKind::kDisplayTo}}), ElementsAre(2, 4, 1, 3));
}

TEST(SortOrder, ReverseKeepsEqualsInOrder) {
    EXPECT_THAT(sorted({{SortKind::kArrival, true}}), ElementsAre(3, 4, 2, 1));
    EXPECT_THAT(sorted({{SortKind::kSubject}, {SortKind::kDate, true}}), ElementsAre(4, 2, 1, 3));
    EXPECT_THAT(sorted({{SortKind::kSize}, {SortKind::kSubject}}), ElementsAre(2, 4, 3, 1));
    EXPECT_THAT(sorted({}), ElementsAre(1, 2, 3, 4));
}

TEST(SortOrder, KnowsWhenEntriesAreEnough) {
    EXPECT_FALSE(wants_header({{SortKind::kArrival}, {SortKind::kSize}}));
    EXPECT_TRUE(wants_header({{SortKind::kSize}, {SortKind::kDate}}));
}

}  // namespace
}  // namespace mail
