// Tests of LineStream over an in-memory pipe, each input whole and an octet at a time.
#include "net/line_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "fakes/fake_loop.h"
#include "net/pipe.h"

namespace net {
namespace {

using base::Errc;
using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr std::size_t kLineMax = 16;

class LineStreamTest : public testing::TestWithParam<std::size_t> {
  protected:
    LineStreamTest() { connect({}); }

    void connect(PipeOptions options) {
        options.receive_octets_max = GetParam();
        std::tie(server_, client_) = make_pipe(loop_, std::move(options));
        lines_.emplace(*server_);
    }

    template <class T>
    T finish(const base::Task<T>& task) {
        task.start();
        EXPECT_TRUE(loop_.run_until([&] { return task.done(); }));
        return task.result();
    }

    [[nodiscard]] base::SteadyTime in(base::Duration span) const { return clock_.steady() + span; }

    // "text" for CRLF, "text\n" for a bare LF, "!too-long" ... for an error.
    std::string read_line() {
        const auto line = finish(lines_->read_line(kLineMax, in(1min)));
        if (!line) {
            return "!" + std::string(base::errc_name(line.error().code));
        }
        return std::string(line->text) + (line->crlf ? "" : "\n");
    }

    // Every line until the end of input or a failure, which is the last element.
    std::vector<std::string> read_lines() {
        std::vector<std::string> lines;
        do {
            lines.push_back(read_line());
        } while (!lines.back().starts_with('!') || lines.back() == "!too-long");
        return lines;
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    std::unique_ptr<PipeStream> server_;
    std::unique_ptr<PipeStream> client_;
    std::optional<LineStream> lines_;
};

TEST_P(LineStreamTest, ReadsPipelinedLines) {
    client_->push("EHLO a\r\nRSET\r\n\r\nQUIT\r\n");
    client_->end_writing();
    EXPECT_THAT(read_lines(), ElementsAre("EHLO a", "RSET", "", "QUIT", "!eof"));
}

TEST_P(LineStreamTest, TellsBareLineFeeds) {
    client_->push("a\nb\r\n\nc\rd\r\n");
    client_->end_writing();
    EXPECT_THAT(read_lines(), ElementsAre("a\n", "b", "\n", "c\rd", "!eof"));
}

TEST_P(LineStreamTest, BoundsLinesWithTheirEnd) {
    client_->push("12345678901234\r\n123456789012345\r\n123456789012345\nshort\r\n");
    client_->end_writing();
    EXPECT_THAT(read_lines(),
                ElementsAre("12345678901234", "!too-long", "123456789012345\n", "short", "!eof"));
}

TEST_P(LineStreamTest, DropsHugeLinesAndGoesOn) {
    client_->push("NOOP\r\n" + std::string(100'000, 'x') + "\r\nNOOP\r\n");
    client_->end_writing();
    EXPECT_THAT(read_lines(), ElementsAre("NOOP", "!too-long", "NOOP", "!eof"));
}

TEST_P(LineStreamTest, AHugeLineThatNeverEndsIsTheEnd) {
    client_->push(std::string(100'000, 'x'));
    client_->end_writing();
    EXPECT_EQ(read_line(), "!eof");
}

TEST_P(LineStreamTest, KeepsInputOverASuspensionElsewhere) {
    client_->push("one\r\ntwo\r\nthr");
    EXPECT_EQ(read_line(), "one");
    // Another session of this thread reads.
    auto [other_server, other_client] = make_pipe(loop_);
    other_client->push(std::string(1000, '#'));
    ASSERT_TRUE(finish(other_server->receive(in(1min))));
    client_->push("ee\r\n");
    EXPECT_EQ(read_line(), "two");
    EXPECT_EQ(read_line(), "three");
}

TEST_P(LineStreamTest, ADeadlineIsForTheWholeLine) {
    const base::SteadyTime deadline = in(10s);
    const auto task = lines_->read_line(kLineMax, deadline);
    task.start();
    for (int i = 0; i < 9; ++i) {
        client_->push("x");
        loop_.run_for(1s);
        EXPECT_FALSE(task.done());
    }
    EXPECT_TRUE(loop_.run_until([&] { return task.done(); }));
    EXPECT_EQ(task.result().error().code, Errc::kTimeout);
    EXPECT_EQ(clock_.steady(), deadline);
}

TEST_P(LineStreamTest, ClosingHereEndsTheWait) {
    const auto task = lines_->read_line(kLineMax, in(10min));
    task.start();
    server_->close();
    EXPECT_FALSE(task.done()) << "the caller of close() must not be re-entered";
    loop_.run_ready();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kReset);
    EXPECT_EQ(read_line(), "!reset");
}

TEST_P(LineStreamTest, APeerThatResetsEndsTheWait) {
    const auto task = lines_->read_line(kLineMax, in(10min));
    task.start();
    client_->reset();
    loop_.run_ready();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kReset);
}

TEST_P(LineStreamTest, AnInterruptEndsOneWaitAfterAllInput) {
    const auto task = lines_->read_line(kLineMax, in(10min));
    task.start();
    client_->push("par");
    loop_.run_ready();
    server_->interrupt();
    loop_.run_ready();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kUnavailable);
    client_->push("tial\r\nnext\r\n");
    EXPECT_EQ(read_line(), "partial");
    server_->interrupt();
    EXPECT_EQ(read_line(), "next");
    EXPECT_EQ(read_line(), "!unavailable");
    client_->end_writing();
    EXPECT_EQ(read_line(), "!eof");
}

// What woke or timed out amid a line does not make its rest a line.
TEST_P(LineStreamTest, ALongLineStaysOneWhateverEndsTheWait) {
    client_->push(std::string(100, 'x'));
    loop_.run_ready();
    server_->wake();
    EXPECT_EQ(read_line(), "!unavailable");
    client_->push(std::string(100, 'y'));
    EXPECT_EQ(read_line(), "!timeout");
    client_->push("DELETE all\r\nNOOP\r\n");
    EXPECT_EQ(read_line(), "!too-long");
    EXPECT_TRUE(lines_->long_line_begin().starts_with('x'));
    EXPECT_TRUE(lines_->long_line_end().ends_with("yDELETE all"));
    EXPECT_EQ(read_line(), "NOOP");
}

// Even where a longer line may be said by then, as behind a login.
TEST_P(LineStreamTest, ALongLineStaysTooLongForALargerBound) {
    client_->push(std::string(20, 'x'));
    server_->wake();
    EXPECT_EQ(read_line(), "!unavailable");
    client_->push("\r\nNOOP\r\n");
    const auto line = finish(lines_->read_line(1000, in(1min)));
    EXPECT_EQ(line.error().code, Errc::kTooLong);
    EXPECT_EQ(read_line(), "NOOP");
}

TEST_P(LineStreamTest, ADestroyedWaitLeavesNothingBehind) {
    {
        const auto task = lines_->read_line(kLineMax, in(10min));
        task.start();
        client_->push("x");  // its wake-up is posted when the task goes
    }
    loop_.run_ready();
    EXPECT_TRUE(loop_.idle());
}

TEST_P(LineStreamTest, OutputLeavesBeforeAWaitInOneWrite) {
    std::vector<std::string> written;
    lines_->watch([&](char side, std::string_view octets) {
        if (side == 'S') {
            written.emplace_back(octets);
        }
    });
    client_->push("A\r\nB\r\n");
    EXPECT_EQ(read_line(), "A");
    lines_->put("250 a\r\n");
    EXPECT_EQ(read_line(), "B");
    lines_->put("250 b\r\n");
    const auto task = lines_->read_line(kLineMax, in(1min));
    task.start();
    EXPECT_EQ(client_->take(), "250 a\r\n250 b\r\n");
    if (GetParam() > 1) {
        EXPECT_THAT(written, ElementsAre("250 a\r\n250 b\r\n"));
    }
}

TEST_P(LineStreamTest, APeerThatNeverReadsTimesOut) {
    connect({.buffer_octets = 1000});
    client_->push("RETR 1\r\nRETR 1\r\n");
    EXPECT_EQ(read_line(), "RETR 1");
    lines_->put(std::string(70'000, 'x'));
    EXPECT_TRUE(lines_->full());
    const base::SteadyTime start = clock_.steady();
    EXPECT_EQ(read_line(), "!timeout");
    EXPECT_EQ(clock_.steady(), start + 1min);
    EXPECT_EQ(client_->take().size(), 1000);
}

TEST_P(LineStreamTest, APeerThatReadsSlowlyGetsEverything) {
    connect({.buffer_octets = 1000});
    const std::string octets(20'000, 'x');
    const auto task = server_->write(octets, in(1min));
    task.start();
    std::string got;
    while (!task.done()) {
        loop_.run_for(50s);
        got += client_->take();
    }
    EXPECT_TRUE(task.result());
    EXPECT_EQ(got + client_->take(), octets);
}

TEST_P(LineStreamTest, PeeksAndConsumesChunks) {
    client_->push("BDAT 6 LAST\r\nab\r\ncdQUIT\r\n");
    EXPECT_EQ(read_line(), "BDAT 6 LAST");
    std::string chunk;
    while (chunk.size() < 6) {
        const auto octets = finish(lines_->peek(in(1min)));
        ASSERT_TRUE(octets);
        const std::string_view part = octets->substr(0, 6 - chunk.size());
        chunk += part;
        lines_->consume(part.size());
    }
    EXPECT_EQ(chunk, "ab\r\ncd");
    EXPECT_EQ(read_line(), "QUIT");
}

TEST_P(LineStreamTest, ConsumingTooMuchIsOurBug) {
    client_->push("abc");
    ASSERT_TRUE(finish(lines_->peek(in(1min))));
    EXPECT_THROW(lines_->consume(4), base::CheckFailed);
}

TEST_P(LineStreamTest, StartTlsDropsWhatWasInjected) {
    client_->push("STARTTLS\r\nMAIL FROM:<evil@x.example>\r\n");
    EXPECT_EQ(read_line(), "STARTTLS");
    lines_->put("220 2.0.0 Go ahead\r\n");
    ASSERT_TRUE(finish(lines_->start_tls(in(1min))));
    ASSERT_NE(server_->tls(), nullptr);
    EXPECT_EQ(server_->tls()->version, "TLSv1.3");
    EXPECT_EQ(client_->take(), "220 2.0.0 Go ahead\r\n");
    client_->push("EHLO again\r\n");
    EXPECT_EQ(read_line(), "EHLO again");
    EXPECT_EQ(finish(lines_->start_tls(in(1min))).error().code, Errc::kUnsupported);
}

TEST_P(LineStreamTest, TheWatcherSeesLinesButNoSecrets) {
    std::vector<std::string> seen;
    lines_->watch([&](char side, std::string_view octets) {
        seen.push_back(std::string(1, side) + ": " + std::string(octets));
    });
    client_->push("AUTH LOGIN\r\nc2VjcmV0\r\nQUIT\r\n");
    EXPECT_EQ(read_line(), "AUTH LOGIN");
    lines_->conceal_next_line();
    EXPECT_EQ(read_line(), "c2VjcmV0");
    EXPECT_EQ(read_line(), "QUIT");
    EXPECT_THAT(seen, ElementsAre("C: AUTH LOGIN\r\n", "C: *** (10 octets)\r\n", "C: QUIT\r\n"));
}

TEST_P(LineStreamTest, LatencyIsVirtualTime) {
    connect({.latency = 100ms});
    const base::SteadyTime start = clock_.steady();
    client_->push("NOOP\r\n");
    EXPECT_EQ(read_line(), "NOOP");
    EXPECT_EQ(clock_.steady(), start + 100ms);
    client_->close();
    EXPECT_EQ(read_line(), "!eof");
    EXPECT_EQ(clock_.steady(), start + 200ms);
}

INSTANTIATE_TEST_SUITE_P(OctetsPerReceive, LineStreamTest, testing::Values(1, 7, 16 * 1024));

TEST(EndpointTest, Prints) {
    EXPECT_EQ((Endpoint{"192.0.2.1", 25, ""}).to_string(), "192.0.2.1:25");
    EXPECT_EQ((Endpoint{"2001:db8::1", 25, ""}).to_string(), "[2001:db8::1]:25");
    EXPECT_EQ((Endpoint{"", 0, "/run/x"}).to_string(), "unix:/run/x");
}

TEST(EndpointTest, KnowsLoopback) {
    EXPECT_TRUE((Endpoint{"127.0.0.53", 25, ""}).is_loopback());
    EXPECT_TRUE((Endpoint{"::1", 25, ""}).is_loopback());
    EXPECT_TRUE((Endpoint{"", 0, "/run/x"}).is_loopback());
    EXPECT_FALSE((Endpoint{"192.0.2.127", 25, ""}).is_loopback());
    EXPECT_FALSE((Endpoint{"1270::1", 25, ""}).is_loopback());
}

}  // namespace
}  // namespace net
