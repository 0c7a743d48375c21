#include "ftp/client/client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_loop.h"
#include "fakes/fake_network.h"
#include "net/tls_client_context.h"

namespace ftp {
namespace {

using base::Errc;

class TextSource final : public ByteSource {
  public:
    explicit TextSource(std::string_view text) : left_(text) {}

    base::Result<std::size_t> read(std::span<char> room) override {
        const std::size_t count = left_.copy(room.data(), room.size());
        left_.remove_prefix(count);
        return count;
    }

  private:
    std::string_view left_;
};

class TextSink final : public ByteSink {
  public:
    base::Result<> write(std::string_view octets) override {
        if (refuse) {
            return base::fail(Errc::kNoSpace, "no room");
        }
        text += octets;
        return {};
    }

    std::string text;
    bool refuse = false;
};

// A server that a test plays line by line.
class ClientTest : public testing::Test {
  protected:
    ClientTest() : client_(network_, loop_, options()) {}

    static net::Endpoint at(std::uint16_t port) {
        return {.address = "192.0.2.21", .port = port, .path = ""};
    }

    static ClientOptions options() {
        ClientOptions options;
        options.host = "192.0.2.21";
        options.addresses = {at(21)};
        options.list_hidden = false;
        return options;
    }

    // Runs what can run; then the task's value, if it has ended.
    template <class T>
    bool ended(base::Task<T>& task) {
        loop_.run_ready();
        return task.done();
    }

    net::PipeStream& control() {
        loop_.run_ready();
        auto& arrived = network_.host(at(21)).arrived;
        if (!control_ && !arrived.empty()) {
            control_ = std::move(arrived.front());
            arrived.pop_front();
        }
        return *control_;
    }

    // What the client said since the last call.
    std::string heard() {
        loop_.run_ready();
        return control().take();
    }

    void say(std::string_view reply) {
        control().push(reply);
        loop_.run_ready();
    }

    void connect() {
        static_cast<void>(network_.host(at(21)));
        auto connecting = client_.connect();
        connecting.start();
        say("220 hello\r\n");
        ASSERT_TRUE(connecting.done());
        ASSERT_TRUE(connecting.result());
    }

    // Logged in, to a server that knows HASH and MLSD.
    void log_in() {
        connect();
        auto login = client_.login("alice", "secret", "");
        login.start();
        say("230 in\r\n");
        say("211-Features:\r\n HASH SHA-256*\r\n MLST size*;\r\n RANG STREAM\r\n211 End\r\n");
        ASSERT_TRUE(login.done());
        static_cast<void>(heard());
    }

    // Answers EPSV; the server's end of the data connection.
    std::unique_ptr<net::PipeStream> serve_passive() {
        static_cast<void>(network_.host(at(5000)));
        EXPECT_EQ(heard(), "EPSV\r\n");
        say("229 go (|||5000|)\r\n");
        auto& arrived = network_.host(at(5000)).arrived;
        EXPECT_EQ(arrived.size(), 1U);
        auto data = std::move(arrived.front());
        arrived.pop_front();
        return data;
    }

    struct Fetch {
        base::Task<base::Result<std::uint64_t>> task;
        std::unique_ptr<net::PipeStream> data;
    };

