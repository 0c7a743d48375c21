// Every key of RFC 9051 6.4.4 and its kin on a table of messages; and random trees of keys over random
// mailboxes, with and without the index, against a plain model.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pool.h"
#include "fakes/mail_fixture.h"
#include "mail/records.h"
#include "mail/search_indexer.h"
#include "mail/search_model.h"
#include "mail/search_random.h"
#include "mail/search_run.h"
#include "mail/summarizer.h"

namespace mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Kind = SearchKind;

constexpr account::AccountId kAccount = 1;

std::chrono::sys_days day(int year, unsigned month, unsigned day_of_month) {
    return std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day_of_month);
}

std::int64_t seconds(std::chrono::sys_days day) {
    return std::chrono::seconds(day.time_since_epoch()).count();
}

class SearchTest : public fakes::MailFixture {
  protected:
    // The message gets the next UID and a new email.
    Entry& add(std::string octets) {
        const EmailId email = static_cast<EmailId>(source_.emails.size() + 1);
        Entry& entry = entries_.emplace_back();
        entry.uid = static_cast<Uid>(entries_.size());
        entry.email = email;
        entry.octets = octets.size();
        entry.modseq = entry.uid;
        const std::string summary = summarize(octets).packed();
        source_.emails[email] = {std::move(octets), summary, email};
        return entry;
    }

    std::vector<Uid> find(const SearchKey& key, bool use_index = false) {
        options_.use_index = use_index;
        auto found = run(run_search(loop_,
                                    {source_,
                                     [this](base::Loop& /*loop*/, std::vector<IndexQuery> queries) {
                                         return ask(std::move(queries));
                                     },
                                     make_snapshot(entries_, {"$Junk", "Work"})},
                                    key,
                                    options_));
        EXPECT_TRUE(found.has_value());
        return found.value_or(std::vector<Uid>());
    }

    base::Task<base::Result<IndexAnswers>> ask(std::vector<IndexQuery> queries) {
        ++asked_;
        co_return ask_index(*store_.snapshot(), kAccount, queries);
    }

    // Indexes everything there is.
    void build_index(IndexerLimits limits = {}) {
        AccountCounters counters;
        counters.next_email = source_.emails.empty() ? 1 : source_.emails.rbegin()->first + 1;
        counters.messages = entries_.size();
        EXPECT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
            transaction.put(counters_key(kAccount), encode(counters));
            return {};
        }));
        const SearchIndexer indexer(store_, pool_, limits);
        for (int steps = 0; steps < 1000; ++steps) {
            const auto more = run(indexer.step(loop_, source_, kAccount, true));
            ASSERT_TRUE(more.has_value()) << more.error().text;
            if (!*more) {
                return;
            }
        }
        FAIL() << "the indexer does not come to an end";
    }

    base::Pool pool_{0, 1};
    ModelSource source_;
    std::vector<Entry> entries_;
    SearchOptions options_;
    int asked_ = 0;
};

constexpr std::string_view kFirst =
    "From: Alice <alice@crepes.example>\r\nTo: bob@hamburger.example\r\n"
    "Date: Fri, 20 Nov 2026 23:30:00 -0500\r\n"
    "Subject: =?utf-8?q?Cr=C3=AApes?= tonight\r\nX-Odd: pickle\r\n\r\n"
    "Do you like ketchup?\r\n";
constexpr std::string_view kSecond =
    "From: Bob <bob@hamburger.example>\r\nCc: carol@x.example\r\n"
    "Date: Sat, 21 Nov 2026 01:00:00 +0900\r\nX-Odd:\r\nBcc: dave@x.example\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "SG93IGFib3V0IHBpY2tsZXM/\r\n"  // How about pickles?
    "--b\r\nContent-Disposition: attachment; filename=onions.txt\r\n\r\nmustard\r\n--b--\r\n";

