// The control connection, and what goes over it alone.
#include "ftp/client/client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fakes/played_ftp_server.h"

namespace ftp {
namespace {

using base::Errc;

class ClientTest : public PlayedServerTest {};

TEST_F(ClientTest, LogsInAndLearnsFeatures) {
    connect();
    auto login = client_.login("alice", "secret", "");
    login.start();
    EXPECT_EQ(heard(), "USER alice\r\n");
    say("331-first\r\n331 now the password\r\n");
    EXPECT_EQ(heard(), "PASS secret\r\n");
    say("230 in\r\n");
    EXPECT_EQ(heard(), "FEAT\r\n");
    say("211-Features:\r\n MLST type*;size*;\r\n UTF8\r\n211 End\r\n");
    EXPECT_EQ(heard(), "OPTS UTF8 ON\r\n");
    say("200 ok\r\n");
    ASSERT_TRUE(login.done());
    EXPECT_TRUE(login.result());
    EXPECT_TRUE(client_.has("MLST"));
    EXPECT_EQ(client_.features().at("MLST"), "type*;size*;");
}

// RFC 7151 3: before the login, to a server that was called by a name and knows HOST.
TEST_F(ClientTest, SaysWhichHostIsMeant) {
    connect();
    client_.options().host = "ftp.hamburger.example";
    auto login = client_.login("alice", "secret", "");
    login.start();
    EXPECT_EQ(heard(), "FEAT\r\n");
    say("211-Features:\r\n HOST\r\n211 End\r\n");
    EXPECT_EQ(heard(), "HOST ftp.hamburger.example\r\n");
    say("504 no such host here\r\n");  // then it serves whom it serves
    EXPECT_EQ(heard(), "USER alice\r\n");
    say("230 in\r\n");
    EXPECT_EQ(heard(), "FEAT\r\n");  // RFC 2389 3.2: the login may change the answer
    say("211-Features:\r\n MLST size*;\r\n211 End\r\n");
    ASSERT_TRUE(login.done());
    EXPECT_TRUE(login.result());
    EXPECT_FALSE(client_.has("HOST"));
}

TEST_F(ClientTest, SaysNoHostToAServerThatDoesNotKnowIt) {
    connect();
    client_.options().host = "ftp.hamburger.example";
    auto login = client_.login("alice", "secret", "");
    login.start();
    EXPECT_EQ(heard(), "FEAT\r\n");
    say("530 log in first\r\n");
    EXPECT_EQ(heard(), "USER alice\r\n");
}

TEST_F(ClientTest, LeavesAServerThatNeverComesToAnEnd) {
    connect();
    auto task = client_.perform("NOOP");
    task.start();
    for (int i = 0; i < 1000 && !task.done(); ++i) {
        say("100 wait\r\n");
    }
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kSyntax);
    EXPECT_FALSE(client_.is_connected());
}

TEST_F(ClientTest, LeavesAServerWhoseReplyIsWithoutEnd) {
    connect();
    auto task = client_.perform("STAT");
    task.start();
    const std::string line = "211-" + std::string(10'000, 'x') + "\r\n";
    for (int i = 0; i < 2000 && !task.done(); ++i) {
        say(line);
    }
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kTooLong);
    EXPECT_FALSE(client_.is_connected());
}

TEST_F(ClientTest, TellsWhyALoginWasRefused) {
    connect();
    auto login = client_.login("alice", "wrong", "");
    login.start();
    say("331 ?\r\n");
    say("530 Login incorrect.\r\n");
    ASSERT_TRUE(login.done());
    const auto result = login.result();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kDenied);
    EXPECT_EQ(result.error().text, "530 Login incorrect.");
}

// RFC 959 4.1.1: "some sites may require an account for login and others only for specific access".
TEST_F(ClientTest, NamesAnAccountToWhoDoesNotAsk) {
    connect();
    auto login = client_.login("alice", "secret", "kitchen");
    login.start();
    EXPECT_EQ(heard(), "USER alice\r\n");
    say("331 password\r\n");
    EXPECT_EQ(heard(), "PASS secret\r\n");
    say("230 in\r\n");
    EXPECT_EQ(heard(), "ACCT kitchen\r\n");
    say("202 superfluous\r\n");
    EXPECT_EQ(heard(), "FEAT\r\n");
    say("502 none\r\n");
    ASSERT_TRUE(login.done());
    EXPECT_TRUE(login.result());
}

TEST_F(ClientTest, RefusesALineEndInAName) {
    connect();
    auto removing = client_.remove("a\r\nDELE b");
    removing.start();
    loop_.run_ready();
    ASSERT_TRUE(removing.done());
    EXPECT_EQ(removing.result().error().code, Errc::kInvalid);
    EXPECT_EQ(heard(), "");
}

