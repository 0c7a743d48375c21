// Search programs: SEARCH (RFC 9051 6.4.4, RFC 3501 6.4.4, RFC 4731, RFC 5032, RFC 5182, RFC 7162, RFC 8474,
// RFC 8514, RFC 9394), SORT and THREAD (RFC 5256, RFC 5267, RFC 5957).
//
// What only the session knows stays open in the tree: each key of kind kUids has in `number` the index of
// its set in SearchProgram::sets, and kEmailId and kThreadId have the client's text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "imap/grammar/fetch.h"
#include "imap/grammar/sequence_set.h"
#include "mail/search.h"

namespace imap {

struct SearchSet {
    SequenceSet set;
    bool is_uids = false;

    friend bool operator==(const SearchSet&, const SearchSet&) = default;
};

struct SearchProgram {
    mail::SearchKey key;
    std::vector<SearchSet> sets;
    bool has_modseq = false;  // RFC 7162 3.1.5: the answer names the highest one
};

// RFC 4731 3.1, RFC 5182, RFC 9394
enum SearchReturn : std::uint8_t {
    kReturnMin = 1U << 0U,
    kReturnMax = 1U << 1U,
    kReturnAll = 1U << 2U,
    kReturnCount = 1U << 3U,
    kReturnSave = 1U << 4U,
};

struct SearchReturns {
    std::uint8_t options = 0;
    std::optional<Page> page;

    friend bool operator==(const SearchReturns&, const SearchReturns&) = default;
};

struct SearchArguments {
    std::optional<SearchReturns> returns;  // RETURN () means ALL
    bool has_charset = false;
    SearchProgram program;
};

struct SortArguments {
    std::optional<SearchReturns> returns;
    std::vector<mail::SortKey> keys;  // no two of a kind
    SearchProgram program;
};

struct ThreadArguments {
    mail::ThreadAlgorithm algorithm = mail::ThreadAlgorithm::kReferences;
    SearchProgram program;
};

inline constexpr std::size_t kSortKeysMax = 20;

// What BADCHARSET offers: those of mime::canonical_charset that clients have a use for.
inline constexpr std::string_view kSearchCharsets =
    "US-ASCII UTF-8 UTF-7 ISO-8859-1 ISO-8859-2 ISO-8859-3 ISO-8859-4 ISO-8859-5 ISO-8859-6 "
    "ISO-8859-7 "
    "ISO-8859-8 ISO-8859-9 ISO-8859-10 ISO-8859-13 ISO-8859-14 ISO-8859-15 ISO-8859-16 "
    "WINDOWS-1250 "
    "WINDOWS-1251 WINDOWS-1252 WINDOWS-1253 WINDOWS-1254 WINDOWS-1255 WINDOWS-1256 WINDOWS-1257 "
    "WINDOWS-1258 "
    "KOI8-R KOI8-U TIS-620 SHIFT_JIS EUC-JP ISO-2022-JP EUC-KR ISO-2022-KR GB2312 GBK GB18030 BIG5";

// kSyntax; kUnsupported: a charset not known here (BADCHARSET); kTooLong: beyond the bounds of mail/search.h.
[[nodiscard]] base::Result<SearchArguments> parse_search(std::string_view text);
// Whether SEARCH or SORT with these arguments asks for SAVE, whatever else is wrong with them.
[[nodiscard]] bool search_saves(std::string_view text);
[[nodiscard]] base::Result<SortArguments> parse_sort(std::string_view text);
[[nodiscard]] base::Result<ThreadArguments> parse_thread(std::string_view text);

}  // namespace imap
