#include "mail/search_fold.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "mime/utf8.h"

namespace mail {
namespace {

using Point = utf8proc_int32_t;

// The longest compatibility decomposition of Unicode has 18 characters (U+FDFA).
constexpr std::size_t kDecomposedMax = 32;

// Ideographs and Hangul syllables have neither case nor a decomposition in UnicodeData.txt; so have no
// characters in front of U+00A0.
bool maps_to_itself(Point point) {
    return (point >= 0x3400 && point <= 0x9fff) || (point >= 0xac00 && point <= 0xd7a3) ||
           (point >= 0x80 && point < 0xa0);
}

// RFC 5051 2: the titlecase mapping, then decompositions of any kind until there are none. What comes out
// is mapped once more: the RFC leaves the ligature U+FB01 as "fi", which would not match "FI".
void append_mapped(std::string& out, Point point) {
    if (maps_to_itself(point)) {
        mime::append_utf8(out, static_cast<char32_t>(point));
        return;
    }
    const Point title = utf8proc_totitle(point);
    std::array<Point, kDecomposedMax> decomposed{};
    int last_class = UTF8PROC_BOUNDCLASS_START;
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    const auto count =
        utf8proc_decompose_char(title, decomposed.data(), decomposed.size(), options, &last_class);
    if (count <= 0 || static_cast<std::size_t>(count) > decomposed.size()) {
        mime::append_utf8(out, static_cast<char32_t>(title));
        return;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        mime::append_utf8(out, static_cast<char32_t>(utf8proc_totitle(decomposed[i])));
    }
}

// What the characters of two octets become, U+0080 to U+07FF: Latin, Greek, Cyrillic, Hebrew, Arabic.
class TwoOctetTable {
  public:
    TwoOctetTable() {
        for (Point point = kFirst; point <= kLast; ++point) {
            append_mapped(texts_[static_cast<std::size_t>(point - kFirst)], point);
        }
    }

    [[nodiscard]] const std::string& operator[](Point point) const {
        return texts_[static_cast<std::size_t>(point - kFirst)];
    }

    static constexpr Point kFirst = 0x80;
    static constexpr Point kLast = 0x7ff;

  private:
    std::array<std::string, kLast - kFirst + 1> texts_;
};

bool is_white(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void map_8bit(std::string& out, std::string_view& rest) {
    static const TwoOctetTable table;
    const std::string_view before = rest;
    const auto point = static_cast<Point>(mime::take_utf8(rest));
    const std::string_view octets = before.substr(0, before.size() - rest.size());
    if (octets.size() == 1) {  // not UTF-8
        out += octets;
    } else if (point <= TwoOctetTable::kLast) {
        out += table[point];
    } else {
        append_mapped(out, point);
    }
}

}  // namespace

void append_folded(std::string& out, std::string_view utf8) {
    out.reserve(out.size() + utf8.size());
    while (!utf8.empty()) {
        const char c = utf8.front();
        if (base::is_8bit(c)) {
            const std::size_t at = out.size();
            map_8bit(out, utf8);
            // No-break spaces and their kin decompose to a space.
            if (out.size() == at + 1 && out[at] == ' ' && at > 0 && out[at - 1] == ' ') {
                out.pop_back();
            }
            continue;
        }
        utf8.remove_prefix(1);
        if (!is_white(c)) {
            out += base::to_upper(c);
        } else if (out.empty() || out.back() != ' ') {
            out += ' ';
        }
    }
}

std::string search_fold(std::string_view utf8) {
    std::string out;
    append_folded(out, utf8);
    return out;
}

std::string unicode_casemap(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    while (!utf8.empty()) {
        if (base::is_8bit(utf8.front())) {
            map_8bit(out, utf8);
        } else {
            out += base::to_upper(utf8.front());
            utf8.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace mail
