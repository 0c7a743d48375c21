// What the grammar says of a peer's malformed input: a class, and words that the peer may be shown.
#pragma once

#include <string_view>

#include "base/result.h"

namespace smtp {

// `what` is always one of our own literals, so it can go into a reply; it never quotes the input.
struct Fault {
    base::Errc code =
        base::Errc::kSyntax;  // kSyntax, kTooLong, kUnsupported (an unknown parameter)
    std::string_view what;
    bool in_path = false;  // the address is wrong, not the command around it

    friend bool operator==(const Fault&, const Fault&) = default;
};

template <class T>
using Parsed = base::Result<T, Fault>;

[[nodiscard]] inline tl::unexpected<Fault> fault(base::Errc code, std::string_view what) {
    return tl::unexpected<Fault>(Fault{code, what, false});
}

[[nodiscard]] inline tl::unexpected<Fault> syntax_fault(std::string_view what) {
    return fault(base::Errc::kSyntax, what);
}

}  // namespace smtp