class SearchKeys : public SearchTest {
  protected:
    SearchKeys() {
        Entry& first = add(std::string(kFirst));
        first.received_s = seconds(day(2026, 11, 21)) + 10;
        first.saved_s = seconds(day(2026, 11, 22));
        first.flags = kSeen | kFlagged;
        first.keywords = 1;
        Entry& second = add(std::string(kSecond));
        second.received_s = seconds(day(2026, 11, 20)) + 86'399;
        second.saved_s = seconds(day(2026, 11, 20));
        second.flags = kDeleted;
        second.keywords = 2;
        options_.now = base::WallTime(std::chrono::seconds(seconds(day(2026, 11, 21)) + 100));
        options_.recent = UidSet(2, 2);
    }
};

TEST_F(SearchKeys, EachOnItsOwn) {
    struct Row {
        SearchKey key;
        std::vector<Uid> found;
    };

    const std::vector<Row> rows = {
        {{}, {1, 2}},
        {SearchKey::of_flag(kSeen), {1}},
        {SearchKey::of_flag(kDeleted), {2}},
        {SearchKey::negation(SearchKey::of_flag(kSeen)), {2}},
        {SearchKey::of_text(Kind::kKeyword, "$junk"), {1}},
        {SearchKey::of_text(Kind::kKeyword, "work"), {2}},
        {SearchKey::of_text(Kind::kKeyword, "none"), {}},
        {SearchKey::of_uids(UidSet(2, 9)), {2}},
        {SearchKey::of(Kind::kRecent, {}), {2}},
        {SearchKey::of_day(Kind::kBefore, day(2026, 11, 21)), {2}},
        {SearchKey::of_day(Kind::kOn, day(2026, 11, 21)), {1}},
        {SearchKey::of_day(Kind::kSince, day(2026, 11, 20)), {1, 2}},
        {SearchKey::of_day(Kind::kSentOn, day(2026, 11, 20)), {1}},  // its own zone's day
        {SearchKey::of_day(Kind::kSentOn, day(2026, 11, 21)), {2}},
        {SearchKey::of_day(Kind::kSentBefore, day(2026, 11, 21)), {1}},
        {SearchKey::of_day(Kind::kSentSince, day(2026, 11, 21)), {2}},
        {SearchKey::of_day(Kind::kSavedOn, day(2026, 11, 20)), {2}},
        {SearchKey::of_day(Kind::kSavedBefore, day(2026, 11, 22)), {2}},
        {SearchKey::of_day(Kind::kSavedSince, day(2026, 11, 22)), {1}},
        {SearchKey::of(Kind::kSaveDateSupported, {}), {1, 2}},
        {SearchKey::of_number(Kind::kOlder, 90), {1, 2}},
        {SearchKey::of_number(Kind::kOlder, 91), {2}},
        {SearchKey::of_number(Kind::kYounger, 90), {1}},
        {SearchKey::of_number(Kind::kYounger, 89), {}},
        {SearchKey::of_number(Kind::kLarger, kFirst.size()), {2}},
        {SearchKey::of_number(Kind::kSmaller, kSecond.size()), {1}},
        {SearchKey::of_number(Kind::kModseq, 2), {2}},
        {SearchKey::of_number(Kind::kEmailId, 1), {1}},
        {SearchKey::of_number(Kind::kThreadId, 2), {2}},
        {SearchKey::of_header("from", "ALICE"), {1}},
        {SearchKey::of_header("From", "hamburger.example"), {2}},
        {SearchKey::of_header("Subject", "CRÊPES T"), {1}},
        {SearchKey::of_header("Cc", ""), {2}},
        {SearchKey::of_header("Bcc", "dave"), {2}},
        {SearchKey::of_header("X-Odd", "pick"), {1}},
        {SearchKey::of_header("X-Odd", ""), {1, 2}},
        {SearchKey::of_header("X-None", ""), {}},
        {SearchKey::of_text(Kind::kBody, "KetChup"), {1}},
        {SearchKey::of_text(Kind::kBody, "about pickles"), {2}},
        {SearchKey::of_text(Kind::kBody, "SG93"), {}},
        {SearchKey::of_text(Kind::kBody, "alice"), {}},
        {SearchKey::of_text(Kind::kBody, "onions"), {2}},
        {SearchKey::of_text(Kind::kBody, "mustard"), {}},
        {SearchKey::of_text(Kind::kBody, ""), {1, 2}},
        {SearchKey::of_text(Kind::kText, "alice"), {1}},
        {SearchKey::of_text(Kind::kText, "pickle"), {1, 2}},
        {SearchKey::of_text(Kind::kText, "x-odd: pickle"), {1}},
        {SearchKey::of(Kind::kAnd, {}), {1, 2}},
        {SearchKey::of(Kind::kOr, {}), {}},
    };
    build_index();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(find(rows[i].key, false), rows[i].found) << "row " << i;
        EXPECT_EQ(find(rows[i].key, true), rows[i].found) << "row " << i << " with the index";
    }
}

