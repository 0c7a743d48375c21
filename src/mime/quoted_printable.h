// The inner loops of quoted-printable, RFC 2045 section 6.7. transfer.h is what others use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mime::quoted_printable {

// White space at the end of a line is dropped, this much of it: so much is held back at most.
inline constexpr std::size_t kTrailingMax = 998;
// RFC 2045 6.7 (5): the greatest length of a line, its "=" included.
inline constexpr std::size_t kLineMax = 76;

// Appends what `text` encodes to `out`; adds to `damage` for each "=" that begins nothing. Unless
// this is the `last` piece, the end of `text` that a later piece may turn into something else is
// left over: returns how many characters are done; the caller shows the others again, with more
// behind them.
std::size_t decode(std::string_view text, bool last, std::uint64_t& damage, std::string& out);

// The same the other way. `column` is how many characters the line at hand has.
std::size_t encode(std::string_view octets, bool last, std::size_t& column, std::string& out);

}  // namespace mime::quoted_printable
