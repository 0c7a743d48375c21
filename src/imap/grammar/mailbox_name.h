// Mailbox names on the wire: modified UTF-7 (RFC 3501 5.1.3) and UTF-8 (RFC 9051 5.1, RFC 6855 3), and the
// patterns of LIST (RFC 9051 6.3.9). Within the server a name is UTF-8 with "/" between its levels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace imap {

inline constexpr char kSeparator = '/';
inline constexpr std::size_t kMailboxNameOctetsMax = 1000;

// Which of the two the session speaks: UTF-8 once the client has enabled IMAP4rev2 or UTF8=ACCEPT.
enum class NameForm { kUtf7, kUtf8 };

// A name as the client sent it, in UTF-8, with INBOX in capitals when it is the first level. Octets above
// 127 are taken as UTF-8 in either form, since many clients send them so. kInvalid: not UTF-8 nor good
// modified UTF-7 (it would come back as another name), or control characters; kTooLong. The text says why.
[[nodiscard]] base::Result<std::string> decode_mailbox(std::string_view wire, NameForm form);
// The name as an astring.
void append_mailbox(std::string& out, std::string_view name, NameForm form);

// kInvalid: 8-bit or control characters in it, or base64 that is broken. More spellings than encode_utf7's
// are read.
[[nodiscard]] base::Result<std::string> decode_utf7(std::string_view text);
// `utf8` is valid UTF-8.
[[nodiscard]] std::string encode_utf7(std::string_view utf8);

// What LIST asks for: "*" stands for any text, "%" for any without a separator; INBOX as the first level is
// meant in any case.
class MailboxPattern {
  public:
    explicit MailboxPattern(std::string_view pattern);

    // The whole of `name`? Time: its length times a 64th of the pattern's, whatever they hold.
    [[nodiscard]] bool matches(std::string_view name) const;

  private:
    // A bit for each number of literal octets matched so far, the lowest first.
    using Bits = std::vector<std::uint64_t>;

    std::size_t literals_ = 0;
    std::map<char, Bits> after_;  // where an octet may lead: behind each literal that it is
    Bits any_;                    // where "*" stands: any octet leaves the number as it is
    Bits within_level_;           // where "%" stands
};

}  // namespace imap
