// Lists at work: the real scheduler over the transport inside, with a world outside that takes everything.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "account/list_bounces.h"
#include "account/mailing_list.h"
#include "app/inside_transport.h"
#include "fakes/world.h"
#include "mime/report.h"
#include "queue/inside.h"
#include "queue/manage.h"
#include "queue/scheduler.h"

namespace app {
namespace {

using namespace std::chrono_literals;
using account::Membership;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

account::Address at(std::string_view text) {
    return account::parse_address(text).value();
}

// Notes who got how many copies, and from whom.
class Outside final : public queue::Transport {
  public:
    base::Task<base::Result<std::unique_ptr<queue::Connection>, queue::Unreachable>> connect(
        base::Loop&, std::string) override {
        co_return std::make_unique<Taking>(*this);
    }

    std::map<std::string, int> taken;
    std::string sender;
    std::uint8_t notify = 0;

  private:
    class Taking final : public queue::Connection {
      public:
        explicit Taking(Outside& owner) : owner_(owner) {}

        base::Task<queue::Report> send(const queue::Job& job) override {
            queue::Report report;
            owner_.sender = job.message.sender;
            for (const queue::Job::Recipient& recipient : job.recipients) {
                ++owner_.taken[recipient.record.address];
                owner_.notify = recipient.record.notify;
                report.recipients.push_back({queue::Outcome::kDelivered, {.code = 250}});
            }
            co_return report;
        }

        base::Task<> quit() override { co_return; }

      private:
        Outside& owner_;
    };
};

class ListTransportTest : public testing::Test {
  protected:
    ListTransportTest() {
        world_.add_domain("crepes.example");
        world_.add_user("alice@crepes.example", "secret");
        world_.add_user("carol@crepes.example", "secret");
        world_.add_user("notices@crepes.example", "secret");
        world_.change([](store::Transaction& change) {
            return account::add_list(change, {.address = at("team@crepes.example")});
        });
        scheduler_.start();
    }

    ~ListTransportTest() override {
        world_.run(stop());
        EXPECT_THAT(world_.findings(), IsEmpty());
    }

    base::Task<bool> stop() {
        co_await scheduler_.stop();
        co_return true;
    }

    void join(const std::vector<std::string>& members,
              const std::string& list = "team@crepes.example") {
        world_.change([&](store::Transaction& change) -> base::Result<> {
            for (const std::string& member : members) {
                TRY_VOID(account::join_list(change, at(list), Membership::kMember, at(member)));
            }
            return {};
        });
    }

    // A message for the list is queued as RCPT and DATA would do it.
    void post(const std::string& header = "Subject: hello\r\n", std::uint8_t notify = 0) {
        auto writer = world_.store.new_blob();
        ASSERT_TRUE(world_.run(writer->append(
            world_.loop, "Return-Path: <bob@hamburger.example>\r\n" + header + "\r\nHello\r\n")));
        queue::NewMessage message{.blob = writer->finish().value(),
                                  .queue_id = "post",
                                  .sender = "bob@hamburger.example",
                                  .envelope_id = "QQ314159",
                                  .message_id = "1@hamburger.example",
                                  .recipients = {{.address = at("team@crepes.example"),
                                                  .original = {},
                                                  .notify = notify,
                                                  .destination = kTeam}},
                                  .release = {}};
        world_.change([&](store::Transaction& change) {
            return queue::enqueue(change, message, outgoing_.route, {}, world_.clock.now());
        });
        scheduler_.nudge({kTeam});
    }

    // What a server says of a message from the list comes to LIST-bounces.
    void report(const std::string& octets) {
        auto writer = world_.store.new_blob();
        ASSERT_TRUE(world_.run(writer->append(world_.loop, octets)));
        queue::NewMessage message{
            .blob = writer->finish().value(),
            .queue_id = queue::make_queue_id(world_.clock.now(), world_.random),
            .sender = {},
            .recipients = {{.address = at("team-bounces@crepes.example"),
                            .original = {},
                            .notify = 0,
                            .destination = kBounces}},
            .release = {}};
        world_.change([&](store::Transaction& change) {
            return queue::enqueue(change, message, outgoing_.route, {}, world_.clock.now());
        });
        scheduler_.nudge({kBounces});
        world_.loop.run_for(5s);
    }

