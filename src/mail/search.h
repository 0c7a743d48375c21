// SEARCH, SORT and THREAD over one mailbox: the keys of RFC 9051 6.4.4 and RFC 3501 6.4.4 as a tree of
// values, with RFC 5032 (OLDER, YOUNGER), RFC 7162 (MODSEQ), RFC 8474 (EMAILID, THREADID) and RFC 8514
// (saved dates); RFC 5256 and 5957 (SORT, THREAD).
//
// Grammars build SearchKeys (imap's, later jmap's) and resolve what only a session knows before they
// hand them in: sequence numbers and "$" (RFC 5182) become UIDs, texts become UTF-8, object ids numbers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/message_store.h"
#include "mail/uid_set.h"

namespace mail {

class Mailboxes;
class Snapshot;

enum class SearchKind : std::uint8_t {
    kAll,
    kAnd,  // all of `children`; none of them: everything
    kOr,   // one of `children`; none of them: nothing
    kNot,  // not `children[0]`
    kUids,
    kFlag,     // `flag`, one bit of Flag; UNSEEN is kNot of it
    kKeyword,  // `text`, without regard to the case of ASCII letters
    kRecent,   // is in SearchOptions::recent; NEW and OLD are made of it
    kBefore,   // INTERNALDATE, its day in UTC, against `day`
    kOn,
    kSince,
    kSentBefore,  // the Date field's day as written there, whatever its zone
    kSentOn,
    kSentSince,
    kSavedBefore,  // SAVEDATE, its day in UTC
    kSavedOn,
    kSavedSince,
    kSaveDateSupported,  // every message: there is always a saved date
    kOlder,              // INTERNALDATE at least `number` seconds before now
    kYounger,            // at most so many
    kLarger,             // RFC822.SIZE more than `number`
    kSmaller,
    kHeader,    // the field `field` stands in the header and its decoded value contains `text`
    kBody,      // the text of the body contains `text`
    kText,      // that, or the decoded header
    kModseq,    // `number` or above
    kEmailId,   // `number`
    kThreadId,  // `number`
};

// One key, or a tree of them. What the kind does not name is not looked at.
struct SearchKey {
    SearchKind kind = SearchKind::kAll;
    std::uint32_t flag = 0;
    std::chrono::sys_days day;
    std::uint64_t number = 0;
    std::string field;
    std::string text;  // UTF-8; BCC, CC, FROM, SUBJECT and TO are kHeader with that field
    std::shared_ptr<const UidSet> uids;  // kUids'; keys may share one
    std::vector<SearchKey> children;

    [[nodiscard]] static SearchKey of_flag(std::uint32_t flag) {
        SearchKey key;
        key.kind = SearchKind::kFlag;
        key.flag = flag;
        return key;
    }

    [[nodiscard]] static SearchKey of_number(SearchKind kind, std::uint64_t number) {
        SearchKey key;
        key.kind = kind;
        key.number = number;
        return key;
    }

    [[nodiscard]] static SearchKey of_day(SearchKind kind, std::chrono::sys_days day) {
        SearchKey key;
        key.kind = kind;
        key.day = day;
        return key;
    }

    [[nodiscard]] static SearchKey of_text(SearchKind kind, std::string text) {
        SearchKey key;
        key.kind = kind;
        key.text = std::move(text);
        return key;
    }

    [[nodiscard]] static SearchKey of_header(std::string field, std::string text) {
        SearchKey key = of_text(SearchKind::kHeader, std::move(text));
        key.field = std::move(field);
        return key;
    }

    [[nodiscard]] static SearchKey of_uids(std::shared_ptr<const UidSet> uids) {
        SearchKey key;
        key.kind = SearchKind::kUids;
        key.uids = std::move(uids);
        return key;
    }

    [[nodiscard]] static SearchKey of_uids(UidSet uids) {
        return of_uids(std::make_shared<const UidSet>(std::move(uids)));
    }

    [[nodiscard]] static SearchKey of(SearchKind kind, std::vector<SearchKey> children) {
        SearchKey key;
        key.kind = kind;
        key.children = std::move(children);
        return key;
    }

    [[nodiscard]] static SearchKey negation(SearchKey of) {
        SearchKey key;
        key.kind = SearchKind::kNot;
        key.children.push_back(std::move(of));
        return key;
    }
};

// What search() takes at most; more is kTooLong. Grammars stop at the same numbers, since a deeper tree
// must never be built.
inline constexpr std::size_t kSearchDepthMax = 100;
inline constexpr std::size_t kSearchKeysMax = 10'000;
inline constexpr std::size_t kSearchTextKeysMax = 100;  // kHeader, kBody and kText together
inline constexpr std::size_t kSearchTextOctetsMax = 4096;

// How far a search has come; it is written on the loop that awaits it.
struct SearchProgress {
    std::uint64_t done = 0;
    std::uint64_t goal = 0;  // messages
};

struct SearchOptions {
    base::WallTime now;                  // for kOlder and kYounger
    UidSet recent;                       // for kRecent
    bool in_attachments = false;         // kBody and kText look into text parts that are files, too
    bool use_index = true;               // false: read every message; the answer is the same
    std::size_t results_max = 0;         // stop behind so many; 0: all
    SearchProgress* progress = nullptr;  // kept up to date when given; must outlive the search
    bool from_the_end = false;  // look from the highest UID downwards, for MAX and a last page
};

// The UIDs of `snapshot` that `key` is true of, ascending (descending with from_the_end). Whoever runs on
// `loop` besides goes on meanwhile. kTooLong for a key beyond the bounds above; messages that vanish
// while it runs are passed over.
[[nodiscard]] base::Task<base::Result<std::vector<Uid>>> search(
    base::Loop& loop,
    Mailboxes& mailboxes,
    std::shared_ptr<const Snapshot> snapshot,
    SearchKey key,
    SearchOptions options);

// RFC 5256 3 and RFC 5957
enum class SortKind : std::uint8_t {
    kArrival,
    kCc,
    kDate,
    kFrom,
    kSize,
    kSubject,
    kTo,
    kDisplayFrom,
    kDisplayTo,
};

struct SortKey {
    SortKind kind = SortKind::kArrival;
    bool reverse = false;
};

// `found` (what search() gave, ascending) in the order that the keys say; equals stay in UID order.
[[nodiscard]] base::Task<base::Result<std::vector<Uid>>> sort(
    base::Loop& loop,
    Mailboxes& mailboxes,
    std::shared_ptr<const Snapshot> snapshot,
    std::vector<Uid> found,
    std::vector<SortKey> keys);

// RFC 5256 3 THREAD; REFS as draft-ietf-morg-inthread: REFERENCES without joining by subject, and the
// threads in the order of their latest message.
enum class ThreadAlgorithm : std::uint8_t {
    kOrderedSubject,
    kReferences,
    kRefs,
};

// A line of the tree, parents before their children, which are one deeper. Uid 0: a message that is not
// there, the parent of siblings.
struct ThreadNode {
    Uid uid = 0;
    std::uint32_t depth = 0;  // 0: a thread begins

    friend bool operator==(const ThreadNode&, const ThreadNode&) = default;
};

[[nodiscard]] base::Task<base::Result<std::vector<ThreadNode>>> thread(
    base::Loop& loop,
    Mailboxes& mailboxes,
    std::shared_ptr<const Snapshot> snapshot,
    std::vector<Uid> found,
    ThreadAlgorithm algorithm);

}  // namespace mail
