// A client and the server that a test plays for it, line by line.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fakes/fake_loop.h"
#include "fakes/fake_network.h"
#include "ftp/client/client.h"

namespace ftp {

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
            return base::fail(base::Errc::kNoSpace, "no room");
        }
        text += octets;
        return {};
    }

    std::string text;
    bool refuse = false;
};

// A server that a test plays line by line.
class PlayedServerTest : public testing::Test {
  protected:
    PlayedServerTest() : client_(network_, loop_, options()) {}

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

    // A transfer to the client, from 150 to 226.
    void send_all(net::PipeStream& data, const std::vector<std::string>& pieces) {
        say("150 here\r\n");
        for (const std::string& piece : pieces) {
            data.push(piece);
            loop_.run_ready();
        }
        data.close();
        say("226 done\r\n");
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

}  // namespace ftp
