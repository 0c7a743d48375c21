#include "mime/html_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "mime/html_entities.h"
#include "mime/utf8.h"

namespace mime {
namespace {

constexpr unsigned kQuoteDepthShown = 16;
constexpr std::size_t kTagNameOctetsMax = 16;
// Longer ones are of no use to a reader, and are looked for in the text only up to this length.
constexpr std::size_t kLinkOctetsMax = 2000;

bool is_html_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

// Lays text out: white space collapsed, lines and paragraphs where they were asked for.
class Layout {
  public:
    explicit Layout(const HtmlTextOptions& options) : options_(options) {}

    void put(std::string_view text) {
        for (const char c : text) {
            put(c);
        }
    }

    void put(char c) {
        if (preformatted_ == 0 && is_html_space(c)) {
            space_ = true;
        } else if (c == '\n') {
            break_line();
        } else if (c != '\r') {
            begin_text();
            out_ += c;
        }
    }

    // Text that is never collapsed.
    void put_literal(std::string_view text) {
        begin_text();
        out_ += text;
    }

    void space() { space_ = true; }

    void end_line() { lines_ = std::max(lines_, 1U); }

    void end_paragraph() { lines_ = std::max(lines_, 2U); }

    void break_line() { lines_ = std::min(lines_ + 1, 2U); }

    void quote(bool opens) {
        if (!at_line_begin_) {
            end_line();
        }
        flush_lines();
        depth_ = opens ? depth_ + 1 : depth_ - (depth_ > 0 ? 1 : 0);
    }

    void preformat(bool opens) {
        end_paragraph();
        preformatted_ = opens ? preformatted_ + 1 : preformatted_ - (preformatted_ > 0 ? 1 : 0);
    }

    [[nodiscard]] std::size_t octets() const { return out_.size(); }

