#include "mail/rights.h"

#include <cstddef>

namespace mail {
namespace {

constexpr std::string_view kLetters = "lrswipkxtea";

}  // namespace

std::string to_text(Rights rights, bool virtual_rights) {
    std::string letters;
    for (std::size_t i = 0; i < kLetters.size(); ++i) {
        if ((rights >> i & 1U) != 0) {
            letters += kLetters[i];
        }
    }
    // RFC 4314 2.1.1: "c" stands for "k" or "x", "d" for "e" or "t".
    if (virtual_rights && (rights & (kRightCreate | kRightDeleteMailbox)) != 0) {
        letters += 'c';
    }
    if (virtual_rights && (rights & (kRightExpunge | kRightDeleteMessages)) != 0) {
        letters += 'd';
    }
    return letters;
}

base::Result<Rights> parse_rights(std::string_view letters) {
    unsigned rights = 0;
    for (const char letter : letters) {
        const std::size_t at = kLetters.find(letter);
        if (at != std::string_view::npos) {
            rights |= 1U << at;
        } else if (letter == 'c') {
            rights |= kRightCreate | kRightDeleteMailbox;
        } else if (letter == 'd') {
            rights |= kRightExpunge | kRightDeleteMessages;
        } else {
            return base::fail(base::Errc::kInvalid, "a letter that is no right");
        }
    }
    return static_cast<Rights>(rights);
}

}  // namespace mail
