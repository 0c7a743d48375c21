// Tests of what every base::Loop promises, on the epoll loop and on the virtual clock's; of readiness on
// the former; and of the timer heap against a plain map.
#include "net/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "fakes/fake_loop.h"
#include "net/timer_heap.h"
#include "net/wakeup.h"

namespace net {
namespace {

using namespace std::chrono_literals;

// One loop of each kind, run until a condition holds.
struct RealLoop {
    IoLoop loop;

    void run_until(const std::function<bool()>& condition) {
        while (!condition()) {
            loop.run_ready();
        }
    }
};

struct VirtualLoop {
    fakes::FakeClock clock;
    fakes::FakeLoop loop{clock};

    void run_until(const std::function<bool()>& condition) {
        ASSERT_TRUE(loop.run_until(condition));
    }
};

template <class Kind>
class LoopTest : public testing::Test {
  protected:
    [[nodiscard]] base::SteadyTime in(base::Duration span) {
        return kind_.loop.clock().steady() + span;
    }

    Kind kind_;
};

using LoopKinds = testing::Types<RealLoop, VirtualLoop>;
TYPED_TEST_SUITE(LoopTest, LoopKinds);

TYPED_TEST(LoopTest, PostedCallbacksRunInOrderAndNotAtOnce) {
    base::Loop& loop = this->kind_.loop;
    std::string order;
    loop.post([&] {
        order += 'a';
        loop.post([&] { order += 'c'; });
    });
    loop.post([&] { order += 'b'; });
    EXPECT_EQ(order, "");
    this->kind_.run_until([&] { return order.size() == 3; });
    EXPECT_EQ(order, "abc");
}

TYPED_TEST(LoopTest, TimersRunInTheOrderOfTheirTimes) {
    base::Loop& loop = this->kind_.loop;
    std::string order;
    const base::SteadyTime start = this->in(0ms);
    loop.call_at(start + 3ms, [&] { order += 'c'; });
    loop.call_at(start + 1ms, [&] { order += 'a'; });
    const auto gone = loop.call_at(start + 2ms, [&] { order += 'x'; });
    loop.call_at(start + 2ms, [&] { order += 'b'; });
    loop.cancel(gone);
    loop.cancel(gone);
    this->kind_.run_until([&] { return order.size() == 3; });
    EXPECT_EQ(order, "abc");
}

TYPED_TEST(LoopTest, ATimerIsNeverEarly) {
    base::Loop& loop = this->kind_.loop;
    const base::SteadyTime when = this->in(2500us);
    base::SteadyTime ran;
    loop.call_at(when, [&] { ran = loop.clock().steady(); });
    this->kind_.run_until([&] { return ran != base::SteadyTime(); });
    EXPECT_GE(ran, when);
}

TYPED_TEST(LoopTest, ATimerMayCancelAnotherThatIsDue) {
    base::Loop& loop = this->kind_.loop;
    base::Loop::TimerId second = 0;
    bool ran = false;
    bool ended = false;
    const base::SteadyTime past = loop.clock().steady();
    loop.call_at(past, [&] { loop.cancel(second); });
    second = loop.call_at(past + 1ns, [&] { ran = true; });
    loop.call_at(past + 2ns, [&] { ended = true; });
    this->kind_.run_until([&] { return ended; });
    EXPECT_FALSE(ran);
}

base::Task<> sleeper(base::Loop& loop, base::SteadyTime when, std::shared_ptr<int> held) {
    co_await base::sleep_until(loop, when);
    ++*held;
}

TYPED_TEST(LoopTest, SleepUntilResumesInTime) {
    base::Loop& loop = this->kind_.loop;
    const auto count = std::make_shared<int>(0);
    const auto past = sleeper(loop, loop.clock().steady(), count);
    past.start();
    EXPECT_TRUE(past.done());
    const auto future = sleeper(loop, this->in(1ms), count);
    future.start();
    EXPECT_FALSE(future.done());
    this->kind_.run_until([&] { return future.done(); });
    EXPECT_EQ(*count, 2);
}

TYPED_TEST(LoopTest, ADestroyedSleeperForgetsItsTimer) {
    base::Loop& loop = this->kind_.loop;
    const auto count = std::make_shared<int>(0);
    {
        const auto task = sleeper(loop, this->in(1ms), count);
        task.start();
    }
    bool ended = false;
    loop.call_at(this->in(2ms), [&] { ended = true; });
    this->kind_.run_until([&] { return ended; });
    EXPECT_EQ(*count, 0);
    EXPECT_EQ(count.use_count(), 1);
}

base::Task<std::string> receiver(base::Loop& loop, std::function<void(std::string)>& giver) {
    base::Handover<std::string> handover(loop);
    giver = handover.giver();
    co_return co_await handover;
}

TYPED_TEST(LoopTest, HandoverResumesOnTheLoop) {
    std::function<void(std::string)> giver;
    const auto task = receiver(this->kind_.loop, giver);
    task.start();
    giver("gift");
    EXPECT_FALSE(task.done()) << "not on the giver's thread";
    this->kind_.run_until([&] { return task.done(); });
    EXPECT_EQ(task.result(), "gift");
}

TYPED_TEST(LoopTest, HandoverToNobodyIsDropped) {
    std::function<void(std::string)> giver;
    {
        const auto task = receiver(this->kind_.loop, giver);
        task.start();
    }
    giver("gift");
    bool ended = false;
    this->kind_.loop.post([&] { ended = true; });
    this->kind_.run_until([&] { return ended; });
    SUCCEED();
}

base::Task<Wakeup::Outcome> waiter(Wakeup& wakeup, base::SteadyTime deadline) {
    co_return co_await wakeup.wait(deadline);
}

TYPED_TEST(LoopTest, WakeupFiresAtOncePostsLaterAndTimesOut) {
    base::Loop& loop = this->kind_.loop;
    Wakeup wakeup(loop);
    wakeup.fire();
    wakeup.post();  // nobody waits: forgotten
    const auto fired = waiter(wakeup, base::SteadyTime::max());
    fired.start();
    wakeup.fire();
    ASSERT_TRUE(fired.done());
    EXPECT_EQ(fired.result(), Wakeup::Outcome::kEvent);
    const auto posted = waiter(wakeup, this->in(1h));
    posted.start();
    wakeup.post();
    wakeup.post();
    EXPECT_FALSE(posted.done());
    this->kind_.run_until([&] { return posted.done(); });
    EXPECT_EQ(posted.result(), Wakeup::Outcome::kEvent);
    const auto late = waiter(wakeup, this->in(1ms));
    late.start();
    this->kind_.run_until([&] { return late.done(); });
    EXPECT_EQ(late.result(), Wakeup::Outcome::kTimeout);
    EXPECT_FALSE(wakeup.awaited());
}

TYPED_TEST(LoopTest, APostForOneWaitDoesNotEndTheNext) {
    Wakeup wakeup(this->kind_.loop);
    {
        const auto gone = waiter(wakeup, base::SteadyTime::max());
        gone.start();
        wakeup.post();
    }
    const auto next = waiter(wakeup, base::SteadyTime::max());
    next.start();
    bool ended = false;
    this->kind_.loop.post([&] { ended = true; });
    this->kind_.run_until([&] { return ended; });
    EXPECT_FALSE(next.done());
}

TEST(IoLoopTest, RunsWhatOtherThreadsPostAndStops) {
    IoLoop loop;
    std::thread::id ran_on;
    std::thread thread([&] { loop.run(); });
    const auto id = thread.get_id();
    loop.post([&] {
        ran_on = std::this_thread::get_id();
        loop.stop();
    });
    thread.join();
    EXPECT_EQ(ran_on, id);
}

// Nothing else would wake it: what a loop's own thread posts makes no event.
TEST(IoLoopTest, RunsWhatItsCallbacksPost) {
    IoLoop loop;
    int rounds = 0;
    std::function<void()> again = [&] { ++rounds < 3 ? loop.post(again) : loop.stop(); };
    loop.post(again);
    loop.run();
    EXPECT_EQ(rounds, 3);
}

TEST(IoLoopTest, StopsAlsoWhenAskedBeforeItRuns) {
    IoLoop loop;
    loop.stop();
    loop.run();
    SUCCEED();
}

TEST(IoLoopTest, ATimerSetInThePastOverAndOverStarvesNobody) {
    IoLoop loop;
    std::function<void()> again = [&] { loop.call_at(base::SteadyTime(), again); };
    again();
    bool posted = false;
    loop.post([&] { posted = true; });
    for (int i = 0; i < 3; ++i) {
        loop.run_ready();
    }
    EXPECT_TRUE(posted);
}

// Set by what was posted, so after the turn's timers: the loop must not go to sleep over it.
TEST(IoLoopTest, ATimerAtTheBeginningOfTimeIsDueAtOnce) {
    IoLoop loop;
    bool due = false;
    loop.post([&] {
        loop.call_at(base::SteadyTime::min(), [&] {
            due = true;
            loop.stop();
        });
    });
    loop.run();
    EXPECT_TRUE(due);
}

TEST(IoLoopTest, DestroysWhatItsCallbacksOwn) {
    const auto held = std::make_shared<int>(0);
    {
        IoLoop loop;
        loop.call_at(loop.clock().steady() + 1h, [held] {});
        loop.post([held] {});
    }
    EXPECT_EQ(held.use_count(), 1);
}

class Recorder final : public IoLoop::Watcher {
  public:
    void on_ready(IoLoop::Readiness ready) override {
        seen += ready.readable ? 'r' : '-';
        seen += ready.writable ? 'w' : '-';
        seen += ready.ended ? 'e' : '-';
        if (then) {
            then();
        }
    }

