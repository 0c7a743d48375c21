// Replies and capabilities of a peer: bounded, printable, and what we write of them reads the same again. The
// same octets as a message: DotReader gets back what DotWriter wrote, however it is cut.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "smtp/grammar/capabilities.h"
#include "smtp/grammar/dot_reader.h"
#include "smtp/grammar/dot_writer.h"
#include "smtp/grammar/reply_parser.h"

namespace {

void check_reply(const smtp::Reply& reply) {
    CHECK(reply.code >= 200 && reply.code < 600);
    CHECK(reply.text.size() <= smtp::kPeerReplyOctetsMax);
    CHECK(std::none_of(reply.text.begin(), reply.text.end(), [](char c) {
        return base::is_control(c) && c != '\n';
    }));
    const smtp::Capabilities found = smtp::parse_capabilities(reply);
    CHECK(!found.binary_mime || found.chunking);
    CHECK(smtp::server_name(reply).size() <= reply.text.size());
    smtp::ReplyParser again;
    const std::string text = smtp::format_reply(reply);
    std::string_view rest = text;
    bool ended = false;
    while (!ended) {
        std::string_view line = base::split_front(rest, '\n');
        line.remove_suffix(1);
        const auto fed = again.feed(line);
        CHECK(fed);
        ended = *fed;
    }
    CHECK(rest.empty() && again.take().code == reply.code);
}

std::string wire_of(std::string_view message, std::size_t piece_octets) {
    smtp::DotWriter writer;
    std::string wire;
    for (std::size_t at = 0; at < message.size(); at += piece_octets) {
        writer.feed(message.substr(at, piece_octets), wire);
    }
    writer.finish(wire);
    return wire;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    smtp::ReplyParser parser;
    std::string_view rest = input;
    while (!rest.empty()) {
        std::string_view line = base::split_front(rest, '\n');
        const auto ended = parser.feed(line.substr(0, line.find('\r')));
        if (ended && *ended) {
            check_reply(parser.take());
        }
    }
    const std::string wire = wire_of(input, size + 1);
    CHECK(wire == wire_of(input, 1) && wire == wire_of(input, 7));
    smtp::DotReader reader(smtp::Framing::kDot, smtp::BareNewlines::kReport);
    std::string read;
    CHECK(reader.feed(wire, read) == wire.size());
    CHECK(reader.done() && !reader.saw_bare_newline());
    CHECK(wire_of(read, size + 1) == wire);
    return 0;
}
