// The scheduler on a virtual clock against a scripted transport: who gets what, when, and who is told.
#include "queue/scheduler.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "fakes/fake_loop.h"
#include "queue/manage.h"
#include "store/memory_store.h"

namespace queue {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

RemoteReply said(int code, std::string enhanced, std::string text) {
    return {.code = code,
            .enhanced = std::move(enhanced),
            .text = std::move(text),
            .host = "mx.hamburger.example [192.0.2.1]:25",
            .command = "RCPT TO"};
}

Outcome outcome_of(int code) {
    return code < 300 ? Outcome::kDelivered : code < 500 ? Outcome::kDeferred : Outcome::kFailed;
}

// Hosts by destination. What nobody scripted is taken with 250 at once.
class ScriptedTransport final : public Transport {
  public:
    struct Taken {
        std::string destination;
        std::string queue_id;
        std::size_t recipients = 0;
        base::WallTime time;
    };

    explicit ScriptedTransport(base::Loop& loop) : loop_(loop) {}

    base::Task<base::Result<std::unique_ptr<Connection>, Unreachable>> connect(
        base::Loop& loop, std::string destination) override;

    std::map<std::string, std::deque<Unreachable>> down;     // the next connects fail so
    std::map<std::string, Unreachable> dead;                 // all of them do
    std::map<std::string, std::deque<RemoteReply>> answers;  // to the next recipients, by address
    std::map<std::string, base::Duration> slow;              // each message takes as long
    std::deque<Report> reports;                              // for the next messages as a whole
    bool peer_notifies = false;
    std::vector<Taken> taken;
    std::size_t connects = 0;
    std::size_t open = 0;
    std::size_t most_open = 0;

  private:
    class ScriptedConnection;

    base::Loop& loop_;
};

class ScriptedTransport::ScriptedConnection final : public Connection {
  public:
    ScriptedConnection(ScriptedTransport& owner, std::string destination)
        : owner_(owner),
          destination_(std::move(destination)) {
        owner_.most_open = std::max(owner_.most_open, ++owner_.open);
    }

    ~ScriptedConnection() override { --owner_.open; }

    base::Task<Report> send(const Job& job) override {
        const auto pace = owner_.slow.find(destination_);
        if (pace != owner_.slow.end()) {
            co_await base::sleep_until(owner_.loop_, owner_.loop_.clock().steady() + pace->second);
        }
        owner_.taken.push_back(
            {destination_, job.queue_id, job.recipients.size(), owner_.loop_.clock().now()});
        if (!owner_.reports.empty()) {
            Report report = owner_.reports.front();
            owner_.reports.pop_front();
            report.recipients.resize(job.recipients.size());
            co_return report;
        }
        Report report{.peer_notifies = owner_.peer_notifies};
        for (const Job::Recipient& recipient : job.recipients) {
            RemoteReply reply = said(250, "2.0.0", "taken");
            auto& planned = owner_.answers[recipient.record.address];
            if (!planned.empty()) {
                reply = planned.front();
                planned.pop_front();
            }
            report.recipients.push_back({outcome_of(reply.code), reply});
        }
        co_return report;
    }

    base::Task<> quit() override { co_return; }

  private:
    ScriptedTransport& owner_;
    std::string destination_;
};

base::Task<base::Result<std::unique_ptr<Connection>, Unreachable>> ScriptedTransport::connect(
    base::Loop&, std::string destination) {
    ++connects;
    auto& failures = down[destination];
    if (!failures.empty()) {
        Unreachable why = failures.front();
        failures.pop_front();
        co_return tl::unexpected<Unreachable>(std::move(why));
    }
    if (const auto found = dead.find(destination); found != dead.end()) {
        co_return tl::unexpected<Unreachable>(found->second);
    }
    co_return std::make_unique<ScriptedConnection>(*this, destination);
}

std::string by_domain(const account::Address& recipient, std::string_view) {
    return "mx:" + recipient.domain;
}

Unreachable refused() {
    return {.reply = {
                .enhanced = "4.4.1", .text = "connection refused", .host = "mx.hamburger.example"}};
}

class SchedulerTest : public ::testing::Test {
  protected:
    SchedulerTest() : log_(clock_, [this](std::string_view line) { log_text_ += line; }) { make(); }

