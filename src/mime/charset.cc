#include "mime/charset.h"

#include <uchardet/uchardet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/ascii.h"
#include "mime/hz.h"
#include "mime/iconv_converter.h"
#include "mime/iso2022_jp.h"
#include "mime/utf8.h"

namespace mime {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::string_view kFallback = "WINDOWS-1252";
constexpr std::string_view kJapanese = "ISO-2022-JP";
constexpr std::size_t kGuessOctets = 32UL * 1024;
// Statistics over fewer octets than this outside US-ASCII are worse than the fallback.
constexpr std::ptrdiff_t kGuessEvidence = 8;

std::size_t ascii_prefix(std::string_view text) {
    std::size_t length = 0;
    while (length + 8 <= text.size() && base::is_ascii(text.substr(length, 8))) {
        length += 8;
    }
    while (length < text.size() && !base::is_8bit(text[length])) {
        ++length;
    }
    return length;
}

// UTF-8 in, well-formed UTF-8 out, in pieces.
class Utf8Scrubber {
  public:
    void feed(std::string_view octets, std::string& out) {
        while (!octets.empty()) {
            if (want_ == 0) {
                const std::size_t plain = ascii_prefix(octets);
                out.append(octets.substr(0, plain));
                octets.remove_prefix(plain);
                if (octets.empty()) {
                    return;
                }
            }
            step(octets.front(), out);
            octets.remove_prefix(1);
        }
    }

    void finish(std::string& out) {
        if (want_ != 0) {
            out += kReplacement;
            restart();
        }
    }

  private:
    // RFC 3629 4: the lead fixes the length and, for some, a narrower range for the second octet.
    void lead(char c, std::string& out) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet < 0x80) {
            out += c;
            return;
        }
        if (octet < 0xc2 || octet > 0xf4) {
            out += kReplacement;
            return;
        }
        want_ = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
        min_ = octet == 0xe0 ? 0xa0 : octet == 0xf0 ? 0x90 : 0x80;
        max_ = octet == 0xed ? 0x9f : octet == 0xf4 ? 0x8f : 0xbf;
        have_ = 0;
        partial_[have_++] = c;
    }

    void step(char c, std::string& out) {
        if (want_ == 0) {
            lead(c, out);
            return;
        }
        const auto octet = static_cast<unsigned char>(c);
        if (octet < min_ || octet > max_) {
            out += kReplacement;
            restart();
            lead(c, out);
            return;
        }
        partial_[have_++] = c;
        min_ = 0x80;
        max_ = 0xbf;
        if (--want_ == 0) {
            out.append(partial_.data(), have_);
        }
    }

    void restart() { want_ = 0; }

    std::array<char, 4> partial_{};
    std::size_t have_ = 0;
    int want_ = 0;
    unsigned char min_ = 0;
    unsigned char max_ = 0;
};

// Windows-1252 from 0x80 to 0x9f; five of them mean nothing. The rest is ISO-8859-1.
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};

// Half of the mail that is not UTF-8: worth a table of its own, where iconv would first load one.
void append_windows_1252(std::string_view octets, std::string& out) {
    while (!octets.empty()) {
        const std::size_t plain = ascii_prefix(octets);
        out += octets.substr(0, plain);
        octets.remove_prefix(plain);
        for (; !octets.empty() && base::is_8bit(octets.front()); octets.remove_prefix(1)) {
            const auto octet = static_cast<unsigned char>(octets.front());
            append_utf8(out, octet < 0xa0 ? kWindows1252[octet - 0x80U] : octet);
        }
    }
}

// RFC 2781 4.3: a byte order mark decides, without one it is big-endian; so is what iconv says,
// where it is built for a big-endian machine only.
std::string_view utf16_charset(std::string_view octets) {
    return octets.starts_with("\xff\xfe") ? "UTF-16LE" : "UTF-16BE";
}

}  // namespace

class CharsetDecoder::Converter {
  public:
    explicit Converter(std::string_view charset) : windows_1252_(charset == kFallback) {
        if (charset == kJapanese) {
            japanese_ = std::make_unique<Iso2022JpDecoder>();
        } else if (!windows_1252_ && charset != "UTF-8" && charset != "ASCII") {
            if (charset == "HZ") {
                hz_.emplace();
            }
            auto iconv = std::make_unique<IconvConverter>(hz_ ? "GB18030" : charset);
            if (iconv->valid()) {
                iconv_ = std::move(iconv);
            }
        }
    }

    void feed(std::string_view octets, std::string& out) {
        if (windows_1252_) {
            append_windows_1252(octets, out);
        } else if (japanese_) {
            japanese_->feed(octets, out);
        } else if (iconv_ && hz_) {
            std::string pairs;
            hz_->feed(octets, pairs);
            iconv_->feed(pairs, out);
        } else if (iconv_) {
            iconv_->feed(octets, out);
        } else {
            utf8_.feed(octets, out);
        }
    }