    [[nodiscard]] std::string_view since(std::size_t octets) const {
        return std::string_view(out_).substr(octets);
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    void flush_lines() {
        if (out_.empty()) {
            lines_ = 0;
        }
        for (; lines_ > 0; --lines_) {
            at_line_begin_ = true;
            if (lines_ > 1 && options_.mark_quotes) {
                out_ += '\n';
                out_.append(std::min(depth_, kQuoteDepthShown), '>');
            } else {
                out_ += '\n';
            }
        }
    }

    void begin_text() {
        flush_lines();
        if (at_line_begin_) {
            for (unsigned i = 0; options_.mark_quotes && i < std::min(depth_, kQuoteDepthShown);
                 ++i) {
                out_ += "> ";
            }
        } else if (space_) {
            out_ += ' ';
        }
        at_line_begin_ = false;
        space_ = false;
    }

    const HtmlTextOptions& options_;
    std::string out_;
    unsigned lines_ = 0;  // line ends to come before the next text
    bool space_ = false;
    bool at_line_begin_ = true;
    unsigned depth_ = 0;
    unsigned preformatted_ = 0;
};

// What a tag does to the layout.
enum class Effect : std::uint8_t {
    kNone,
    kLine,       // begins and ends a line
    kParagraph,  // an empty line before and behind
    kBreak,
    kRule,
    kItem,
    kCell,
    kQuote,
    kPreformat,
    kLink,
    kImage,
    kRaw,  // all up to the end tag is left out, and no tag is seen in it
};

struct Element {
    std::string_view name;
    Effect effect;
};

constexpr std::array kElements = {
    Element{"a", Effect::kLink},           Element{"address", Effect::kLine},
    Element{"article", Effect::kLine},     Element{"aside", Effect::kLine},
    Element{"blockquote", Effect::kQuote}, Element{"br", Effect::kBreak},
    Element{"caption", Effect::kLine},     Element{"center", Effect::kLine},
    Element{"dd", Effect::kLine},          Element{"div", Effect::kLine},
    Element{"dl", Effect::kParagraph},     Element{"dt", Effect::kLine},
    Element{"figcaption", Effect::kLine},  Element{"figure", Effect::kParagraph},
    Element{"footer", Effect::kLine},      Element{"form", Effect::kLine},
    Element{"h1", Effect::kParagraph},     Element{"h2", Effect::kParagraph},
    Element{"h3", Effect::kParagraph},     Element{"h4", Effect::kParagraph},
    Element{"h5", Effect::kParagraph},     Element{"h6", Effect::kParagraph},
    Element{"header", Effect::kLine},      Element{"hr", Effect::kRule},
    Element{"iframe", Effect::kRaw},       Element{"img", Effect::kImage},
    Element{"li", Effect::kItem},          Element{"main", Effect::kLine},
    Element{"nav", Effect::kLine},         Element{"noembed", Effect::kRaw},
    Element{"noframes", Effect::kRaw},     Element{"ol", Effect::kParagraph},
    Element{"option", Effect::kLine},      Element{"p", Effect::kParagraph},
    Element{"pre", Effect::kPreformat},    Element{"script", Effect::kRaw},
    Element{"section", Effect::kLine},     Element{"style", Effect::kRaw},
    Element{"table", Effect::kLine},       Element{"td", Effect::kCell},
    Element{"textarea", Effect::kLine},    Element{"th", Effect::kCell},
    Element{"title", Effect::kRaw},        Element{"tr", Effect::kLine},
    Element{"ul", Effect::kParagraph},     Element{"xmp", Effect::kRaw},
};

Effect effect_of(std::string_view name) {
    const auto found = std::lower_bound(
        kElements.begin(),
        kElements.end(),
        name,
        [](const Element& element, std::string_view wanted) { return element.name < wanted; });
    return found != kElements.end() && found->name == name ? found->effect : Effect::kNone;
}

// What "&" begins: a character reference and the octets that it takes.
struct Reference {
    std::size_t octets = 0;
    char32_t character = 0;
};

// The value of a hexadecimal digit, or none.
std::optional<char32_t> digit_value(char c, bool is_hex) {
    const char lower = base::to_lower(c);
    if (base::is_digit(lower)) {
        return lower - '0';
    }
    if (is_hex && lower >= 'a' && lower <= 'f') {
        return lower - 'a' + 10;
    }
    return std::nullopt;
}

//  "#" 1*DIGIT / "#x" 1*HEXDIG
std::optional<Reference> match_number(std::string_view text) {
    const bool is_hex = text.size() > 1 && base::to_lower(text[1]) == 'x';
    const std::size_t digits = is_hex ? 2 : 1;
    char32_t value = 0;
    std::size_t end = digits;
    for (; end < text.size(); ++end) {
        const auto digit = digit_value(text[end], is_hex);
        if (!digit) {
            break;
        }
        value = std::min<char32_t>(value * (is_hex ? 16 : 10) + *digit, 0x110000);
    }
    return end == digits ? std::nullopt
                         : std::optional(Reference{end, value == 0 ? U'\ufffd' : value});
}

std::optional<Reference> match_name(std::string_view text) {
    std::size_t end = 0;
    while (end < text.size() && base::is_alnum(text[end])) {
        ++end;
    }
    const auto character = html_entity(text.substr(0, end));
    return character ? std::optional(Reference{end, *character}) : std::nullopt;
}

//  "&" (number / name) [";"]
std::optional<Reference> match_reference(std::string_view text) {
    const std::string_view rest = text.substr(1, 32);
    auto found = rest.starts_with('#') ? match_number(rest) : match_name(rest);
    if (found) {
        found->octets += rest.substr(found->octets).starts_with(';') ? 2 : 1;
    }
    return found;
}

std::string reference_text(const Reference& reference) {
    constexpr char32_t kNoBreakSpace = 0xa0;
    const bool is_space = reference.character < U' ' || reference.character == kNoBreakSpace;
    std::string text;
    append_utf8(text, is_space ? U' ' : reference.character);
    return text;
}

// `text` with its character references resolved.
std::string resolve(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::optional<Reference> reference =
            text.front() == '&' ? match_reference(text) : std::nullopt;
        const std::size_t octets = reference ? reference->octets : 1;
        out += reference ? reference_text(*reference) : std::string(text.substr(0, 1));
        text.remove_prefix(octets);
    }
    return out;
}

// The value of an attribute in the inside of a tag.
std::optional<std::string> attribute(std::string_view tag, std::string_view name) {
    constexpr std::string_view kSpace = " \t\r\n\f";
    while (true) {
        tag.remove_prefix(std::min(tag.find_first_not_of(" \t\r\n\f/"), tag.size()));
        if (tag.empty()) {
            return std::nullopt;
        }
        const std::size_t name_end = std::min(tag.find_first_of(" \t\r\n\f=/", 1), tag.size());
        const bool is_wanted = base::iequals(tag.substr(0, name_end), name);
        tag.remove_prefix(name_end);
        std::string_view value;
        const std::size_t behind = tag.find_first_not_of(kSpace);
        if (behind != std::string_view::npos && tag[behind] == '=') {
            tag.remove_prefix(std::min(tag.find_first_not_of(kSpace, behind + 1), tag.size()));
            const bool is_quoted = tag.starts_with('"') || tag.starts_with('\'');
            const std::size_t begin = is_quoted ? 1 : 0;
            const std::size_t end = std::min(
                is_quoted ? tag.find(tag.front(), 1) : tag.find_first_of(kSpace), tag.size());
            value = tag.substr(begin, end - begin);
            tag.remove_prefix(std::min(end + begin, tag.size()));
        }
        if (is_wanted) {
            return resolve(value);
        }
    }
}

class Converter {
  public:
    Converter(std::string_view html, const HtmlTextOptions& options)
        : html_(html),
          options_(options),
          layout_(options) {}

