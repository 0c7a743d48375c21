// Transfer encodings: the fast loops give what simple ones give, pieces what the whole gives, and
// what is encoded decodes to what it was, in lines of at most 76 characters.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "mime/transfer.h"

namespace {

using mime::Encoding;
using mime::base64::Loop;

constexpr std::array kLoops = {Loop::kGroups, Loop::kOctets16, Loop::kAvx2, Loop::kAvx512};

template <class Coder>
std::string in_pieces(Encoding encoding, std::string_view text, std::size_t piece) {
    std::string out;
    Coder coder(encoding);
    for (std::size_t at = 0; at < text.size(); at += piece) {
        coder.feed(text.substr(at, piece), out);
    }
    coder.finish(out);
    return out;
}

// RFC 2045 6.7 line by line, an octet at a time; right for white space up to 998 octets.
std::string simple_quoted_printable(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEFabcdef";
    std::string out;
    while (!text.empty()) {
        const std::size_t lf = text.find('\n');
        std::string_view line = text.substr(0, lf);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        std::string_view end = lf == std::string_view::npos ? "" : "\n";
        if (line.ends_with('\r') &&
            (!end.empty() || base::trim(line.substr(0, line.size() - 1)).ends_with('='))) {
            line.remove_suffix(1);
            end = end.empty() ? "" : "\r\n";
        }
        while (!line.empty() && base::is_space(line.back())) {
            line.remove_suffix(1);
        }
        if (line.ends_with('=')) {
            line.remove_suffix(1);
            end = "";
        }
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (line[i] == '=' && i + 2 < line.size() && kHex.find(line[i + 1]) != kHex.npos &&
                kHex.find(line[i + 2]) != kHex.npos) {
                const auto value = [&](char c) {
                    const std::size_t at = kHex.find(c);
                    return at > 15 ? at - 6 : at;
                };
                out += static_cast<char>(value(line[i + 1]) * 16 + value(line[i + 2]));
                i += 2;
            } else {
                out += line[i];
            }
        }
        out += end;
    }
    return out;
}

void check_decoding(std::string_view text, std::size_t piece) {
    for (const Encoding encoding :
         {Encoding::kBase64, Encoding::kQuotedPrintable, Encoding::kUuencode, Encoding::kOther}) {
        CHECK(in_pieces<mime::TransferDecoder>(encoding, text, piece) ==
              mime::decode(encoding, text));
    }
    mime::base64::Group simple;
    std::string simple_out;
    mime::base64::decode_simple(text, simple, simple_out);
    for (const Loop loop : kLoops) {
        if (!mime::base64::has_loop(loop)) {
            continue;
        }
        mime::base64::Group group;
        std::string out;
        mime::base64::decode(text, group, out, loop);
        CHECK(out == simple_out && group == simple);
    }
    if (text.size() < 998) {
        CHECK(mime::decode(Encoding::kQuotedPrintable, text) == simple_quoted_printable(text));
    }
}

void check_encoding(std::string_view octets, std::size_t piece) {
    for (const Encoding encoding : {Encoding::kBase64, Encoding::kQuotedPrintable}) {
        const std::string text = mime::encode(encoding, octets);
        CHECK(mime::decode(encoding, text) == octets);
        CHECK(in_pieces<mime::TransferEncoder>(encoding, octets, piece) == text);
        CHECK(base::is_ascii(text));
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view line = base::split_front(rest, '\n');
            CHECK(line.size() <= 77 && !line.starts_with('.') && !line.starts_with("From "));
        }
    }
    std::string simple;
    mime::base64::encode_lines_simple(octets, simple);
    for (const Loop loop : kLoops) {
        std::string lines;
        if (mime::base64::has_loop(loop)) {
            mime::base64::encode_lines(octets, lines, loop);
            CHECK(lines == simple);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = std::size_t{data[0]} + 1;
    check_decoding(input, piece);
    check_encoding(input, piece);
    return 0;
}
