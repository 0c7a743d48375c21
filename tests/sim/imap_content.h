// What the messages of the IMAP model say: enough for SEARCH, SORT and THREAD (RFC 5256) to have one right answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace sim {

struct Content {
    std::string octets;
    std::string subject;  // RFC 5256 2.1: without "Re:", in small letters
    std::string from;     // in small letters
    unsigned day = 0;
    std::string id;
    std::string parent;  // another one's id, or empty

    [[nodiscard]] std::string_view header() const;  // with the empty line
    [[nodiscard]] std::string_view body() const;
};

// A new message; it may answer one of `ids`, to which its own is added.
[[nodiscard]] Content some_content(base::SeededRandom& random, std::vector<std::string>& ids);

// One message in a thread of RFC 5256 4, in the answer's order.
struct Threaded {
    std::uint32_t number = 0;  // 0: a message that is not there
    std::uint32_t parent = 0;  // 0: it begins a thread, or the parent is not there

    friend bool operator==(const Threaded&, const Threaded&) = default;
};

// "(1 2)(3 (4)(5))" as THREAD answers.
[[nodiscard]] std::vector<Threaded> parse_threads(std::string_view text);

// What ORDEREDSUBJECT must say of `contents`, of which each has its number.
[[nodiscard]] std::vector<Threaded> threads_by_subject(
    const std::vector<std::pair<std::uint32_t, const Content*>>& contents);

}  // namespace sim