    ~SchedulerTest() override { stop(); }

    void make() {
        scheduler_ = std::make_unique<Scheduler>(
            SchedulerServices{
                .loop = loop_,
                .store = store_,
                .transport = transport_,
                .random = random_,
                .log = log_,
                .metrics = metrics_,
                .surroundings = {
                    .trace =
                        [this](store::Transaction&,
                               std::string_view id,
                               std::string_view,
                               std::string_view kind,
                               std::string_view text) {
                            trace_.push_back(fmt::format("{} {} {}", id, kind, text));
                        },
                    .deliver_notice = [this](store::Transaction& change,
                                             const PlannedNotice& notice) -> base::Result<> {
                        notices_.push_back(notice);
                        TRY_VOID(change.refer(notice.blob));
                        return {};
                    }}},
            options_);
        scheduler_->start();
    }

    void stop() {
        if (scheduler_) {
            bool stopped = false;
            base::spawn(wait_for_stop(stopped),
                        [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
            EXPECT_TRUE(loop_.run_until([&] { return stopped; }));
            loop_.run_for({});  // a nudge that was posted before
            scheduler_.reset();
        }
    }

    base::Task<> wait_for_stop(bool& stopped) {
        co_await scheduler_->stop();
        stopped = true;
    }

    // Queues a message and says so.
    void send(const std::string& id,
              const std::vector<std::string>& recipients,
              const std::function<void(NewMessage&)>& adjust = nullptr) {
        auto writer = store_.new_blob();
        ASSERT_TRUE(
            run(writer->append(loop_, "Subject: x\r\nFrom: alice\r\n\r\nHello " + id + "\r\n")));
        NewMessage message{.blob = writer->finish().value(),
                           .queue_id = id,
                           .sender = "alice@crepes.example",
                           .message_id = id + "@crepes.example"};
        std::vector<std::string> destinations;
        for (const std::string& recipient : recipients) {
            message.recipients.push_back({account::parse_address(recipient).value(), {}, 0});
            destinations.push_back(by_domain(message.recipients.back().address, {}));
        }
        if (adjust) {
            adjust(message);
        }
        change([&](store::Transaction& transaction) {
            return enqueue(transaction, message, by_domain, lifetimes_, clock_.now());
        });
        scheduler_->nudge(destinations);
    }

    void change(const store::Change& change) {
        const auto done = run(store_.change(loop_, change));
        ASSERT_TRUE(done) << done.error().text;
    }

    template <class T>
    T run(base::Task<T> task) {
        std::optional<T> value;
        base::spawn(keep(std::move(task), value),
                    [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
        EXPECT_TRUE(loop_.run_until([&] { return value.has_value(); }, 0s));
        return std::move(*value);
    }

    template <class T>
    static base::Task<> keep(base::Task<T> task, std::optional<T>& value) {
        value.emplace(co_await task);
    }

    std::size_t act_on(Action action, const Filter& filter) {
        std::size_t count = 0;
        change([&](store::Transaction& transaction) -> base::Result<> {
            TRY(const Step step, act(transaction, action, filter, {{}, 1000}, clock_.now()));
            count = step.recipients;
            destinations_ = step.destinations;
            return {};
        });
        scheduler_->nudge(destinations_);
        return count;
    }

    std::vector<std::string> waiting() {
        std::vector<std::string> found;
        const auto read = list(*store_.snapshot(), {}, [&](const Listed& listed) {
            found.push_back(listed.id.queue_id + " " + listed.recipient.address);
            return true;
        });
        EXPECT_TRUE(read);
        return found;
    }

    void expect_sound() {
        const auto findings = check(*store_.snapshot());
        ASSERT_TRUE(findings);
        EXPECT_THAT(*findings, IsEmpty());
    }

    std::string text_of(const PlannedNotice& notice) {
        auto reader = store_.snapshot()->open_blob(notice.blob.id());
        EXPECT_TRUE(reader);
        std::string octets((*reader)->size(), '\0');
        EXPECT_TRUE(run((*reader)->read(loop_, 0, octets)));
        return octets;
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    base::SeededRandom random_{1};
    std::string log_text_;
    base::Log log_;
    base::Metrics metrics_;
    store::MemoryStore store_;
    ScriptedTransport transport_{loop_};
    SchedulerOptions options_{.reporter = {.hostname = "mail.crepes.example"}};
    Lifetimes lifetimes_;
    std::vector<std::string> trace_;
    std::vector<PlannedNotice> notices_;
    std::vector<std::string> destinations_;
    std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, DeliversWhatIsQueuedAtOnce) {
    send("m1", {"bob@hamburger.example", "smith@hamburger.example", "jones@foo.com"});
    loop_.run_for(1s);
    ASSERT_THAT(transport_.taken, SizeIs(2));
    EXPECT_EQ(transport_.taken[0].recipients + transport_.taken[1].recipients, 3U);
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_THAT(trace_, SizeIs(3));
    EXPECT_THAT(trace_[0], HasSubstr("m1 relayed to bob@hamburger.example: 250 2.0.0 taken"));
    EXPECT_THAT(notices_, IsEmpty());
    loop_.run_for(1min);
    EXPECT_EQ(scheduler_->active_destinations(), 0U);
    EXPECT_EQ(transport_.open, 0U);
    expect_sound();
}

TEST_F(SchedulerTest, UsesAConnectionAgainForTheNextMessage) {
    send("m1", {"bob@hamburger.example"});
    loop_.run_for(1s);
    send("m2", {"bob@hamburger.example"});
    loop_.run_for(1s);
    EXPECT_THAT(transport_.taken, SizeIs(2));
    EXPECT_EQ(transport_.connects, 1U);
}

TEST_F(SchedulerTest, KeepsSeveralConnectionsForAMoment) {
    transport_.slow["mx:hamburger.example"] = 100ms;
    for (int i = 0; i < 4; ++i) {
        send(fmt::format("first{}", i), {"bob@hamburger.example"});
    }
    loop_.run_for(1s);
    const std::size_t connects = transport_.connects;
    EXPECT_GE(connects, 2U);
    for (int i = 0; i < 4; ++i) {
        send(fmt::format("then{}", i), {"bob@hamburger.example"});
        loop_.run_for(50ms);
    }
    loop_.run_for(1s);
    EXPECT_THAT(transport_.taken, SizeIs(8));
    EXPECT_EQ(transport_.connects, connects);
    loop_.run_for(3s);
    EXPECT_EQ(transport_.open, 0U);
}

// With all connections in use those that only linger make room.
TEST_F(SchedulerTest, SendsIdleConnectionsHomeForOthers) {
    stop();
    options_.connections_max = 2;
    options_.linger = 1h;
    make();
    send("m1", {"a@d1.example", "b@d2.example"});
    loop_.run_for(1s);
    EXPECT_EQ(transport_.open, 2U);
    send("m2", {"c@d3.example"});
    loop_.run_for(1s);
    EXPECT_THAT(transport_.taken, SizeIs(3));
    EXPECT_EQ(transport_.open, 2U);
    stop();
    EXPECT_EQ(transport_.open, 0U);
}

TEST_F(SchedulerTest, TriesARecipientAgainAfterGreylisting) {
    transport_.answers["bob@hamburger.example"] = {said(450, "4.2.0", "greylisted")};
    send("m1", {"bob@hamburger.example", "smith@hamburger.example"});
    loop_.run_for(4min);
    EXPECT_THAT(waiting(), ElementsAre("m1 bob@hamburger.example"));
    expect_sound();
    loop_.run_for(2min);
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_THAT(transport_.taken, SizeIs(2));
    EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(SchedulerTest, TellsTheSenderOfAFailureInTheRemotesWords) {
    transport_.answers["nobody@hamburger.example"] = {said(550, "5.1.1", "No such user here")};
    send("m1", {"nobody@hamburger.example", "bob@hamburger.example"}, [](NewMessage& message) {
        message.envelope_id = "QQ314159";
        message.recipients[0].original = "rfc822;Nobody@hamburger.example";
    });
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), IsEmpty());
    ASSERT_THAT(notices_, SizeIs(1));
    EXPECT_EQ(notices_[0].to, "alice@crepes.example");
    const std::string text = text_of(notices_[0]);
    EXPECT_THAT(text, HasSubstr("Final-Recipient: rfc822; nobody@hamburger.example"));
    EXPECT_THAT(text, HasSubstr("Original-Recipient: rfc822; Nobody@hamburger.example"));
    EXPECT_THAT(text, HasSubstr("Original-Envelope-Id: QQ314159"));
    EXPECT_THAT(text, HasSubstr("Status: 5.1.1"));
    EXPECT_THAT(text, HasSubstr("550 5.1.1 No such user here"));
    EXPECT_THAT(text, HasSubstr("Subject: x"));
    EXPECT_THAT(text, Not(HasSubstr("Hello m1")));
    EXPECT_THAT(text, Not(HasSubstr("bob@hamburger.example")));
    expect_sound();
}

TEST_F(SchedulerTest, ReturnsTheWholeMessageWhereRetSaysSo) {
    transport_.answers["nobody@hamburger.example"] = {said(550, "5.1.1", "No such user here")};
    send("m1", {"nobody@hamburger.example"}, [](NewMessage& message) {
        message.return_content = ReturnContent::kFull;
    });
    loop_.run_for(1s);
    ASSERT_THAT(notices_, SizeIs(1));
    EXPECT_THAT(text_of(notices_[0]), HasSubstr("Hello m1"));
}

TEST_F(SchedulerTest, HonoursNotify) {
    for (const char* user : {"a@foo.com", "b@foo.com"}) {
        transport_.answers[user] = {said(550, "5.1.1", "no")};
    }
    send("m1", {"a@foo.com", "b@foo.com", "c@foo.com", "d@foo.com"}, [](NewMessage& message) {
        message.recipients[0].notify = kNotifyNever;
        message.recipients[1].notify = kNotifySuccess;
        message.recipients[2].notify = kNotifySuccess;
    });
    loop_.run_for(1s);
    ASSERT_THAT(notices_, SizeIs(1));
    EXPECT_THAT(text_of(notices_[0]), HasSubstr("Action: relayed"));
    EXPECT_THAT(text_of(notices_[0]), HasSubstr("c@foo.com"));
    EXPECT_THAT(text_of(notices_[0]), Not(HasSubstr("d@foo.com")));
}

TEST_F(SchedulerTest, LeavesSuccessNoticesToAPeerThatSendsThem) {
    transport_.peer_notifies = true;
    send("m1", {"c@foo.com"}, [](NewMessage& message) {
        message.recipients[0].notify = kNotifySuccess;
    });
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(SchedulerTest, NeverAnswersANoticeButTellsPostmasterOnce) {
    transport_.answers["gone@foo.com"] = {said(550, "5.1.1", "no"), said(550, "5.1.1", "no")};
    send("m1", {"gone@foo.com"}, [](NewMessage& message) { message.sender.clear(); });
    loop_.run_for(1s);
    ASSERT_THAT(notices_, SizeIs(1));
    EXPECT_EQ(notices_[0].to, "postmaster");
    EXPECT_TRUE(notices_[0].double_bounce);
    send("m2", {"gone@foo.com"}, [](NewMessage& message) {
        message.sender.clear();
        message.double_bounce = true;
    });
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_THAT(notices_, SizeIs(1));
}

// The course's story: nothing for five days but a word after four hours, and everything back in the end.
TEST_F(SchedulerTest, TriesForFiveDaysAndTellsOfTheDelay) {
    transport_.dead["mx:hamburger.example"] = refused();
    const base::WallTime begin = clock_.now();
    send("m1", {"bob@hamburger.example", "smith@hamburger.example"});
    loop_.run_for(3h + 59min);
    EXPECT_THAT(notices_, IsEmpty());
    loop_.run_for(2min);
    ASSERT_THAT(notices_, SizeIs(1));
    EXPECT_THAT(text_of(notices_[0]), HasSubstr("Action: delayed"));
    EXPECT_THAT(text_of(notices_[0]), HasSubstr("connection refused"));
    expect_sound();
    loop_.run_for(4 * 24h + 19h);
    EXPECT_THAT(notices_, SizeIs(1));
    EXPECT_THAT(waiting(), SizeIs(2));
    // About once an hour, and not a storm.
    EXPECT_GT(transport_.connects, 100U);
    EXPECT_LT(transport_.connects, 140U);
    loop_.run_for(2h);
    ASSERT_THAT(notices_, SizeIs(2));
    EXPECT_THAT(text_of(notices_[1]), HasSubstr("Action: failed"));
    EXPECT_THAT(text_of(notices_[1]), HasSubstr("Status: 5.4.7"));
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_GE(clock_.now() - begin, 24h * 5);
    expect_sound();
}

TEST_F(SchedulerTest, FindsTheDestinationUpAgain) {
    transport_.down["mx:hamburger.example"] = {refused(), refused(), refused()};
    send("m1", {"bob@hamburger.example"});
    loop_.run_for(1h);
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_EQ(transport_.connects, 4U);
    EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(SchedulerTest, FailsAtOnceWhereTheDomainTakesNoMail) {
    transport_.dead["mx:hamburger.example"] = {
        .outcome = Outcome::kFailed,
        .reply = {.code = 0, .enhanced = "5.1.10", .text = "the domain takes no mail"}};
    send("m1", {"bob@hamburger.example"});
    send("m2", {"bob@hamburger.example"});
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), IsEmpty());
    ASSERT_THAT(notices_, SizeIs(2));
    EXPECT_THAT(text_of(notices_[0]), HasSubstr("Status: 5.1.10"));
    EXPECT_THAT(text_of(notices_[0]), HasSubstr("the domain takes no mail"));
}

TEST_F(SchedulerTest, PausesInProportionWhenThePeerThrottles) {
    const Report throttled{.usable = false, .unreached = true, .throttled = true};
    transport_.reports = {throttled, throttled};
    send("m1", {"bob@hamburger.example"});
    send("m2", {"smith@hamburger.example"});
    loop_.run_for(20s);
    const std::size_t before = transport_.connects;
    EXPECT_LE(before, 2U);
    loop_.run_for(10min);
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_THAT(notices_, IsEmpty());
    expect_sound();
}

TEST_F(SchedulerTest, AListOfThousandsDelaysNoLetter) {
    std::vector<std::string> members;
    for (int i = 0; i < 5000; ++i) {
        members.push_back(fmt::format("member{}@hamburger.example", i));
    }
    transport_.slow["mx:hamburger.example"] = 1s;
    send("list", members);
    loop_.run_for(1s);
    send("letter", {"bob@hamburger.example"});
    const auto arrived = [&] {
        return std::any_of(transport_.taken.begin(), transport_.taken.end(), [](const auto& taken) {
            return taken.queue_id == "letter";
        });
    };
    const base::WallTime begin = clock_.now();
    ASSERT_TRUE(loop_.run_until(arrived));
    EXPECT_LE(clock_.now() - begin, 3s);
    EXPECT_THAT(waiting(), Not(IsEmpty()));
    loop_.run_for(10min);
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_LE(transport_.most_open, options_.connections_per_destination_max);
    expect_sound();
}

TEST_F(SchedulerTest, ADeadDestinationDelaysNoOther) {
    stop();
    options_.connections_max = 2;
    make();
    transport_.dead["mx:hamburger.example"] = refused();
    for (int i = 0; i < 300; ++i) {
        send(fmt::format("dead{}", i), {"bob@hamburger.example"});
    }
    send("letter", {"jones@foo.com"});
    loop_.run_for(1s);
    ASSERT_THAT(transport_.taken, SizeIs(1));
    EXPECT_EQ(transport_.taken[0].queue_id, "letter");
    // One attempt found it dead for all of them.
    EXPECT_LE(transport_.connects, 4U);
    EXPECT_THAT(waiting(), SizeIs(300));
    expect_sound();
}

// An ordered store keeps a mark for each record that has gone, and a look from the begin of the schedule would
// pass them all.
TEST_F(SchedulerTest, LooksForNobodyWhereEverybodyHasGone) {
    const base::WallTime begin = clock_.now();
    transport_.slow["mx:hamburger.example"] = 1s;
    for (int i = 0; i < 400; ++i) {
        send(fmt::format("m{:03}", i), {"bob@hamburger.example"});
        loop_.run_for(40ms);
    }
    const auto busy = load_destination(*store_.snapshot(), "mx:hamburger.example").value();
    ASSERT_TRUE(busy);
    EXPECT_GT(busy->first_due, begin + 1s);
    expect_sound();
    clock_.set_wall(begin);
    send("earlier", {"smith@hamburger.example"});
    EXPECT_EQ(load_destination(*store_.snapshot(), "mx:hamburger.example").value()->first_due,
              begin);
    expect_sound();
    loop_.run_for(10min);
    EXPECT_THAT(waiting(), IsEmpty());
    expect_sound();
}

std::string to_domain(const Listed& listed) {
    return by_domain(account::parse_address(listed.recipient.address).value(), {});
}

std::string to_hub(const Listed& listed) {
    return listed.recipient.address == "smith@hamburger.example" ? ""
                                                                 : "smtp:hub.crepes.example:25";
}

// Routes change while the server is away: who waits goes the new way, and nobody waits for one that is no more.
TEST_F(SchedulerTest, AsksTheRoutesAnewWhenTheyHaveChanged) {
    transport_.dead["mx:hamburger.example"] = refused();
    std::vector<std::string> members;
    for (int i = 0; i < 2500; ++i) {
        members.push_back(fmt::format("member{}@hamburger.example", i));
    }
    send("list", members);
    send("m1", {"bob@hamburger.example", "smith@hamburger.example"});
    loop_.run_for(1s);
    EXPECT_EQ(act_on(Action::kHold, {.queue_id = "m1"}), 2U);
    stop();
    EXPECT_EQ(reroute(store_, to_domain, "by domain"), 0U);
    EXPECT_EQ(reroute(store_, to_hub, "by hub"), 2501U);
    EXPECT_THAT(list_destinations(*store_.snapshot(), 10).value(), SizeIs(1));
    expect_sound();
    EXPECT_EQ(reroute(store_, to_domain, "by hub"), 0U) << "nobody is asked twice";
    make();
    loop_.run_for(10min);
    EXPECT_THAT(waiting(), ElementsAre("m1 bob@hamburger.example", "m1 smith@hamburger.example"));
    EXPECT_EQ(act_on(Action::kRemove, {.recipient = "smith@hamburger.example"}), 1U);
    EXPECT_EQ(transport_.taken.front().destination, "smtp:hub.crepes.example:25");
    EXPECT_EQ(act_on(Action::kRelease, {.queue_id = "m1"}), 1U);
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), IsEmpty());
    loop_.run_for(2h);
    EXPECT_THAT(list_destinations(*store_.snapshot(), 10).value(), IsEmpty());
    expect_sound();
}

TEST_F(SchedulerTest, ComesToEveryDestinationThoughFewAreActive) {
    stop();
    options_.destinations_max = 3;
    make();
    transport_.dead["mx:d0.example"] = refused();
    for (int i = 0; i < 40; ++i) {
        send(fmt::format("m{}", i), {fmt::format("bob@d{}.example", i)});
    }
    loop_.run_for(3min);
    EXPECT_THAT(waiting(), ElementsAre("m0 bob@d0.example"));
    expect_sound();
}

TEST_F(SchedulerTest, GivesConnectionsOutInTurns) {
    stop();
    options_.connections_max = 3;
    make();
    for (int i = 0; i < 10; ++i) {
        const std::string destination = fmt::format("d{}.example", i);
        transport_.slow["mx:" + destination] = 1s;
        for (int j = 0; j < 5; ++j) {
            send(fmt::format("m{}-{}", i, j), {"bob@" + destination});
        }
    }
    loop_.run_for(5min);
    EXPECT_THAT(waiting(), IsEmpty());
    EXPECT_EQ(transport_.most_open, 3U);
    expect_sound();
}

TEST_F(SchedulerTest, GoesOnAfterARestart) {
    transport_.down["mx:hamburger.example"] = {refused()};
    send("m1", {"bob@hamburger.example"});
    loop_.run_for(1s);
    stop();
    loop_.run_for(1h);
    EXPECT_THAT(waiting(), SizeIs(1));
    make();
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(SchedulerTest, KeepsAMessageUntilItsRelease) {
    send("m1", {"bob@hamburger.example"}, [this](NewMessage& message) {
        message.release = clock_.now() + 2h;
    });
    loop_.run_for(1h + 59min);
    EXPECT_THAT(transport_.taken, IsEmpty());
    expect_sound();
    loop_.run_for(2min);
    EXPECT_THAT(transport_.taken, SizeIs(1));
}

TEST_F(SchedulerTest, HoldsReleasesRetriesRemoves) {
    transport_.dead["mx:hamburger.example"] = refused();
    send("m1", {"bob@hamburger.example", "smith@hamburger.example"});
    loop_.run_for(1s);
    EXPECT_EQ(act_on(Action::kHold, {.recipient = "bob@hamburger.example"}), 1U);
    expect_sound();
    transport_.dead.clear();
    EXPECT_EQ(act_on(Action::kRetry, {.sender = "@crepes.example"}), 1U);
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), ElementsAre("m1 bob@hamburger.example"));
    loop_.run_for(24h);
    EXPECT_THAT(waiting(), SizeIs(1));
    EXPECT_EQ(act_on(Action::kRelease, {.queue_id = "m1"}), 1U);
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), IsEmpty());
    loop_.run_for(1min);  // the connection has gone home
    transport_.dead["mx:hamburger.example"] = refused();
    send("m2", {"bob@hamburger.example"});
    loop_.run_for(1s);
    const std::size_t told = notices_.size();
    EXPECT_EQ(act_on(Action::kRemove, {.destination = "mx:hamburger.example"}), 1U);
    EXPECT_THAT(waiting(), IsEmpty());
    loop_.run_for(24h * 6);
    EXPECT_EQ(notices_.size(), told);
    expect_sound();
}

