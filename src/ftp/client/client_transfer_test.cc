// Files: whole, in parts, at a rate, aborted.
#include <gtest/gtest.h>

#include "fakes/played_ftp_server.h"
#include "ftp/client/client.h"
#include "ftp/grammar/content.h"

namespace ftp {
namespace {

using base::Errc;

// Some octets, and then the disk fails.
class BrokenSource final : public ByteSource {
  public:
    base::Result<std::size_t> read(std::span<char> room) override {
        if (std::exchange(read_, true)) {
            return base::fail(Errc::kIo, "the disk failed");
        }
        room[0] = 'x';
        return 1;
    }

  private:
    bool read_ = false;
};

class ClientTransferTest : public PlayedServerTest {
  protected:
    // As a server that cuts the transfer does, once it has heard ABOR.
    void come_into_step() {
        say("426 aborted\r\n");
        EXPECT_EQ(heard(), "NOOP\r\n");
        say("226 ABOR done\r\n200 ok\r\n");
    }

    // Rather than ended in good order.
    bool was_reset(net::PipeStream& data) {
        loop_.run_ready();
        auto receiving = data.receive(base::SteadyTime::max());
        receiving.start();
        return receiving.done() && !receiving.result().has_value() && data.ended();
    }
};

// RFC 959 3.4.2: who has seen the mark of the end has it all.
TEST_F(ClientTransferTest, WaitsForNoEndOfAConnectionThatMayStay) {
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

// RFC 1951 and RFC 1950 mark their end, and no file has two: what comes behind is no part of it, in one piece or two.
TEST_F(ClientTransferTest, TakesNothingBehindTheStreamOfModeZ) {
    connect();
    auto choosing = client_.set_mode(Mode::kDeflate);
    choosing.start();
    static_cast<void>(heard());
    say("200 ok\r\n");
    std::string stream;
    ContentEncoder encoder({.mode = Mode::kDeflate});
    encoder.feed("one", stream);
    encoder.finish(stream);
    const auto fetch = [&](const std::vector<std::string>& pieces) {
        TextSink sink;
        auto fetching = client_.retrieve("x", {}, sink);
        fetching.start();
        const auto data = serve_passive();
        static_cast<void>(heard());
        send_all(*data, pieces);
        EXPECT_TRUE(ended(fetching));
        return fetching.result();
    };
    EXPECT_TRUE(fetch({stream}));
    for (const auto& fetched : {fetch({stream + "TRAILING"}), fetch({stream, "TRAILING"})}) {
        ASSERT_FALSE(fetched);
        EXPECT_EQ(fetched.error().code, Errc::kSyntax);
    }
}

// RFC 959 5.3.1 has A as the default, and servers exist that have another: who wants A says so, once.
TEST_F(ClientTransferTest, SaysATypeThatItHasNotSaid) {
    connect();
    const auto choose = [this](Type type) {
        auto choosing = client_.set_type(type);
        choosing.start();
        std::string said = heard();
        if (!said.empty()) {
            say("200 ok\r\n");
        }
        EXPECT_TRUE(choosing.done());
        return said;
    };
    EXPECT_EQ(choose(Type::kAscii), "TYPE A N\r\n");
    EXPECT_EQ(choose(Type::kAscii), "");
    EXPECT_EQ(choose(Type::kImage), "TYPE I\r\n");
    EXPECT_EQ(choose(Type::kImage), "");
    // What somebody says by hand is not looked into: it is said again.
    for (const std::string_view line : {"type a", "REIN"}) {
        auto typed = client_.command(std::string(line));
        typed.start();
        EXPECT_EQ(heard(), std::string(line) + "\r\n");
        say("200 ok\r\n");
        ASSERT_TRUE(typed.done());
        EXPECT_EQ(choose(Type::kImage), "TYPE I\r\n") << line;
    }
}

TEST_F(ClientTransferTest, FetchesAFile) {
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

TEST_F(ClientTransferTest, BelievesTheServerThatAFileIsNotWhole) {
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

TEST_F(ClientTransferTest, StaysInStepWhenAFileIsRefused) {
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

TEST_F(ClientTransferTest, KeepsASinksFailure) {
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

TEST_F(ClientTransferTest, TakesASegmentAndLeavesTheRest) {
    connect();
    TextSink sink;
    const auto fetch = fetch_three(sink);
    say("426 cut\r\n");
    ASSERT_TRUE(fetch.task.done());
    EXPECT_EQ(fetch.task.result().value(), 3U);
    EXPECT_EQ(sink.text, "hel");
}

// As pure-ftpd does when it is cut at the wrong moment.
TEST_F(ClientTransferTest, TakesASegmentFromAServerThatNeverSaysItsEnd) {
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

TEST_F(ClientTransferTest, LeavesAServerThatSaysNothingOfACut) {
    connect();
    TextSink sink;
    const auto fetch = fetch_three(sink);
    EXPECT_FALSE(fetch.task.done());
    EXPECT_TRUE(loop_.run_until([&] { return fetch.task.done(); }, std::chrono::seconds(6)));
    EXPECT_EQ(fetch.task.result().value(), 3U);
    EXPECT_FALSE(client_.is_connected());
}

// draft-bryan-ftp-range: a server that knows RANG ends by itself, and is not cut off.
TEST_F(ClientTransferTest, NamesTheSegmentToWhoKnowsRanges) {
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

TEST_F(ClientTransferTest, RestartsWhereARangeIsRefused) {
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

TEST_F(ClientTransferTest, TellsWhyTheServerCutTheFile) {
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

TEST_F(ClientTransferTest, SendsAFileInTypeAscii) {
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
TEST_F(ClientTransferTest, ConnectsToTheServerWhateverPasvSays) {
    client_.options().extended = false;
    connect();
    static_cast<void>(network_.host(at(1025)));
    auto task = client_.list("");
    task.start();
    EXPECT_EQ(heard(), "PASV\r\n");
    say("227 Entering (10,0,0,1,4,1)\r\n");
    EXPECT_EQ(network_.attempts().back().substr(0, 15), "192.0.2.21:1025");
}

TEST_F(ClientTransferTest, FallsBackToPasvForGood) {
    connect();
    static_cast<void>(network_.host(at(1025)));
    auto task = client_.list("");
    task.start();
    EXPECT_EQ(heard(), "EPSV\r\n");
    say("500 what?\r\n");
    EXPECT_EQ(heard(), "PASV\r\n");
    EXPECT_FALSE(client_.options().extended);
}

TEST_F(ClientTransferTest, LimitsTheRate) {
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

TEST_F(ClientTransferTest, SharesARate) {
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

TEST_F(ClientTransferTest, AbortsAndStaysInStep) {
    connect();
    TextSink sink;
    auto task = client_.retrieve("x", {}, sink);
    task.start();
    auto data = serve_passive();
    say("150 here\r\n");
    static_cast<void>(heard());
    client_.abort();
    EXPECT_EQ(heard(), "ABOR\r\n");
    come_into_step();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kReset);
    EXPECT_TRUE(client_.is_connected());
}

// What ends in good order is whole to a server: an upload that is ended here before its end must not.
TEST_F(ClientTransferTest, AnUploadThatIsAbortedNeverLooksWhole) {
    connect();
    const std::string large(1'000'000, 'x');
    TextSource source(large);
    auto task = client_.store("STOR", "x", {}, source);
    task.start();
    auto data = serve_passive();
    say("150 come\r\n");
    static_cast<void>(heard());
    ASSERT_FALSE(task.done());
    client_.abort();
    client_.abort();  // whoever asks does so until it has ended
    EXPECT_EQ(heard(), "ABOR\r\n");
    EXPECT_TRUE(was_reset(*data));
    come_into_step();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kReset);
    EXPECT_TRUE(client_.is_connected());
}

TEST_F(ClientTransferTest, AnUploadWhoseSourceFailsNeverLooksWhole) {
    connect();
    BrokenSource source;
    auto task = client_.store("STOR", "x", {}, source);
    task.start();
    auto data = serve_passive();
    say("150 come\r\n");
    EXPECT_EQ(heard(), "STOR x\r\nABOR\r\n");
    EXPECT_TRUE(was_reset(*data));
    come_into_step();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kIo);
    EXPECT_TRUE(client_.is_connected());
}

TEST_F(ClientTransferTest, AnUploadThatIsHungUpOrForgottenNeverLooksWhole) {
    connect();
    const std::string large(1'000'000, 'x');
    {
        TextSource source(large);
        auto task = client_.store("STOR", "x", {}, source);
        task.start();
        auto data = serve_passive();
        say("150 come\r\n");
        client_.hang_up();
        EXPECT_TRUE(was_reset(*data));
        ASSERT_TRUE(ended(task));
        control_.reset();
    }
    connect();
    std::unique_ptr<net::PipeStream> data;
    {
        TextSource source(large);
        auto task = client_.store("STOR", "x", {}, source);
        task.start();
        data = serve_passive();
        say("150 come\r\n");
    }
    EXPECT_TRUE(was_reset(*data));
}

// A peer that takes nothing any more: what it has is not the file.
TEST_F(ClientTransferTest, AnUploadThatStallsNeverLooksWhole) {
    connect();
    const std::string large(1'000'000, 'x');
    TextSource source(large);
    auto task = client_.store("STOR", "x", {}, source);
    task.start();
    auto data = serve_passive();
    say("150 come\r\n");
    static_cast<void>(heard());
    EXPECT_FALSE(loop_.run_until([&task] { return task.done(); }, std::chrono::seconds(61)));
    EXPECT_EQ(heard(), "ABOR\r\n");
    EXPECT_TRUE(was_reset(*data));
    EXPECT_TRUE(loop_.run_until([&task] { return task.done(); }, std::chrono::seconds(6)));
    EXPECT_EQ(task.result().error().code, Errc::kTimeout);
    EXPECT_FALSE(client_.is_connected());  // it says nothing either
}

// A bound of an octet a second takes more than a day for the first piece of a large file.
TEST_F(ClientTransferTest, AbortsWhileItWaitsForTheRate) {
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

TEST_F(ClientTransferTest, HangsUpWhileItWaitsForTheRate) {
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

}  // namespace
}  // namespace ftp