    void finish(std::string& out) {
        if (japanese_) {
            japanese_->finish(out);
        } else if (iconv_) {
            std::string rest;
            if (hz_) {
                hz_->finish(rest);
            }
            iconv_->feed(rest, out);
            iconv_->finish(out);
        } else if (!windows_1252_) {
            utf8_.finish(out);
        }
    }

  private:
    bool windows_1252_;
    std::optional<HzDecoder> hz_;
    std::unique_ptr<Iso2022JpDecoder> japanese_;
    std::unique_ptr<IconvConverter> iconv_;
    Utf8Scrubber utf8_;
};

CharsetDecoder::CharsetDecoder(std::string_view charset) {
    const std::string_view canonical = canonical_charset(charset);
    utf16_ = canonical == "UTF-16";
    if (!canonical.empty() && canonical != "ASCII" && !utf16_) {
        converter_ = std::make_unique<Converter>(canonical);
    }
}

CharsetDecoder::CharsetDecoder(CharsetDecoder&&) noexcept = default;
CharsetDecoder& CharsetDecoder::operator=(CharsetDecoder&&) noexcept = default;
CharsetDecoder::~CharsetDecoder() = default;

void CharsetDecoder::choose(std::string& out) {
    std::string_view octets = held_;
    if (utf16_) {
        converter_ = std::make_unique<Converter>(utf16_charset(octets));
        const bool marked = octets.starts_with("\xff\xfe") || octets.starts_with("\xfe\xff");
        octets.remove_prefix(marked ? 2 : 0);
    } else {
        converter_ = std::make_unique<Converter>(guess_charset(octets.substr(0, kGuessOctets)));
    }
    converter_->feed(octets, out);
    held_.clear();
    held_.shrink_to_fit();
}

void CharsetDecoder::feed(std::string_view octets, std::string& out) {
    if (converter_) {
        converter_->feed(octets, out);
        return;
    }
    held_ += octets;
    if (held_.size() >= (utf16_ ? 2 : kGuessOctets)) {
        choose(out);
    }
}

void CharsetDecoder::finish(std::string& out) {
    if (!converter_) {
        choose(out);
    }
    converter_->finish(out);
}

std::string to_utf8(std::string_view octets, std::string_view charset) {
    const std::string_view canonical = canonical_charset(charset);
    const bool utf8 = canonical == "UTF-8";
    if ((utf8 || canonical.empty() || canonical == "ASCII") && base::is_utf8(octets) &&
        (utf8 || octets.find('\x1b') == std::string_view::npos)) {
        return std::string(octets);
    }
    std::string text;
    if (canonical == kFallback) {
        append_windows_1252(octets, text);
        return text;
    }
    CharsetDecoder decoder(charset);
    decoder.feed(octets, text);
    decoder.finish(text);
    return text;
}

std::string scrub_utf8(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    Utf8Scrubber scrubber;
    scrubber.feed(text, clean);
    scrubber.finish(clean);
    return clean;
}

namespace {

// Valid UTF-8; a sample may end within a character.
bool looks_like_utf8(std::string_view octets) {
    const std::size_t cuts = octets.size() >= kGuessOctets ? 3 : 0;
    for (std::size_t cut = 0; cut <= cuts; ++cut) {
        if (base::is_utf8(octets.substr(0, octets.size() - cut))) {
            return true;
        }
    }
    return false;
}

std::string_view ask_uchardet(std::string_view octets) {
    const std::unique_ptr<uchardet, decltype(&uchardet_delete)> detector(uchardet_new(),
                                                                         &uchardet_delete);
    if (uchardet_handle_data(detector.get(), octets.data(), octets.size()) != 0) {
        return {};
    }
    uchardet_data_end(detector.get());
    return canonical_charset(uchardet_get_charset(detector.get()));
}

}  // namespace

std::string_view guess_charset(std::string_view octets) {
    // These are of seven bits; only their escape sequences tell them from US-ASCII.
    if (base::is_ascii(octets)) {
        const auto holds = [octets](std::string_view escape) {
            return octets.find(escape) != std::string_view::npos;
        };
        return holds("\x1b$)C")                     ? "ISO-2022-KR"
               : holds("\x1b$B") || holds("\x1b$@") ? kJapanese
                                                    : "UTF-8";
    }
    if (looks_like_utf8(octets)) {
        return "UTF-8";
    }
    if (std::count_if(octets.begin(), octets.end(), base::is_8bit) < kGuessEvidence) {
        return kFallback;
    }
    const std::string_view guess = ask_uchardet(octets.substr(0, kGuessOctets));
    return guess.empty() || guess == "ASCII" || guess == "UTF-8" ? kFallback : guess;
}

}  // namespace mime
