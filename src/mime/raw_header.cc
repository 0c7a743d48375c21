#include "mime/raw_header.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii.h"
#include "mime/charset.h"
#include "mime/encoded_word.h"

namespace mime {
namespace {

constexpr std::size_t kPartsLookedAt = 20;

// Charsets in which US-ASCII is not what it seems, or which have nothing above 127.
bool says_nothing(std::string_view charset) {
    constexpr std::array<std::string_view, 5> kOthers = {"ASCII", "UTF-8", "UTF-7", "HZ", ""};
    return std::ranges::find(kOthers, charset) != kOthers.end() || charset.starts_with("UTF-16") ||
           charset.starts_with("UTF-32") || charset.starts_with("ISO-2022-");
}

// U+FFFD, or a C1 control, which no text holds: the charset is another.
bool is_text(std::string_view utf8) {
    for (std::size_t at = utf8.find('\xc2'); at != std::string_view::npos;
         at = utf8.find('\xc2', at + 1)) {
        if (at + 1 < utf8.size() && static_cast<unsigned char>(utf8[at + 1]) < 0xa0) {
            return false;
        }
    }
    return utf8.find("\xef\xbf\xbd") == std::string_view::npos;
}

// Where the first field ends, behind its line end: at a line that is no continuation.
std::size_t field_end(std::string_view header) {
    std::size_t end = header.find('\n');
    while (end != std::string_view::npos && end + 1 < header.size() &&
           base::is_space(header[end + 1])) {
        end = header.find('\n', end + 1);
    }
    return end == std::string_view::npos ? header.size() : end + 1;
}

}  // namespace

std::string_view declared_charset(const ContentType& type) {
    const std::string_view charset = canonical_charset(type.parameters.get("charset"));
    return says_nothing(charset) ? std::string_view{} : charset;
}

std::string_view declared_charset(const Structure& structure, std::uint32_t message) {
    std::vector<std::uint32_t> open = {message};
    for (std::size_t looked_at = 0; !open.empty() && looked_at < kPartsLookedAt; ++looked_at) {
        const std::uint32_t index = open.back();
        open.pop_back();
        const Part& part = structure.parts[index];
        if (index == message || part.type.type == "text") {
            if (const auto charset = declared_charset(part.type); !charset.empty()) {
                return charset;
            }
        }
        if (!part.holds_message()) {
            const std::size_t fits = std::min(part.children.size(), kPartsLookedAt);
            open.insert(open.end(),
                        part.children.rend() - static_cast<std::ptrdiff_t>(fits),
                        part.children.rend());
        }
    }
    return {};
}

std::string_view declared_charset_of_part(const Structure& structure, std::uint32_t part) {
    while (!structure.parts[part].is_message && structure.parts[part].parent != kNoPart) {
        part = structure.parts[part].parent;
    }
    return declared_charset(structure, part);
}

std::string body_as_utf8(std::string_view body, std::string_view charset) {
    if (charset.empty() || base::is_utf8(body)) {
        return std::string(body);
    }
    std::string text = to_utf8(body, charset);
    return is_text(text) ? text : std::string(body);
}

std::string header_as_utf8(std::string_view header, std::string_view charset) {
    if (charset.empty() || base::is_utf8(header)) {
        return std::string(header);
    }
    std::string out;
    while (!header.empty()) {
        const std::string_view field = header.substr(0, field_end(header));
        header.remove_prefix(field.size());
        out += body_as_utf8(field, charset);
    }
    return out;
}

std::string envelope_as_utf8(const Structure& structure, std::uint32_t message) {
    const std::string& fields = structure.parts[message].envelope;
    return base::is_utf8(fields) ? fields
                                 : header_as_utf8(fields, declared_charset(structure, message));
}

std::string description_of(const Structure& structure, std::uint32_t part) {
    const std::string& body = structure.parts[part].description;
    return base::is_utf8(body)
               ? decode_unstructured(body)
               : decode_unstructured(body_as_utf8(body, declared_charset_of_part(structure, part)));
}

}  // namespace mime