    void report_failure(const std::string& who) {
        const mime::Draft draft{.from = {mime::Mailbox{.local = "d", .domain = "foo.com"}},
                                .subject = "failed"};
        mime::DeliveryStatus status{.reporting_mta = "dns; mx.foo.com"};
        status.recipients = {{.final_recipient = "rfc822; " + who,
                              .action = mime::DsnAction::kFailed,
                              .status = "5.1.1",
                              .diagnostic_code = "smtp; 550 5.1.1 no such user"}};
        report(mime::build_dsn(draft, status, std::nullopt, world_.random).value());
    }

    account::Member member(std::string_view who) {
        return account::find_member(*world_.store.snapshot(), at("team@crepes.example"), at(who))
            .value()
            .value();
    }

    std::size_t waiting() {
        std::size_t count = 0;
        EXPECT_TRUE(queue::list(
            *world_.store.snapshot(), {}, [&](const queue::Listed&) { return ++count != 0; }));
        return count;
    }

    // Notices go to a mailbox of their own.
    base::Result<> keep_notice(store::Transaction& change, const queue::PlannedNotice& notice) {
        told_.push_back(notice.to);
        TRY(const auto account, account::find_account(change, at("notices@crepes.example")));
        const mail::Delivery delivery{
            .blob = notice.blob,
            .queue_id = notice.queue_id,
            .message_id = {},
            .return_path = {},
            .recipients = {{account->id, account->address, {}, 0}},
            .accepted = {.time = {}, .kind = "accepted", .session = {}, .text = {}}};
        TRY_VOID(mail::deliver_into(change, delivery, world_.clock.now()));
        return {};
    }

    std::string notice() { return world_.inbox("notices@crepes.example").at(0); }

    static inline const std::string kTeam = "list:team@crepes.example";
    static inline const std::string kBounces = "bounces:team@crepes.example";

