// What kinds of octets a body holds, learnt in one pass over pieces of it: it decides how the body may travel
// (RFC 2045 section 2 and 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mime/line_scan.h"
#include "mime/transfer.h"

namespace mime {

class Survey {
  public:
    // The next octets of the body.
    void feed(std::string_view octets);

    [[nodiscard]] bool has_8bit() const { return totals_.has_8bit; }

    // So far: CRLF line ends only, no NUL, and no line of more than 998 octets (RFC 5322 2.1.1).
    [[nodiscard]] bool is_lines() const;

    // The smallest of 7bit, 8bit (when allowed), quoted-printable and base64 that brings the body through
    // any mail transport; ties go to the more readable.
    [[nodiscard]] Encoding smallest(bool allow_8bit) const;
    // 7bit, 8bit or binary: for what must not be encoded (RFC 2046 5.2.1).
    [[nodiscard]] Encoding identity() const;

  private:
    void measure_lines(std::string_view octets);

    OctetTotals totals_;
    char last_ = '\0';
    std::uint64_t octets_ = 0;
    std::uint64_t escaped_ = 0;  // octets that quoted-printable writes as three
    std::uint64_t crlfs_ = 0;    // of which these pairs stay as they are
    std::uint64_t column_ = 0;   // octets of the line at hand
    bool has_long_line_ = false;
};

// The same for octets that are all there.
[[nodiscard]] Survey survey(std::string_view octets);

}  // namespace mime