    std::string seen;
    std::function<void()> then;
};

class ReadinessTest : public testing::Test {
  protected:
    ReadinessTest() {
        std::array<int, 2> fds{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()), 0);
        ours_.reset(fds[0]);
        theirs_.reset(fds[1]);
    }

    void send() { EXPECT_EQ(::send(theirs_.get(), "x", 1, 0), 1); }

    IoLoop loop_;
    UniqueFd ours_;
    UniqueFd theirs_;
    Recorder recorder_;
};

TEST_F(ReadinessTest, TellsEachChangeOnce) {
    ASSERT_TRUE(loop_.watch(ours_.get(), recorder_));
    loop_.run_ready();
    EXPECT_EQ(recorder_.seen, "-w-");
    loop_.run_ready();
    EXPECT_EQ(recorder_.seen, "-w-");
    send();
    loop_.run_ready();
    loop_.run_ready();
    EXPECT_EQ(recorder_.seen, "-w-rw-");
    theirs_.reset();
    loop_.run_ready();
    EXPECT_EQ(recorder_.seen, "-w-rw-rwe");
}

TEST_F(ReadinessTest, UnwatchedIsNotToldWhatTheKernelReportedBefore) {
    Recorder other;
    ASSERT_TRUE(loop_.watch(ours_.get(), recorder_));
    ASSERT_TRUE(loop_.watch(theirs_.get(), other));
    // Whichever is told first unwatches both.
    const auto unwatch = [&] {
        loop_.unwatch(ours_.get(), recorder_);
        loop_.unwatch(theirs_.get(), other);
    };
    recorder_.then = unwatch;
    other.then = unwatch;
    loop_.run_ready();
    EXPECT_EQ(recorder_.seen.size() + other.seen.size(), 3);
}

TEST(TimerHeapTest, AgreesWithAMap) {
    TimerHeap heap;
    std::map<std::pair<base::SteadyTime, int>, TimerHeap::Id> model;
    std::vector<TimerHeap::Id> stale;
    base::SeededRandom random(1);
    int ran = -1;
    const auto expect_first = [&](base::SteadyTime now) {
        ran = -1;
        if (const auto callback = heap.take_due(now)) {
            callback();
        }
        const bool due = !model.empty() && model.begin()->first.first <= now;
        ASSERT_EQ(ran, due ? model.begin()->first.second : -1);
        if (due) {
            model.erase(model.begin());
        }
    };
    for (int i = 0; i < 20'000; ++i) {
        // Times are unique, so that the order is.
        const base::SteadyTime when(
            base::Duration(static_cast<std::int64_t>(random.below(1000) * 100'000) + i));
        switch (random.below(4)) {
            case 0:
            case 1:
                model.emplace(std::pair(when, i), heap.add(when, [&ran, i] { ran = i; }));
                break;
            case 2:
                if (!model.empty()) {
                    const auto victim = std::next(
                        model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size())));
                    heap.cancel(victim->second);
                    stale.push_back(victim->second);
                    model.erase(victim);
                    // Its place may be somebody else's by the second time.
                    heap.cancel(stale[random.below(stale.size())]);
                }
                break;
            default:
                ASSERT_NO_FATAL_FAILURE(expect_first(when));
        }
        ASSERT_EQ(heap.size(), model.size());
    }
    while (!model.empty()) {
        ASSERT_EQ(heap.next(), model.begin()->first.first);
        ASSERT_NO_FATAL_FAILURE(expect_first(base::SteadyTime::max()));
    }
    EXPECT_EQ(heap.next(), std::nullopt);
}

}  // namespace
}  // namespace net
