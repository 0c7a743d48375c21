// The dot reader: the same message however the octets are cut, held against a slow reader that is plain
// to see through, for each framing and policy. The first octet chooses them and where to cut.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "smtp/grammar/dot_reader.h"

namespace {

struct Outcome {
    std::string output;
    std::size_t taken = 0;
    bool done = false;
    bool bare = false;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(smtp::DotReader reader, std::string_view input, std::size_t piece) {
    Outcome outcome;
    while (outcome.taken < input.size() && !reader.done()) {
        outcome.taken += reader.feed(input.substr(outcome.taken, piece), outcome.output);
    }
    outcome.done = reader.done();
    outcome.bare = reader.saw_bare_newline();
    return outcome;
}

// RFC 5321 4.5.2 word by word, over the whole input, nothing mended: lines end at CRLF alone.
Outcome read_plainly(std::string_view input) {
    Outcome outcome;
    while (outcome.taken < input.size()) {
        const std::size_t end = input.find("\r\n", outcome.taken);
        if (end == std::string_view::npos) {
            break;
        }
        std::string_view line = input.substr(outcome.taken, end - outcome.taken);
        outcome.taken = end + 2;
        if (line == ".") {
            outcome.done = true;
            break;
        }
        line.remove_prefix(line.starts_with('.') ? 1 : 0);
        outcome.output += std::string(line) + "\r\n";
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    using smtp::BareNewlines;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = data[0] % 7U + 1;
    for (const auto bare : {BareNewlines::kReport, BareNewlines::kMend, BareNewlines::kKeep}) {
        for (const auto framing : {smtp::Framing::kDot, smtp::Framing::kCounted}) {
            const smtp::DotReader reader(framing, bare);
            CHECK(read(reader, input, piece) == read(reader, input, input.size() + 1));
        }
    }
    const Outcome ours = read({smtp::Framing::kDot, BareNewlines::kReport}, input, input.size());
    const Outcome plain = read_plainly(input);
    CHECK(ours.done == plain.done);
    if (plain.done) {
        CHECK(ours.taken == plain.taken && ours.output == plain.output);
    }
    return 0;
}