TEST_F(SchedulerTest, ReturnsToSenderWhatAnAdministratorGivesUp) {
    transport_.dead["mx:hamburger.example"] = refused();
    send("m1", {"bob@hamburger.example", "smith@hamburger.example"});
    loop_.run_for(1s);
    EXPECT_EQ(act_on(Action::kReturn, {.recipient = "bob@hamburger.example"}), 1U);
    loop_.run_for(1s);
    ASSERT_THAT(notices_, SizeIs(1));
    EXPECT_THAT(text_of(notices_[0]), HasSubstr("returned by the administrator"));
    EXPECT_THAT(waiting(), ElementsAre("m1 smith@hamburger.example"));
    expect_sound();
}

// A record that is damaged, or of a version to come, holds up itself alone, and is looked at once a minute.
TEST_F(SchedulerTest, WhatCannotBeReadHoldsUpNothingElse) {
    transport_.dead["mx:hamburger.example"] = refused();
    send("m1", {"bob@hamburger.example"});
    loop_.run_for(1s);
    ASSERT_TRUE(store_.change_and_wait([](store::Transaction& change) -> base::Result<> {
        change.put(message_key("m1"), "damaged");
        return {};
    }));
    transport_.dead.clear();
    send("m2", {"smith@hamburger.example"});
    loop_.run_for(1h);
    EXPECT_THAT(transport_.taken, SizeIs(1));
    const std::uint64_t commits = store_.statistics().commits;
    loop_.run_for(10min);
    EXPECT_LT(store_.statistics().commits - commits, 20U);
    send("m3", {"smith@hamburger.example"});
    loop_.run_for(1s);
    EXPECT_THAT(transport_.taken, SizeIs(2));
}

