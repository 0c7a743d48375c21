#include "mime/iso2022_jp.h"

#include <algorithm>
#include <utility>

#include "mime/utf8.h"

namespace mime {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr char kEsc = '\x1b';
constexpr std::size_t kRunOctetsMax = 4096;

bool is_graphic(char c) {
    return c > ' ' && c < '\x7f';
}

char with_high_bit(char c) {
    return static_cast<char>(static_cast<unsigned char>(c) | 0x80U);
}

// Rows two by two, as Shift_JIS folds them: the first octet says which two, the second which of both.
void append_shift_jis(std::string& out, char first, char second) {
    const unsigned row = static_cast<unsigned char>(first) - 0x21U;
    const unsigned cell = static_cast<unsigned char>(second) - 0x21U;
    const unsigned lead = row / 2 + (row < 62 ? 0x81U : 0xc1U);
    const unsigned trail = row % 2 == 1 ? cell + 0x9fU : cell + (cell < 63 ? 0x40U : 0x41U);
    out += static_cast<char>(lead);
    out += static_cast<char>(trail);
}

}  // namespace

// RFC 1468, RFC 2237, ISO-2022-JP-3 and -2004; "(H" is Swedish, which old Japanese software wrote for "(J".
constexpr std::array<Iso2022JpDecoder::Escape, 13> Iso2022JpDecoder::kEscapes = {{
    {"(B", Set::kAscii},
    {"(H", Set::kAscii},
    {"(J", Set::kRoman},
    {"(I", Set::kKatakana},
    {"$@", Set::kJis0208},
    {"$B", Set::kJis0208},
    {"$(@", Set::kJis0208},
    {"$(B", Set::kJis0208},
    {"$(D", Set::kJis0212},
    {"$(O", Set::kJis0213},
    {"$(Q", Set::kJis0213},
    {"$(P", Set::kJis0213Plane2},
    {"&@", Set::kAscii},  // announces the edition of the set that the next sequence names
}};

void Iso2022JpDecoder::feed(std::string_view octets, std::string& out) {
    for (const char c : octets) {
        take(c, out);
    }
}

void Iso2022JpDecoder::finish(std::string& out) {
    convert_run(out);
    out += escape_;
    if (first_ != '\0') {
        out += kReplacement;
    }
    escape_.clear();
    first_ = '\0';
    set_ = Set::kAscii;
}

void Iso2022JpDecoder::take(char c, std::string& out) {
    if (!escape_.empty()) {
        take_escape(c, out);
        return;
    }
    if (is_graphic(c)) {
        take_graphic(c, out);
        return;
    }
    convert_run(out);
    if (first_ != '\0') {
        out += kReplacement;
        first_ = '\0';
    }
    if (c == kEsc) {
        escape_ = c;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
        out += kReplacement;
    } else {
        out += c;
    }
}

// What is no sequence of the table is read as if the ESC were not the begin of one.
void Iso2022JpDecoder::take_escape(char c, std::string& out) {
    escape_ += c;
    const std::string_view name = std::string_view(escape_).substr(1);
    const auto* const row = std::ranges::find_if(
        kEscapes, [&](const Escape& escape) { return escape.octets.starts_with(name); });
    if (row != kEscapes.end() && row->octets.size() > name.size()) {
        return;
    }
    const std::string octets = std::exchange(escape_, {});
    if (row != kEscapes.end()) {
        set_ = row->set;
        return;
    }
    out += kEsc;
    for (const char octet : std::string_view(octets).substr(1)) {
        take(octet, out);
    }
}

void Iso2022JpDecoder::take_graphic(char c, std::string& out) {
    if (set_ == Set::kAscii) {
        out += c;
    } else if (set_ == Set::kRoman) {
        append_utf8(out, c == '\\' ? U'\u00a5' : c == '~' ? U'\u203e' : static_cast<char32_t>(c));
    } else if (set_ == Set::kKatakana) {
        append_utf8(out, c < 0x60 ? U'\uff61' + static_cast<char32_t>(c - 0x21) : U'\ufffd');
    } else if (first_ == '\0') {
        first_ = c;
    } else {
        add_pair(first_, c);
        first_ = '\0';
        if (run_.size() >= kRunOctetsMax) {
            convert_run(out);
        }
    }
}

void Iso2022JpDecoder::add_pair(char first, char second) {
    if (set_ == Set::kJis0208) {
        append_shift_jis(run_, first, second);
        return;
    }
    if (set_ != Set::kJis0213) {
        run_ += '\x8f';  // EUC's third set
    }
    run_ += with_high_bit(first);
    run_ += with_high_bit(second);
}

void Iso2022JpDecoder::convert_run(std::string& out) {
    if (run_.empty()) {
        return;
    }
    auto& converter = converters_.at(static_cast<std::size_t>(set_));
    if (!converter) {
        const bool is_0213 = set_ == Set::kJis0213 || set_ == Set::kJis0213Plane2;
        const std::size_t unit = set_ == Set::kJis0208 || set_ == Set::kJis0213 ? 2 : 3;
        converter = std::make_unique<IconvConverter>(set_ == Set::kJis0208 ? "CP932"
                                                     : is_0213             ? "EUC-JISX0213"
                                                                           : "EUC-JP-MS",
                                                     unit);
    }
    if (converter->valid()) {
        converter->feed(run_, out);
        converter->finish(out);
    } else {
        out += kReplacement;
    }
    run_.clear();
}

}  // namespace mime