    fakes::World world_;
    Outside outside_;
    std::vector<std::string> told_;  // whom
    smtp::Outgoing outgoing_{
        .route = [](const account::Address& recipient,
                    std::string_view) { return "mx:" + recipient.domain; },
        .lifetimes = {},
        .nudge = [this](std::vector<std::string> names) { scheduler_.nudge(std::move(names)); }};
    InsideTransport inside_{
        {world_.store,
         world_.clock,
         world_.random,
         outgoing_,
         [this](store::Transaction& change, const queue::PlannedNotice& notice) {
             return keep_notice(change, notice);
         }},
        outside_};
    queue::Scheduler scheduler_{
        {.loop = world_.loop,
         .store = world_.store,
         .transport = inside_,
         .random = world_.random,
         .log = world_.log,
         .metrics = world_.metrics,
         .surroundings = {.trace = {},
                          .deliver_notice =
                              [this](store::Transaction& change,
                                     const queue::PlannedNotice& notice) {
                                  return keep_notice(change, notice);
                              }}},
        {.reporter = {.hostname = "mail.crepes.example", .postmaster = {}}}};
};

TEST_F(ListTransportTest, GivesEachMemberOneCopy) {
    world_.add_alias("staff@crepes.example",
                     {"alice@crepes.example", "carol@crepes.example", "bob@hamburger.example"});
    join({"alice@crepes.example",
          "alice+lists@crepes.example",
          "staff@crepes.example",
          "Bob@hamburger.example",
          "smith@foo.com"});
    post();
    world_.loop.run_for(5s);
    EXPECT_THAT(outside_.taken,
                UnorderedElementsAre(Pair("bob@hamburger.example", 1), Pair("smith@foo.com", 1)));
    EXPECT_EQ(outside_.sender, "team-bounces@crepes.example");
    EXPECT_EQ(outside_.notify, queue::kNotifyFailure);
    const auto mail = world_.inbox("alice@crepes.example");
    ASSERT_THAT(mail, SizeIs(1));
    EXPECT_THAT(mail[0], HasSubstr("Return-Path: <team-bounces@crepes.example>\r\n"));
    EXPECT_THAT(mail[0], HasSubstr("List-Id: <team.crepes.example>\r\n"));
    EXPECT_THAT(mail[0], testing::EndsWith("\r\n\r\nHello\r\n"));
    EXPECT_THAT(world_.inbox("carol@crepes.example"), SizeIs(1));
    EXPECT_EQ(waiting(), 0U);
    EXPECT_THAT(told_, IsEmpty());
}

// RFC 3461 5.2.7: for the author the list is where the message ends.
TEST_F(ListTransportTest, TellsOfSuccessWhenTheListHasTheMessage) {
    join({"smith@foo.com"});
    post("Subject: hello\r\n", queue::kNotifySuccess);
    world_.loop.run_for(5s);
    EXPECT_THAT(told_, ElementsAre("bob@hamburger.example"));
    EXPECT_THAT(notice(), HasSubstr("Final-Recipient: rfc822; team@crepes.example\r\n"));
    EXPECT_THAT(notice(), HasSubstr("Action: delivered\r\n"));
    EXPECT_THAT(notice(), HasSubstr("Original-Envelope-Id: QQ314159\r\n"));
}

TEST_F(ListTransportTest, EndsACircle) {
    world_.change([](store::Transaction& change) {
        return account::add_list(change, {.address = at("all@crepes.example")});
    });
    join({"all@crepes.example", "alice@crepes.example"});
    join({"team@crepes.example", "carol@crepes.example"}, "all@crepes.example");
    post();
    world_.loop.run_for(5s);
    EXPECT_THAT(world_.inbox("alice@crepes.example"), SizeIs(1));
    EXPECT_THAT(world_.inbox("carol@crepes.example"), SizeIs(1));
    EXPECT_THAT(told_, ElementsAre("all-bounces@crepes.example"));
    EXPECT_THAT(notice(), HasSubstr("Status: 5.4.6"));
    EXPECT_EQ(waiting(), 0U);
}

TEST_F(ListTransportTest, ReturnsWhatIsForAListThatHasGone) {
    world_.change([](store::Transaction& change) {
        return account::remove_list(change, at("team@crepes.example"));
    });
    post();
    world_.loop.run_for(5s);
    EXPECT_THAT(told_, ElementsAre("bob@hamburger.example"));
    EXPECT_THAT(notice(), HasSubstr("Status: 5.1.1"));
    EXPECT_EQ(waiting(), 0U);
}

// A full mailbox is tried again like any other destination, and nobody else waits for it.
TEST_F(ListTransportTest, KeepsWhatAMemberHasNoRoomFor) {
    world_.add_user("dan@crepes.example", "secret", 100);
    join({"dan@crepes.example", "alice@crepes.example"});
    post();
    world_.loop.run_for(5s);
    EXPECT_THAT(world_.inbox("alice@crepes.example"), SizeIs(1));
    EXPECT_THAT(world_.inbox("dan@crepes.example"), IsEmpty());
    EXPECT_EQ(waiting(), 1U);
    world_.change([](store::Transaction& change) -> base::Result<> {
        TRY(auto dan, account::find_account(change, at("dan@crepes.example")));
        dan->quota_octets = 0;
        return account::update_account(change, *dan);
    });
    world_.loop.run_for(10min);
    EXPECT_EQ(world_.inbox("dan@crepes.example"), world_.inbox("alice@crepes.example"));
    EXPECT_EQ(waiting(), 0U);
}

// The last one who was served leaves the list before it goes on: nobody is taken for them.
TEST_F(ListTransportTest, GoesOnBehindAMemberWhoHasLeft) {
    std::vector<std::string> members;
    for (int i = 0; i < 1200; ++i) {
        members.push_back(fmt::format("r{:04}@foo.com", i));
    }
    join(members);
    post();
    while (waiting() < 500) {
        world_.loop.run_for(1ms);
    }
    world_.store.fail_next_commits(3, base::Errc::kIo);
    world_.loop.run_for(1min);
    const std::string last = queue::load_progress(*world_.store.snapshot(), {"post", 0}).value();
    ASSERT_THAT(last, testing::EndsWith("@foo.com"));
    world_.change([&last](store::Transaction& change) {
        return account::leave_list(
            change, at("team@crepes.example"), Membership::kMember, at(last));
    });
    world_.loop.run_for(10min);
    EXPECT_EQ(outside_.taken.size(), 1200U);
    EXPECT_TRUE(std::all_of(outside_.taken.begin(), outside_.taken.end(), [](const auto& taken) {
        return taken.second == 1;
    }));
    EXPECT_EQ(waiting(), 0U);
}

// RFC 3464: failures are counted, a day once; who has too many gets nothing more, and the owners hear of it.
TEST_F(ListTransportTest, SuspendsAMemberForWhomMailFails) {
    join({"smith@foo.com", "jones@foo.com"});
    for (std::uint32_t day = 1; day <= 5; ++day) {
        EXPECT_THAT(told_, IsEmpty());
        report_failure("Smith@foo.com");
        report_failure("smith@foo.com");
        EXPECT_EQ(member("smith@foo.com").failures, day);
        world_.loop.run_for(24h);
    }
    EXPECT_TRUE(member("smith@foo.com").suspended);
    EXPECT_FALSE(member("jones@foo.com").suspended);
    EXPECT_THAT(told_, ElementsAre("team-owner@crepes.example"));
    EXPECT_THAT(notice(), HasSubstr("    smith@foo.com: 550 5.1.1 no such user\r\n"));
    EXPECT_THAT(notice(), HasSubstr("Auto-Submitted: auto-generated\r\n"));
    post();
    world_.loop.run_for(5s);
    EXPECT_THAT(outside_.taken, ElementsAre(Pair("jones@foo.com", 1)));
    EXPECT_EQ(waiting(), 0U);
}

TEST_F(ListTransportTest, HandsOnWhatIsAboutNobodyOnTheList) {
    join({"smith@foo.com"});
    report_failure("eve@foo.com");
    report("Subject: holidays\r\n\r\nI am away\r\n");
    EXPECT_THAT(told_, ElementsAre("team-owner@crepes.example", "team-owner@crepes.example"));
    EXPECT_THAT(world_.inbox("notices@crepes.example").at(1),
                HasSubstr("Subject: holidays\r\n\r\nI am away\r\n"));
    EXPECT_EQ(member("smith@foo.com").failures, 0U);
    EXPECT_EQ(waiting(), 0U);
}

// Whatever commit fails, the list goes on where it stood.
class ListTroubleTest : public ListTransportTest, public testing::WithParamInterface<int> {};

TEST_P(ListTroubleTest, NobodyGetsItTwice) {
    world_.add_alias("staff@crepes.example", {"alice@crepes.example", "r0003@foo.com"});
    std::vector<std::string> members{"alice@crepes.example", "carol@crepes.example"};
    for (int i = 0; i < 1200; ++i) {
        members.push_back(fmt::format("r{:04}@{}.com", i, i % 2 == 0 ? "bar" : "foo"));
    }
    members.emplace_back("staff@crepes.example");
    join(members);
    post();
    world_.loop.run_for(std::chrono::milliseconds(GetParam()));
    world_.store.fail_next_commits(1, base::Errc::kIo);
    world_.loop.run_for(10min);
    EXPECT_EQ(outside_.taken.size(), 1200U);
    EXPECT_TRUE(std::all_of(outside_.taken.begin(), outside_.taken.end(), [](const auto& taken) {
        return taken.second == 1;
    }));
    EXPECT_THAT(world_.inbox("alice@crepes.example"), SizeIs(1));
    EXPECT_THAT(world_.inbox("carol@crepes.example"), SizeIs(1));
    EXPECT_EQ(waiting(), 0U);
    EXPECT_THAT(told_, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(EachCommit, ListTroubleTest, testing::Range(0, 8));

}  // namespace
}  // namespace app
