#include "account/text.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/ascii.h"

namespace account {
namespace {

using CodePoint = utf8proc_int32_t;

struct Range {
    CodePoint first;
    CodePoint last;
};

// RFC 3454 B.1: mapped to nothing.
constexpr std::array kNothing = {Range{0x00AD, 0x00AD},
                                 Range{0x034F, 0x034F},
                                 Range{0x1806, 0x1806},
                                 Range{0x180B, 0x180D},
                                 Range{0x200B, 0x200D},
                                 Range{0x2060, 0x2060},
                                 Range{0xFE00, 0xFE0F},
                                 Range{0xFEFF, 0xFEFF}};

// RFC 3454 C.2.1, C.2.2, C.3 to C.9: controls, private use, noncharacters, what is inappropriate for plain
// text or canonical representation, changes of display, tags. Noncharacters of the other planes are
// tested apart. 0x200B and its neighbours never come this far.
constexpr std::array kProhibited = {
    Range{0x0000, 0x001F},   Range{0x007F, 0x009F},     Range{0x0340, 0x0341},
    Range{0x06DD, 0x06DD},   Range{0x070F, 0x070F},     Range{0x180E, 0x180E},
    Range{0x200C, 0x200F},   Range{0x2028, 0x202E},     Range{0x2060, 0x2063},
    Range{0x206A, 0x206F},   Range{0x2FF0, 0x2FFB},     Range{0xD800, 0xF8FF},
    Range{0xFDD0, 0xFDEF},   Range{0xFEFF, 0xFEFF},     Range{0xFFF9, 0xFFFD},
    Range{0x1D173, 0x1D17A}, Range{0xE0001, 0xE0001},   Range{0xE0020, 0xE007F},
    Range{0xF0000, 0xFFFFD}, Range{0x100000, 0x10FFFD},
};

template <std::size_t kCount>
bool is_in(const std::array<Range, kCount>& ranges, CodePoint point) {
    for (const Range& range : ranges) {
        if (range.first <= point && point <= range.last) {
            return true;
        }
    }
    return false;
}

// The characters of well-formed UTF-8.
std::vector<CodePoint> decode(std::string_view text) {
    std::vector<CodePoint> points;
    points.reserve(text.size());
    while (!text.empty()) {
        CodePoint point = 0;
        const auto octets = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()),
                                             &point);
        if (octets <= 0) {
            return points;
        }
        points.push_back(point);
        text.remove_prefix(static_cast<std::size_t>(octets));
    }
    return points;
}

void append(std::string& out, CodePoint point) {
    std::array<utf8proc_uint8_t, 4> octets{};
    const auto count = utf8proc_encode_char(point, octets.data());
    out.append(reinterpret_cast<const char*>(octets.data()), static_cast<std::size_t>(count));
}

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

// NFC, or NFKC with UTF8PROC_COMPAT. `text` is UTF-8; should utf8proc refuse it all the same, it stays.
std::string compose(const std::string& text, unsigned extra) {
    utf8proc_uint8_t* mapped = nullptr;
    const auto options = static_cast<utf8proc_option_t>(
        static_cast<unsigned>(UTF8PROC_STABLE) | static_cast<unsigned>(UTF8PROC_COMPOSE) | extra);
    const auto octets = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()),
                                     &mapped,
                                     options);
    const std::unique_ptr<utf8proc_uint8_t, Free> owner(mapped);
    if (octets < 0) {
        return text;
    }
    return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(octets)};
}

bool is_prohibited(CodePoint point) {
    return is_in(kProhibited, point) || (point & 0xFFFE) == 0xFFFE;
}

// RFC 3454 6: with one character of a right-to-left script there is none of the other direction, and
// the text begins and ends with such a one.
bool has_one_direction(const std::vector<CodePoint>& points) {
    bool right_to_left = false;
    bool left_to_right = false;
    const auto is_right_to_left = [](CodePoint point) {
        const auto bidi = utf8proc_get_property(point)->bidi_class;
        return bidi == UTF8PROC_BIDI_CLASS_R || bidi == UTF8PROC_BIDI_CLASS_AL;
    };
    for (const CodePoint point : points) {
        right_to_left = right_to_left || is_right_to_left(point);
        left_to_right =
            left_to_right || utf8proc_get_property(point)->bidi_class == UTF8PROC_BIDI_CLASS_L;
    }
    return !right_to_left ||
           (!left_to_right && is_right_to_left(points.front()) && is_right_to_left(points.back()));
}

}  // namespace

std::optional<std::string> normalize(std::string_view text) {
    if (base::is_ascii(text)) {
        return std::string(text);
    }
    if (!base::is_utf8(text)) {
        return std::nullopt;
    }
    return compose(std::string(text), 0);
}

std::string fold(std::string_view text) {
    if (base::is_ascii(text)) {
        return base::to_lower(text);
    }
    if (!base::is_utf8(text)) {
        return std::string(text);
    }
    std::string lower;
    // Composed first: a letter and its accent may have a lower case only together.
    for (const CodePoint point : decode(compose(std::string(text), 0))) {
        append(lower, utf8proc_tolower(point));
    }
    return compose(lower, 0);
}

std::optional<std::string> saslprep(std::string_view text) {
    if (!base::is_utf8(text)) {
        return std::nullopt;
    }
    std::string mapped;
    for (const CodePoint point : decode(text)) {
        if (utf8proc_category(point) == UTF8PROC_CATEGORY_ZS) {
            mapped.push_back(' ');
        } else if (!is_in(kNothing, point)) {
            append(mapped, point);
        }
    }
    std::string prepared =
        base::is_ascii(mapped) ? mapped : compose(mapped, static_cast<unsigned>(UTF8PROC_COMPAT));
    const std::vector<CodePoint> points = decode(prepared);
    for (const CodePoint point : points) {
        if (is_prohibited(point)) {
            return std::nullopt;
        }
    }
    if (!points.empty() && !has_one_direction(points)) {
        return std::nullopt;
    }
    return prepared;
}

std::string prepare_password(std::string_view password) {
    return saslprep(password).value_or(std::string(password));
}

}  // namespace account
