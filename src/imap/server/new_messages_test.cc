#include "imap/server/new_messages.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "fakes/waiting_loop.h"
#include "mail/summarizer.h"
#include "mail/thread_keys.h"
#include "store/memory_store.h"
#include "store/sha256.h"

namespace imap {
namespace {

std::string message_of(int number) {
    return fmt::format("Message-ID: <{}@crepes.example>\r\nSubject: {}\r\n\r\n{}\r\n",
                       number,
                       number,
                       std::string(number % 7 == 0 ? 100'000 : 10, 'x'));
}

// With this many threads: none does all at once, as the simulator has it.
class NewMessagesTest : public testing::TestWithParam<unsigned> {
  protected:
    TakenMessage take(int number) {
        auto writer = store_.new_blob();
        static_cast<void>(loop_.run(writer->append(loop_, message_of(number))));
        TakenMessage taken{
            .message = {.blob = store::NewBlob({}, message_of(number).size(), nullptr),
                        .flags = 0,
                        .keywords = {},
                        .received = {},
                        .summary = {},
                        .thread = {},
                        .queue_id = {},
                        .return_path = {}},
            .writer = std::move(writer),
            .summarizer = {}};
        taken.summarizer.feed(message_of(number));
        return taken;
    }

    store::MemoryStore store_;
    fakes::WaitingLoop loop_;
};

TEST_P(NewMessagesTest, SummarizesAllInTheirOrder) {
    base::Pool pool(GetParam(), 2);
    for (const int count : {0, 1, 15, 16, 17, 400}) {
        NewMessages messages(loop_, pool);
        for (int i = 0; i < count; ++i) {
            loop_.run(messages.add(take(i)));
        }
        EXPECT_EQ(messages.size(), static_cast<std::size_t>(count));
        const auto taken = loop_.run(messages.take()).value();
        ASSERT_EQ(taken.size(), static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            const mail::Summary summary = mail::summarize(message_of(i));
            const mail::NewMessage& message = taken[static_cast<std::size_t>(i)];
            EXPECT_EQ(message.blob.size(), message_of(i).size());
            EXPECT_EQ(message.blob.id(), store::Sha256::of(message_of(i)));
            EXPECT_EQ(message.summary, summary.packed());
            EXPECT_EQ(message.thread, mail::thread_keys(summary.fields()));
        }
    }
}

// What the store says to one of them is said of all, wherever it was.
TEST_P(NewMessagesTest, TellsOfOneThatIsNotWhole) {
    base::Pool pool(GetParam(), 2);
    for (const int bad : {0, 17, 39}) {
        NewMessages messages(loop_, pool);
        for (int i = 0; i < 40; ++i) {
            if (i == bad) {
                store_.fail_next_appends(1, base::Errc::kNoSpace);
            }
            loop_.run(messages.add(take(i)));
        }
        EXPECT_FALSE(loop_.run(messages.take())) << bad;
    }
}

// The connection may end while the pool is at work.
TEST_P(NewMessagesTest, MayGoAtAnyTime) {
    base::Pool pool(GetParam(), 2);
    NewMessages messages(loop_, pool);
    for (int i = 0; i < 40; ++i) {
        loop_.run(messages.add(take(i)));
    }
    EXPECT_EQ(messages.size(), 40U);
}

INSTANTIATE_TEST_SUITE_P(Threads, NewMessagesTest, testing::Values(0, 1, 2));

}  // namespace
}  // namespace imap