    // Three octets of a file are wanted, and five have come.
    Fetch fetch_three(TextSink& sink) {
        auto task = client_.retrieve("x", {.octets_max = 3}, sink);
        task.start();
        auto data = serve_passive();
        say("150 here\r\n");
        data->push("hello");
        loop_.run_ready();
        return {std::move(task), std::move(data)};
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    fakes::FakeNetwork network_;
    std::unique_ptr<net::PipeStream> control_;
    Client client_;
};

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
    for (int i = 0; i < 1000 && !task.done(); ++i) {
        say("211-" + std::string(1000, 'x') + "\r\n");
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

// RFC 959 3.4.2: who has seen the mark of the end has it all.
TEST_F(ClientTest, WaitsForNoEndOfAConnectionThatMayStay) {
    connect();
    auto choosing = client_.set_mode(Mode::kBlock);
    choosing.start();
    EXPECT_EQ(heard(), "MODE B\r\n");
    say("200 ok\r\n");

    TextSink sink;
    auto fetching = client_.retrieve("x", {}, sink);
    fetching.start();
    const auto from_there = serve_passive();
    EXPECT_EQ(heard(), "RETR x\r\n");
    say("150 here\r\n");
    from_there->push(std::string("\x40\0\x05hello", 8));
    say("250 there it is\r\n");
    ASSERT_TRUE(ended(fetching));
    EXPECT_TRUE(fetching.result());
    EXPECT_EQ(sink.text, "hello");

    TextSource source("hello");
    auto storing = client_.store("STOR", "x", {}, source);
    storing.start();
    const auto to_there = serve_passive();
    EXPECT_EQ(heard(), "STOR x\r\n");
    say("150 go\r\n");
    EXPECT_NE(to_there->take(), "");
    say("250 got it\r\n");
    ASSERT_TRUE(ended(storing));
    EXPECT_TRUE(storing.result());
}

// RFC 959 5.4: LIST and NLST have no 550.
TEST_F(ClientTest, ATransientRefusalOfAListIsAFolderThatIsNotThere) {
    connect();
    auto listing = client_.names("nowhere");
    listing.start();
    const auto data = serve_passive();
    EXPECT_EQ(heard(), "NLST nowhere\r\n");
    say("450 no such folder\r\n");
    ASSERT_TRUE(ended(listing));
    EXPECT_EQ(listing.result().error().code, Errc::kNotFound);
}

TEST_F(ClientTest, FetchesAFile) {
    connect();
    TextSink sink;
    auto task = client_.retrieve("x", {.restart = 5}, sink);
    task.start();
    auto data = serve_passive();
    EXPECT_EQ(heard(), "REST 5\r\n");
    say("350 ok\r\n");
    EXPECT_EQ(heard(), "RETR x\r\n");
    say("150 here\r\n");
    data->push("hello");
    loop_.run_ready();
    data->close();
    EXPECT_FALSE(ended(task));
    say("226 done\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().value(), 5U);
    EXPECT_EQ(sink.text, "hello");
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

TEST_F(ClientTest, BelievesTheServerThatAFileIsNotWhole) {
    connect();
    TextSink sink;
    auto task = client_.retrieve("x", {}, sink);
    task.start();
    auto data = serve_passive();
    say("150 here\r\n");
    data->push("hel");
    data->close();
    say("451 disk trouble\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kUnavailable);
}

TEST_F(ClientTest, StaysInStepWhenAFileIsRefused) {
    connect();
    TextSink sink;
    auto task = client_.retrieve("x", {}, sink);
    task.start();
    auto data = serve_passive();
    say("550 no such file\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kNotFound);
    auto pwd = client_.working_directory();
    pwd.start();
    EXPECT_EQ(heard(), "RETR x\r\nPWD\r\n");
    say("257 \"/a \"\"b\"\"\" is here\r\n");
    ASSERT_TRUE(pwd.done());
    EXPECT_EQ(pwd.result().value(), "/a \"b\"");
}

TEST_F(ClientTest, KeepsASinksFailure) {
    connect();
    TextSink sink;
    sink.refuse = true;
    auto task = client_.retrieve("x", {}, sink);
    task.start();
    auto data = serve_passive();
    say("150 here\r\n");
    data->push("hello");
    loop_.run_ready();
    say("426 cut\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kNoSpace);
}

TEST_F(ClientTest, TakesASegmentAndLeavesTheRest) {
    connect();
    TextSink sink;
    const auto fetch = fetch_three(sink);
    say("426 cut\r\n");
    ASSERT_TRUE(fetch.task.done());
    EXPECT_EQ(fetch.task.result().value(), 3U);
    EXPECT_EQ(sink.text, "hel");
}

// As pure-ftpd does when it is cut at the wrong moment.
TEST_F(ClientTest, TakesASegmentFromAServerThatNeverSaysItsEnd) {
    connect();
    TextSink sink;
    const auto fetch = fetch_three(sink);
    static_cast<void>(heard());
    say("150 0.001 seconds\r\n");
    EXPECT_EQ(heard(), "NOOP\r\n");
    say("200 still here\r\n");
    ASSERT_TRUE(fetch.task.done());
    EXPECT_EQ(fetch.task.result().value(), 3U);
    EXPECT_TRUE(client_.is_connected());
}

TEST_F(ClientTest, LeavesAServerThatSaysNothingOfACut) {
    connect();
    TextSink sink;
    const auto fetch = fetch_three(sink);
    EXPECT_FALSE(fetch.task.done());
    EXPECT_TRUE(loop_.run_until([&] { return fetch.task.done(); }, std::chrono::seconds(6)));
    EXPECT_EQ(fetch.task.result().value(), 3U);
    EXPECT_FALSE(client_.is_connected());
}

// draft-bryan-ftp-range: a server that knows RANG ends by itself, and is not cut off.
TEST_F(ClientTest, NamesTheSegmentToWhoKnowsRanges) {
    log_in();
    TextSink sink;
    auto task = client_.retrieve("x", {.restart = 2, .octets_max = 3}, sink);
    task.start();
    auto data = serve_passive();
    EXPECT_EQ(heard(), "RANG 2 4\r\n");
    say("350 so many\r\n");
    EXPECT_EQ(heard(), "RETR x\r\n");
    say("150 here\r\n");
    data->push("hel");
    loop_.run_ready();
    data->close();
    say("226 done\r\n");
    EXPECT_EQ(heard(), "RANG 1 0\r\n");
    say("350 all again\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().value(), 3U);
    EXPECT_EQ(sink.text, "hel");
}

TEST_F(ClientTest, RestartsWhereARangeIsRefused) {
    log_in();
    TextSink sink;
    auto task = client_.retrieve("x", {.restart = 2, .octets_max = 3}, sink);
    task.start();
    auto data = serve_passive();
    static_cast<void>(heard());
    say("502 no\r\n");
    EXPECT_EQ(heard(), "REST 2\r\n");
    say("350 there\r\n");
    say("150 here\r\n");
    data->push("hello");
    loop_.run_ready();
    say("426 cut\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().value(), 3U);
    EXPECT_EQ(sink.text, "hel");
}

TEST_F(ClientTest, TellsWhyTheServerCutTheFile) {
    connect();
    TextSource source(std::string_view("0123456789"));
    auto task = client_.store("STOR", "x", {.rate_max = 2}, source);
    task.start();
    auto data = serve_passive();
    data->close();
    loop_.run_ready();
    say("150 come\r\n552 over quota\r\n");
    EXPECT_TRUE(loop_.run_until([&] { return task.done(); }));
    const auto result = task.result();
    EXPECT_EQ(result.error().code, Errc::kOverQuota) << result.error().text;
}

TEST_F(ClientTest, SendsAFileInTypeAscii) {
    connect();
    TextSource source("a\nb\n");
    auto task = client_.store("STOR", "x", {}, source);
    task.start();
    auto data = serve_passive();
    EXPECT_EQ(heard(), "STOR x\r\n");
    say("150 come\r\n");
    EXPECT_EQ(data->take(), "a\r\nb\r\n");
    data->close();
    say("226 done\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().value(), 4U);
}

// CVE-2020-8284: a server that names another host must not make us connect there.
TEST_F(ClientTest, ConnectsToTheServerWhateverPasvSays) {
    client_.options().extended = false;
    connect();
    static_cast<void>(network_.host(at(1025)));
    auto task = client_.list("");
    task.start();
    EXPECT_EQ(heard(), "PASV\r\n");
    say("227 Entering (10,0,0,1,4,1)\r\n");
    EXPECT_EQ(network_.attempts().back().substr(0, 15), "192.0.2.21:1025");
}

TEST_F(ClientTest, FallsBackToPasvForGood) {
    connect();
    static_cast<void>(network_.host(at(1025)));
    auto task = client_.list("");
    task.start();
    EXPECT_EQ(heard(), "EPSV\r\n");
    say("500 what?\r\n");
    EXPECT_EQ(heard(), "PASV\r\n");
    EXPECT_FALSE(client_.options().extended);
}

TEST_F(ClientTest, LimitsTheRate) {
    connect();
    TextSource source(std::string_view("0123456789"));
    auto task = client_.store("STOR", "x", {.rate_max = 2}, source);
    const auto start = clock_.steady();
    task.start();
    auto data = serve_passive();
    say("150 come\r\n");
    EXPECT_TRUE(
        loop_.run_until([&] { return clock_.steady() - start >= std::chrono::seconds(4); }));
    EXPECT_EQ(data->take(), "0123456789");
    data->close();
    say("226 done\r\n");
    EXPECT_TRUE(loop_.run_until([&] { return task.done(); }));
    EXPECT_EQ(task.result().value(), 10U);
}

TEST_F(ClientTest, SharesARate) {
    const auto pace = std::make_shared<Pace>(100);
    const base::SteadyTime now = clock_.steady();
    static_cast<void>(pace->spend(200, now));
    connect();
    client_.options().pace = pace;
    TextSink sink;
    auto task = client_.retrieve("x", {}, sink);
    task.start();
    auto data = serve_passive();
    say("150 here\r\n");
    data->push("hello");
    loop_.run_ready();
    data->close();
    say("226 done\r\n");
    EXPECT_FALSE(ended(task));  // what others took counts
    EXPECT_TRUE(loop_.run_until([&task] { return task.done(); }, std::chrono::seconds(3)));
}

TEST_F(ClientTest, AbortsAndStaysInStep) {
    connect();
    TextSink sink;
    auto task = client_.retrieve("x", {}, sink);
    task.start();
    auto data = serve_passive();
    say("150 here\r\n");
    static_cast<void>(heard());
    client_.abort();
    EXPECT_EQ(heard(), "ABOR\r\n");
    say("426 aborted\r\n");
    EXPECT_EQ(heard(), "NOOP\r\n");
    say("226 ABOR done\r\n200 ok\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kReset);
    EXPECT_TRUE(client_.is_connected());
}

// A bound of an octet a second takes more than a day for the first piece of a large file.
TEST_F(ClientTest, AbortsWhileItWaitsForTheRate) {
    connect();
    const std::string large(200'000, 'x');
    TextSource source(large);
    auto task = client_.store("STOR", "x", {.rate_max = 1}, source);
    task.start();
    auto data = serve_passive();
    say("150 come\r\n");
    static_cast<void>(heard());
    ASSERT_FALSE(task.done());
    const auto before = clock_.steady();
    client_.abort();
    EXPECT_EQ(heard(), "ABOR\r\n");
    say("426 aborted\r\n");
    say("226 ABOR done\r\n200 ok\r\n");
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kReset);
    EXPECT_EQ(clock_.steady(), before);
}

TEST_F(ClientTest, HangsUpWhileItWaitsForTheRate) {
    connect();
    TextSink sink;
    auto task = client_.retrieve("x", {.rate_max = 1}, sink);
    task.start();
    auto data = serve_passive();
    say("150 here\r\n");
    data->push(std::string(100'000, 'x'));
    loop_.run_ready();
    const auto before = clock_.steady();
    client_.hang_up();
    EXPECT_TRUE(ended(task));
    EXPECT_EQ(clock_.steady(), before);
    EXPECT_FALSE(sink.text.empty());
}

TEST_F(ClientTest, GivesUpOnASilentServer) {
    connect();
    auto task = client_.working_directory();
    task.start();
    EXPECT_TRUE(loop_.run_until([&] { return task.done(); }, std::chrono::minutes(2)));
    EXPECT_EQ(task.result().error().code, Errc::kTimeout);
    EXPECT_FALSE(client_.is_connected());
}

TEST_F(ClientTest, ListsOnlyNamesThatMayBeFiles) {
    connect();
    auto task = client_.list("");
    task.start();
    auto data = serve_passive();
    EXPECT_EQ(heard(), "LIST\r\n");
    say("150 here\r\n");
    data->push(
        "total 3\r\n"
        "-rw-r--r-- 1 a b 5 Jan 1 2025 a\r\n"
        "-rw-r--r-- 1 a b 5 Jan 1 2025 ../../etc/passwd\r\n"
        "drwxr-xr-x 1 a b 5 Jan 1 2025 ..\r\n");
    data->close();
    say("226 done\r\n");
    ASSERT_TRUE(task.done());
    const auto entries = task.result();
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_EQ(entries->front().name, "a");
    EXPECT_THAT(client_.left_out(), testing::ElementsAre("../../etc/passwd"));
}

// What a client hears of a folder, however it is cut.
class FolderTest : public ClientTest {
  protected:
    // A server that knows MLSD, or one that does not.
    base::Result<std::vector<RemoteEntry>> list(std::string_view command,
                                                const std::vector<std::string>& pieces) {
        if (command == "MLSD") {
            log_in();
        } else {
            connect();
        }
        auto task = client_.list("");
        task.start();
        auto data = serve_passive();
        EXPECT_EQ(heard(), std::string(command) + "\r\n");
        say("150 here\r\n");
        for (const std::string& piece : pieces) {
            data->push(piece);
            loop_.run_ready();
        }
        data->close();
        say("226 done\r\n");
        EXPECT_TRUE(task.done());
        return task.result();
    }
};

TEST_F(FolderTest, OfFactsIsTheSameHoweverItIsCut) {
    const auto entries =
        list("MLSD",
             {"type=cdir; .\r\ntype=fi", "le;size=5; a\r", "\ntype=file; ../b\r\n", "type=dir; c"});
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ(entries->at(0).name, "a");
    EXPECT_EQ(entries->at(0).size, 5U);
    EXPECT_EQ(entries->at(1).name, "c");
}

TEST_F(FolderTest, OfLinesIsTheSameHoweverItIsCut) {
    const auto entries = list("LIST",
                              {"total 2\r\n-rw-r--r-- 1 a b 5 Jan 1 20",
                               "25 a\r",
                               "\nA_NAME_THAT_IS_LONG.TXT;12\r\n     3/3  ",
                               "   21-NOV-2024 13:40:05\r\ndrwxr-xr-x 1 a b 5 Jan 1 2025 c"});
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 3U);
    EXPECT_EQ(entries->at(0).name, "a");
    EXPECT_EQ(entries->at(1).name, "a_name_that_is_long.txt");
    EXPECT_EQ(entries->at(2).name, "c");
}

// Its text is never whole in memory, so no line may be without end.
TEST_F(FolderTest, OfFactsEndsAtALineWithoutEnd) {
    const auto entries = list("MLSD", std::vector<std::string>(100, std::string(1000, 'x')));
    ASSERT_FALSE(entries);
    EXPECT_EQ(entries.error().code, Errc::kTooLong);
}

TEST_F(FolderTest, OfLinesEndsAtALineWithoutEnd) {
    const auto entries = list("LIST", std::vector<std::string>(100, std::string(1000, 'x')));
    ASSERT_FALSE(entries);
    EXPECT_EQ(entries.error().code, Errc::kTooLong);
}

class HiddenTest : public ClientTest {
  protected:
    HiddenTest() {
        connect();
        client_.options().list_hidden = true;
    }

    // A listing, or nothing of that name.
    void answer(std::string_view command, std::string_view listing) {
        auto data = serve_passive();
        EXPECT_EQ(heard(), command);
        say(listing.empty() ? "550 no such file\r\n" : "150 here\r\n");
        if (!listing.empty()) {
            data->push(listing);
            data->close();
            say("226 done\r\n");
        }
    }
};

TEST_F(HiddenTest, IsListedWhereTheServerUnderstands) {
    // A folder that is not there tells nothing.
    auto absent = client_.list("x");
    absent.start();
    answer("LIST -a x\r\n", "");
    answer("LIST x\r\n", "");
    ASSERT_TRUE(ended(absent));
    EXPECT_EQ(absent.result().error().code, Errc::kNotFound);
    for (int i = 0; i < 2; ++i) {
        auto task = client_.list("-x");
        task.start();
        answer("LIST -a ./-x\r\n",
               "drwxr-xr-x 1 a b 5 Jan 1 2025 .\r\n"
               "-rw-r--r-- 1 a b 5 Jan 1 2025 .a\r\n");
        ASSERT_TRUE(ended(task));
        const auto entries = task.result();
        ASSERT_EQ(entries->size(), 1U);
        EXPECT_EQ(entries->at(0).name, ".a");
    }
}

// pure-ftpd parts "b c" at the space, and takes "*" for a pattern.
TEST_F(HiddenTest, IsListedFromInsideWhereLsWouldMisread) {
    auto task = client_.list("b c");
    task.start();
    EXPECT_EQ(heard(), "PWD\r\n");
    say("257 \"/a\" is here\r\n");
    EXPECT_EQ(heard(), "CWD b c\r\n");
    say("250 there\r\n");
    answer("LIST -a\r\n", "total 0\r\n");
    answer("LIST\r\n", "-rw-r--r-- 1 a b 5 Jan 1 2025 d\r\n");
    EXPECT_EQ(heard(), "CWD /a\r\n");
    say("250 back\r\n");
    ASSERT_TRUE(ended(task));
    EXPECT_EQ(task.result()->size(), 1U);
}

TEST_F(HiddenTest, IsNotAskedForTwiceWhereMinusAIsAName) {
    for (const bool first : {true, false}) {
        auto task = client_.list("");
        task.start();
        if (first) {
            answer("LIST -a\r\n", "");
        }
        answer("LIST\r\n", "-rw-r--r-- 1 a b 5 Jan 1 2025 a\r\n");
        ASSERT_TRUE(ended(task));
        const auto entries = task.result();
        ASSERT_EQ(entries->size(), 1U);
        EXPECT_EQ(entries->at(0).name, "a");
    }
}

}  // namespace
}  // namespace ftp
