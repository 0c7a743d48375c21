// Text in any charset that mail uses, as UTF-8 (RFC 2045 section 2.2, RFC 2046 section 4.1.2).
//
// Conversion never fails: octets that mean nothing in the charset become U+FFFD. Labels are looked
// up in a closed table of what mail has been seen to use, so a stranger cannot name an arbitrary
// converter of the C library.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mime {

// The charset that a label of the wild means, under the name that iconv knows: "latin1", "x-sjis"
// and "ks_c_5601-1987" are found. Case, a RFC 2231 language suffix and quotes do not matter. Empty
// for a label that is unknown.
[[nodiscard]] std::string_view canonical_charset(std::string_view label);

// `octets` as UTF-8. An unknown or empty label: UTF-8 if the octets are valid UTF-8, else what
// their statistics suggest, else windows-1252. us-ascii with 8-bit octets is treated as unknown.
[[nodiscard]] std::string to_utf8(std::string_view octets, std::string_view charset);

// The best guess for octets of an unknown charset: an iconv name, never empty.
[[nodiscard]] std::string_view guess_charset(std::string_view octets);

// `text` with everything that is not well-formed UTF-8 replaced by U+FFFD, one for each maximal
// part of a sequence (Unicode 3.9, table 3-8).
[[nodiscard]] std::string scrub_utf8(std::string_view text);

// The same for text that comes in pieces: what it appends does not depend on how the input is cut,
// except that an unknown charset is guessed from the first 32 KiB.
class CharsetDecoder {
  public:
    explicit CharsetDecoder(std::string_view charset);
    CharsetDecoder(CharsetDecoder&&) noexcept;
    CharsetDecoder& operator=(CharsetDecoder&&) noexcept;
    CharsetDecoder(const CharsetDecoder&) = delete;
    CharsetDecoder& operator=(const CharsetDecoder&) = delete;
    ~CharsetDecoder();

    // Appends UTF-8 to `out`, which it never reads.
    void feed(std::string_view octets, std::string& out);
    void finish(std::string& out);

  private:
    class Converter;
    void choose(std::string& out);

    bool utf16_ = false;                    // labelled so; only the byte order is open
    std::string held_;                      // octets of a charset not yet guessed
    std::unique_ptr<Converter> converter_;  // null while guessing
};

}  // namespace mime
