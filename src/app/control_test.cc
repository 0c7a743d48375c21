#include "app/control.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/directory.h"
#include "app/administration.h"
#include "app/metrics_http.h"
#include "app/peer_watch.h"
#include "fakes/fake_loop.h"
#include "mail/message_store.h"
#include "mail/records.h"
#include "net/pipe.h"
#include "queue/queue.h"
#include "store/memory_store.h"

namespace app {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A conversation over a pipe on a virtual clock, with administration of a store in memory behind it.
class Inside : public testing::Test {
  protected:
    Inside() {
        options_.argon2_memory_kib = 8;  // the least there is: tests hash often
        options_.argon2_passes = 1;
        auto ends = net::make_pipe(loop_);
        server_ = std::move(ends.first);
        client_ = std::move(ends.second);
    }

    std::string answer_of(base::Task<> task, std::string_view said, base::Duration patience = {}) {
        client_->push(said);
        task.start();
        loop_.run_for(std::chrono::seconds(1) + patience);
        EXPECT_TRUE(task.done());
        return client_->take();
    }

    AdminReply run(std::string command,
                   std::vector<std::string> arguments = {},
                   std::map<std::string, std::string> options = {}) {
        return administration_.run({.command = std::move(command),
                                    .arguments = std::move(arguments),
                                    .options = std::move(options)});
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    store::MemoryStore store_;
    base::SeededRandom random_{1};
    account::AuthenticatorOptions options_;
    base::Pool pool_{0, 1};
    mail::Mailboxes mailboxes_{store_, clock_, pool_};
    Administration administration_{store_, nullptr, mailboxes_, clock_, random_, options_};
    std::string logged_;
    base::Log log_{clock_, [this](std::string_view line) { logged_ += line; }};
    base::Metrics metrics_;
    std::unique_ptr<net::PipeStream> server_;
    std::unique_ptr<net::PipeStream> client_;
};

TEST(ControlRequest, CrossesTheSocketWhole) {
    const AdminRequest request{.command = "account add",
                               .arguments = {"bob@hamburger.example", "a=b\\n"},
                               .options = {{"name", "two\r\nlines"}, {"secret", ""}}};
    AdminRequest read;
    std::string_view text;
    const std::string formatted = format_request(request);
    text = formatted;
    while (!text.starts_with('\n')) {
        const std::size_t end = text.find('\n');
        ASSERT_TRUE(parse_field(text.substr(0, end), read));
        text.remove_prefix(end + 1);
    }
    EXPECT_EQ(read, request);
    EXPECT_FALSE(parse_field("no field", read));
}

TEST_F(Inside, ControlAnswersWithStatusAndText) {
    const std::string said = answer_of(
        serve_control(std::move(server_), administration_, pool_, log_),
        format_request({.command = "domain add", .arguments = {"crepes.example"}, .options = {}}));
    EXPECT_THAT(said, StartsWith("status 0\ndomain crepes.example added\nno account is an admin"));
    EXPECT_THAT(said, HasSubstr("staffetta account add NAME@crepes.example --administrator"));
    ASSERT_EQ(run("account add",
                  {"alice@crepes.example"},
                  {{"secret", "pickles"}, {"administrator", "yes"}})
                  .status,
              0);
    EXPECT_EQ(run("domain add", {"a.example"}).text, "domain a.example added\n");
    EXPECT_EQ(run("domain remove", {"a.example"}).status, 0);
    EXPECT_EQ(run("domain list").text, "crepes.example\n");
}

TEST_F(Inside, ControlNeverLogsASecret) {
    answer_of(serve_control(std::move(server_), administration_, pool_, log_),
              format_request({.command = "account add",
                              .arguments = {"bob@hamburger.example"},
                              .options = {{"secret", "pickles"}}}));
    EXPECT_THAT(logged_, HasSubstr("account add bob@hamburger.example"));
    EXPECT_THAT(logged_, testing::Not(HasSubstr("pickles")));
}

TEST_F(Inside, ControlRefusesWhatIsNoRequest) {
    const std::string said = answer_of(
        serve_control(std::move(server_), administration_, pool_, log_), "GET / HTTP/1.1\n\n");
    EXPECT_EQ(said, "status 64\na field without '='\n");
}

TEST_F(Inside, ControlGivesUpOnWhoSaysNothing) {
    answer_of(serve_control(std::move(server_), administration_, pool_, log_),
              "command=",
              std::chrono::minutes(1));
    EXPECT_TRUE(client_->ended());
}

TEST_F(Inside, UnknownCommandsAndCountsAreUsage) {
    EXPECT_EQ(run("make coffee").status, 64);
    EXPECT_EQ(run("domain add").status, 64);
    EXPECT_EQ(run("domain add", {"a.example", "b.example"}).status, 64);
}

TEST_F(Inside, AnAccountLives) {
    ASSERT_EQ(run("domain add", {"hamburger.example"}).status, 0);
    const AdminReply added = run("account add",
                                 {"bob@hamburger.example"},
                                 {{"secret", "x"}, {"name", "Bob"}, {"quota", "1GiB"}});
    EXPECT_EQ(added.text, "account bob@hamburger.example added\n");
    EXPECT_EQ(run("account add", {"bob@hamburger.example"}, {{"secret", "x"}}).status, 73);
    EXPECT_EQ(run("account set", {"bob@hamburger.example"}, {{"disabled", "yes"}}).text,
              "bob@hamburger.example  \"Bob\"  quota 1GiB  disabled\n");
    EXPECT_EQ(run("account password", {"bob@hamburger.example"}, {{"secret", ""}}).status, 65);
    EXPECT_EQ(run("account remove", {"bob@hamburger.example"}).status, 0);
    EXPECT_EQ(run("account list").text, "");
    EXPECT_EQ(run("account remove", {"bob@hamburger.example"}).status, 67);
}

TEST_F(Inside, AnAccountsMailGoesWithIt) {
    ASSERT_EQ(run("domain add", {"hamburger.example"}).status, 0);
    ASSERT_EQ(run("account add", {"bob@hamburger.example"}, {{"secret", "x"}}).status, 0);
    const account::Address address{"bob", "hamburger.example"};
    const auto account = account::find_account(*store_.snapshot(), address).value();
    mail::Delivery delivery{.blob = store_.new_blob()->finish().value(),
                            .queue_id = "q1",
                            .message_id = {},
                            .return_path = {},
                            .recipients = {{account->id, address, {}, 0}},
                            .accepted = {}};
    const auto delivered =
        store_.change_and_wait([&delivery](store::Transaction& change) -> base::Result<> {
            TRY(const auto outcomes, mail::deliver_into(change, delivery, {}));
            return {};
        });
    ASSERT_TRUE(delivered);
    ASSERT_EQ(store_.check(mail::count_references)->blobs, 1U);
    EXPECT_EQ(run("account remove", {"bob@hamburger.example"}).status, 0);
    EXPECT_EQ(store_.check(mail::count_references)->blobs, 0U);
    EXPECT_EQ(mail::check(*store_.snapshot()).value(), std::vector<std::string>());
}

// As a store has it that counted others' annotations for the account.
TEST_F(Inside, CheckMendsWhatAnAccountIsSaidToHaveWritten) {
    ASSERT_EQ(run("domain add", {"hamburger.example"}).status, 0);
    ASSERT_EQ(run("account add", {"bob@hamburger.example"}, {{"secret", "x"}}).status, 0);
    EXPECT_THAT(run("check").text, Not(HasSubstr("mended")));
    ASSERT_TRUE(store_.change_and_wait([](store::Transaction& change) -> base::Result<> {
        TRY(mail::AccountCounters counters, mail::load_counters(change, 1));
        counters.annotation_octets = 70;
        change.put(mail::counters_key(1), mail::encode(counters));
        return {};
    }));
    const std::string text = run("check").text;
    EXPECT_THAT(text, StartsWith("sound: "));
    EXPECT_THAT(text,
                EndsWith("mended: account 1: the annotations it pays for take 0 octets, not 70\n"));
    EXPECT_THAT(run("check").text, Not(HasSubstr("mended")));
}

TEST_F(Inside, SecretsOfAnAccountComeAndGo) {
    ASSERT_EQ(run("domain add", {"hamburger.example"}).status, 0);
    ASSERT_EQ(run("account add", {"bob@hamburger.example"}, {{"secret", "x"}}).status, 0);
    const AdminReply made = run("application-password add",
                                {"bob@hamburger.example", "phone"},
                                {{"services", "smtp, pop3"}});
    EXPECT_EQ(made.status, 0);
    EXPECT_EQ(made.text.size(), 24U) << made.text;  // four groups of five, dashes, a line end
    EXPECT_EQ(run("application-password list", {"bob@hamburger.example"}).text,
              "phone  2026-01-01T00:00:00.000Z  smtp,pop3\n");
    EXPECT_EQ(run("application-password add", {"bob@hamburger.example", "phone"}).status, 73);
    EXPECT_EQ(run("application-password remove", {"bob@hamburger.example", "phone"}).status, 0);
    EXPECT_EQ(run("application-password remove", {"bob@hamburger.example", "phone"}).status, 67);
    EXPECT_EQ(run("legacy-secret set", {"bob@hamburger.example"}, {{"secret", "tanstaaf"}}).status,
              0);
    EXPECT_EQ(run("legacy-secret set", {"bob@hamburger.example"}).status, 65);
    EXPECT_EQ(run("legacy-secret remove", {"bob@hamburger.example"}).status, 0);
}

TEST_F(Inside, AliasesAreListedWithTheirMembers) {
    ASSERT_EQ(run("domain add", {"hamburger.example"}).status, 0);
    ASSERT_EQ(
        run("alias set", {"all@hamburger.example", "a@crepes.example", "b@crepes.example"}).status,
        0);
    EXPECT_EQ(run("alias list", {"hamburger.example"}).text,
              "all@hamburger.example  a@crepes.example b@crepes.example\n");
    EXPECT_EQ(run("alias set", {"all@hamburger.example", "nonsense"}).status, 65);
}

TEST_F(Inside, ChecksAndTraces) {
    ASSERT_EQ(run("domain add", {"hamburger.example"}).status, 0);
    EXPECT_THAT(run("check").text, StartsWith("sound: "));
    const AdminReply unknown = run("trace", {"nonsense"});
    EXPECT_EQ(unknown.status, 67);
    EXPECT_THAT(unknown.text, StartsWith("nonsense: nothing is known of it"));
}

TEST_F(Inside, MetricsAnswerAScraper) {
    metrics_.counter("staffetta_test_total", "For this test").add(7);
    int refreshed = 0;
    const RefreshMetrics refresh = [&] { ++refreshed; };
    const std::string said = answer_of(serve_metrics(std::move(server_), metrics_, refresh),
                                       "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(said, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"));
    EXPECT_THAT(said, EndsWith("staffetta_test_total 7\n"));
    EXPECT_EQ(refreshed, 1);
    EXPECT_TRUE(client_->ended());
}

struct HttpRow {
    std::string said;
    std::string_view status;
};

class MetricsRefusal : public Inside, public testing::WithParamInterface<HttpRow> {};

TEST_P(MetricsRefusal, IsAnHttpStatus) {
    const RefreshMetrics refresh = [] {};
    EXPECT_THAT(answer_of(serve_metrics(std::move(server_), metrics_, refresh),
                          GetParam().said,
                          std::chrono::minutes(1)),
                StartsWith(GetParam().status));
}

INSTANTIATE_TEST_SUITE_P(Table,
                         MetricsRefusal,
                         testing::Values(HttpRow{"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
                                         HttpRow{"POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 "},
                                         HttpRow{"nonsense\r\n\r\n", "HTTP/1.1 400 "},
                                         HttpRow{"GET metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
                                         HttpRow{
                                             "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n",
                                             "HTTP/1.1 400 "},
                                         HttpRow{"GET /metrics HTTP/1.1\r\nHost: x\r\n", ""}));

TEST(PeerWatch, PrintsLinesAndShowsControls) {
    EXPECT_EQ(format_dialogue("s1", 'C', "NOOP\r\nQU\x01IT\r\n"), "s1 C: NOOP\ns1 C: QU\\x01IT\n");
}

TEST(PeerWatch, IsForOneAddressOnly) {
    EXPECT_FALSE(make_peer_watch(""));
    const net::Endpoint peer{.address = "2001:db8::1", .port = 25, .path = {}};
    EXPECT_TRUE(make_peer_watch("2001:DB8:0::1")("s", peer));
    EXPECT_TRUE(make_peer_watch("2001:db8::/32")("s", peer));
    EXPECT_FALSE(make_peer_watch("2001:db8::2")("s", peer));
    const PeerWatch watch = make_peer_watch("192.0.2.1");
    EXPECT_TRUE(watch("s1", {.address = "192.0.2.1", .port = 1, .path = {}}));
    EXPECT_FALSE(watch("s1", {.address = "192.0.2.2", .port = 1, .path = {}}));
}

// A queue of any length is listed by many replies, which are one array together.
TEST_F(Inside, ListsALongQueueReplyByReply) {
    auto writer = store_.new_blob();
    auto appended = writer->append(loop_, "Subject: to many\r\n\r\n");
    appended.start();
    loop_.run_for({});
    ASSERT_TRUE(appended.done());
    queue::NewMessage message{.blob = writer->finish().value(),
                              .queue_id = "m1",
                              .sender = "alice@crepes.example",
                              .envelope_id = {},
                              .message_id = {},
                              .recipients = {},
                              .release = {}};
    for (int i = 0; i < 25'000; ++i) {
        message.recipients.push_back(
            {.address = {fmt::format("u{}", i), "hamburger.example"}, .original = {}});
    }
    const auto route = [](const account::Address& recipient, std::string_view) {
        return "mx:" + recipient.domain;
    };
    ASSERT_TRUE(store_.change_and_wait([&](store::Transaction& change) {
        return queue::enqueue(change, message, route, {}, clock_.now());
    }));
    std::string whole;
    std::string next;
    std::size_t replies = 0;
    do {
        const AdminReply reply = run("queue list", {}, {{"json", "yes"}, {"from", next}});
        ASSERT_EQ(reply.status, 0) << reply.text;
        whole += reply.text;
        next = reply.next;
        ++replies;
    } while (!next.empty());
    EXPECT_EQ(replies, 3U);
    EXPECT_THAT(whole, StartsWith("[\n  {\n    \"queue_id\": \"m1\""));
    EXPECT_THAT(whole, testing::EndsWith("  }\n]\n"));
    std::size_t members = 0;
    for (std::size_t at = 0; (at = whole.find("\n  {\n", at)) != std::string::npos; ++at) {
        EXPECT_EQ(whole[at - 1], members == 0 ? '[' : ',');
        ++members;
    }
    EXPECT_EQ(members, 25'000U);
    EXPECT_NE(run("queue list", {}, {{"json", "yes"}, {"from", "m1"}}).status, 0);
}

}  // namespace
}  // namespace app
