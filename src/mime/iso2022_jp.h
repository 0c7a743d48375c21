// ISO-2022-JP (RFC 1468), the seven-bit Japanese of mail, with what its writers have added: half-width katakana,
// NEC's row 13 and its choice of IBM's kanji, JIS X 0212 (RFC 2237) and JIS X 0213. The C library's ISO-2022-JP
// variants know neither of the vendors' rows, whose circled numbers stand in every day's mail.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mime/iconv_converter.h"

namespace mime {

// In pieces of any size. A pair that means nothing becomes one U+FFFD, and so does an octet that stands alone
// where pairs are.
class Iso2022JpDecoder {
  public:
    // Appends UTF-8 to `out`.
    void feed(std::string_view octets, std::string& out);
    void finish(std::string& out);

  private:
    enum class Set : std::uint8_t {
        kAscii,
        kRoman,
        kKatakana,
        kJis0208,
        kJis0212,
        kJis0213,
        kJis0213Plane2
    };

    struct Escape {
        std::string_view octets;  // behind ESC
        Set set;
    };

    static const std::array<Escape, 13> kEscapes;

    void take(char c, std::string& out);
    void take_escape(char c, std::string& out);
    void take_graphic(char c, std::string& out);
    void add_pair(char first, char second);
    void convert_run(std::string& out);

    Set set_ = Set::kAscii;
    char first_ = '\0';   // of a pair
    std::string escape_;  // ESC and what came behind it
    std::string run_;     // pairs of set_, not yet converted
    std::array<std::unique_ptr<IconvConverter>, 7>
        converters_;  // one a set, made when it is needed
};

}  // namespace mime
