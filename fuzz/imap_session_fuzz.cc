// A whole IMAP session: the input is what a client sends, in pieces ended by 0xff, each answered before the
// next; its first octet says where it begins: not logged in, logged in, with a mailbox selected, amid IDLE.
// Whatever comes, the session ends with its connection, every line of it is one that IMAP knows, the store
// stays sound, and nobody is let in without the password.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "fakes/world.h"
#include "imap/server/server.h"
#include "net/pipe.h"

namespace {

constexpr std::string_view kUser = "bob@x.example";
constexpr std::string_view kPassword = "onion";
// As it stands in LOGIN, and in base64 at each of the three places in a group.
constexpr std::array<std::string_view, 4> kPasswords = {kPassword, "b25pb2", "9uaW9u", "vbmlvb"};
constexpr std::array<std::string_view, 5> kBegins = {
    "",
    "a LOGIN bob@x.example onion\r\n",
    "a LOGIN bob@x.example onion\r\nb SELECT INBOX\r\n",
    "a LOGIN bob@x.example onion\r\nb ENABLE QRESYNC IMAP4rev2\r\nc SELECT INBOX\r\n",
    "a LOGIN bob@x.example onion\r\nb SELECT INBOX\r\nc IDLE\r\n",
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const unsigned knob = input.empty() ? 0 : static_cast<unsigned char>(input.front());
    input.remove_prefix(input.empty() ? 0 : 1);
    fakes::World world;
    world.add_domain("x.example");
    world.add_user(kUser, kPassword);
    for (const std::string_view message :
         {"Subject: 1\r\n\r\none\r\n", "two", "From: a@b\r\nContent-Type: text/html\r\n\r\n<p>x"}) {
        world.add_message(kUser, message);
    }
    auto services = world.services<imap::Services>();
    auto options = std::make_shared<imap::ServerOptions>();
    options->hostname = "x.example";
    net::PipeOptions pipe;
    pipe.client.address = "127.0.0.1";
    pipe.receive_octets_max = 1 + knob;
    auto [server, client] = net::make_pipe(world.loop, pipe);
    bool ended = false;
    base::spawn(imap::serve(std::move(server), options, services),
                [&ended](std::exception_ptr thrown) {
                    CHECK(!thrown);
                    ended = true;
                });
    const std::string_view begin = kBegins[knob % kBegins.size()];
    client->push(begin);
    world.loop.run_for(std::chrono::seconds(1));
    std::string output = client->take();
    CHECK(begin.empty() || output.find("a OK [CAPABILITY") != std::string::npos);
    std::string sent;
    for (std::string_view rest = input; !rest.empty();) {
        const std::string_view piece = base::split_front(rest, '\xff');
        sent += piece;
        client->push(piece);
        world.loop.run_for(std::chrono::seconds(10));
        output += client->take();
    }
    client->close();
    world.loop.run_for(std::chrono::hours(1));
    CHECK(ended);
    CHECK(world.log_text.find("bug in an imap session") == std::string::npos);
    CHECK(output.starts_with("* OK [CAPABILITY IMAP4rev1"));
    CHECK(world.findings().empty());
    // In clear or in base64, the password must have been said.
    const bool let_in = begin.empty() && output.find("] welcome") != std::string::npos;
    CHECK(!let_in || std::ranges::any_of(kPasswords, [&sent](std::string_view password) {
        return sent.find(password) != std::string_view::npos;
    }));
    return 0;
}
