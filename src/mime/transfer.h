// Content-Transfer-Encoding: RFC 2045 section 6; uuencode as found in old mail. Whole or in pieces.
//
// Decoding never fails. Octets that do not belong to an encoding are passed over, as the best
// readers do, and counted in damage(). What comes out does not depend on how the input is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mime/base64_codec.h"

namespace mime {

enum class Encoding {
    k7bit,
    k8bit,
    kBinary,
    kQuotedPrintable,
    kBase64,
    kUuencode,  // x-uuencode, x-uue, uuencode
    kOther,     // a name not known here; the octets are handed on as they are (RFC 2045 6.4)
};

// The value of a Content-Transfer-Encoding field; comments and case do not matter. An empty body is
// 7bit, RFC 2045's default.
[[nodiscard]] Encoding parse_encoding(std::string_view body);
// "base64", "quoted-printable" ...; "7bit" for kOther.
[[nodiscard]] std::string_view encoding_name(Encoding encoding);

class TransferDecoder {
  public:
    explicit TransferDecoder(Encoding encoding) : encoding_(encoding) {}

    // Appends decoded octets to `out`. At most a line end and some white space are held back, and
    // of uuencode one line.
    void feed(std::string_view text, std::string& out);
    // The end of the text: an incomplete group at it gives the octets it holds.
    void finish(std::string& out);

    // How many characters meant nothing in the encoding; line ends and white space are not counted.
    [[nodiscard]] std::uint64_t damage() const { return damage_ + group_.damage; }

  private:
    void quoted_printable(std::string_view text, bool last, std::string& out);
    void feed_uuencode(std::string_view text, std::string& out);
    void uuencode_line(std::string_view line, std::string& out);

    Encoding encoding_;
    base64::Group group_;
    std::uint64_t damage_ = 0;
    std::string held_;    // quoted-printable: the end of the last piece; uuencode: a part of a line
    bool begun_ = false;  // uuencode: behind "begin"
    bool ended_ = false;  // uuencode: behind "end"
};

// Lines of at most 76 characters, ended by CRLF. base64 and quoted-printable give back every octet;
// in quoted-printable CRLF is a line end, and a CR or LF alone is encoded. 7bit, 8bit, binary and
// kOther are handed on; uuencode is not written.
class TransferEncoder {
  public:
    explicit TransferEncoder(Encoding encoding) : encoding_(encoding) {}

    void feed(std::string_view octets, std::string& out);
    // base64 ends with CRLF unless it is empty; quoted-printable as the text does.
    void finish(std::string& out);

  private:
    void feed_base64(std::string_view octets, std::string& out);
    void quoted_printable(std::string_view octets, bool last, std::string& out);

    Encoding encoding_;
    std::string held_;        // the octets whose form depends on what follows
    std::size_t column_ = 0;  // quoted-printable: characters of the line so far
};

// All at once.
[[nodiscard]] std::string decode(Encoding encoding, std::string_view text);
[[nodiscard]] std::string encode(Encoding encoding, std::string_view octets);

}  // namespace mime
