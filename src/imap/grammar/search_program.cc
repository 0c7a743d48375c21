#include "imap/grammar/search_program.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/ascii.h"
#include "imap/grammar/date.h"
#include "imap/grammar/flags.h"
#include "mime/charset.h"

namespace imap {

using base::Errc;
using base::Result;
using mail::SearchKey;
using mail::SearchKind;

// What stands behind a key's name.
enum class SearchParser::Takes : std::uint8_t {
    kNothing,
    kFlag,
    kNew,
    kText,
    kField,  // a text to look for in the field of `field`
    kHeader,
    kKeyword,
    kDay,
    kNumber,
    kSeconds,
    kObject,
    kModseq,
    kSet,
    kUidAfter,
    kUidBefore,
    kKey,
    kTwoKeys,
};

struct SearchParser::Row {
    std::string_view name;
    Takes takes;
    SearchKind kind;
    bool negated = false;
    std::uint32_t flag = 0;
    std::string_view field = {};
};

// clang-format off
const SearchParser::Row* SearchParser::find_row(std::string_view name) {
    static constexpr std::array kRows{
        Row{"ALL",               Takes::kNothing, SearchKind::kAll},
        Row{"ANSWERED",          Takes::kFlag,    SearchKind::kFlag, false, mail::kAnswered},
        Row{"BCC",               Takes::kField,   SearchKind::kHeader, false, 0, "Bcc"},
        Row{"BEFORE",            Takes::kDay,     SearchKind::kBefore},
        Row{"BODY",              Takes::kText,    SearchKind::kBody},
        Row{"CC",                Takes::kField,   SearchKind::kHeader, false, 0, "Cc"},
        Row{"DELETED",           Takes::kFlag,    SearchKind::kFlag, false, mail::kDeleted},
        Row{"DRAFT",             Takes::kFlag,    SearchKind::kFlag, false, mail::kDraft},
        Row{"EMAILID",           Takes::kObject,  SearchKind::kEmailId},
        Row{"FLAGGED",           Takes::kFlag,    SearchKind::kFlag, false, mail::kFlagged},
        Row{"FROM",              Takes::kField,   SearchKind::kHeader, false, 0, "From"},
        Row{"HEADER",            Takes::kHeader,  SearchKind::kHeader},
        Row{"KEYWORD",           Takes::kKeyword, SearchKind::kKeyword},
        Row{"LARGER",            Takes::kNumber,  SearchKind::kLarger},
        Row{"MODSEQ",            Takes::kModseq,  SearchKind::kModseq},
        Row{"NEW",               Takes::kNew,     SearchKind::kRecent},
        Row{"NOT",               Takes::kKey,     SearchKind::kNot},
        Row{"OLD",               Takes::kNothing, SearchKind::kRecent, true},
        Row{"OLDER",             Takes::kSeconds, SearchKind::kOlder},
        Row{"ON",                Takes::kDay,     SearchKind::kOn},
        Row{"OR",                Takes::kTwoKeys, SearchKind::kOr},
        Row{"RECENT",            Takes::kNothing, SearchKind::kRecent},
        Row{"SAVEDATESUPPORTED", Takes::kNothing, SearchKind::kSaveDateSupported},
        Row{"SAVEDBEFORE",       Takes::kDay,     SearchKind::kSavedBefore},
        Row{"SAVEDON",           Takes::kDay,     SearchKind::kSavedOn},
        Row{"SAVEDSINCE",        Takes::kDay,     SearchKind::kSavedSince},
        Row{"SEEN",              Takes::kFlag,    SearchKind::kFlag, false, mail::kSeen},
        Row{"SENTBEFORE",        Takes::kDay,     SearchKind::kSentBefore},
        Row{"SENTON",            Takes::kDay,     SearchKind::kSentOn},
        Row{"SENTSINCE",         Takes::kDay,     SearchKind::kSentSince},
        Row{"SINCE",             Takes::kDay,     SearchKind::kSince},
        Row{"SMALLER",           Takes::kNumber,  SearchKind::kSmaller},
        Row{"SUBJECT",           Takes::kField,   SearchKind::kHeader, false, 0, "Subject"},
        Row{"TEXT",              Takes::kText,    SearchKind::kText},
        Row{"THREADID",          Takes::kObject,  SearchKind::kThreadId},
        Row{"TO",                Takes::kField,   SearchKind::kHeader, false, 0, "To"},
        Row{"UID",               Takes::kSet,     SearchKind::kUids},
        Row{"UIDAFTER",          Takes::kUidAfter, SearchKind::kUids},
        Row{"UIDBEFORE",         Takes::kUidBefore, SearchKind::kUids},
        Row{"UNANSWERED",        Takes::kFlag,    SearchKind::kFlag, true, mail::kAnswered},
        Row{"UNDELETED",         Takes::kFlag,    SearchKind::kFlag, true, mail::kDeleted},
        Row{"UNDRAFT",           Takes::kFlag,    SearchKind::kFlag, true, mail::kDraft},
        Row{"UNFLAGGED",         Takes::kFlag,    SearchKind::kFlag, true, mail::kFlagged},
        Row{"UNKEYWORD",         Takes::kKeyword, SearchKind::kKeyword, true},
        Row{"UNSEEN",            Takes::kFlag,    SearchKind::kFlag, true, mail::kSeen},
        Row{"YOUNGER",           Takes::kSeconds, SearchKind::kYounger},
    };
    // clang-format on
    static_assert(std::ranges::is_sorted(kRows, {}, &Row::name));
    const auto* const row = std::ranges::lower_bound(kRows, name, {}, &Row::name);
    return row != kRows.end() && row->name == name ? row : nullptr;
}

namespace {

bool has_text(SearchKind kind) {
    return kind == SearchKind::kHeader || kind == SearchKind::kBody || kind == SearchKind::kText;
}

tl::unexpected<base::Error> too_long() {
    return base::fail(Errc::kTooLong, "the search program is too large");
}

}  // namespace

Result<SearchProgram> SearchParser::run() {
    TRY(program_.key, keys_until('\0', 0));
    return std::move(program_);
}

//  search-key *(SP search-key), all of them to be true
Result<SearchKey> SearchParser::keys_until(char end, std::size_t depth) {
    SearchKey all = SearchKey::of(SearchKind::kAnd, {});
    do {
        // A space at the end of the line is passed over, as Scanner::end() does.
        if (end == '\0' && scanner_.at_end() && !all.children.empty()) {
            break;
        }
        TRY(SearchKey one, key(depth + 1));
        all.children.push_back(std::move(one));
    } while (scanner_.take(' '));
    if (scanner_.peek() != end || (end == '\0' && !scanner_.at_end())) {
        return syntax_error("no search key");
    }
    return all.children.size() == 1 ? std::move(all.children.front()) : std::move(all);
}

//  search-key =/ sequence-set / "(" search-key *(SP search-key) ")"
Result<SearchKey> SearchParser::key(std::size_t depth) {
    if (depth > mail::kSearchDepthMax || ++keys_ > mail::kSearchKeysMax) {
        return too_long();
    }
    if (scanner_.take('(')) {
        TRY(SearchKey all, keys_until(')', depth));
        TRY_VOID(scanner_.expect(')'));
        return all;
    }
    if (begins_sequence_set(scanner_.peek())) {
        return set(false);
    }
    TRY(const std::string name, scanner_.word());
    const Row* const row = find_row(name);
    if (row == nullptr) {
        return syntax_error("no such search key");
    }
    if (row->takes != Takes::kNothing && row->takes != Takes::kFlag && row->takes != Takes::kNew) {
        TRY_VOID(scanner_.space());
    }
    TRY(SearchKey found, named(*row, depth));
    if (has_text(found.kind) && ++texts_ > mail::kSearchTextKeysMax) {
        return too_long();
    }
    return row->negated ? SearchKey::negation(std::move(found)) : std::move(found);
}

Result<SearchKey> SearchParser::named(const Row& row, std::size_t depth) {
    SearchKey found;
    found.kind = row.kind;
    switch (row.takes) {
        case Takes::kNothing:
            break;
        case Takes::kFlag:
            found.flag = row.flag;
            break;
        case Takes::kNew:  // RFC 3501 6.4.4: RECENT UNSEEN
            return SearchKey::of(
                SearchKind::kAnd,
                {std::move(found), SearchKey::negation(SearchKey::of_flag(mail::kSeen))});
        case Takes::kText: {
            TRY(found.text, text());
            break;
        }
        case Takes::kField: {
            found.field = row.field;
            TRY(found.text, text());
            break;
        }
        case Takes::kHeader:
            return header();
        case Takes::kKeyword: {
            TRY(found.text, parse_keyword(scanner_));
            break;
        }
        case Takes::kDay: {
            TRY(found.day, parse_date(scanner_));
            break;
        }
        case Takes::kNumber: {
            TRY(found.number, scanner_.number64());
            break;
        }
        case Takes::kSeconds: {  // RFC 5032 3: nz-number
            TRY(found.number, scanner_.nz_number());
            break;
        }
        case Takes::kObject: {
            TRY(found.text, scanner_.astring());
            break;
        }
        case Takes::kModseq:
            return modseq();
        case Takes::kSet:
            return set(true);
        case Takes::kUidAfter:
            return uids_beside(true);
        case Takes::kUidBefore:
            return uids_beside(false);
        case Takes::kKey: {
            TRY(SearchKey inner, key(depth + 1));
            return SearchKey::negation(std::move(inner));
        }
        case Takes::kTwoKeys:
            return either(depth);
    }
    return found;
}

//  search-key =/ "OR" SP search-key SP search-key
Result<SearchKey> SearchParser::either(std::size_t depth) {
    SearchKey found = SearchKey::of(SearchKind::kOr, {});
    TRY(SearchKey first, key(depth + 1));
    TRY_VOID(scanner_.space());
    TRY(SearchKey second, key(depth + 1));
    found.children.push_back(std::move(first));
    found.children.push_back(std::move(second));
    return found;
}

Result<SearchKey> SearchParser::set(bool is_uids) {
    SearchKey found;
    found.kind = SearchKind::kUids;
    found.number = program_.sets.size();
    TRY(SequenceSet set, parse_sequence_set(scanner_));
    program_.sets.push_back({std::move(set), is_uids});
    return found;
}

//  search-key =/ "UIDAFTER" SP uniqueid / "UIDBEFORE" SP uniqueid      ; RFC 9738 3.2
Result<SearchKey> SearchParser::uids_beside(bool after) {
    TRY(const mail::Uid uid, scanner_.nz_number());
    constexpr mail::Uid kLast = std::numeric_limits<mail::Uid>::max();
    SequenceSet set;
    if (after && uid < kLast) {
        set.plain = mail::UidSet(uid + 1, kLast);
    } else if (!after && uid > 1) {
        set.plain = mail::UidSet(1, uid - 1);
    }
    SearchKey found;
    found.kind = SearchKind::kUids;
    found.number = program_.sets.size();
    program_.sets.push_back({std::move(set), true});
    return found;
}

//  search-key         =/ "HEADER" SP header-fld-name SP astring
Result<SearchKey> SearchParser::header() {
    SearchKey found;
    found.kind = SearchKind::kHeader;
    TRY(found.field, scanner_.astring());
    if (found.field.size() > mail::kSearchTextOctetsMax) {
        return too_long();
    }
    TRY_VOID(scanner_.space());
    TRY(found.text, text());
    return found;
}

//  search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
//  search-modseq-ext  = SP entry-name SP entry-type-req       ; RFC 7162 7
// Flags have no modification sequences of their own here, so the entry says nothing (RFC 7162 3.1.5).
Result<SearchKey> SearchParser::modseq() {
    SearchKey found;
    found.kind = SearchKind::kModseq;
    if (scanner_.peek() == '"') {
        TRY(const std::string entry, scanner_.string());
        TRY_VOID(scanner_.space());
        TRY(const std::string type, scanner_.word());
        if (!base::istarts_with(entry, "/flags/") ||
            (type != "ALL" && type != "PRIV" && type != "SHARED")) {
            return syntax_error("no entry of MODSEQ");
        }
        TRY_VOID(scanner_.space());
    }
    TRY(found.number, scanner_.number64());
    program_.has_modseq = true;
    return found;
}

Result<std::string> SearchParser::text() {
    TRY(std::string text, scanner_.astring());
    if (text.size() > mail::kSearchTextOctetsMax) {
        return too_long();
    }
    const bool is_utf8 = charset_.name.empty() && base::is_utf8(text);
    if (charset_.is_utf8 && !is_utf8) {
        return syntax_error("no UTF-8");
    }
    return is_utf8 ? std::move(text) : mime::to_utf8(text, charset_.name);
}

}  // namespace imap
