// DeflateStream over an in-memory pipe, its input whole and an octet at a time.
#include "net/deflate_stream.h"

#include <gtest/gtest.h>

#include <utility>

#include "fakes/fake_loop.h"
#include "net/pipe.h"

namespace net {
namespace {

using base::Deflater;
using base::Errc;
using namespace std::chrono_literals;

class DeflateStreamTest : public testing::TestWithParam<std::size_t> {
  protected:
    DeflateStreamTest() {
        PipeOptions options;
        options.receive_octets_max = GetParam();
        std::tie(server_, client_) = make_pipe(loop_, std::move(options));
        stream_.emplace(*server_);
    }

    template <class T>
    T finish(const base::Task<T>& task) {
        task.start();
        EXPECT_TRUE(loop_.run_until([&] { return task.done(); }));
        return task.result();
    }

    [[nodiscard]] base::SteadyTime soon() const { return clock_.steady() + 1min; }

    void send(std::string_view text, Deflater::Flush flush = Deflater::Flush::kSync) {
        std::string wire;
        deflater_.feed(text, flush, wire);
        client_->push(wire);
    }

    // `octets` of what comes, or less when it ends with an error.
    std::string receive(std::size_t octets) {
        std::string text;
        while (text.size() < octets) {
            const auto view = finish(stream_->receive(soon()));
            if (!view) {
                return text + "!" + std::string(base::errc_name(view.error().code));
            }
            text += *view;
        }
        return text;
    }

    // What the client can read of all that was written.
    std::string client_reads() {
        std::string wire = client_->take();
        std::string text;
        std::string piece(65536, '\0');
        while (true) {
            const auto done = inflater_.step(wire, piece);
            EXPECT_TRUE(done.has_value());
            if (!done || done->taken + done->made == 0) {
                return text;
            }
            wire.erase(0, done->taken);
            text.append(piece, 0, done->made);
        }
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    std::unique_ptr<PipeStream> server_;
    std::unique_ptr<PipeStream> client_;
    std::optional<DeflateStream> stream_;
    Deflater deflater_{base::DeflateForm::kRaw, 6};
    base::Inflater inflater_{base::DeflateForm::kRaw};
};

TEST_P(DeflateStreamTest, EachSideReadsWhatTheOtherOneFlushed) {
    for (int i = 0; i < 20; ++i) {
        const std::string command = "a" + std::to_string(i) + " NOOP\r\n";
        send(command);
        EXPECT_EQ(receive(command.size()), command);
        const std::string answer = "a" + std::to_string(i) + " OK done\r\n";
        ASSERT_TRUE(finish(stream_->write(answer, soon())).has_value());
        EXPECT_EQ(client_reads(), answer);
    }
}

TEST_P(DeflateStreamTest, LargeOctetsPassBothWays) {
    std::string text;
    for (int i = 0; text.size() < 100'000; ++i) {
        text += std::to_string(i * 7919) + ";";
    }
    send(text);
    EXPECT_EQ(receive(text.size()), text);
    ASSERT_TRUE(finish(stream_->write(text, soon())).has_value());
    EXPECT_EQ(client_reads(), text);
    ASSERT_TRUE(finish(stream_->write("done\r\n", soon())).has_value());
    EXPECT_EQ(client_reads(), "done\r\n");
}

TEST_P(DeflateStreamTest, SaysWhatIsNotCompressed) {
    client_->push("a1 NOOP\r\n a2 NOOP\r\n");
    EXPECT_EQ(receive(1), "!syntax");
}

TEST_P(DeflateStreamTest, TheEndOfTheStreamIsTheEnd) {
    send("bye\r\n", Deflater::Flush::kEnd);
    EXPECT_EQ(receive(6), "bye\r\n!eof");
}

TEST_P(DeflateStreamTest, EndsWhereThePeerSpeaksInClearAgain) {
    for (const auto flush : {Deflater::Flush::kSync, Deflater::Flush::kEnd}) {
        send("b UNAUTHENTICATE\r\n", flush);
        client_->push("c LOGIN a b\r\n");
        EXPECT_EQ(receive(18), "b UNAUTHENTICATE\r\n");
        auto rest = finish(stream_->end(soon()));
        ASSERT_TRUE(rest.has_value());
        while (rest->size() < 13) {
            const auto more = finish(server_->receive(soon()));
            ASSERT_TRUE(more.has_value());
            *rest += *more;
        }
        EXPECT_EQ(*rest, "c LOGIN a b\r\n");
        deflater_.resume("");
        stream_.emplace(*server_);
    }
}

INSTANTIATE_TEST_SUITE_P(Pieces, DeflateStreamTest, testing::Values(16384, 1));

}  // namespace
}  // namespace net