// RFC 959 5.3.1, RFC 854: octet 255 is Telnet's, unless there are two of them.
TEST_F(ClientTest, SaysOctet255AsTelnetHasIt) {
    connect();
    auto removing = client_.remove(
        "\xff"
        "a\xff\xff");
    removing.start();
    EXPECT_EQ(heard(),
              "DELE \xff\xff"
              "a\xff\xff\xff\xff\r\n");
    say("250 gone\r\n");
    ASSERT_TRUE(removing.done());
    auto asking = client_.working_directory();
    asking.start();
    static_cast<void>(heard());
    say("257 \"/\xff\xff\xff\xff"
        "b\xff"
        "c\"\r\n");
    ASSERT_TRUE(asking.done());
    EXPECT_EQ(asking.result().value_or("fault"),
              "/\xff\xff"
              "b\xff"
              "c");
}

// What led elsewhere must be asked for again.
TEST_F(ClientTest, AsksOnceWhereItIs) {
    connect();
    for (const bool asked : {true, false}) {
        auto task = client_.working_directory();
        task.start();
        EXPECT_EQ(heard(), asked ? "PWD\r\n" : "");
        if (asked) {
            say("257 \"/menu\"\r\n");
        }
        ASSERT_TRUE(ended(task));
        EXPECT_EQ(task.result().value(), "/menu");
    }
    auto moving = client_.command("cwd carte");
    moving.start();
    say("250 ok\r\n");
    ASSERT_TRUE(ended(moving));
    EXPECT_TRUE(client_.has_moved());
    auto task = client_.working_directory();
    task.start();
    EXPECT_EQ(heard(), "cwd carte\r\nPWD\r\n");
    say("257 \"/menu/carte\"\r\n");
    ASSERT_TRUE(ended(task));
    EXPECT_EQ(task.result().value(), "/menu/carte");
}

// proftpd keeps a range for the transfers that follow.
TEST_F(ClientTest, EndsTheRangeOfAHash) {
    log_in();
    auto task = client_.sha256("x", 10);
    task.start();
    for (const std::string_view reply : {"200 SHA-256", "350 range", "550 no x", "350 none"}) {
        say(std::string(reply) + "\r\n");
    }
    ASSERT_TRUE(ended(task));
    EXPECT_EQ(heard(), "OPTS HASH SHA-256\r\nRANG 0 9\r\nHASH x\r\nRANG 1 0\r\n");
    EXPECT_EQ(task.result().error().code, Errc::kNotFound);
}

// The server reads all of the file first.
TEST_F(ClientTest, WaitsLongerForAHashThanForWords) {
    log_in();
    auto task = client_.sha256("x", std::nullopt);
    task.start();
    say("200 SHA-256\r\n");
    EXPECT_EQ(heard(), "OPTS HASH SHA-256\r\nHASH x\r\n");
    EXPECT_FALSE(loop_.run_until([&] { return task.done(); }, std::chrono::minutes(30)));
    const std::string digest(64, 'a');
    say(fmt::format("213 SHA-256 0-9 {} x\r\n", digest));
    ASSERT_TRUE(ended(task));
    EXPECT_EQ(task.result().value(), digest);
}

// proftpd tells that it hashed the whole file, whatever the range was.
TEST_F(ClientTest, TakesAHashOfAnotherRangeForNone) {
    log_in();
    const std::string digest(64, 'a');
    for (const auto& [range, is_taken] : {std::pair<std::string_view, bool>{"0-9", true},
                                          {"0-10", true},
                                          {"0-200000", false},
                                          {"5-9", false}}) {
        auto task = client_.sha256("x", 10);
        task.start();
        say("200 SHA-256\r\n350 range\r\n");
        say(fmt::format("213 SHA-256 {} {} x\r\n350 none\r\n", range, digest));
        ASSERT_TRUE(ended(task));
        EXPECT_EQ(task.result().has_value(), is_taken) << range;
        if (!is_taken) {
            EXPECT_EQ(task.result().error().code, Errc::kUnsupported);
        }
        static_cast<void>(heard());
    }
}

TEST_F(ClientTest, KnowsThatAFolderIsNotThereHoweverThatIsSaid) {
    connect();
    for (const std::string_view reply : {"450 no such file\r\n", "550 no such file\r\n"}) {
        auto task = client_.list("x");
        task.start();
        static_cast<void>(serve_passive());
        EXPECT_EQ(heard(), "LIST x\r\n");
        say(reply);
        ASSERT_TRUE(ended(task));
        EXPECT_EQ(task.result().error().code, Errc::kNotFound);
    }
}

TEST_F(ClientTest, GivesUpOnASilentServer) {
    connect();
    auto task = client_.working_directory();
    task.start();
    EXPECT_TRUE(loop_.run_until([&] { return task.done(); }, std::chrono::minutes(2)));
    EXPECT_EQ(task.result().error().code, Errc::kTimeout);
    EXPECT_FALSE(client_.is_connected());
}

}  // namespace
}  // namespace ftp
