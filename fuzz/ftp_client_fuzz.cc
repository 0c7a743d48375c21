// A whole conversation of the FTP client with a server that says anything, on both connections. The input is the control
// connection's, up to a line "=", then the data connections', parted the same way. It ends, whatever is said;
// nothing but whole commands is written, and no password in a dialogue that is shown.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "fakes/fake_loop.h"
#include "fakes/fake_network.h"
#include "ftp/client/client.h"

namespace {

constexpr std::string_view kPassword = "sesame-opens";

class CountingSink final : public ftp::ByteSink {
  public:
    base::Result<> write(std::string_view octets) override {
        count += octets.size();
        return {};
    }

    std::size_t count = 0;
};

class ShortSource final : public ftp::ByteSource {
  public:
    base::Result<std::size_t> read(std::span<char> room) override {
        constexpr std::string_view kText = "one\ntwo\n";
        return std::exchange(done_, true) ? 0 : kText.copy(room.data(), room.size());
    }

  private:
    bool done_ = false;
};

base::Task<> converse(ftp::Client& client, bool& ended) {
    const auto connected = co_await client.connect();
    if (connected && co_await client.login("alice", std::string(kPassword), "menu")) {
        CountingSink sink;
        ShortSource source;
        static_cast<void>(co_await client.list("folder"));
        static_cast<void>(co_await client.size("x"));
        static_cast<void>(co_await client.sha256("x", 10));
        static_cast<void>(co_await client.working_directory());
        static_cast<void>(co_await client.set_type(ftp::Type::kAscii));
        const auto got = co_await client.retrieve("x", {.restart = 1, .octets_max = 100}, sink);
        CHECK(sink.count <= 100 && (!got || *got == sink.count));
        static_cast<void>(co_await client.set_mode(ftp::Mode::kBlock));
        static_cast<void>(co_await client.retrieve("x", {}, sink));
        static_cast<void>(co_await client.store("STOR", "y", {}, source));
        static_cast<void>(co_await client.modified("x"));
    }
    static_cast<void>(co_await client.quit());
    ended = true;
}

std::string_view take_part(std::string_view& input) {
    const std::size_t end = input.find("\n=\n");
    const std::string_view part = end == std::string_view::npos ? input : input.substr(0, end + 1);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 3);
    return part;
}

net::Endpoint at(std::uint16_t port) {
    return {.address = "192.0.2.21", .port = port, .path = ""};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view control_octets = take_part(input);
    fakes::FakeClock clock;
    fakes::FakeLoop loop(clock);
    fakes::FakeNetwork network;
    auto& control = network.host(at(21)).arrived;
    auto& doors = network.host(at(5000)).arrived;
    ftp::ClientOptions options;
    options.host = "ftp.hamburger.example";
    options.addresses = {at(21)};
    options.on_dialogue = [](bool sent, std::string_view line) {
        CHECK(!sent || line.find(kPassword) == std::string_view::npos);
    };
    ftp::Client client(network, loop, options);
    bool ended = false;
    base::spawn(converse(client, ended), [](const std::exception_ptr& thrown) { CHECK(!thrown); });
    bool said = false;
    std::size_t served = 0;
    CHECK(loop.run_until(
        [&] {
            if (!said && !control.empty()) {
                said = true;
                control.front()->push(control_octets);
                control.front()->end_writing();
            }
            for (; served < doors.size(); ++served) {
                doors[served]->push(take_part(input));
                doors[served]->end_writing();
            }
            return ended;
        },
        std::chrono::hours(2)));
    if (said) {
        const std::string heard = control.front()->take();
        CHECK(heard.empty() || heard.ends_with("\r\n"));
    }
    return 0;
}
