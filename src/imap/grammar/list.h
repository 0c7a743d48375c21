// LIST with its extensions (RFC 9051 6.3.9, RFC 5258, RFC 5819, RFC 6154), LSUB, and STATUS (RFC 9051 6.3.11,
// RFC 7162, RFC 7889, RFC 8438, RFC 8474, RFC 9208).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "imap/grammar/scanner.h"

namespace imap {

enum StatusItem : std::uint32_t {
    kStatusMessages = 1U << 0U,
    kStatusRecent = 1U << 1U,
    kStatusUidNext = 1U << 2U,
    kStatusUidValidity = 1U << 3U,
    kStatusUnseen = 1U << 4U,
    kStatusDeleted = 1U << 5U,
    kStatusSize = 1U << 6U,
    kStatusHighestModseq = 1U << 7U,
    kStatusMailboxId = 1U << 8U,
    kStatusAppendLimit = 1U << 9U,
    kStatusDeletedStorage = 1U << 10U,
};

enum ListOption : std::uint32_t {
    kSelectSubscribed = 1U << 0U,
    kSelectRemote = 1U << 1U,
    kSelectRecursiveMatch = 1U << 2U,
    kSelectSpecialUse = 1U << 3U,
    kReturnSubscribed = 1U << 4U,
    kReturnChildren = 1U << 5U,
    kReturnSpecialUse = 1U << 6U,
};

inline constexpr std::size_t kPatternsMax = 100;
inline constexpr std::size_t kPatternOctetsMax = 1000;

struct ListArguments {
    bool is_extended = false;  // more than a reference and one pattern
    std::uint32_t options = 0;
    std::uint32_t status = 0;  // StatusItem bits of RETURN (STATUS (...))
    std::string reference;
    std::vector<std::string> patterns;
};

[[nodiscard]] base::Result<ListArguments> parse_list(std::string_view text);
// LSUB's: a reference and a pattern.
[[nodiscard]] base::Result<ListArguments> parse_lsub(std::string_view text);

struct StatusArguments {
    std::string mailbox;
    std::uint32_t items = 0;
};

[[nodiscard]] base::Result<StatusArguments> parse_status(std::string_view text);
// "(MESSAGES UNSEEN)" as bits.
[[nodiscard]] base::Result<std::uint32_t> parse_status_items(Scanner& scanner);

}  // namespace imap
