// Whole sessions over an in-memory pipe, store and clock: what transcripts cannot say, such as how many
// writes an answer takes, what the store and the trace hold afterwards, or a client that never reads.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "account/address.h"
#include "account/crypto.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "fakes/world.h"
#include "mail/trace.h"
#include "net/pipe.h"
#include "pop3/server/commands.h"
#include "pop3/server/server.h"

namespace pop3 {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kBob = "bob@hamburger.example";

// One connection and its session.
class Client {
  public:
    Client(fakes::World& world,
           Services& services,
           std::shared_ptr<const ServerOptions> options,
           net::PipeOptions pipe = {})
        : world_(world) {
        auto [server, client] = net::make_pipe(world.loop, std::move(pipe));
        client_ = std::move(client);
        server_ = server.get();
        base::spawn(serve(std::move(server), std::move(options), services),
                    [ended = ended_](std::exception_ptr thrown) {
                        *ended = true;
                        if (thrown) {
                            std::rethrow_exception(thrown);
                        }
                    });
    }

    ~Client() {
        client_->reset();
        world_.loop.run_for(minutes(30));
    }

    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // What the server says within a second.
    std::string hear() {
        world_.loop.run_for(seconds(1));
        return client_->take();
    }

    // Sends lines, each with its CRLF, at once.
    std::string say(std::string_view lines) {
        std::string octets(lines);
        octets += "\r\n";
        client_->push(octets);
        return hear();
    }

    void log_in() {
        EXPECT_THAT(hear(), StartsWith("+OK POP3 server ready"));
        EXPECT_THAT(say(fmt::format("USER {}", kBob)), StartsWith("+OK"));
        EXPECT_THAT(say("PASS onion"), StartsWith("+OK"));
    }

    [[nodiscard]] bool closed() const { return client_->ended() && *ended_; }

    [[nodiscard]] net::PipeStream& pipe() { return *client_; }

    void interrupt() { server_->interrupt(); }

  private:
    fakes::World& world_;
    std::unique_ptr<net::PipeStream> client_;
    net::PipeStream* server_;
    std::shared_ptr<bool> ended_ = std::make_shared<bool>(false);
};

class SessionTest : public testing::Test {
  protected:
    SessionTest() {
        options_->hostname = "hamburger.example";
        pipe_.client.address = "127.0.0.1";
        world_.add_domain("hamburger.example");
        world_.add_user(kBob, "onion");
    }

    Client connect() { return Client(world_, services_, options_, pipe_); }

    account::AccountId bob() {
        return account::find_account(*world_.store.snapshot(), account::parse_address(kBob).value())
            .value()
            ->id;
    }

    // Messages of numbered bodies.
    void add_messages(int count) {
        for (int i = 1; i <= count; ++i) {
            world_.add_message(kBob, fmt::format("Subject: {}\r\n\r\nbody {}\r\n", i, i));
        }
    }

    std::vector<std::string> queue_ids() {
        std::vector<std::string> ids;
        const auto view = world_.messages.open_inbox(bob()).value();
        for (const mail::MessageInfo& message : view.messages) {
            ids.push_back(world_.messages.queue_id(message).value());
        }
        return ids;
    }

    std::vector<std::string> traced_kinds(const std::string& queue_id) {
        std::vector<std::string> kinds;
        const auto found = mail::find_trace(*world_.store.snapshot(), queue_id).value();
        for (const auto& traced : found) {
            for (const auto& event : traced.events) {
                kinds.push_back(event.kind);
            }
        }
        return kinds;
    }

