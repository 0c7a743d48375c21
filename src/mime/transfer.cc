#include "mime/transfer.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mime/lexer.h"
#include "mime/quoted_printable.h"

namespace mime {
namespace {

struct EncodingName {
    std::string_view name;
    Encoding encoding;
};

constexpr std::array kEncodings = {
    EncodingName{"7bit", Encoding::k7bit},
    EncodingName{"8bit", Encoding::k8bit},
    EncodingName{"binary", Encoding::kBinary},
    EncodingName{"quoted-printable", Encoding::kQuotedPrintable},
    EncodingName{"base64", Encoding::kBase64},
    EncodingName{"x-uuencode", Encoding::kUuencode},
    EncodingName{"x-uue", Encoding::kUuencode},
    EncodingName{"uuencode", Encoding::kUuencode},
    EncodingName{"x-uu", Encoding::kUuencode},
    EncodingName{"7-bit", Encoding::k7bit},
    EncodingName{"8-bit", Encoding::k8bit},
    EncodingName{"7bits", Encoding::k7bit},
    EncodingName{"8bits", Encoding::k8bit},
    EncodingName{"base-64", Encoding::kBase64},
    EncodingName{"quotedprintable", Encoding::kQuotedPrintable},
};

}  // namespace

// encoding := "Content-Transfer-Encoding" ":" mechanism      RFC 2045 6.1
Encoding parse_encoding(std::string_view body) {
    Lexer lexer(body);
    lexer.skip_cfws();
    lexer.consume('"');
    const std::string_view name = lexer.take_until(" \t\r\n\"(;,");
    if (name.empty()) {
        return Encoding::k7bit;
    }
    for (const EncodingName& row : kEncodings) {
        if (base::iequals(row.name, name)) {
            return row.encoding;
        }
    }
    return Encoding::kOther;
}

std::string_view encoding_name(Encoding encoding) {
    for (const EncodingName& row : kEncodings) {
        if (row.encoding == encoding) {
            return row.name;
        }
    }
    return "7bit";
}

void TransferDecoder::feed(std::string_view text, std::string& out) {
    switch (encoding_) {
        case Encoding::kBase64:
            base64::decode(text, group_, out);
            break;
        case Encoding::kQuotedPrintable:
            quoted_printable(text, false, out);
            break;
        case Encoding::kUuencode:
            feed_uuencode(text, out);
            break;
        default:
            out += text;
    }
}

void TransferDecoder::quoted_printable(std::string_view text, bool last, std::string& out) {
    if (held_.empty()) {
        held_ = text.substr(quoted_printable::decode(text, last, damage_, out));
        return;
    }
    held_ += text;
    held_.erase(0, quoted_printable::decode(held_, last, damage_, out));
}

void TransferDecoder::finish(std::string& out) {
    switch (encoding_) {
        case Encoding::kBase64:
            base64::finish(group_, out);
            break;
        case Encoding::kQuotedPrintable:
            quoted_printable({}, true, out);
            break;
        case Encoding::kUuencode:
            feed_uuencode("\n", out);
            break;
        default:
            break;
    }
}

void TransferEncoder::feed_base64(std::string_view octets, std::string& out) {
    if (!held_.empty()) {
        const std::string_view fill = octets.substr(0, base64::kLineOctets - held_.size());
        held_ += fill;
        octets.remove_prefix(fill.size());
        if (held_.size() < base64::kLineOctets) {
            return;
        }
        base64::encode_lines(held_, out);
        held_.clear();
    }
    const std::size_t whole = octets.size() - octets.size() % base64::kLineOctets;
    base64::encode_lines(octets.substr(0, whole), out);
    held_ = octets.substr(whole);
}

void TransferEncoder::quoted_printable(std::string_view octets, bool last, std::string& out) {
    if (held_.empty()) {
        held_ = octets.substr(quoted_printable::encode(octets, last, column_, out));
        return;
    }
    held_ += octets;
    held_.erase(0, quoted_printable::encode(held_, last, column_, out));
}

void TransferEncoder::feed(std::string_view octets, std::string& out) {
    switch (encoding_) {
        case Encoding::kBase64:
            feed_base64(octets, out);
            break;
        case Encoding::kQuotedPrintable:
            quoted_printable(octets, false, out);
            break;
        default:
            out += octets;
    }
}

void TransferEncoder::finish(std::string& out) {
    if (encoding_ == Encoding::kBase64) {
        base64::encode_lines(held_, out);
        held_.clear();
    } else if (encoding_ == Encoding::kQuotedPrintable) {
        quoted_printable({}, true, out);
    }
}

std::string decode(Encoding encoding, std::string_view text) {
    std::string out;
    TransferDecoder decoder(encoding);
    decoder.feed(text, out);
    decoder.finish(out);
    return out;
}

std::string encode(Encoding encoding, std::string_view octets) {
    std::string out;
    TransferEncoder encoder(encoding);
    encoder.feed(octets, out);
    encoder.finish(out);
    return out;
}

}  // namespace mime
