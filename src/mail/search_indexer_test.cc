#include "mail/search_indexer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pool.h"
#include "fakes/mail_fixture.h"
#include "mail/records.h"
#include "mail/search_model.h"
#include "store/key.h"

namespace mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr account::AccountId kAccount = 1;

class SearchIndexerTest : public fakes::MailFixture {
  protected:
    void add(std::uint64_t count) {
        for (; count > 0; --count, ++next_email_) {
            source_.emails[next_email_].octets = fmt::format("\r\nw{}w all\r\n", next_email_);
        }
        AccountCounters counters;
        counters.next_email = next_email_;
        counters.messages = source_.emails.size();
        put(counters_key(kAccount), encode(counters));
    }

    void put(const std::string& key, const std::string& record) {
        EXPECT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
            transaction.put(key, record);
            return {};
        }));
    }

    void erase(const std::string& key) {
        EXPECT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
            transaction.erase(key);
            return {};
        }));
    }

    base::Result<bool> step(bool all = false) {
        return run(SearchIndexer(store_, pool_, limits_).step(loop_, source_, kAccount, all));
    }

    int steps(bool all = false) {
        int count = 0;
        for (auto more = step(all); more && *more && count < 1000; more = step(all)) {
            ++count;
        }
        return count;
    }

    std::vector<SearchBlock> blocks() { return load_blocks(*store_.snapshot(), kAccount).value(); }

    std::vector<std::pair<EmailId, EmailId>> ranges() {
        std::vector<std::pair<EmailId, EmailId>> found;
        for (const SearchBlock& block : blocks()) {
            found.emplace_back(block.first, block.last);
        }
        return found;
    }

    std::size_t records() {
        std::size_t count = 0;
        const std::string prefix = index_prefix(kAccount);
        EXPECT_TRUE(store_.snapshot()->scan(
            prefix, store::prefix_end(prefix), [&](std::string_view, std::string_view) {
                ++count;
                return true;
            }));
        return count;
    }

    // Of every email's own word: whether the index finds exactly that email.
    void expect_right() {
        for (const auto& [email, unused] : source_.emails) {
            const auto answers =
                ask_index(*store_.snapshot(),
                          kAccount,
                          {{bit(IndexPart::kBody), word_query(fmt::format("W{}W", email))}});
            ASSERT_TRUE(answers.has_value());
            for (const EmailId other : {email - 1, email, email + 1}) {
                const Truth truth = answers->judge(0, other);
                if (truth != Truth::kUnknown) {
                    EXPECT_EQ(truth, other == email ? Truth::kYes : Truth::kNo) << email;
                }
            }
        }
        EXPECT_THAT(check_index(*store_.snapshot(), kAccount).value(), IsEmpty());
    }

    base::Pool pool_{0, 1};
    ModelSource source_;
    EmailId next_email_ = 1;
    IndexerLimits limits_{.new_emails_min = 8, .block_emails_max = 8};
};

using Ranges = std::vector<std::pair<EmailId, EmailId>>;

TEST_F(SearchIndexerTest, WaitsForEnough) {
    EXPECT_EQ(steps(), 0);
    add(7);
    EXPECT_EQ(steps(), 0);
    add(2);
    EXPECT_EQ(steps(), 1);
    EXPECT_EQ(ranges(), (Ranges{{1, 8}}));
    EXPECT_EQ(steps(true), 1);
    EXPECT_EQ(ranges(), (Ranges{{1, 8}, {9, 9}}));
    expect_right();
}

