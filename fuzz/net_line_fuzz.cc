// Lines of any input: the same however the network cuts it, none longer than the bound, and none lost:
// what came out, put together again, is what went in. The first octet is the bound, the second how
// much arrives at once.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fakes/fake_loop.h"
#include "net/line_stream.h"
#include "net/pipe.h"

namespace {

struct Reading {
    std::string dump;   // every line and how it ended
    std::string clear;  // the octets of all lines that were not too long
    bool dropped = false;
};

base::Task<Reading> read_all(net::LineStream& lines, std::size_t octets_max) {
    Reading reading;
    while (true) {
        const auto line = co_await lines.read_line(octets_max, base::SteadyTime::max());
        if (line) {
            CHECK(line->text.size() + (line->crlf ? 2 : 1) <= octets_max);
            reading.clear += std::string(line->text) + (line->crlf ? "\r\n" : "\n");
            reading.dump += std::string(line->text) + (line->crlf ? "|" : "!");
        } else if (line.error().code == base::Errc::kTooLong) {
            reading.dropped = true;
            reading.dump += "#";
        } else {
            CHECK(line.error().code == base::Errc::kEof);
            co_return reading;
        }
    }
}

Reading read(std::string_view input, std::size_t octets_max, std::size_t receive_octets_max) {
    fakes::FakeClock clock;
    fakes::FakeLoop loop(clock);
    auto [server, client] =
        net::make_pipe(loop, {.receive_octets_max = receive_octets_max, .tls = {}});
    net::LineStream lines(*server);
    client->push(input);
    client->end_writing();
    const auto task = read_all(lines, octets_max);
    task.start();
    CHECK(loop.run_until([&] { return task.done(); }));
    return task.result();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::size_t octets_max = data[0] + std::size_t{2};
    const std::size_t receive_octets_max = data[1] + std::size_t{1};
    const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
    const Reading whole = read(input, octets_max, net::PipeOptions().receive_octets_max);
    const Reading cut = read(input, octets_max, receive_octets_max);
    CHECK(whole.dump == cut.dump);
    const std::size_t last = input.rfind('\n');
    CHECK(whole.dropped || whole.clear == input.substr(0, last + 1));
    return 0;
}
