#include "mime/hz.h"

#include "base/ascii.h"

namespace mime {
namespace {

// The octets of GB 2312 in seven bits: rows 1 to 87.
bool is_pair_octet(char c) {
    return c >= 0x21 && c <= 0x7e;
}

char with_high_bit(char c) {
    return static_cast<char>(static_cast<unsigned char>(c) | 0x80U);
}

}  // namespace

void HzDecoder::feed(std::string_view octets, std::string& out) {
    for (const char c : octets) {
        take(c, out);
    }
}

void HzDecoder::finish(std::string& out) {
    if (waiting_ != '\0') {
        out += waiting_;
    }
    waiting_ = '\0';
    in_pairs_ = false;
}

void HzDecoder::take(char c, std::string& out) {
    const char first = waiting_;
    waiting_ = '\0';
    if (c == '\n') {
        in_pairs_ = false;
        if (first == '~') {
            return;  // "~\n" joins lines
        }
        out.append(first == '\0' ? 0 : 1, first).append(1, c);
    } else if (first == '~' && (c == '{' || c == '}')) {
        in_pairs_ = c == '{';
    } else if (first == '~' && !in_pairs_) {
        out.append("~").append(c == '~' ? 0 : 1, c);
    } else if (first != '\0') {  // the second of a pair
        const bool is_pair = is_pair_octet(first) && is_pair_octet(c);
        out += is_pair ? with_high_bit(first) : first;
        out += is_pair ? with_high_bit(c) : c;
    } else if (c == '~' || (in_pairs_ && is_pair_octet(c))) {
        waiting_ = c;
    } else {
        out += c;
    }
}

}  // namespace mime
