// The announcement of a literal at the end of a line (RFC 9051 4.3, RFC 7888, RFC 3516 4.3's literal8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace imap {

// RFC 7888 5: what LITERAL- allows without waiting for the server.
inline constexpr std::uint64_t kLiteralMinusOctetsMax = 4096;

struct Literal {
    // More than any number64 is this, which is beyond every limit too.
    static constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t octets = 0;
    bool is_synchronizing = true;  // the client waits for our "+"
    bool is_binary = false;        // literal8: NUL may stand in it
    std::size_t begin = 0;         // where "{" or "~{" stands in the line

    friend bool operator==(const Literal&, const Literal&) = default;
};

// The literal that `line` (without its CRLF) ends with. A line that ends with "{12}" inside quotes is
// malformed anyhow, so nobody looks for the quotes.
[[nodiscard]] std::optional<Literal> find_literal(std::string_view line);

}  // namespace imap
