// A whole POP3 session: the input is what a client sends, in pieces ended by 0xff, each answered before the
// next. Whatever comes, the session ends with its connection, answers in POP3 only, keeps the store sound,
// deletes nothing without QUIT, and lets nobody in without the password.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "fakes/world.h"
#include "net/pipe.h"
#include "pop3/server/server.h"

namespace {

constexpr std::string_view kUser = "bob@x.example";
constexpr std::string_view kPassword = "onion";
// As it stands in PASS, and in base64 at each of the three places in a group.
constexpr std::array<std::string_view, 4> kPasswords = {kPassword, "b25pb2", "9uaW9u", "vbmlvb"};

// Whole lines behind a greeting.
void check_output(std::string_view output) {
    CHECK(output.empty() || output.starts_with("+OK POP3 server ready"));
    CHECK(output.empty() || output.ends_with("\r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    fakes::World world;
    world.add_domain("x.example");
    world.add_user(kUser, kPassword);
    world.set_legacy_secret(kUser, "tanstaaf");
    for (const std::string_view message : {"Subject: \xc3\xbc\r\n\r\n.one\r\n", "two", ""}) {
        world.add_message(kUser, message);
    }
    auto services = world.services<pop3::Services>();
    auto options = std::make_shared<pop3::ServerOptions>();
    options->hostname = "x.example";
    net::PipeOptions pipe;
    pipe.client.address = "127.0.0.1";
    pipe.receive_octets_max = input.empty() ? 1 : 1 + static_cast<unsigned char>(input.front());
    auto [server, client] = net::make_pipe(world.loop, pipe);
    bool ended = false;
    base::spawn(pop3::serve(std::move(server), options, services),
                [&ended](std::exception_ptr thrown) {
                    CHECK(!thrown);
                    ended = true;
                });
    std::string sent;
    std::string output;
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
    CHECK(world.log_text.find("bug in a pop3 session") == std::string::npos);
    check_output(output);
    CHECK(world.findings().empty());
    const bool quit = base::to_upper(sent).find("QUIT") != std::string::npos;
    CHECK(quit || world.inbox(kUser).size() == 3);
    // In clear or in base64, the password must have been said.
    const bool let_in = output.find("'s maildrop has") != std::string::npos;
    CHECK(!let_in || std::ranges::any_of(kPasswords, [&sent](std::string_view password) {
        return sent.find(password) != std::string_view::npos;
    }));
    return 0;
}
