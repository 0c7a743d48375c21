#include "imap/server/progress.h"

#include <gtest/gtest.h>

#include <vector>

#include "fakes/fake_loop.h"

namespace imap {
namespace {

using namespace std::chrono_literals;

// RFC 9585 4, its examples.
TEST(Progress, IsToldAsFarAsItIsKnown) {
    EXPECT_EQ(progress_line("A001", {454, 1000}),
              "* OK [INPROGRESS (\"A001\" 454 1000)] processed 45% of the messages\r\n");
    EXPECT_EQ(progress_line("A001", {999, 1000}),
              "* OK [INPROGRESS (\"A001\" 999 1000)] processed 99% of the messages\r\n");
    EXPECT_EQ(progress_line("tag", {}),
              "* OK [INPROGRESS (\"tag\" NIL NIL)] still working on this\r\n");
    // It is not done before it is answered, and "]" would end the code.
    EXPECT_EQ(progress_line("a]", {7, 7}),
              "* OK [INPROGRESS (NIL NIL NIL)] still working on this\r\n");
}

base::Task<int> slow(base::Loop& loop, base::Duration span) {
    co_await base::sleep_until(loop, loop.clock().steady() + span);
    co_return 7;
}

base::Task<int> broken(base::Loop& loop) {
    co_await base::sleep_until(loop, loop.clock().steady() + 15s);
    CHECK(false);
    co_return 0;
}

struct ProgressTest : testing::Test {
    template <class T>
    T finish(const base::Task<T>& task) {
        task.start();
        EXPECT_TRUE(loop.run_until([&] { return task.done(); }));
        return task.result();
    }

    struct Tell {
        std::vector<base::Duration>* told;
        base::Loop* loop;
        base::SteadyTime began;

        base::Task<> operator()() const { return note(told, loop->clock().steady() - began); }

        static base::Task<> note(std::vector<base::Duration>* told, base::Duration after) {
            told->push_back(after);
            co_return;
        }
    };

    fakes::FakeClock clock;
    fakes::FakeLoop loop{clock};
    std::vector<base::Duration> told;
    Tell tell{&told, &loop, clock.steady()};
};

TEST_F(ProgressTest, IsToldEveryTenSecondsOfASlowCommand) {
    EXPECT_EQ(finish(with_progress(loop, slow(loop, 35s), tell)), 7);
    EXPECT_EQ(told, (std::vector<base::Duration>{10s, 20s, 30s}));
}

TEST_F(ProgressTest, IsNotToldOfAQuickOne) {
    EXPECT_EQ(finish(with_progress(loop, slow(loop, 0s), tell)), 7);
    EXPECT_EQ(finish(with_progress(loop, slow(loop, 9s), tell)), 7);
    EXPECT_TRUE(told.empty());
}

TEST_F(ProgressTest, HandsOnWhatWasThrown) {
    EXPECT_THROW(finish(with_progress(loop, broken(loop), tell)), base::CheckFailed);
    EXPECT_EQ(told.size(), 1U);
}

}  // namespace
}  // namespace imap