    fakes::World world_;
    std::shared_ptr<ServerOptions> options_ = std::make_shared<ServerOptions>();
    Services services_ = world_.services<Services>();
    net::PipeOptions pipe_;
};

TEST_F(SessionTest, DownloadsAndDeletes) {
    add_messages(2);
    Client client = connect();
    client.log_in();
    EXPECT_EQ(client.say("STAT"), "+OK 2 44\r\n");
    EXPECT_EQ(client.say("LIST"), "+OK 2 messages (44 octets)\r\n1 22\r\n2 22\r\n.\r\n");
    EXPECT_EQ(client.say("RETR 1"), "+OK 22 octets\r\nSubject: 1\r\n\r\nbody 1\r\n.\r\n");
    EXPECT_EQ(client.say("DELE 1"), "+OK message 1 deleted\r\n");
    EXPECT_EQ(client.say("STAT"), "+OK 1 22\r\n");
    EXPECT_EQ(client.say("RETR 1"), "-ERR message 1 already deleted\r\n");
    EXPECT_EQ(world_.inbox(kBob).size(), 2U);
    EXPECT_EQ(client.say("QUIT"),
              "+OK hamburger.example POP3 server signing off (1 message (22 octets) left)\r\n");
    EXPECT_TRUE(client.closed());
    EXPECT_THAT(world_.inbox(kBob), ElementsAre("Subject: 2\r\n\r\nbody 2\r\n"));
    EXPECT_THAT(world_.findings(), IsEmpty());
}

TEST_F(SessionTest, NothingIsDeletedWithoutQuit) {
    add_messages(2);
    {
        Client client = connect();
        client.log_in();
        EXPECT_THAT(client.say("DELE 1\r\nDELE 2"), StartsWith("+OK"));
        client.pipe().close();
        world_.loop.run_for(seconds(1));
        EXPECT_TRUE(client.closed());
    }
    EXPECT_EQ(world_.inbox(kBob).size(), 2U);
}

TEST_F(SessionTest, AnIdleSessionIsClosedWithoutAWordOrUpdate) {
    add_messages(1);
    Client client = connect();
    client.log_in();
    EXPECT_THAT(client.say("DELE 1"), StartsWith("+OK"));
    world_.loop.run_for(minutes(9));
    EXPECT_FALSE(client.closed());
    EXPECT_EQ(client.say("NOOP"), "+OK\r\n");
    world_.loop.run_for(minutes(11));
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(client.pipe().take(), "");
    EXPECT_EQ(world_.inbox(kBob).size(), 1U);
    EXPECT_THAT(world_.log_text, HasSubstr("reason=timeout"));
}

TEST_F(SessionTest, AFailedUpdateSaysSoAndDeletesNothing) {
    add_messages(2);
    Client client = connect();
    client.log_in();
    EXPECT_THAT(client.say("DELE 1\r\nDELE 2"), EndsWith("+OK message 2 deleted\r\n"));
    world_.store.fail_next_commits(2, base::Errc::kIo);
    EXPECT_THAT(client.say("QUIT"), StartsWith("-ERR [SYS/TEMP] nothing was deleted"));
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(world_.inbox(kBob).size(), 2U);
}

TEST_F(SessionTest, ABurstIsAnsweredInOneWrite) {
    add_messages(2);
    int writes = 0;
    services_.watch = [&writes](std::string_view, const net::Endpoint&) {
        return [&writes](char side, std::string_view) { writes += side == 'S' ? 1 : 0; };
    };
    Client client = connect();
    client.log_in();
    writes = 0;
    EXPECT_THAT(client.say("STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nRETR 2\r\nTOP 1 0\r\nNOOP"),
                EndsWith("+OK\r\n"));
    EXPECT_EQ(writes, 1);
}

TEST_F(SessionTest, ABurstTakesAWholeMaildrop) {
    constexpr int kMessages = 150;
    add_messages(kMessages);
    Client client = connect();
    client.log_in();
    std::string burst;
    std::string answers;
    for (int i = 1; i <= kMessages; ++i) {
        const std::string text = fmt::format("Subject: {}\r\n\r\nbody {}\r\n", i, i);
        burst += fmt::format("RETR {}\r\n", i);
        answers += fmt::format("+OK {} octets\r\n{}.\r\n", text.size(), text);
    }
    EXPECT_EQ(client.say(burst + "NOOP"), answers + "+OK\r\n");
    EXPECT_THAT(client.say("RETR 3\r\nRETR 2\r\nRETR 3"), EndsWith("body 3\r\n.\r\n"));
}

TEST_F(SessionTest, UniqueIdsStayTheSameAndAreNeverReused) {
    add_messages(3);
    std::string before;
    {
        Client client = connect();
        client.log_in();
        before = client.say("UIDL 2");
        EXPECT_THAT(client.say("DELE 1\r\nDELE 3\r\nQUIT"), HasSubstr("signing off"));
    }
    world_.loop.run_for(std::chrono::hours(100));
    add_messages(1);
    Client client = connect();
    client.log_in();
    const std::string second = before.substr(before.find(' ', 4) + 1);
    EXPECT_EQ(client.say("UIDL 1"), "+OK 1 " + second);
    EXPECT_THAT(client.say("UIDL 2"), EndsWith(".4\r\n"));
}

TEST_F(SessionTest, TwoSessionsAtOnceSeeTheirSnapshots) {
    add_messages(2);
    Client first = connect();
    first.log_in();
    Client second = connect();
    second.log_in();
    EXPECT_THAT(first.say("DELE 1\r\nQUIT"), HasSubstr("signing off"));
    EXPECT_EQ(second.say("STAT"), "+OK 2 44\r\n");
    // The first took it away for good; the second is told, and its own deletion is no error.
    EXPECT_EQ(second.say("RETR 1"), "-ERR message 1 already deleted\r\n");
    EXPECT_EQ(second.say("RETR 2").substr(0, 15), "+OK 22 octets\r\n");
    EXPECT_THAT(second.say("DELE 1\r\nQUIT"), HasSubstr("signing off"));
    EXPECT_EQ(world_.inbox(kBob).size(), 1U);
}

TEST_F(SessionTest, ExclusiveByASetting) {
    options_->exclusive = true;
    {
        Client first = connect();
        first.log_in();
        Client second = connect();
        EXPECT_THAT(second.say(fmt::format("USER {}\r\nPASS onion", kBob)),
                    EndsWith("-ERR [IN-USE] another session has this maildrop open\r\n"));
        EXPECT_THAT(first.say("QUIT"), StartsWith("+OK"));
        EXPECT_THAT(second.say(fmt::format("USER {}\r\nPASS onion", kBob)),
                    HasSubstr("'s maildrop has 0 messages (0 octets)\r\n"));
    }
    Client third = connect();
    third.log_in();
}

TEST_F(SessionTest, LoginDelayByASetting) {
    options_->login_delay_s = 60;
    {
        Client client = connect();
        client.log_in();
        EXPECT_THAT(client.say("CAPA"), HasSubstr("\r\nLOGIN-DELAY 60\r\n"));
        EXPECT_THAT(client.say("QUIT"), StartsWith("+OK"));
    }
    world_.loop.run_for(seconds(1));
    Client early = connect();
    EXPECT_THAT(early.say(fmt::format("USER {}\r\nPASS onion", kBob)), HasSubstr("+OK"));
}

TEST_F(SessionTest, LoginDelayRefusesWhoComesTooSoon) {
    options_->login_delay_s = 7200;
    {
        Client client = connect();
        client.log_in();
    }
    Client early = connect();
    EXPECT_THAT(early.say(fmt::format("USER {}\r\nPASS onion", kBob)),
                EndsWith("-ERR [LOGIN-DELAY] log in at most once every 7200 seconds\r\n"));
}

TEST_F(SessionTest, FailedLoginsEndTheSession) {
    options_->login_failures_max = 2;
    Client client = connect();
    EXPECT_THAT(client.say(fmt::format("USER {}\r\nPASS leek", kBob)),
                EndsWith("-ERR [AUTH] wrong user name or password\r\n"));
    EXPECT_THAT(client.say("PASS onion"), EndsWith("-ERR send USER first\r\n"));
    EXPECT_THAT(client.say("USER nobody@hamburger.example\r\nPASS leek"),
                EndsWith("-ERR [AUTH] too many failed logins, goodbye\r\n"));
    EXPECT_TRUE(client.closed());
    EXPECT_THAT(world_.log_text, Not(HasSubstr("leek")));
}

TEST_F(SessionTest, TooManyErrorsEndTheSession) {
    options_->errors_max = 3;
    Client client = connect();
    EXPECT_THAT(client.say("HELLO\r\nSTAT"), HasSubstr("-ERR log in first"));
    EXPECT_THAT(client.say(std::string(300, 'x')), StartsWith("-ERR too many errors"));
    EXPECT_TRUE(client.closed());
}

TEST_F(SessionTest, TheServerStopsBetweenCommands) {
    add_messages(1);
    Client client = connect();
    client.log_in();
    EXPECT_THAT(client.say("DELE 1"), StartsWith("+OK"));
    client.interrupt();
    EXPECT_THAT(client.hear(), StartsWith("-ERR [SYS/TEMP] the server is stopping"));
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(world_.inbox(kBob).size(), 1U);
}

TEST_F(SessionTest, AClientThatNeverReadsIsCutOff) {
    pipe_.buffer_octets = 1000;
    world_.add_message(kBob, "Subject: x\r\n\r\n" + std::string(500'000, 'x') + "\r\n");
    Client client = connect();
    client.log_in();
    client.pipe().push("RETR 1\r\n");
    world_.loop.run_for(minutes(4));
    EXPECT_FALSE(client.closed());
    world_.loop.run_for(minutes(2));
    EXPECT_LT(client.pipe().take().size(), 2000U);
    EXPECT_TRUE(client.closed());
}

TEST_F(SessionTest, LargeMessagesComeWholeAndStuffed) {
    std::string body;
    for (int i = 0; i < 40'000; ++i) {
        body += i % 7 == 0 ? ".dot\r\n" : i % 11 == 0 ? ".\r\n" : "some text of a line\r\n";
    }
    // The header becomes another one on its way, which moves everything behind it.
    world_.add_message(kBob, "Subject: gr\xc3\xbcn\r\n\r\n" + body);
    Client client = connect();
    client.log_in();
    client.pipe().push("RETR 1\r\n");
    std::string heard;
    while (!heard.ends_with("\r\n.\r\n")) {
        const std::string more = client.hear();
        ASSERT_NE(more, "");
        heard += more;
    }
    std::string unstuffed;
    std::string_view lines = std::string_view(heard).substr(heard.find('\n') + 1);
    lines.remove_suffix(3);
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n') + 1;
        unstuffed += lines.substr(lines.front() == '.' ? 1 : 0, end - (lines.front() == '.'));
        lines.remove_prefix(end);
    }
    EXPECT_EQ(unstuffed, "Subject: =?utf-8?Q?gr=C3=BCn?=\r\n\r\n" + body);
    EXPECT_THAT(heard, StartsWith(fmt::format("+OK {} octets\r\n", unstuffed.size())));
}

TEST_F(SessionTest, FetchingAndDeletingAreTraced) {
    add_messages(3);
    const std::vector<std::string> ids = queue_ids();
    Client client = connect();
    client.log_in();
    EXPECT_THAT(client.say("RETR 1\r\nRETR 2\r\nTOP 3 0\r\nDELE 2\r\nQUIT"),
                HasSubstr("signing off"));
    EXPECT_THAT(traced_kinds(ids.at(0)), ElementsAre("accepted", "stored", "fetched"));
    EXPECT_THAT(traced_kinds(ids.at(1)), ElementsAre("accepted", "stored", "fetched", "deleted"));
    EXPECT_THAT(traced_kinds(ids.at(2)), ElementsAre("accepted", "stored"));
    EXPECT_TRUE(world_.messages.open_inbox(bob())->messages.at(0).seen);
    EXPECT_FALSE(world_.messages.open_inbox(bob())->messages.at(1).seen);
    EXPECT_THAT(world_.findings(), IsEmpty());
}

TEST_F(SessionTest, WatchersSeeNoSecrets) {
    std::string seen;
    services_.watch = [&seen](std::string_view, const net::Endpoint&) {
        return [&seen](char, std::string_view octets) { seen += octets; };
    };
    Client client = connect();
    client.say(fmt::format("USER {}\r\nPASS sekrit", kBob));
    client.say("AUTH PLAIN c2Vrcml0");
    client.say("AUTH PLAIN");
    client.say("c2Vrcml0");
    EXPECT_THAT(seen, HasSubstr("PASS ***"));
    EXPECT_THAT(seen, Not(HasSubstr("sekrit")));
    EXPECT_THAT(seen, Not(HasSubstr("c2Vrcml0")));
}

TEST_F(SessionTest, CommandsAreCounted) {
    Client client = connect();
    client.log_in();
    client.say("NOOP\r\nNOOP\r\nXYZZ\r\nRETR 1");
    const std::string text = world_.metrics.prometheus_text();
    for (const char* line :
         {"staffetta_commands_total{protocol=\"pop3\",verb=\"NOOP\",result=\"ok\"} 2\n",
          "staffetta_commands_total{protocol=\"pop3\",verb=\"RETR\",result=\"err\"} 1\n",
          "staffetta_commands_total{protocol=\"pop3\",verb=\"unknown\",result=\"err\"} 1\n",
          "staffetta_connections{protocol=\"pop3\"} 1\n",
          "staffetta_logins_total{protocol=\"pop3\",result=\"ok\"} 1\n"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

// RFC 5802 3, with the client's half computed here.
TEST_F(SessionTest, ScramEndsWithTheServersProof) {
    using account::Hash;
    Client client = connect();
    const auto exchange = [&client](std::string_view line) {
        const std::string heard = client.say(line);
        const std::size_t last = heard.rfind("+ ");
        return base::base64_decode(
                   std::string_view(heard).substr(last + 2, heard.size() - last - 4))
            .value_or("no base64");
    };
    const std::string bare = fmt::format("n={},r=abcdef", kBob);
    const std::string first = exchange("AUTH SCRAM-SHA-256 " + base::base64_encode("n,," + bare));
    std::string_view fields = first;
    const std::string_view nonce = base::split_front(fields, ',').substr(2);
    const auto salt = base::base64_decode(base::split_front(fields, ',').substr(2)).value();
    const auto iterations = base::parse_number<std::uint32_t>(fields.substr(2)).value();
    const std::string salted = account::pbkdf2(Hash::kSha256, "onion", salt, iterations);
    const std::string key = account::hmac(Hash::kSha256, salted, "Client Key");
    const std::string without_proof = fmt::format("c=biws,r={}", nonce);
    const std::string signature =
        account::hmac(Hash::kSha256,
                      account::digest(Hash::kSha256, key),
                      fmt::format("{},{},{}", bare, first, without_proof));
    std::string proof = key;
    for (std::size_t i = 0; i < proof.size(); ++i) {
        proof[i] = static_cast<char>(proof[i] ^ signature[i]);
    }
    EXPECT_THAT(exchange(base::base64_encode(without_proof + ",p=" + base::base64_encode(proof))),
                StartsWith("v="));
    EXPECT_THAT(client.say(""), HasSubstr("+OK bob@hamburger.example's maildrop has"));
}

TEST(CommandsTest, TheTableIsPrinted) {
    EXPECT_THAT(dump_commands(), HasSubstr("STLS  authorization  STLS"));
    EXPECT_EQ(find_command("NONE"), nullptr);
    EXPECT_EQ(find_command("TOP")->section, "1939 7");
}

}  // namespace
}  // namespace pop3
