// Sets of sequence numbers and UIDs (RFC 9051 9 "sequence-set", RFC 5182's "$").
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "imap/grammar/scanner.h"
#include "mail/uid_set.h"

namespace imap {

// As the client wrote it, merged: however long the text, no more ranges than differ. "*" waits for
// resolve(), which knows what the largest number is.
struct SequenceSet {
    mail::UidSet plain;  // without "*"
    // Of all "n:*" and "*:n" the least n, which holds the others; "*" alone is kEnd.
    std::optional<std::uint32_t> to_end;
    bool is_saved = false;  // "$": the result of the last search, and nothing else

    static constexpr std::uint32_t kEnd = 0;

    // What it means where `max` is the largest number in use; with none in use, zero, "*" means
    // nothing (RFC 9051 9: "*" is the largest number in use, and n:* always includes it).
    [[nodiscard]] mail::UidSet resolve(std::uint32_t max) const;

    friend bool operator==(const SequenceSet&, const SequenceSet&) = default;
};

// True when a sequence set may begin with `c`.
[[nodiscard]] bool begins_sequence_set(char c);
[[nodiscard]] base::Result<SequenceSet> parse_sequence_set(Scanner& scanner);
// A set that knows no "*" (RFC 4315's uid-set, RFC 7162's known-uids).
[[nodiscard]] base::Result<mail::UidSet> parse_known_set(Scanner& scanner);

}  // namespace imap