// Nothing that was accepted ends without a word, though the store has no room for the word yet.
TEST_F(SchedulerTest, TellsOfAFailureOnceThereIsRoom) {
    transport_.answers["nobody@hamburger.example"] = {said(550, "5.1.1", "No such user here")};
    send("m1", {"nobody@hamburger.example"});
    store_.fail_next_appends(1, base::Errc::kNoSpace);
    loop_.run_for(1s);
    EXPECT_THAT(notices_, IsEmpty());
    EXPECT_THAT(waiting(), SizeIs(1));
    loop_.run_for(1min);
    ASSERT_THAT(notices_, SizeIs(1));
    EXPECT_THAT(transport_.taken, SizeIs(1));
    EXPECT_THAT(waiting(), IsEmpty());
    expect_sound();
}

TEST_F(SchedulerTest, TellsOfTheEndOnceThereIsRoom) {
    transport_.dead["mx:hamburger.example"] = refused();
    send("m1", {"bob@hamburger.example"});
    loop_.run_for(5 * 24h - 1min);
    EXPECT_THAT(notices_, SizeIs(1));
    store_.fail_next_appends(1, base::Errc::kNoSpace);
    loop_.run_for(1min + 1s);
    EXPECT_THAT(notices_, SizeIs(1));
    EXPECT_THAT(waiting(), SizeIs(1));
    loop_.run_for(1h);
    EXPECT_THAT(notices_, SizeIs(2));
    EXPECT_THAT(waiting(), IsEmpty());
    expect_sound();
}