    std::string run() {
        while (at_ < html_.size() && layout_.octets() < options_.octets_max) {
            if (html_[at_] == '<') {
                markup();
            } else if (html_[at_] == '&') {
                character_reference();
            } else {
                const std::size_t end = std::min(html_.find_first_of("<&", at_), html_.size());
                layout_.put(html_.substr(at_, end - at_));
                at_ = end;
            }
        }
        return layout_.take();
    }

  private:
    void markup();
    void tag(bool closes);
    void skip_past(std::string_view mark);
    void skip_raw(std::string_view name);
    void character_reference();
    std::size_t tag_end();
    void apply(Effect effect, bool closes, std::string_view attributes);
    void link(bool closes, std::string_view attributes);

    std::string_view html_;
    const HtmlTextOptions& options_;
    Layout layout_;
    std::size_t at_ = 0;
    bool open_quote_ = false;  // a quoted attribute has no end: quotes mean nothing from here on
    std::string link_;         // the address of the link at hand
    std::size_t link_text_begin_ = 0;
};

// At "<": a comment, a declaration, a tag, or a plain character.
void Converter::markup() {
    const std::string_view rest = html_.substr(at_);
    if (rest.starts_with("<!--")) {
        at_ += 2;
        skip_past("-->");
    } else if (rest.starts_with("<!") || rest.starts_with("<?")) {
        skip_past(">");
    } else if (rest.size() > 1 && base::is_alpha(rest[1])) {
        at_ += 1;
        tag(false);
    } else if (rest.size() > 2 && rest[1] == '/' && base::is_alpha(rest[2])) {
        at_ += 2;
        tag(true);
    } else {
        layout_.put('<');
        at_ += 1;
    }
}

void Converter::skip_past(std::string_view mark) {
    const std::size_t found = html_.find(mark, at_);
    at_ = found == std::string_view::npos ? html_.size() : found + mark.size();
}

// Behind "<" or "</".
void Converter::tag(bool closes) {
    std::string name;
    std::size_t end = at_;
    while (end < html_.size() &&
           (base::is_alnum(html_[end]) || html_[end] == ':' || html_[end] == '-')) {
        if (name.size() <= kTagNameOctetsMax) {
            name += base::to_lower(html_[end]);
        }
        ++end;
    }
    at_ = end;
    const std::size_t close = tag_end();
    const std::string_view attributes = html_.substr(at_, close - at_);
    at_ = std::min(close + 1, html_.size());
    const Effect effect = effect_of(name);
    if (effect == Effect::kRaw && !closes && !attributes.ends_with('/')) {
        skip_raw(name);
        return;
    }
    apply(effect, closes, attributes);
}

// The ">" of the tag at hand, which may stand in quoted values before that. A quote without its end
// would hide the rest of the text: then, and from then on, quotes are plain characters.
std::size_t Converter::tag_end() {
    std::size_t end = at_;
    while (end < html_.size() && html_[end] != '>') {
        const char c = html_[end];
        const bool is_value = (c == '"' || c == '\'') && end > 0 && html_[end - 1] == '=';
        if (is_value && !open_quote_) {
            const std::size_t quote = html_.find(c, end + 1);
            open_quote_ = quote == std::string_view::npos;
            end = open_quote_ ? end : quote;
        }
        ++end;
    }
    return end;
}

// Past the end tag of a script and its like, or to the end of the text.
void Converter::skip_raw(std::string_view name) {
    while (at_ < html_.size()) {
        const std::size_t found = html_.find("</", at_);
        if (found == std::string_view::npos) {
            at_ = html_.size();
            return;
        }
        at_ = found + 2;
        if (base::istarts_with(html_.substr(at_), name)) {
            skip_past(">");
            return;
        }
    }
}

void Converter::character_reference() {
    const std::optional<Reference> reference = match_reference(html_.substr(at_));
    if (reference) {
        layout_.put_literal(reference_text(*reference));
        at_ += reference->octets;
    } else {
        layout_.put('&');
        at_ += 1;
    }
}

void Converter::apply(Effect effect, bool closes, std::string_view attributes) {
    switch (effect) {
        case Effect::kNone:
        case Effect::kRaw:
            return;
        case Effect::kLine:
            return layout_.end_line();
        case Effect::kParagraph:
            return layout_.end_paragraph();
        case Effect::kBreak:
            return layout_.break_line();
        case Effect::kQuote:
            return layout_.quote(!closes);
        case Effect::kPreformat:
            return layout_.preformat(!closes);
        case Effect::kLink:
            return link(closes, attributes);
        case Effect::kCell:
            return layout_.space();
        case Effect::kItem:
            layout_.end_line();
            if (!closes) {
                layout_.put_literal("*");
                layout_.space();
            }
            return;
        case Effect::kRule:
            layout_.end_line();
            layout_.put_literal("----");
            return layout_.end_line();
        case Effect::kImage:
            if (const auto text = attribute(attributes, "alt");
                options_.show_images && text && !text->empty()) {
                layout_.put("[");
                layout_.put(*text);
                layout_.put("]");
            }
            return;
    }
}

void Converter::link(bool closes, std::string_view attributes) {
    if (!options_.show_links) {
        return;
    }
    if (!closes) {
        link_ = attribute(attributes, "href").value_or("");
        if (link_.size() > kLinkOctetsMax) {
            link_.clear();
        }
        link_text_begin_ = layout_.octets();
        return;
    }
    const std::string address = std::exchange(link_, {});
    const bool leads_away = base::istarts_with(address, "http:") ||
                            base::istarts_with(address, "https:") ||
                            base::istarts_with(address, "mailto:");
    if (!leads_away) {  // end tags without a link, too: they must not look through the text again
        return;
    }
    const std::string_view text = base::trim(layout_.since(link_text_begin_));
    const bool shows_address = text.size() <= address.size() &&
                               text.find_first_of(".@") != std::string_view::npos &&
                               address.find(text) != std::string::npos;
    if (!shows_address) {
        layout_.put(" <");
        layout_.put(address);
        layout_.put(">");
    }
}

}  // namespace

std::string html_to_text(std::string_view html, const HtmlTextOptions& options) {
    return Converter(html, options).run();
}

std::string escape_html(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 16);
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace mime