TEST_F(SearchKeys, AttachmentsByWish) {
    options_.in_attachments = true;
    EXPECT_THAT(find(SearchKey::of_text(Kind::kBody, "mustard")), ElementsAre(2));
    EXPECT_THAT(find(SearchKey::of_text(Kind::kText, "mustard")), ElementsAre(2));
}

TEST_F(SearchKeys, MessagesWithoutSummary) {
    source_.emails[1].summary.clear();
    EXPECT_THAT(find(SearchKey::of_header("From", "alice")), ElementsAre(1));
    EXPECT_THAT(find(SearchKey::of_day(Kind::kSentOn, day(2026, 11, 20))), ElementsAre(1));
    EXPECT_THAT(find(SearchKey::of_text(Kind::kBody, "ketchup")), ElementsAre(1));
}

TEST_F(SearchKeys, PassesOverWhatHasGone) {
    source_.emails.erase(1);
    EXPECT_THAT(find(SearchKey::of_text(Kind::kText, "e")), ElementsAre(2));
}

TEST_F(SearchKeys, StopsWhenEnough) {
    options_.results_max = 1;
    EXPECT_THAT(find({}), ElementsAre(1));
    options_.from_the_end = true;
    EXPECT_THAT(find({}), ElementsAre(2));
    EXPECT_THAT(find(SearchKey::of_text(Kind::kText, "e")), ElementsAre(2));
    EXPECT_EQ(source_.bodies_opened, 1U);
}

TEST_F(SearchKeys, CheapKeysGoFirst) {
    EXPECT_THAT(find(SearchKey::of(Kind::kAnd,
                                   {SearchKey::of_text(Kind::kText, "ketchup"),
                                    SearchKey::of_flag(kDeleted),
                                    SearchKey::of_header("Cc", "nobody")})),
                IsEmpty());
    EXPECT_EQ(source_.bodies_opened, 0U);
    EXPECT_EQ(source_.records_read, 1U);
}

TEST_F(SearchKeys, RefusesTooMuch) {
    const auto refused = [this](const SearchKey& key) {
        const auto found = run(run_search(
            loop_, {source_, nullptr, make_snapshot(entries_, {})}, key, SearchOptions()));
        return !found && found.error().code == base::Errc::kTooLong;
    };
    SearchKey deep;
    for (std::size_t depth = 0; depth <= kSearchDepthMax; ++depth) {
        deep = SearchKey::negation(std::move(deep));
    }
    EXPECT_TRUE(refused(deep));
    EXPECT_TRUE(refused(
        SearchKey::of(Kind::kOr, std::vector<SearchKey>(kSearchKeysMax, SearchKey::of_flag(1)))));
    EXPECT_TRUE(refused(SearchKey::of(
        Kind::kOr,
        std::vector<SearchKey>(kSearchTextKeysMax + 1, SearchKey::of_text(Kind::kBody, "a")))));
    EXPECT_TRUE(
        refused(SearchKey::of_text(Kind::kBody, std::string(kSearchTextOctetsMax + 1, 'a'))));
}

