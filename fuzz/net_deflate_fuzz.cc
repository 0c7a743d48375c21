// A compressed stream (RFC 1951, RFC 4978), both ways. As what a peer sends: it unfolds to the same however the
// network cuts it, and ends as a connection ends or with kSyntax. As what is written: a peer reads exactly that.
// The first octet is how much arrives at once.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fakes/fake_loop.h"
#include "net/deflate_stream.h"
#include "net/pipe.h"

namespace {

// A few octets may unfold a thousandfold; nobody has to wait for all of it.
constexpr std::size_t kUnfoldedMax = std::size_t{1} << 20;

struct Unfolded {
    std::string text;
    bool is_whole = false;  // up to the stream's end or the connection's
};

base::Task<Unfolded> read_all(net::DeflateStream& stream) {
    Unfolded all;
    while (all.text.size() < kUnfoldedMax) {
        const auto piece = co_await stream.receive(base::SteadyTime::max());
        if (!piece) {
            all.is_whole = piece.error().code == base::Errc::kEof;
            CHECK(all.is_whole || piece.error().code == base::Errc::kSyntax);
            co_return all;
        }
        CHECK(!piece->empty());
        all.text += *piece;
    }
    co_return all;
}

Unfolded unfold(std::string_view input, std::size_t receive_octets_max) {
    fakes::FakeClock clock;
    fakes::FakeLoop loop(clock);
    auto [server, client] =
        net::make_pipe(loop, {.receive_octets_max = receive_octets_max, .tls = {}});
    net::DeflateStream stream(*server);
    client->push(input);
    client->end_writing();
    const auto task = read_all(stream);
    task.start();
    CHECK(loop.run_until([&] { return task.done(); }));
    return task.result();
}

// What came with an octet that is none of DEFLATE is lost with it: how much that is, the network decides.
void check_same(const Unfolded& one, const Unfolded& other) {
    CHECK(one.text.starts_with(other.text) || other.text.starts_with(one.text));
    if (one.is_whole || other.is_whole) {
        CHECK(one.is_whole == other.is_whole && one.text == other.text);
    }
}

// In pieces that grow, each of which is flushed; gives what went over the wire.
std::string fold(std::string_view input) {
    fakes::FakeClock clock;
    fakes::FakeLoop loop(clock);
    auto [server, client] = net::make_pipe(loop, {.tls = {}});
    net::DeflateStream stream(*server);
    std::string wire;
    for (std::size_t piece = 1; !input.empty(); piece *= 3) {
        const std::string_view some = input.substr(0, piece);
        const auto task = stream.write(some, base::SteadyTime::max());
        task.start();
        CHECK(loop.run_until([&] { return task.done(); }) && task.result().has_value());
        wire += client->take();
        input.remove_prefix(some.size());
    }
    return wire;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t knob = input.empty() ? 0 : static_cast<unsigned char>(input.front());
    input.remove_prefix(input.empty() ? 0 : 1);
    check_same(unfold(input, 1 + knob), unfold(input, std::size_t{64} * 1024));
    const Unfolded back = unfold(fold(input), 1 + knob);
    CHECK(back.is_whole && back.text == input);
    return 0;
}
