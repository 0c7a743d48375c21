// message/partial: a message that was sent in fragments, put together (RFC 2046 5.2.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mime/section.h"
#include "mime/structure.h"

namespace mime {

// What one message says about the fragment that it carries.
struct Fragment {
    std::string id;            // the same in all fragments of a message
    std::uint32_t number = 0;  // from 1
    std::uint32_t total = 0;   // 0 when it does not say; the last fragment must
    OctetRange body;           // the fragment's octets within its message

    friend bool operator==(const Fragment&, const Fragment&) = default;
};

inline constexpr std::uint32_t kFragmentsMax = 10'000;

// Nothing when the message is no message/partial, or lacks an identifier or a number from 1 to
// kFragmentsMax.
[[nodiscard]] std::optional<Fragment> fragment_of(const Structure& structure);

// The places in `fragments` of those that make the message, in order; of two with one number the first.
// kNotFound when one is missing, or none says how many there are; kInvalid when identifiers differ.
[[nodiscard]] base::Result<std::vector<std::size_t>> order_fragments(
    const std::vector<Fragment>& fragments);

// The header of the message, and how many octets at the begin of the first fragment it stands for: the
// whole is `text`, the rest of the first fragment's body, the bodies of the others.
struct JoinedHeader {
    std::string text;  // with the empty line
    std::size_t inner_octets = 0;
};

// RFC 2046 5.2.2.1: the fields of the first enclosing header, but for those that describe a message's
// content; these, and only these, come from the header within the first fragment's `body`.
[[nodiscard]] JoinedHeader join_headers(std::string_view enclosing_header, std::string_view body);

// All at once, of messages in any order. Errors as of order_fragments; kInvalid for a message that is no
// fragment.
[[nodiscard]] base::Result<std::string> join_fragments(
    const std::vector<std::string_view>& messages);

}  // namespace mime