// Entries of all kinds: some mail lies in the index in several blocks, some has gone from it, some is not in it yet;
// some has no summary, and some stands in the mailbox twice.
class RandomSearch : public SearchTest, public testing::WithParamInterface<std::uint64_t> {
  protected:
    void fill(RandomMail& mail) {
        const auto more = [&](int count) {
            for (int i = 0; i < count; ++i) {
                mail.set_entry(add(mail.message()));
                if (mail.chance(10)) {
                    source_.emails.rbegin()->second.summary.clear();
                }
            }
        };
        more(150);
        build_index({.new_emails_min = 1, .block_emails_max = 40});
        more(20);
        for (int i = 0; i < 20; ++i) {
            source_.emails.erase(1 + mail.below(150));
        }
        std::erase_if(entries_,
                      [this](const Entry& entry) { return !source_.emails.contains(entry.email); });
        for (int i = 0; i < 20; ++i) {
            Entry entry = entries_[mail.below(entries_.size())];  // a copy
            entry.uid = entries_.back().uid + 3;
            entries_.push_back(entry);
        }
        options_.now = base::WallTime(
            std::chrono::seconds(RandomMail::kBeginS + RandomMail::kDays * RandomMail::kDayS));
        options_.recent = UidSet(entries_.back().uid / 2, entries_.back().uid);
    }

    // All of them, or the first so many from one end.
    void compare(const SearchKey& key, std::vector<Uid> expected) {
        ASSERT_EQ(find(key, false), expected);
        ASSERT_EQ(find(key, true), expected) << "with the index";
        options_.results_max = 3;
        options_.from_the_end = true;
        std::reverse(expected.begin(), expected.end());
        expected.resize(std::min<std::size_t>(expected.size(), 3));
        EXPECT_EQ(find(key, false), expected) << "from the end";
        EXPECT_EQ(find(key, true), expected) << "from the end with the index";
        options_.results_max = 0;
        options_.from_the_end = false;
    }
};

TEST_P(RandomSearch, AgreesWithTheModelWithAndWithoutIndex) {
    RandomMail mail(GetParam());
    fill(mail);
    std::size_t found_all = 0;
    for (int round = 0; round < 400; ++round) {
        SCOPED_TRACE(fmt::format("round {}", round));
        const SearchKey key = mail.key(mail.below(4));
        options_.in_attachments = mail.chance(2);
        const auto expected =
            SearchModel(source_, *make_snapshot(entries_, {"$Junk", "Work"}), options_).find(key);
        ASSERT_NO_FATAL_FAILURE(compare(key, expected));
        found_all += expected.size();
    }
    EXPECT_GT(found_all, 1000U);
    EXPECT_GT(asked_, 100);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSearch, testing::Range<std::uint64_t>(1, 5));

TEST_F(SearchTest, PassesOverWhatIsDamaged) {
    add("\r\nketchup\r\n");
    add("\r\nketchup\r\n");
    source_.damaged.insert(1);
    EXPECT_THAT(find(SearchKey::of_text(Kind::kBody, "ketchup")), ElementsAre(2));
}

TEST_F(SearchTest, OthersGoOnMeanwhile) {
    for (int i = 0; i < 100; ++i) {
        add("\r\nketchup\r\n");
    }
    source_.on_open = [this] { clock_.advance(std::chrono::milliseconds(1)); };
    int turns = 0;
    bool is_over = false;
    std::function<void()> take_turn = [&] {
        ++turns;
        if (!is_over) {
            loop_.post(take_turn);
        }
    };
    loop_.post(take_turn);
    EXPECT_EQ(find(SearchKey::of_text(Kind::kBody, "ketchup")).size(), 100U);
    is_over = true;
    EXPECT_GE(turns, 40);  // every two milliseconds
}

TEST_F(SearchTest, IndexAnswersWithoutReading) {
    for (int i = 0; i < 200; ++i) {
        add(fmt::format("Subject: number {}\r\n\r\nword{} and more\r\n", i, i));
    }
    build_index();
    source_.bodies_opened = 0;
    source_.records_read = 0;
    EXPECT_THAT(find(SearchKey::of_text(Kind::kBody, "word77"), true), ElementsAre(78));
    EXPECT_THAT(find(SearchKey::of_header("Subject", "199"), true), ElementsAre(200));
    EXPECT_EQ(source_.bodies_opened, 0U);
    EXPECT_EQ(source_.records_read, 0U);
    EXPECT_THAT(find(SearchKey::of_text(Kind::kBody, "word77 and"), true), ElementsAre(78));
    EXPECT_EQ(source_.bodies_opened, 1U);
}

}  // namespace
}  // namespace mail
