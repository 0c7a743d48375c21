// search(), sort() and thread() over real mailboxes: delivered mail, its index, and changes between.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pool.h"
#include "fakes/mail_fixture.h"
#include "mail/email_source.h"
#include "mail/mailboxes.h"
#include "mail/search.h"
#include "mail/search_indexer.h"
#include "mail/summarizer.h"
#include "mail/summary.h"
#include "mail/thread_keys.h"

namespace mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr account::AccountId kAccount = 1;
constexpr Ref kHere{kAccount, kInbox};

class SearchMailboxes : public fakes::MailFixture {
  protected:
    void add(std::string_view octets) {
        Delivery sent = delivery(octets, {recipient(kAccount)}, "q");
        const Summary summary = summarize(octets);
        sent.summary = summary.packed();
        sent.thread = thread_keys(summary.fields());
        EXPECT_TRUE(run(messages_.deliver(loop_, std::move(sent))).has_value());
    }

    SnapshotPtr open() { return run(mailboxes_.open(loop_, kHere)).value(); }

    std::vector<Uid> find(const SearchKey& key) {
        return run(search(loop_, mailboxes_, open(), key, SearchOptions())).value();
    }

    std::vector<Uid> sorted(std::vector<SortKey> keys) {
        return run(sort(loop_, mailboxes_, open(), find({}), std::move(keys))).value();
    }

    void index() {
        const SearchIndexer indexer(store_, pool_);
        const MailboxesSource source(mailboxes_, kAccount);
        while (run(indexer.step(loop_, source, kAccount, true)).value()) {
        }
    }

    base::Pool pool_{0, 1};
    Mailboxes mailboxes_{store_, clock_, pool_};
};

TEST_F(SearchMailboxes, FindsWhatWasDeliveredBeforeAndAfterTheIndex) {
    for (int i = 1; i <= 40; ++i) {
        add(fmt::format("Subject: number {}\r\n\r\nKetchup w{}w\r\n", i, i));
    }
    index();
    add("Subject: late\r\n\r\nketchup w41w\r\n");
    EXPECT_EQ(find(SearchKey::of_text(SearchKind::kBody, "ketchup")).size(), 41U);
    EXPECT_THAT(find(SearchKey::of_text(SearchKind::kBody, "w7w")), ElementsAre(7));
    EXPECT_THAT(find(SearchKey::of_text(SearchKind::kBody, "w41w")), ElementsAre(41));
    EXPECT_THAT(find(SearchKey::of_header("Subject", "LATE")), ElementsAre(41));
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(SearchMailboxes, NoLongerFindsWhatWasExpunged) {
    for (int i = 1; i <= 40; ++i) {
        add(fmt::format("Subject: number {}\r\n\r\nKetchup\r\n", i));
    }
    index();
    FlagChange deleted;
    deleted.flags = kDeleted;
    EXPECT_TRUE(run(mailboxes_.store(loop_, kAccount, kHere, UidSet(1, 39), deleted)).has_value());
    EXPECT_TRUE(run(mailboxes_.expunge(loop_, kAccount, kHere)).has_value());
    EXPECT_THAT(find(SearchKey::of_text(SearchKind::kBody, "ketchup")), ElementsAre(40));
}

TEST_F(SearchMailboxes, SortsAndThreads) {
    add("Subject: b\r\nMessage-ID: <1@x>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n\r\n");
    add("Subject: a\r\nMessage-ID: <2@x>\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\n\r\n\r\n");
    add("Subject: Re: b\r\nMessage-ID: <3@x>\r\nReferences: <1@x>\r\n"
        "Date: Sat, 21 Nov 2026 11:00:00 +0000\r\n\r\n\r\n");
    EXPECT_THAT(sorted({{SortKind::kSubject}}), ElementsAre(2, 1, 3));
    EXPECT_THAT(sorted({{SortKind::kDate, true}}), ElementsAre(3, 1, 2));
    EXPECT_THAT(sorted({{SortKind::kSize}}), ElementsAre(1, 2, 3));
    const auto threads =
        run(thread(loop_, mailboxes_, open(), find({}), ThreadAlgorithm::kReferences)).value();
    EXPECT_THAT(threads, ElementsAre(ThreadNode{2, 0}, ThreadNode{1, 0}, ThreadNode{3, 1}));
}

// Raw octets are in the charset that the message says its text is in, wherever they are looked at, with the index and
// without: KOI8-R and windows-1251 here, which a guess takes for windows-1252.
TEST_F(SearchMailboxes, ReadsRawHeadersAlikeEverywhere) {
    add("Subject: \xf2\xd5\xd3\xd8\r\nFrom: \xe1\xce\xce\xc1 <z@x>\r\nX-Other: \xe4\xc1\r\n"
        "Content-Type: text/plain; charset=koi8-r\r\n\r\n\r\n");
    add("Subject: Re: \xd0\xf3\xf1\xfc\r\nFrom: \xc1\xee\xf0\xe8\xf1 <a@x>\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain; charset=windows-1251\r\n\r\nx\r\n--b--\r\n");
    const auto check = [this] {
        EXPECT_THAT(find(SearchKey::of_header("Subject", "Русь")), ElementsAre(1, 2));
        EXPECT_THAT(find(SearchKey::of_header("From", "анна")), ElementsAre(1));
        EXPECT_THAT(find(SearchKey::of_header("X-Other", "Да")), ElementsAre(1));
        EXPECT_THAT(find(SearchKey::of_text(SearchKind::kText, "Борис")), ElementsAre(2));
    };
    check();
    EXPECT_THAT(sorted({{SortKind::kDisplayFrom}}), ElementsAre(1, 2));
    EXPECT_THAT(sorted({{SortKind::kDisplayFrom, true}}), ElementsAre(2, 1));
    const auto threads =
        run(thread(loop_, mailboxes_, open(), find({}), ThreadAlgorithm::kOrderedSubject)).value();
    EXPECT_THAT(threads, ElementsAre(ThreadNode{1, 0}, ThreadNode{2, 1}));
    for (int i = 0; i < 64; ++i) {
        add("Subject: filler\r\n\r\n\r\n");
    }
    index();
    check();
}

// RFC 8474: a reply has the thread of what it answers, and another message its own.
TEST_F(SearchMailboxes, ThreadIdsFollowReferences) {
    add("Message-ID: <1@x>\r\n\r\n");
    add("Message-ID: <2@x>\r\n\r\n");
    add("Message-ID: <3@x>\r\nReferences: <1@x>\r\n\r\n");
    add("Message-ID: <4@x>\r\nIn-Reply-To: <3@x>\r\n\r\n");
    add("Subject: no id\r\n\r\n");
    add("Subject: no id either\r\n\r\n");
    std::vector<std::uint64_t> threads;
    const std::vector<EmailId> emails = {1, 2, 3, 4, 5, 6};
    EXPECT_TRUE(mailboxes_
                    .read_emails(kAccount,
                                 emails,
                                 [&](EmailId, const EmailRecord& record) {
                                     threads.push_back(record.thread);
                                     return true;
                                 })
                    .has_value());
    EXPECT_THAT(threads, ElementsAre(1, 2, 1, 1, 5, 6));
    EXPECT_THAT(find(SearchKey::of_number(SearchKind::kThreadId, 1)), ElementsAre(1, 3, 4));
}

}  // namespace
}  // namespace mail
