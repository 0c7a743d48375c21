// What holds for the structure of every octet string, for tests and fuzz targets: each returns an empty
// string, or what was broken.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "mime/parser.h"
#include "mime/structure.h"

namespace mime {

// Parses `message` in pieces whose sizes go round: `sizes` octets each.
inline Structure parse_in_pieces(std::string_view message,
                                 std::size_t octets,
                                 const ParserLimits& limits = {}) {
    Parser parser(limits);
    for (; !message.empty(); message.remove_prefix(std::min(octets, message.size()))) {
        parser.feed(message.substr(0, octets));
    }
    return parser.finish();
}

// Every part lies within its parent's body, behind its elder brothers, and what is left between parts
// is preamble, delimiters and epilogue: so the sections of a message put together give the message.
inline std::string broken_ranges(const Structure& structure, std::string_view message) {
    if (structure.parts.empty() || structure.octets != message.size()) {
        return "no message, or not all of it";
    }
    const Part& root = structure.root();
    if (root.header_begin != 0 || root.body_end != message.size()) {
        return "the message's header and body are not the message";
    }
    for (const Part& part : structure.parts) {
        if (part.header_begin > part.body_begin || part.body_begin > part.body_end) {
            return "a part whose ends are out of order";
        }
        const std::string_view body = body_of(message, part);
        if (part.lines != static_cast<std::uint64_t>(std::count(body.begin(), body.end(), '\n'))) {
            return "a miscounted body";
        }
        std::uint64_t at = part.body_begin;
        for (const std::uint32_t index : part.children) {
            const Part& child = structure.parts[index];
            if (child.header_begin < at || child.body_end > part.body_end) {
                return "a part outside its parent";
            }
            const std::string_view gap = slice(message, at, child.header_begin);
            if (part.is_multipart() ? gap.find("--") == std::string_view::npos : !gap.empty()) {
                return "a part without a delimiter before it";
            }
            at = child.body_end;
        }
    }
    return {};
}

// All properties of a structure at once.
inline std::string broken_property(std::string_view message, const ParserLimits& limits = {}) {
    const Structure whole = parse(message, limits);
    for (const std::size_t octets : {1, 2, 3, 7, 64}) {
        if (parse_in_pieces(message, octets, limits) != whole) {
            return "another structure in pieces of " + std::to_string(octets);
        }
    }
    const auto unpacked = unpack(pack(whole));
    if (!unpacked || *unpacked != whole) {
        return "pack and unpack";
    }
    return broken_ranges(whole, message);
}

}  // namespace mime