// Ids that were never given out (renew_ids()) are not looked at one by one.
TEST_F(SearchIndexerTest, PassesOverFreeIdsInOneStep) {
    limits_.block_emails_max = 1000;
    add(10);
    next_email_ += 1'000'000'000;
    add(10);
    EXPECT_EQ(steps(true), 1);
    EXPECT_EQ(ranges(), (Ranges{{1, 1'000'000'020}}));
    EXPECT_LT(source_.asked_for, 1000U);
    next_email_ += 1'000'000'000;
    add(0);
    steps(true);
    EXPECT_LT(source_.asked_for, 2000U);
    expect_right();
}

TEST_F(SearchIndexerTest, RestsAfterEachPieceOfWork) {
    int rests = 0;
    limits_.block_emails_max = 1000;
    const SearchIndexer indexer(store_, pool_, limits_, nullptr, [&rests] { ++rests; });
    add(300);
    EXPECT_TRUE(run(indexer.step(loop_, source_, kAccount)).value());
    EXPECT_EQ(rests, 5);  // 64 emails each
    limits_.block_emails_max = 8;
    add(64);
    steps();
    rests = 0;
    EXPECT_FALSE(run(indexer.step(loop_, source_, kAccount)).value());
    EXPECT_EQ(rests, 0);
}

TEST_F(SearchIndexerTest, EightBlocksBecomeOne) {
    add(64);
    steps();
    EXPECT_EQ(ranges(), (Ranges{{1, 64}}));
    // The head, and words and lists of the body; the old ones are gone.
    EXPECT_EQ(records(), 3U);
    add(20);
    steps();
    EXPECT_EQ(ranges(), (Ranges{{1, 64}, {65, 72}, {73, 80}}));
    expect_right();
}

TEST_F(SearchIndexerTest, ForgetsWhatHasGone) {
    add(63);
    steps();
    for (EmailId email = 1; email <= 63; email += 2) {
        source_.emails.erase(email);
    }
    add(1);
    steps();
    ASSERT_EQ(ranges(), (Ranges{{1, 64}}));
    EXPECT_EQ(blocks().front().emails.size(), 32U);
    expect_right();
    // Nearly everything goes: the block is written again although no other comes.
    limits_.block_emails_max = 4;
    std::erase_if(source_.emails, [](const auto& email) { return email.first > 4; });
    add(0);
    EXPECT_EQ(steps(), 2);  // and its old chunks are erased
    EXPECT_THAT(blocks().front().emails, ElementsAre(2, 4));
    EXPECT_EQ(records(), 3U);
}

TEST_F(SearchIndexerTest, SweepsWhatACrashLeft) {
    add(8);
    put(index_words_key(kAccount, 1, IndexPart::kBody, 0), "half a block");
    put(index_words_key(kAccount, 1, IndexPart::kSubject, 7), "half a block");
    put(index_postings_key(kAccount, 99, IndexPart::kBody, 0), "half a block");
    EXPECT_THAT(check_index(*store_.snapshot(), kAccount).value(), IsEmpty());
    steps();
    EXPECT_EQ(ranges(), (Ranges{{1, 8}}));
    EXPECT_EQ(records(), 3U);
    expect_right();
}

TEST_F(SearchIndexerTest, BuildsBlocksOfOlderRulesAnew) {
    add(16);
    steps();
    ASSERT_EQ(ranges(), (Ranges{{1, 8}, {9, 16}}));
    const std::string key = index_block_key(kAccount, 9);
    const std::string head = store_.snapshot()->get(key).value().value();
    put(key, '\1' + head.substr(1));
    EXPECT_EQ(ranges(), (Ranges{{1, 8}}));
    steps();
    EXPECT_EQ(ranges(), (Ranges{{1, 8}, {9, 16}}));
    EXPECT_EQ(store_.snapshot()->get(key).value().value().front(), head.front());
    expect_right();
}

TEST_F(SearchIndexerTest, BuildsDamagedBlocksAnew) {
    add(24);
    steps();
    ASSERT_EQ(ranges(), (Ranges{{1, 8}, {9, 16}, {17, 24}}));
    put(index_block_key(kAccount, 9), "damage");
    EXPECT_EQ(check_index(*store_.snapshot(), kAccount).value().size(), 1U);
    steps();
    EXPECT_EQ(ranges(), (Ranges{{1, 8}, {9, 16}, {17, 24}}));
    expect_right();

    erase(index_postings_key(kAccount, blocks()[1].serial, IndexPart::kBody, 0));
    EXPECT_EQ(check_index(*store_.snapshot(), kAccount).value().size(), 1U);
    // Its emails are not answered for.
    const auto answers =
        ask_index(*store_.snapshot(), kAccount, {{bit(IndexPart::kBody), word_query("ALL")}});
    EXPECT_EQ(answers->judge(0, 9), Truth::kUnknown);
    EXPECT_EQ(answers->judge(0, 17), Truth::kYes);
    add(40);  // a merge meets the damage
    steps();
    expect_right();
    EXPECT_EQ(ranges().front().first, 1U);
    EXPECT_EQ(ranges().back().second, 64U);
}

TEST_F(SearchIndexerTest, KeepsNothingForAnAccountThatHasGone) {
    add(8);
    EXPECT_TRUE(change([](store::Transaction& transaction) {
        return account::remove_account(transaction, recipient(kAccount).address);
    }));
    const auto done = step();
    EXPECT_FALSE(done.has_value());
    EXPECT_EQ(records(), 0U);
}

TEST_F(SearchIndexerTest, ErasesInPieces) {
    add(30);
    steps(true);
    ASSERT_GT(records(), 9U);
    bool is_done = false;
    int changes = 0;
    while (!is_done) {
        ++changes;
        EXPECT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
            TRY(is_done, erase_index(transaction, kAccount, 4));
            return {};
        }));
    }
    EXPECT_GT(changes, 2);
    EXPECT_EQ(records(), 0U);
    steps(true);
    expect_right();
}

}  // namespace
}  // namespace mail
