// A disk that fails amid a transfer: the client hears whose fault it is, and the log of the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "fakes/world.h"
#include "net/pipe.h"
#include "transcripts/ftp_house.h"

namespace transcripts {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kUser = "bob@hamburger.example";

class FtpDiskTest : public testing::Test {
  protected:
    FtpDiskTest() {
        world_.add_domain("hamburger.example");
        world_.add_user(kUser, "onion");
        house_.put_file(kUser, "/a", "abc");
        net::PipeOptions pipe;
        pipe.client.address = "127.0.0.1";
        auto [server, client] = net::make_pipe(world_.loop, pipe);
        client_ = std::move(client);
        base::spawn(house_.serve(std::move(server)),
                    [this](const std::exception_ptr& thrown) { ended_ = !thrown; });
        EXPECT_THAT(say("USER bob@hamburger.example\r\nPASS onion\r\n"), HasSubstr("\r\n230 "));
    }

    ~FtpDiskTest() override {
        client_->close();
        world_.loop.run_for(std::chrono::seconds(1));
        EXPECT_TRUE(ended_);
    }

    std::string say(std::string_view lines) {
        client_->push(lines);
        world_.loop.run_for(std::chrono::seconds(1));
        return client_->take();
    }

    fakes::World world_;
    FtpHouse house_{world_};
    std::unique_ptr<net::PipeStream> client_;
    bool ended_ = false;
};

TEST_F(FtpDiskTest, IsToldFromAConnectionThatBreaks) {
    auto& host = house_.network().host({.address = "127.0.0.1", .port = 5001, .path = {}});
    EXPECT_THAT(say("TYPE I\r\nPORT 127,0,0,1,19,137\r\nRETR a\r\n"), HasSubstr("\r\n226 "));
    host.pipe.file_error = base::Error{base::Errc::kReset, "the peer has gone"};
    EXPECT_THAT(say("PORT 127,0,0,1,19,137\r\nRETR a\r\n"), HasSubstr("\r\n426 "));
    EXPECT_THAT(world_.log_text, Not(HasSubstr(" error ")));
    host.pipe.file_error = base::Error{base::Errc::kIo, "Input/output error"};
    EXPECT_THAT(say("PORT 127,0,0,1,19,137\r\nRETR a\r\n"), HasSubstr("\r\n451 "));
    EXPECT_THAT(world_.log_text,
                HasSubstr("error   ftp transfer failed path=/a error=\"Input/out"));
}

}  // namespace
}  // namespace transcripts
