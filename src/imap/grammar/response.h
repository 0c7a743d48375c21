// What a server answers (RFC 9051 9: greeting, response, continue-req), as a client reads it: tagged or not, its
// response code and its data as a tree of atoms, strings and lists. Of the extensions' answers it knows the form,
// which they share, and not the meaning. Tests hold all that the server says against it.
//
// BUGS: strict where clients had better be generous: this is the grammar, not what servers make of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace imap {

// One item of a response, in the order of the text; a list is followed by what it holds, one deeper.
struct ResponseItem {
    enum class Kind : std::uint8_t {
        kAtom,  // as it is written: numbers, sets, flags, BODY[HEADER.FIELDS ("Date")]<0>
        kNil,
        kString,
        kList,
    };

    Kind kind = Kind::kAtom;
    std::uint32_t depth = 0;  // so many lists are around it
    std::string text;

    friend bool operator==(const ResponseItem&, const ResponseItem&) = default;
};

struct Response {
    enum class Kind : std::uint8_t {
        kContinue,  // "+ ..."
        kTagged,    // `tag`, and as kStatus
        kStatus,    // "* OK ...": `name`, `code`, `text`
        kData,      // "* 2 FETCH (...)": `number`, `name`, `items`
    };

    Kind kind = Kind::kContinue;
    std::string tag;
    std::string name;  // in upper case: "OK", "FETCH"
    std::optional<std::uint32_t> number;
    std::vector<ResponseItem> code;  // "[UIDNEXT 3]": its name comes first
    std::vector<ResponseItem> items;
    std::string text;  // for people; of kContinue perhaps base64

    friend bool operator==(const Response&, const Response&) = default;
};

// The octets of the first response in `stream`, up to the CRLF that ends it and with its literals; nothing when
// more must come. Costs what is looked at, so ask again only when more has come.
[[nodiscard]] std::optional<std::size_t> first_response(std::string_view stream);

// A whole response, without the CRLF at its end. kSyntax: no server may say that. Time and memory grow with
// `octets`, and with nothing that stands in them.
[[nodiscard]] base::Result<Response> parse_response(std::string_view octets);

}  // namespace imap