// The peer took it; until that is in the store nobody sends it again.
TEST_F(SchedulerTest, SendsNothingTwiceWhileTheDiskIsFull) {
    transport_.slow["mx:hamburger.example"] = 1s;
    send("m1", {"bob@hamburger.example"});
    store_.fail_next_commits(3, base::Errc::kNoSpace);
    loop_.run_for(5min);
    EXPECT_THAT(transport_.taken, SizeIs(1));
    EXPECT_THAT(waiting(), IsEmpty());
    expect_sound();
}

TEST_F(SchedulerTest, SurvivesAClockThatJumps) {
    transport_.down["mx:hamburger.example"] = {refused()};
    send("m1", {"bob@hamburger.example"});
    loop_.run_for(1s);
    clock_.set_wall(clock_.now() - 24h);
    loop_.run_for(2 * 24h);
    EXPECT_THAT(waiting(), IsEmpty());
    clock_.set_wall(clock_.now() + 24h * 30);
    send("m2", {"bob@hamburger.example"});
    loop_.run_for(1s);
    EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(SchedulerTest, ReturnsWhatIsUnderWayAndComesToNothing) {
    transport_.slow["mx:hamburger.example"] = 10s;
    transport_.answers["bob@hamburger.example"] = {said(450, "4.2.0", "greylisted")};
    send("a1", {"bob@hamburger.example"});
    loop_.run_for(5s);
    EXPECT_EQ(act_on(Action::kReturn, {.queue_id = "a1"}), 1U);
    loop_.run_for(10s);
    expect_sound();
    loop_.run_for(10min);
    EXPECT_THAT(transport_.taken, SizeIs(1));
    EXPECT_THAT(notices_, SizeIs(1));
    EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(SchedulerTest, RestsAndGoesOn) {
    bool stopped = false;
    base::spawn(wait_for_stop(stopped),
                [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
    EXPECT_TRUE(loop_.run_until([&] { return stopped; }));
    send("a1", {"bob@hamburger.example"});
    loop_.run_for(1min);
    EXPECT_THAT(transport_.taken, IsEmpty());
    scheduler_->start();
    loop_.run_for(1s);
    EXPECT_THAT(transport_.taken, SizeIs(1));
}

// Who looks for somebody in a long queue keeps no other change waiting: it goes by steps.
TEST_F(SchedulerTest, LooksForAFewByManyShortSteps) {
    transport_.dead["mx:hamburger.example"] = refused();
    std::vector<std::string> many;
    for (int i = 0; i < 12'000; ++i) {
        many.push_back(fmt::format("r{}@hamburger.example", i));
    }
    send("a1", many);
    std::size_t steps = 0;
    std::size_t removed = 0;
    std::optional<RecipientId> from;
    do {
        change([&](store::Transaction& transaction) -> base::Result<> {
            const Filter filter{.recipient = "r11999@hamburger.example"};
            TRY(const Step step,
                act(transaction, Action::kRemove, filter, {from, 1000}, clock_.now()));
            removed += step.recipients;
            from = step.next;
            return {};
        });
        ++steps;
    } while (from);
    EXPECT_EQ(removed, 1U);
    EXPECT_EQ(steps, 3U);
}

TEST(QueueId, SortsByTimeAndIsLikeNoOther) {
    base::SeededRandom random(7);
    const base::WallTime now{std::chrono::milliseconds(1'767'225'600'000)};
    const std::string first = make_queue_id(now, random);
    const std::string second = make_queue_id(now, random);
    const std::string later = make_queue_id(now + 1ms, random);
    EXPECT_THAT(first, SizeIs(17));
    EXPECT_NE(first, second);
    EXPECT_EQ(first.substr(0, 9), second.substr(0, 9));
    EXPECT_LT(std::max(first, second), later);
    EXPECT_LT(later, make_queue_id(now + std::chrono::hours(24 * 365 * 50), random));
}

}  // namespace
}  // namespace queue
