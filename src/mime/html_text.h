// The text of an HTML part as a person would read it in a terminal: for search, previews, quoting in
// replies and the plain alternative of an HTML message.
//
// A tokenizer of its own that goes over the octets once, without a tree and without recursion. It knows
// what matters to text (lines, paragraphs, quotations, lists, tables' cells, preformatted text, links,
// pictures' names, characters by name and number) and passes over scripts, styles and the head.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace mime {

struct HtmlTextOptions {
    bool show_links = false;  // "text <https://...>" where text and address differ
    bool show_images = true;  // "[alt]"
    bool mark_quotes = true;  // "> " before the lines of a blockquote
    std::size_t octets_max = std::numeric_limits<std::size_t>::max();  // stops soon after so many
};

// `html` is UTF-8; so is the text, with LF line ends and without an empty line at either end. Octets
// that are not UTF-8 come through as they are.
[[nodiscard]] std::string html_to_text(std::string_view html, const HtmlTextOptions& options = {});

// Plain text as HTML's: the characters & < > " escaped, nothing else.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace mime
