// What transcripts cannot see: logs, counters, traces, watchers, our own bugs, and messages too large to
// be typed in.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/ascii.h"
#include "fakes/world.h"
#include "mail/trace.h"
#include "net/pipe.h"
#include "queue/manage.h"
#include "smtp/server/commands.h"
#include "smtp/server/server.h"

namespace smtp {
namespace {

class SessionTest : public testing::Test {
  protected:
    SessionTest() {
        world_.add_domain("foo.com");
        world_.add_user("a@foo.com", "secret");
        options_->hostname = "foo.com";
    }

    // Sends `input` at once, hangs up, and returns all that the server said.
    std::string converse(std::string_view input) {
        auto [server, client] = net::make_pipe(world_.loop, pipe_);
        bool ended = false;
        base::spawn(serve(std::move(server), options_, services_),
                    [&ended](const std::exception_ptr& thrown) {
                        EXPECT_EQ(thrown, nullptr);
                        ended = true;
                    });
        EXPECT_TRUE(client->push(input));
        client->end_writing();
        std::string output;
        EXPECT_TRUE(world_.loop.run_until([&] {
            output += client->take();
            return ended;
        }));
        return output + client->take();
    }

    std::uint64_t count(std::string_view series) {
        const std::string text = world_.metrics.prometheus_text();
        const std::size_t at = text.find(fmt::format("\n{} ", series));
        EXPECT_NE(at, std::string::npos) << series << "\n" << text;
        const std::string_view rest = std::string_view(text).substr(at + series.size() + 2);
        return base::parse_u64(rest.substr(0, rest.find('\n'))).value_or(999);
    }

    static std::string message(std::string_view text) {
        return fmt::format(
            "EHLO bar.com\r\nMAIL FROM:<x@bar.com>\r\nRCPT TO:<a@foo.com>\r\nDATA\r\n{}.\r\n",
            text);
    }

