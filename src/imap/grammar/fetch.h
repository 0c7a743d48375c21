// FETCH's arguments: RFC 9051 6.4.5, RFC 3501 6.4.5, RFC 3516 (BINARY), RFC 7162 (MODSEQ, CHANGEDSINCE,
// VANISHED), RFC 8474 (EMAILID, THREADID), RFC 8514 (SAVEDATE), RFC 8970 (PREVIEW), RFC 9394 (PARTIAL).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imap/grammar/section.h"
#include "imap/grammar/sequence_set.h"

namespace imap {

enum class FetchKind : std::uint8_t {
    kUid,
    kFlags,
    kInternalDate,
    kSize,
    kModseq,
    kSaveDate,
    kEmailId,
    kThreadId,
    kEnvelope,
    kBody,
    kBodyStructure,
    kPreview,
    kSection,       // BODY[...] and BODY.PEEK[...]
    kBinary,        // BINARY[...] and BINARY.PEEK[...]
    kBinarySize,    // BINARY.SIZE[...]
    kRfc822,        // BODY[], under its old name
    kRfc822Header,  // BODY.PEEK[HEADER]
    kRfc822Text,    // BODY[TEXT]
};

struct FetchItem {
    FetchKind kind = FetchKind::kUid;
    SectionSpec section;  // kSection, kBinary, kBinarySize, and what the old names stand for
    std::optional<Partial> partial;
    bool is_peek = true;   // does not set \Seen
    bool is_lazy = false;  // PREVIEW (LAZY)

    friend bool operator==(const FetchItem&, const FetchItem&) = default;
};

inline constexpr std::size_t kFetchItemsMax = 200;

// RFC 9394 3.1: a page of results, counted from the begin ("1:10") or the end ("-1:-10").
struct Page {
    std::uint32_t first = 1;
    std::uint32_t last = 1;  // first <= last
    bool from_the_end = false;
    bool is_reversed = false;  // as written: "10:1" means the same as "1:10"

    // The part of `count` results, as indices [begin, end) in ascending order.
    [[nodiscard]] std::pair<std::size_t, std::size_t> of(std::size_t count) const;
    // As written: "1:10", "-1:-10", "10:1"
    [[nodiscard]] std::string to_text() const;
    friend bool operator==(const Page&, const Page&) = default;
};

[[nodiscard]] base::Result<Page> parse_page(Scanner& scanner);

struct FetchArguments {
    SequenceSet set;
    std::vector<FetchItem> items;  // none twice
    std::optional<std::uint64_t> changed_since;
    bool vanished = false;
    std::optional<Page> page;
};

[[nodiscard]] base::Result<FetchArguments> parse_fetch(std::string_view text);
// The items alone, as NOTIFY names them too: one, a macro, or a list.
[[nodiscard]] base::Result<std::vector<FetchItem>> parse_fetch_items(Scanner& scanner);

}  // namespace imap
