// A whole session over a pipe: whatever a client sends, the server answers with well-formed replies, ends
// when the client is gone, and leaves a sound store. The first octet chooses the port and how the input is cut.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "fakes/world.h"
#include "net/pipe.h"
#include "smtp/grammar/reply_parser.h"
#include "smtp/server/server.h"

namespace {

void check_replies(std::string_view output) {
    smtp::ReplyParser replies;
    while (!output.empty()) {
        std::string_view line = base::split_front(output, '\n');
        CHECK(line.ends_with('\r'));
        line.remove_suffix(1);
        CHECK(line.size() <= smtp::kReplyLineOctetsMax - 2);
        // The one exception: 334 of AUTH is a reply line too, and 3yz needs no enhanced code.
        const auto fed = replies.feed(line);
        CHECK(fed.has_value());
        if (*fed) {
            static_cast<void>(replies.take());
        }
    }
}

std::string play(fakes::World& world, std::uint8_t choice, std::string_view input) {
    smtp::Services services = world.services<smtp::Services>();
    auto options = std::make_shared<smtp::ServerOptions>();
    options->hostname = "foo.com";
    options->message_octets_max = 2000;
    options->port = static_cast<smtp::Port>(choice % 3U);
    options->vrfy_for_loopback = true;
    net::PipeOptions pipe;
    pipe.receive_octets_max = (choice & 0x80U) != 0 ? 1 + (choice >> 2U) % 16U : 16 * 1024;
    pipe.implicit_tls = (choice & 0x40U) != 0;
    pipe.client.address = "127.0.0.1";
    auto [server, client] = net::make_pipe(world.loop, pipe);
    bool ended = false;
    base::spawn(smtp::serve(std::move(server), options, services),
                [&ended](const std::exception_ptr& thrown) {
                    CHECK(thrown == nullptr);
                    ended = true;
                });
    static_cast<void>(client->push(input));
    client->end_writing();
    std::string output;
    CHECK(world.loop.run_until([&] {
        output += client->take();
        return ended;
    }));
    return output + client->take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    fakes::World world;
    world.add_domain("foo.com");
    world.add_user("a@foo.com", "secret", 3000);
    check_replies(play(world, data[0], {reinterpret_cast<const char*>(data) + 1, size - 1}));
    CHECK(world.log_text.find("session failed") == std::string::npos);
    CHECK(world.findings().empty());
    return 0;
}