    fakes::World world_;
    net::PipeOptions pipe_;
    std::shared_ptr<ServerOptions> options_ = std::make_shared<ServerOptions>();
    Services services_ = world_.services<Services>();
};

TEST_F(SessionTest, traces_what_it_accepts) {
    const std::string output =
        converse(message("Message-ID: <1@bar.com>\r\n\r\nhello\r\n") + "QUIT\r\n");
    const auto traced = mail::find_trace(*world_.store.snapshot(), "<1@bar.com>");
    ASSERT_TRUE(traced);
    ASSERT_EQ(traced->size(), 1U);
    EXPECT_NE(output.find("250 2.0.0 " + traced->front().queue_id + " accepted"), std::string::npos)
        << output;
    ASSERT_GE(traced->front().events.size(), 2U);
    EXPECT_EQ(traced->front().events[0].kind, "accepted");
    EXPECT_EQ(traced->front().events[0].text, "from bar.com [192.0.2.1] by ESMTP");
    EXPECT_EQ(traced->front().events[1].kind, "stored");
}

TEST_F(SessionTest, traces_what_it_refuses) {
    converse(message("Message-ID: <2@bar.com>\r\n\r\nhel\nlo\r\n"));
    world_.loop.run_for(std::chrono::seconds(1));
    // The bare LF came with the first piece, before the header section was looked at: the queue id
    // in the log still leads to the trace.
    const std::size_t at = world_.log_text.find("queue_id=");
    ASSERT_NE(at, std::string::npos) << world_.log_text;
    const std::string queue_id = world_.log_text.substr(at + 9, 17);
    const auto traced = mail::find_trace(*world_.store.snapshot(), queue_id);
    ASSERT_TRUE(traced);
    ASSERT_EQ(traced->size(), 1U);
    EXPECT_EQ(traced->front().events.at(0).kind, "refused");
    EXPECT_TRUE(traced->front().events.at(0).text.starts_with(
        "from bar.com [192.0.2.1] by ESMTP: 550 the message has a CR or LF"))
        << traced->front().events.at(0).text;
}

TEST_F(SessionTest, counts) {
    converse(message("hello\r\n") + "XYZZY\r\nRCPT TO:<a@foo.com>\r\nQUIT\r\n");
    EXPECT_EQ(count("staffetta_commands_total{protocol=\"smtp\",verb=\"DATA\",result=\"2xx\"}"),
              1U);
    EXPECT_EQ(count("staffetta_commands_total{protocol=\"smtp\",verb=\"RCPT\",result=\"2xx\"}"),
              1U);
    EXPECT_EQ(count("staffetta_commands_total{protocol=\"smtp\",verb=\"RCPT\",result=\"5xx\"}"),
              1U);
    EXPECT_EQ(count("staffetta_commands_total{protocol=\"smtp\",verb=\"unknown\",result=\"5xx\"}"),
              1U);
    EXPECT_EQ(count("staffetta_messages_total{protocol=\"smtp\",result=\"2xx\"}"), 1U);
    EXPECT_EQ(count("staffetta_message_octets_total{protocol=\"smtp\"}"), 7U);
    EXPECT_EQ(count("staffetta_connections_total{protocol=\"smtp\",tls=\"no\"}"), 1U);
    EXPECT_EQ(count("staffetta_connections{protocol=\"smtp\"}"), 0U);
    EXPECT_EQ(count("staffetta_commit_seconds_count{protocol=\"smtp\"}"), 1U);
}

TEST_F(SessionTest, shows_watchers_no_secret) {
    std::string seen;
    services_.watch = [&seen](std::string_view session, const net::Endpoint& peer) {
        EXPECT_EQ(session.size(), 10U);
        EXPECT_EQ(peer.address, "192.0.2.1");
        return [&seen](char side, std::string_view octets) {
            seen += fmt::format("{}: {}", side, octets);
        };
    };
    options_->port = Port::kSubmission;
    pipe_.implicit_tls = true;
    const std::string output = converse(
        "EHLO bar.com\r\nAUTH PLAIN AGFAZm9vLmNvbQB3cm9uZw==\r\nauth plain\r\n"
        "AGFAZm9vLmNvbQBzZWNyZXQ=\r\nMAIL FROM:<a@foo.com>\r\n");
    EXPECT_NE(output.find("\r\n535 "), std::string::npos) << output;
    EXPECT_NE(output.find("\r\n235 "), std::string::npos) << output;
    EXPECT_EQ(seen.find("AGFAZm"), std::string::npos) << seen;
    EXPECT_NE(seen.find("C: AUTH PLAIN ***\r\n"), std::string::npos) << seen;
    EXPECT_NE(seen.find("*** (26 octets)\r\n"), std::string::npos) << seen;
    EXPECT_NE(seen.find("C: MAIL FROM:<a@foo.com>\r\n"), std::string::npos) << seen;
    EXPECT_EQ(world_.log_text.find("AGFAZm"), std::string::npos);
    EXPECT_EQ(count("staffetta_logins_total{protocol=\"smtp\",result=\"ok\"}"), 1U);
    EXPECT_EQ(count("staffetta_logins_total{protocol=\"smtp\",result=\"denied\"}"), 1U);
}

base::Task<DomainVerdict> fail_a_check(base::Loop& /*loop*/, std::string /*domain*/) {
    CHECK(1 + 1 == 3);
    co_return DomainVerdict::kExists;
}

base::Task<std::optional<Reply>> refuse_nonsense(base::Loop& /*loop*/, Knock knock) {
    co_return knock.hello == "nonsense" ? std::optional(Reply{550, {5, 7, 1}, "no"}) : std::nullopt;
}

TEST_F(SessionTest, outlives_its_own_bugs) {
    services_.check_sender_domain = fail_a_check;
    const std::string output = converse("EHLO bar.com\r\nMAIL FROM:<x@bar.com>\r\nNOOP\r\n");
    EXPECT_TRUE(output.ends_with("\r\n421 4.3.0 foo.com has an internal error\r\n")) << output;
    EXPECT_NE(world_.log_text.find("session failed"), std::string::npos);
    EXPECT_NE(world_.log_text.find("1 + 1 == 3"), std::string::npos);
    EXPECT_NE(world_.log_text.find("EHLO 250"), std::string::npos) << world_.log_text;
    services_.check_sender_domain = nullptr;
    EXPECT_NE(converse(message("hello\r\n")).find("250 2.0.0"), std::string::npos);
    EXPECT_EQ(count("staffetta_connections{protocol=\"smtp\"}"), 0U);
}

// By its own test a client from elsewhere is asked once a greeting; who is trusted is not asked.
TEST_F(SessionTest, asks_who_knocks) {
    std::size_t asked = 0;
    services_.check_client = [&asked](base::Loop& loop, Knock knock) {
        ++asked;
        EXPECT_EQ(knock.peer.address, "192.0.2.1");
        return refuse_nonsense(loop, std::move(knock));
    };
    std::string output = converse(
        "EHLO nonsense\r\nMAIL FROM:<x@bar.com>\r\nMAIL FROM:<x@bar.com>\r\n"
        "EHLO bar.com\r\nMAIL FROM:<x@bar.com>\r\nRSET\r\nMAIL FROM:<x@bar.com>\r\n");
    EXPECT_EQ(asked, 3U);
    EXPECT_NE(output.find("550 5.7.1 no\r\n550 5.7.1 no\r\n250-"), std::string::npos) << output;
    EXPECT_TRUE(output.ends_with("250 2.1.0 sender ok\r\n")) << output;
    options_->relay_networks = {*net::AddressBlock::parse("192.0.2.0/24")};
    output = converse("EHLO nonsense\r\nMAIL FROM:<x@bar.com>\r\n");
    EXPECT_EQ(asked, 3U);
    EXPECT_TRUE(output.ends_with("250 2.1.0 sender ok\r\n")) << output;
}

TEST_F(SessionTest, takes_a_large_message_whole) {
    options_->message_octets_max = 4'000'000;
    std::string text = "Subject: large\r\n\r\n";
    while (text.size() < 3'000'000) {
        text += "0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
    }
    EXPECT_NE(converse(message(text)).find("accepted for delivery\r\n"), std::string::npos);
    const auto inbox = world_.inbox("a@foo.com");
    ASSERT_EQ(inbox.size(), 1U);
    EXPECT_TRUE(inbox[0].ends_with(text));
    EXPECT_TRUE(inbox[0].starts_with("Return-Path: <x@bar.com>\r\nReceived: from bar.com ("));
}

TEST_F(SessionTest, answers_a_failing_disk_amid_a_large_message) {
    const std::string text(600'000, 'x');
    world_.store.fail_next_appends(1, base::Errc::kNoSpace);
    options_->text_line_octets_max = 1'000'000;
    const std::string output = converse(message("Subject: y\r\n\r\n" + text + "\r\n") + "NOOP\r\n");
    EXPECT_NE(output.find("\r\n452 4.3.1 "), std::string::npos) << output;
    EXPECT_NE(output.find("\r\n250 2.0.0 ok\r\n"), std::string::npos) << output;
    EXPECT_TRUE(world_.inbox("a@foo.com").empty());
}

// Accounts that are removed between RCPT and the end of the data; bob@foo.com stays.
struct Removal {
    Port port;
    std::string_view hello;
    std::string_view recipients;
    std::string_view answer;  // to the data
    std::size_t delivered;    // to bob
    std::size_t queued;       // for whom a notice must say it
};

class RemovalTest : public SessionTest, public testing::WithParamInterface<Removal> {};

TEST_P(RemovalTest, tells_that_a_recipient_is_gone) {
    const Removal& row = GetParam();
    world_.add_user("bob@foo.com", "secret");
    world_.add_alias("both@foo.com", {"a@foo.com", "bob@foo.com"});
    options_->port = row.port;
    const Outgoing outgoing{
        .route = [](const account::Address&, std::string_view) { return std::string("mx:"); },
        .lifetimes = {},
        .nudge = [](const std::vector<std::string>&) {}};
    services_.outgoing = &outgoing;
    auto [server, client] = net::make_pipe(world_.loop, pipe_);
    base::spawn(serve(std::move(server), options_, services_),
                [](const std::exception_ptr& thrown) { EXPECT_EQ(thrown, nullptr); });
    ASSERT_TRUE(client->push(fmt::format(
        "{} bar.com\r\nMAIL FROM:<x@bar.com>\r\n{}DATA\r\n", row.hello, row.recipients)));
    world_.loop.run_for(std::chrono::seconds(1));
    EXPECT_NE(client->take().find("\r\n354 "), std::string::npos);
    world_.change([](store::Transaction& change) {
        return account::remove_account(change, {"a", "foo.com"});
    });
    ASSERT_TRUE(client->push("Subject: x\r\n\r\nhello\r\n.\r\n"));
    world_.loop.run_for(std::chrono::seconds(1));
    const std::string said = client->take();
    std::string codes;
    for (std::size_t at = 0; at < said.size(); at = said.find('\n', at) + 1) {
        codes += said.substr(at, 9) + ";";
    }
    EXPECT_EQ(codes, row.answer);
    EXPECT_EQ(world_.inbox("bob@foo.com").size(), row.delivered);
    std::size_t queued = 0;
    EXPECT_TRUE(queue::list(
        *world_.store.snapshot(), {}, [&queued](const queue::Listed&) { return ++queued != 0; }));
    EXPECT_EQ(queued, row.queued);
    client->end_writing();
    world_.loop.run_for(std::chrono::seconds(1));
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    RemovalTest,
    testing::Values(Removal{Port::kRelay, "EHLO", "RCPT TO:<a@foo.com>\r\n", "550 5.1.1;", 0, 0},
                    // One answer for all: those who have it must not get it again.
                    Removal{Port::kRelay,
                            "EHLO",
                            "RCPT TO:<a@foo.com>\r\nRCPT TO:<bob@foo.com>\r\n",
                            "250 2.0.0;",
                            1,
                            1},
                    Removal{Port::kLmtp,
                            "LHLO",
                            "RCPT TO:<a@foo.com>\r\nRCPT TO:<bob@foo.com>\r\n",
                            "550 5.1.1;250 2.0.0;",
                            1,
                            0},
                    Removal{
                        Port::kLmtp, "LHLO", "RCPT TO:<both@foo.com>\r\n", "250 2.0.0;", 1, 0}));

TEST_F(SessionTest, refuses_a_submitted_header_without_end) {
    options_->port = Port::kSubmission;
    options_->header_octets_max = 100'000;
    pipe_.implicit_tls = true;
    std::string header;
    while (header.size() < 200'000) {
        header +=
            "X-Filler: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
    }
    const std::string output = converse(
        "EHLO bar.com\r\nAUTH PLAIN AGFAZm9vLmNvbQBzZWNyZXQ=\r\nMAIL FROM:<a@foo.com>\r\n"
        "RCPT TO:<a@foo.com>\r\nDATA\r\n" +
        header + ".\r\n");
    EXPECT_NE(output.find("\r\n552 5.3.4 the header section"), std::string::npos) << output;
}

TEST(Commands, are_found_and_dumped) {
    EXPECT_EQ(find_command("mAiL")->verb, "MAIL");
    EXPECT_EQ(find_command("MAI"), nullptr);
    EXPECT_EQ(find_command(""), nullptr);
    const std::string dump = dump_commands();
    EXPECT_NE(
        dump.find(
            "RCPT      mail,rcpt   smtp,lmtp,login       RCPT TO:<forward-path> [parameters]"),
        std::string::npos)
        << dump;
}

}  // namespace
}  // namespace smtp
