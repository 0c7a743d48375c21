// text/plain; format=flowed (RFC 3676): paragraphs that any width can show, with quote depths.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mime {

// One paragraph, or one fixed line. Lines of a message that is not flowed are all such.
struct FlowedLine {
    unsigned quote_depth = 0;
    std::string text;  // without quote marks, stuffing and line end

    friend bool operator==(const FlowedLine&, const FlowedLine&) = default;
};

// Deeper quotes are text: marks before each line of a paragraph must not make it grow without measure.
inline constexpr unsigned kQuoteDepthMax = 100;

// Reads flowed text; lines end with CRLF or LF. `delsp` is the parameter DelSp=yes: the space that marks
// a soft line break is not part of the text. A paragraph never reaches over a change of quote depth
// (RFC 3676 4.5) nor over a signature separator (4.3). Quote marks beyond kQuoteDepthMax are text.
[[nodiscard]] std::vector<FlowedLine> parse_flowed(std::string_view text, bool delsp);

// Reads text of format=fixed in the same shape: each line by itself, quote marks counted.
[[nodiscard]] std::vector<FlowedLine> parse_fixed(std::string_view text);

// Writes format=flowed without DelSp: lines of at most `columns` octets where the text has spaces to
// break at, CRLF line ends, space-stuffed (4.4). What parse_flowed(..., false) reads is what was given,
// but for trailing spaces of a text, which mean a soft break and are left out.
[[nodiscard]] std::string format_flowed(const std::vector<FlowedLine>& lines,
                                        std::size_t columns = 72);

// The lines as plain text: each quote depth a '>' and one space, LF line ends, no wrapping.
[[nodiscard]] std::string to_plain_text(const std::vector<FlowedLine>& lines);

}  // namespace mime
