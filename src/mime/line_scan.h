// The scan under the MIME parser: finds the lines that may be boundary delimiters (RFC 2046 5.1.1, a
// line that begins with "--") and, in the same pass, counts lines and notes what kinds of octets there
// are. Thirty-two octets a step where the processor has AVX2,
// sixteen elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mime {

// What a stretch of octets was seen to hold.
struct OctetTotals {
    std::uint64_t newlines = 0;  // LF octets, whether or not a CR stands before them
    bool has_8bit = false;       // an octet of 128 or more
    bool has_nul = false;        // an octet of zero
    bool has_bare_lf = false;    // an LF without a CR before it
    bool has_bare_cr = false;    // a CR without an LF behind it

    friend bool operator==(const OctetTotals&, const OctetTotals&) = default;
};

// Consumes octets up to and including the first LF behind which a line may begin with "--", and adds
// them to `totals`. "May": when fewer than two octets stand behind the LF, what there is of "--"
// decides. Returns how many octets were consumed: all of them when there is no such line.
// `before` is the octet that stood before `octets` in the stream (0 at its beginning); a CR that is the
// last octet consumed is not judged, because its LF may come with the next piece.
[[nodiscard]] std::size_t scan_to_dash_line(std::string_view octets,
                                            char before,
                                            OctetTotals& totals);

// The same scan, sixteen octets a step on any processor.
[[nodiscard]] std::size_t scan_to_dash_line_octets16(std::string_view octets,
                                                     char before,
                                                     OctetTotals& totals);
// The same scan in plain C++: what tests hold the fast ones to.
[[nodiscard]] std::size_t scan_to_dash_line_plain(std::string_view octets,
                                                  char before,
                                                  OctetTotals& totals);

}  // namespace mime
