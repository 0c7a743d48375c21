// What takes long without a data connection, and who is still there to hear of it: HASH, SITE COPY and COMB end with their
// client, with the server, and with the account.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/task.h"
#include "fakes/world.h"
#include "net/pipe.h"
#include "transcripts/ftp_house.h"

namespace transcripts {
namespace {

constexpr const char* kUser = "bob@hamburger.example";

class FtpSessionTest : public testing::Test {
  protected:
    FtpSessionTest() {
        world_.add_domain("hamburger.example");
        world_.add_user(kUser, "onion");
        house_.put_file(kUser, "/big", std::string(std::size_t{20} << 20U, 'a'));
        connect(net::PipeOptions().receive_octets_max);
    }

    ~FtpSessionTest() override {
        client_->close();
        run();
        EXPECT_EQ(sessions_, 0);
    }

    // Logged in, on a connection that gives the server so much at once.
    void connect(std::size_t receive_octets_max) {
        net::PipeOptions pipe;
        pipe.client.address = "127.0.0.1";
        pipe.receive_octets_max = receive_octets_max;
        auto [server, client] = net::make_pipe(world_.loop, pipe);
        server_ = server.get();
        client_ = std::move(client);
        ++sessions_;
        base::spawn(house_.serve(std::move(server)),
                    [this](const std::exception_ptr& thrown) { sessions_ -= thrown ? 0 : 1; });
        const std::string said = say("USER bob@hamburger.example\r\nPASS onion\r\n");
        EXPECT_NE(said.find("\r\n230 "), std::string::npos) << said;
    }

    void run() { world_.loop.run_for(std::chrono::seconds(2)); }

    std::string say(std::string_view lines) {
        client_->push(lines);
        run();
        return client_->take();
    }

    fakes::World world_;
    FtpHouse house_{world_};
    net::PipeStream* server_ = nullptr;
    std::unique_ptr<net::PipeStream> client_;
    int sessions_ = 0;
};

class FtpLongWorkTest : public FtpSessionTest, public testing::WithParamInterface<const char*> {
  protected:
    // Whether the command succeeded, also where nobody is there to be told.
    bool succeeded() {
        const std::string command = GetParam();
        return world_.metrics
                   .counter("staffetta_commands_total",
                            "Commands by verb and result",
                            {{"protocol", "ftp"},
                             {"verb", command.substr(0, command.find(' '))},
                             {"result", "ok"}})
                   .value() == 1;
    }
};

TEST_P(FtpLongWorkTest, GoesOnWhileItsClientIsThere) {
    const std::string said = say(GetParam() + std::string("\r\n"));
    EXPECT_TRUE(said.starts_with('2')) << said;
}

TEST_P(FtpLongWorkTest, EndsWithTheServer) {
    server_->interrupt();
    const std::string said = say(GetParam() + std::string("\r\n"));
    EXPECT_TRUE(said.starts_with("450 ")) << said;
    EXPECT_NE(said.find("\r\n421 "), std::string::npos) << said;
    EXPECT_EQ(house_.file(kUser, "/whole"), std::nullopt);
}

TEST_P(FtpLongWorkTest, EndsWithItsClient) {
    client_->push(GetParam() + std::string("\r\n"));
    client_->close();
    run();
    EXPECT_FALSE(succeeded());
    EXPECT_EQ(house_.file(kUser, "/whole"), std::nullopt);
}

// "printf '...\\r\\nQUIT\\r\\n' | nc": the answers are waited for.
TEST_P(FtpLongWorkTest, GoesOnForWhoHasSaidGoodbye) {
    client_->push(GetParam() + std::string("\r\nQUIT\r\n"));
    client_->close();
    run();
    EXPECT_TRUE(succeeded());
}

// The same where QUIT has come and nobody has read it.
TEST_P(FtpLongWorkTest, GoesOnForWhoSaysGoodbyeMeanwhile) {
    const std::string command = GetParam() + std::string("\r\n");
    client_->close();
    connect(command.size());
    client_->push(command + "QUIT\r\n");
    client_->close();
    run();
    EXPECT_TRUE(succeeded());
}

TEST_F(FtpSessionTest, RetrEndsWithTheRightToRead) {
    constexpr std::size_t kOctets = std::size_t{4} << 20U;
    house_.grant("team", "everyone", "all", "/");
    house_.put_file(kUser, "/team/big", std::string(kOctets, 'a'));
    for (const char* const mode : {"MODE S\r\n", "MODE B\r\n"}) {
        auto& arrived = house_.network().host({"127.0.0.1", 5001, ""}).arrived;
        static_cast<void>(say(mode));
        const std::string began = say("TYPE I\r\nPORT 127,0,0,1,19,137\r\nRETR team/big\r\n");
        EXPECT_NE(began.find("\r\n150 "), std::string::npos) << began;
        ASSERT_EQ(arrived.size(), 1U);
        const auto data = std::move(arrived.front());
        arrived.clear();
        house_.grant("team", "everyone", "list", "/");
        std::size_t octets = 0;
        for (std::string more; !(more = data->take()).empty(); run()) {
            octets += more.size();
        }
        EXPECT_LT(octets, kOctets);
        const std::string said = say("NOOP\r\n");
        EXPECT_TRUE(said.starts_with("451 ")) << said;
        house_.grant("team", "everyone", "all", "/");
    }
}

INSTANTIATE_TEST_SUITE_P(All,
                         FtpLongWorkTest,
                         testing::Values("HASH big", "SITE COPY big whole", "COMB whole big"));

}  // namespace
}  // namespace transcripts
