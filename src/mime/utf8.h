// Characters of UTF-8 (RFC 3629): put, cut and count.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mime {

// Appends a character. A surrogate or a number beyond U+10FFFF becomes U+FFFD.
void append_utf8(std::string& out, char32_t character);

// Takes the first character off `text`, which is not empty. An octet that begins no well-formed
// sequence is taken alone and read as U+FFFD.
[[nodiscard]] char32_t take_utf8(std::string_view& text);

// The beginning of `text` with at most so many characters.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t characters_max);
// The beginning of `text` with at most so many octets, cut between two characters.
[[nodiscard]] std::string_view utf8_octets_prefix(std::string_view text, std::size_t octets_max);

// Whether text that comes in pieces is well-formed UTF-8.
class Utf8Check {
  public:
    void feed(std::string_view octets);
    // Call behind the last piece.
    [[nodiscard]] bool holds() const;

  private:
    bool is_utf8_ = true;
    std::string held_;  // the last character, which may go on
};

}  // namespace mime
