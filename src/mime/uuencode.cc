// uuencode as old mail has it: "begin MODE NAME", lines of a length and groups of four, "end".
#include "base/ascii.h"
#include "mime/transfer.h"

namespace mime {
namespace {

// 45 octets a line is the rule, 63 the most that its length can say: 85 characters. Longer ones are
// no uuencode.
constexpr std::size_t kLineMax = 200;

unsigned value_of(char c) {
    return (static_cast<unsigned char>(c) - 0x20U) & 63U;
}

}  // namespace

void TransferDecoder::uuencode_line(std::string_view line, std::string& out) {
    while (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    if (!begun_) {
        begun_ = base::istarts_with(line, "begin ");
        return;
    }
    if (ended_ || line.empty()) {
        return;
    }
    if (line == "end") {
        ended_ = true;
        return;
    }
    std::size_t wanted = value_of(line.front());
    line.remove_prefix(1);
    damage_ += line.size() * 3 / 4 < wanted ? 1 : 0;
    for (std::size_t i = 0; wanted > 0 && i < line.size(); i += 4) {
        unsigned bits = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            // Spaces at the end of a line are often lost on the way: they are zeros.
            bits = (bits << 6U) | (i + k < line.size() ? value_of(line[i + k]) : 0U);
        }
        for (unsigned shift = 16; wanted > 0; shift -= 8, --wanted) {
            out += static_cast<char>((bits >> shift) & 0xffU);
            if (shift == 0) {
                --wanted;
                break;
            }
        }
    }
}

void TransferDecoder::feed_uuencode(std::string_view text, std::string& out) {
    while (!text.empty()) {
        const std::size_t lf = text.find('\n');
        const std::string_view piece = text.substr(0, lf);
        if (held_.size() <= kLineMax) {
            held_ += piece.substr(0, kLineMax + 1 - held_.size());
        }
        if (lf == std::string_view::npos) {
            return;
        }
        if (held_.size() <= kLineMax) {
            uuencode_line(held_, out);
        } else {
            ++damage_;
        }
        held_.clear();
        text.remove_prefix(lf + 1);
    }
}

}  // namespace mime
