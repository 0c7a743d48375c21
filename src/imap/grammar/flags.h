// Flags and keywords of messages (RFC 9051 2.3.2 and 9 "flag").
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "imap/grammar/scanner.h"

namespace imap {

inline constexpr std::size_t kKeywordOctetsMax = 200;
inline constexpr std::size_t kFlagsMax = 100;  // in one list

struct Flags {
    std::uint32_t system = 0;           // bits of mail::Flag
    std::vector<std::string> keywords;  // as written, none twice

    friend bool operator==(const Flags&, const Flags&) = default;
};

// "(" [flag *(SP flag)] ")". \Recent is kSyntax: nobody may set it (RFC 3501 2.3.2), and the grammar has no such
// flag. kSyntax; kTooLong.
[[nodiscard]] base::Result<Flags> parse_flag_list(Scanner& scanner);
// STORE's, which may stand without parentheses.
[[nodiscard]] base::Result<Flags> parse_store_flags(Scanner& scanner);
// One keyword: an atom.
[[nodiscard]] base::Result<std::string> parse_keyword(Scanner& scanner);

// "\Answered \Seen $Forwarded", without parentheses, appended.
void append_flags(std::string& out,
                  std::uint32_t system,
                  std::uint64_t keywords,
                  std::span<const std::string> names);

}  // namespace imap
