#include "mime/flowed.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace mime {
namespace {

constexpr std::string_view kSignature = "-- ";
// What is left for text however deep it is quoted.
constexpr std::size_t kColumnsNarrowest = 20;

std::string_view take_line(std::string_view& text) {
    std::string_view line = base::split_front(text, '\n');
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

//  quote = 1*">"     stuffing = [SP]
//  flowed-line = ( *text-char 1*SP CRLF ) but not the signature separator "-- "
// RFC 3676 4.6, and the reading order of its section 4.
struct RawLine {
    unsigned quote_depth = 0;
    std::string_view text;
    bool is_soft = false;  // the paragraph goes on in the next line
};

RawLine read_raw(std::string_view line) {
    RawLine raw;
    while (raw.quote_depth < kQuoteDepthMax && line.starts_with('>')) {
        ++raw.quote_depth;
        line.remove_prefix(1);
    }
    if (line.starts_with(' ')) {
        line.remove_prefix(1);
    }
    raw.text = line;
    raw.is_soft = line.ends_with(' ') && line != kSignature;
    return raw;
}

// A text that begins like this would be read as something else (RFC 3676 4.4; "From " for mboxes).
bool needs_stuffing(std::string_view text) {
    return text.starts_with(' ') || text.starts_with('>') || text.starts_with("From ");
}

// Where to break `text` so that the first line, with its space, has at most `octets` octets: behind the
// last run of spaces that allows it, else behind the first one. The size of `text` when there is none.
std::size_t soft_break(std::string_view text, std::size_t octets) {
    if (text.size() <= octets) {
        return text.size();
    }
    std::size_t space = octets > 0 ? text.rfind(' ', octets - 1) : std::string_view::npos;
    if (space == std::string_view::npos || text.find_first_not_of(' ') > space) {
        space = text.find(' ', std::min(octets, text.size()));
    }
    if (space == std::string_view::npos) {
        return text.size();
    }
    std::size_t word = text.find_first_not_of(' ', space);
    if (text.substr(0, word) == kSignature) {  // such a line would be read as the separator
        space = text.find(' ', kSignature.size());
        word = space == std::string_view::npos ? space : text.find_first_not_of(' ', space);
    }
    return word == std::string_view::npos ? text.size() : word;
}

void append_paragraph(const FlowedLine& line, std::size_t columns, std::string& out) {
    std::string_view text = line.text;
    if (text != kSignature) {
        while (text.ends_with(' ')) {
            text.remove_suffix(1);
        }
    }
    const unsigned depth = std::min(line.quote_depth, kQuoteDepthMax);
    const std::size_t narrowest = std::min(columns, kColumnsNarrowest);
    do {
        const bool stuffed = depth > 0 || needs_stuffing(text);
        const std::size_t taken = depth + (stuffed ? 1 : 0);
        const std::size_t width = std::max(columns - std::min(columns, taken), narrowest);
        const std::size_t here = text == kSignature ? text.size() : soft_break(text, width);
        out.append(depth, '>')
            .append(stuffed ? " " : "")
            .append(text.substr(0, here))
            .append("\r\n");
        text.remove_prefix(here);
    } while (!text.empty());
}

}  // namespace

std::vector<FlowedLine> parse_flowed(std::string_view text, bool delsp) {
    std::vector<FlowedLine> lines;
    bool goes_on = false;
    while (!text.empty()) {
        RawLine raw = read_raw(take_line(text));
        const bool is_signature = raw.text == kSignature;
        if (!goes_on || is_signature || raw.quote_depth != lines.back().quote_depth) {
            lines.push_back({raw.quote_depth, {}});
        }
        goes_on = raw.is_soft;
        if (raw.is_soft && delsp) {
            raw.text.remove_suffix(1);
        }
        lines.back().text += raw.text;
    }
    return lines;
}

std::vector<FlowedLine> parse_fixed(std::string_view text) {
    std::vector<FlowedLine> lines;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        unsigned depth = 0;
        // "> > text" is as usual as ">> text".
        for (std::string_view rest = line; depth < kQuoteDepthMax && rest.starts_with('>');
             ++depth) {
            rest.remove_prefix(rest.starts_with("> ") ? 2 : 1);
            line = rest;
        }
        lines.push_back({depth, std::string(line)});
    }
    return lines;
}

std::string format_flowed(const std::vector<FlowedLine>& lines, std::size_t columns) {
    std::string out;
    for (const FlowedLine& line : lines) {
        append_paragraph(line, columns, out);
    }
    return out;
}

std::string to_plain_text(const std::vector<FlowedLine>& lines) {
    std::string out;
    for (const FlowedLine& line : lines) {
        out.append(line.quote_depth, '>');
        if (line.quote_depth > 0 && !line.text.empty()) {
            out += ' ';
        }
        out.append(line.text).append("\n");
    }
    return out;
}

}  // namespace mime
