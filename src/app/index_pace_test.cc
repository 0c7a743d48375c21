#include "app/index_pace.h"

#include <gtest/gtest.h>

#include "fakes/fake_loop.h"

namespace app {
namespace {

using std::chrono::milliseconds;

class IndexPaceTest : public testing::Test {
  protected:
    // How long it rests after so much work.
    base::Duration rest_after(base::Duration worked) {
        clock_.advance(worked);
        const base::SteadyTime before = clock_.steady();
        pace_.rest();
        return clock_.steady() - before;
    }

    fakes::FakeClock clock_;
    std::uint64_t groups_ = 0;
    bool is_busy_ = false;
    int waits_left_ = 1000;
    IndexPace pace_{clock_,
                    [this] { return groups_; },
                    [this](base::Duration span) {
                        clock_.advance(span);
                        groups_ += is_busy_ ? 1 : 0;
                        return --waits_left_ > 0;
                    }};
};

TEST_F(IndexPaceTest, RestsThreeTimesAsLongAsItWorks) {
    pace_.begin();
    EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(15));
    EXPECT_EQ(rest_after(milliseconds(7)), milliseconds(21));
}

// What the builder itself changes while it works is no sign of others.
TEST_F(IndexPaceTest, ItsOwnChangesAreNobodysMail) {
    pace_.begin();
    for (int i = 0; i < 10; ++i) {
        groups_ += 3;
        EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(15));
    }
}

TEST_F(IndexPaceTest, RestsLongerWhileMailComesIn) {
    pace_.begin();
    is_busy_ = true;
    EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(100));
    // And goes on working however long that lasts.
    EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(100));
    is_busy_ = false;
    // A quarter of a second after the last.
    EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(100));
    EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(100));
    EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(35));
    EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(15));
}

TEST_F(IndexPaceTest, EndsWhenItIsToldTo) {
    pace_.begin();
    waits_left_ = 2;
    is_busy_ = true;
    EXPECT_EQ(rest_after(milliseconds(5)), milliseconds(10));
}

}  // namespace
}  // namespace app
