#include "mail/search_program.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/ascii.h"
#include "mail/kept_fields.h"
#include "mail/search_fold.h"
#include "mail/search_text.h"

namespace mail {
namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();

// What a key needs to be judged, as the order in which it is tried.
enum Cost : int { kEntryCost, kRecordCost, kHeaderCost, kBodyCost };

Truth truth(bool value) {
    return value ? Truth::kYes : Truth::kNo;
}

Truth negation(Truth value) {
    return static_cast<Truth>(static_cast<int>(Truth::kYes) - static_cast<int>(value));
}

// Linear, whatever both hold.
bool contains(std::string_view text, std::string_view needle) {
    return needle.empty() ||
           ::memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr;
}

// A header was read before it became evidence; of a summary's fields that is left until one is wanted.
std::string value_of(mime::Field field, const SearchEvidence& evidence) {
    if (evidence.header || base::is_utf8(field.body)) {
        return folded_value(field);
    }
    const std::string body = evidence.summary->as_utf8(field.body);
    field.body = body;
    return folded_value(field);
}

constexpr IndexPartSet kHeaderParts = bit(IndexPart::kSubject) | bit(IndexPart::kFrom) |
                                      bit(IndexPart::kTo) | bit(IndexPart::kCc) |
                                      bit(IndexPart::kBcc) | bit(IndexPart::kOtherFields);

}  // namespace

class SearchProgram::Compiler {
  public:
    Compiler(const Snapshot& snapshot, const SearchOptions& options)
        : snapshot_(snapshot),
          options_(options),
          recent_(std::make_shared<const UidSet>(options.recent)) {}

    base::Result<SearchProgram> run(const SearchKey& key) {
        TRY(program_.root_, compile(key, 0));
        program_.scope_ = scope_of(program_.root_);
        program_.keys_ = keys_;
        return std::move(program_);
    }

  private:
    // No deeper than kSearchDepthMax, whatever comes.
    base::Result<Node> compile(const SearchKey& key, std::size_t depth) {
        if (++keys_ > kSearchKeysMax || depth > kSearchDepthMax) {
            return base::fail(base::Errc::kTooLong, "the search has too many keys");
        }
        Node node;
        node.kind = key.kind;
        node.number = key.number;
        TRY_VOID(set_leaf(node, key));
        for (const SearchKey& child : key.children) {
            TRY(Node compiled, compile(child, depth + 1));
            node.cost = std::max(node.cost, compiled.cost);
            node.children.push_back(std::move(compiled));
        }
        std::stable_sort(node.children.begin(),
                         node.children.end(),
                         [](const Node& a, const Node& b) { return a.cost < b.cost; });
        return node;
    }

    base::Result<> set_leaf(Node& node, const SearchKey& key) {
        switch (key.kind) {
            case SearchKind::kUids:
                node.uids = key.uids;
                break;
            case SearchKind::kRecent:
                node.kind = SearchKind::kUids;
                node.uids = recent_;
                break;
            case SearchKind::kFlag:
                node.mask = key.flag;
                break;
            case SearchKind::kKeyword:
                if (const auto place = snapshot_.keyword_bit(key.text)) {
                    node.mask = std::uint64_t{1} << *place;
                }
                break;
            case SearchKind::kHeader:
            case SearchKind::kBody:
            case SearchKind::kText:
                return set_text(node, key);
            case SearchKind::kThreadId:
                node.cost = kRecordCost;
                break;
            default:
                set_times(node, key);
        }
        return {};
    }

    void set_times(Node& node, const SearchKey& key) const {
        const std::int64_t day = std::chrono::seconds(key.day.time_since_epoch()).count();
        node.from_s = kNever;
        node.until_s = kForEver;
        switch (key.kind) {
            case SearchKind::kSentBefore:
            case SearchKind::kSentOn:
            case SearchKind::kSentSince:
                node.cost = kRecordCost;
                break;
            default:
                break;
        }
        switch (key.kind) {
            case SearchKind::kBefore:
            case SearchKind::kSentBefore:
            case SearchKind::kSavedBefore:
                node.until_s = day;
                break;
            case SearchKind::kOn:
            case SearchKind::kSentOn:
            case SearchKind::kSavedOn:
                node.from_s = day;
                node.until_s = day + kDayS;
                break;
            case SearchKind::kSince:
            case SearchKind::kSentSince:
            case SearchKind::kSavedSince:
                node.from_s = day;
                break;
            case SearchKind::kOlder:
                node.until_s = seconds_ago(key.number) + 1;
                break;
            case SearchKind::kYounger:
                node.from_s = seconds_ago(key.number);
                break;
            default:
                break;
        }
    }

    [[nodiscard]] std::int64_t seconds_ago(std::uint64_t seconds) const {
        constexpr std::uint64_t kLongAgo = std::uint64_t{1} << 40;
        const auto now = std::chrono::floor<std::chrono::seconds>(options_.now);
        return now.time_since_epoch().count() -
               static_cast<std::int64_t>(std::min(seconds, kLongAgo));
    }

    base::Result<> set_text(Node& node, const SearchKey& key) {
        if (++text_keys_ > kSearchTextKeysMax || key.text.size() > kSearchTextOctetsMax ||
            key.field.size() > kSearchTextOctetsMax) {
            return base::fail(base::Errc::kTooLong, "the search has too much text");
        }
        node.field = key.field;
        node.needle = search_fold(key.text);
        if (node.needle.empty() && key.kind != SearchKind::kHeader) {
            node.kind = SearchKind::kAll;
            return {};
        }
        const bool is_kept = is_kept_field(key.field);
        node.cost = key.kind != SearchKind::kHeader ? kBodyCost
                    : is_kept                       ? kRecordCost
                                                    : kHeaderCost;
        program_.wants_header_text_ |= key.kind == SearchKind::kText;

        IndexQuery query{parts_of(key), word_query(node.needle)};
        if (query.words.pieces.empty()) {
            return {};
        }
        if (key.kind == SearchKind::kHeader &&
            part_of_field(key.field) == IndexPart::kOtherFields) {
            query.words.is_exact = false;  // some other field may have the word
        }
        node.query = program_.queries_.size();
        program_.queries_.push_back(std::move(query));
        return {};
    }

    [[nodiscard]] IndexPartSet parts_of(const SearchKey& key) const {
        const IndexPartSet body =
            bit(IndexPart::kBody) | (options_.in_attachments ? bit(IndexPart::kAttachments) : 0U);
        if (key.kind == SearchKind::kHeader) {
            return bit(part_of_field(key.field));
        }
        return key.kind == SearchKind::kBody ? body : body | kHeaderParts;
    }

    // What UIDs a key can be true of, as far as that is seen at its top.
    static UidSet scope_of(const Node& node) {
        if (node.kind == SearchKind::kUids) {
            return *node.uids;
        }
        if (node.kind != SearchKind::kAnd) {
            return UidSet::all();
        }
        std::vector<const UidSet*> sets;
        for (const Node& child : node.children) {
            if (child.kind == SearchKind::kUids) {
                sets.push_back(child.uids.get());
            }
        }
        // One that many keys share once, and the large ones against what the small ones have left.
        std::ranges::sort(
            sets, {}, [](const UidSet* set) { return std::pair(set->ranges().size(), set); });
        sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
        UidSet scope = UidSet::all();
        for (const UidSet* set : sets) {
            scope = scope.intersect(*set);
        }
        return scope;
    }

    const Snapshot& snapshot_;
    const SearchOptions& options_;
    const std::shared_ptr<const UidSet> recent_;
    SearchProgram program_;
    std::size_t keys_ = 0;
    std::size_t text_keys_ = 0;
};

base::Result<SearchProgram> SearchProgram::compile(const SearchKey& key,
                                                   const Snapshot& snapshot,
                                                   const SearchOptions& options) {
    return Compiler(snapshot, options).run(key);
}

Truth SearchProgram::judge(const SearchEvidence& evidence) const {
    return judge(root_, evidence);
}

Truth SearchProgram::judge(const Node& node, const SearchEvidence& evidence) {
    switch (node.kind) {
        case SearchKind::kAnd:
            return judge_all(node, evidence);
        case SearchKind::kOr:
            return judge_any(node, evidence);
        case SearchKind::kNot:
            return node.children.empty() ? Truth::kNo
                                         : negation(judge(node.children.front(), evidence));
        case SearchKind::kHeader:
        case SearchKind::kBody:
        case SearchKind::kText:
            return judge_text(node, evidence);
        case SearchKind::kThreadId:
            return evidence.has_record ? truth(evidence.thread == node.number) : Truth::kUnknown;
        case SearchKind::kSentBefore:
        case SearchKind::kSentOn:
        case SearchKind::kSentSince:
            return judge_sent(node, evidence);
        default:
            return judge_entry(node, *evidence.entry);
    }
}

Truth SearchProgram::judge_all(const Node& node, const SearchEvidence& evidence) {
    Truth all = Truth::kYes;
    for (const Node& child : node.children) {
        all = std::min(all, judge(child, evidence));
        if (all == Truth::kNo) {
            break;
        }
    }
    return all;
}

Truth SearchProgram::judge_any(const Node& node, const SearchEvidence& evidence) {
    Truth any = Truth::kNo;
    for (const Node& child : node.children) {
        any = std::max(any, judge(child, evidence));
        if (any == Truth::kYes) {
            break;
        }
    }
    return any;
}

// The day as it is written in the field, "disregarding time and timezone" (RFC 9051 6.4.4).
Truth SearchProgram::judge_sent(const Node& node, const SearchEvidence& evidence) {
    if (evidence.summary == nullptr) {
        return Truth::kUnknown;
    }
    const auto& sent = evidence.summary->sent();
    if (!sent) {
        return Truth::kNo;
    }
    const auto local = sent->time + std::chrono::minutes(sent->offset_minutes);
    const auto local_s = std::chrono::floor<std::chrono::seconds>(local).time_since_epoch().count();
    return truth(local_s >= node.from_s && local_s < node.until_s);
}

Truth SearchProgram::judge_entry(const Node& node, const Entry& entry) {
    switch (node.kind) {
        case SearchKind::kUids:
            return truth(node.uids->contains(entry.uid));
        case SearchKind::kFlag:
            return truth((entry.flags & node.mask) != 0);
        case SearchKind::kKeyword:
            return truth((entry.keywords & node.mask) != 0);
        case SearchKind::kBefore:
        case SearchKind::kOn:
        case SearchKind::kSince:
        case SearchKind::kOlder:
        case SearchKind::kYounger:
            return truth(entry.received_s >= node.from_s && entry.received_s < node.until_s);
        case SearchKind::kSavedBefore:
        case SearchKind::kSavedOn:
        case SearchKind::kSavedSince:
            return truth(entry.saved_s >= node.from_s && entry.saved_s < node.until_s);
        case SearchKind::kLarger:
            return truth(entry.octets > node.number);
        case SearchKind::kSmaller:
            return truth(entry.octets < node.number);
        case SearchKind::kModseq:
            return truth(entry.modseq >= node.number);
        case SearchKind::kEmailId:
            return truth(entry.email == node.number);
        default:
            return Truth::kYes;  // kAll, kSaveDateSupported
    }
}

Truth SearchProgram::judge_text(const Node& node, const SearchEvidence& evidence) {
    if (evidence.index != nullptr && node.query) {
        const Truth known = evidence.index->judge(*node.query, evidence.entry->email);
        if (known != Truth::kUnknown) {
            return known;
        }
    }
    if (node.kind == SearchKind::kHeader) {
        return judge_header(node, evidence);
    }
    const bool in_header = node.kind == SearchKind::kText;
    if (in_header && evidence.header_text && contains(*evidence.header_text, node.needle)) {
        return Truth::kYes;
    }
    return evidence.body_text ? truth(contains(*evidence.body_text, node.needle)) : Truth::kUnknown;
}

Truth SearchProgram::judge_header(const Node& node, const SearchEvidence& evidence) {
    const auto among = [&](std::string_view header) {
        mime::FieldIterator fields(header);
        while (const auto field = fields.next()) {
            if (base::iequals(field->name, node.field) &&
                contains(value_of(*field, evidence), node.needle)) {
                return Truth::kYes;
            }
        }
        return Truth::kNo;
    };
    if (evidence.header) {
        return among(*evidence.header);
    }
    if (evidence.summary == nullptr) {
        return Truth::kUnknown;
    }
    if (!evidence.summary->may_have_field(node.field)) {
        return Truth::kNo;
    }
    return is_kept_field(node.field) && evidence.summary->has_all_fields()
               ? among(evidence.summary->fields())
               : Truth::kUnknown;
}

}  // namespace mail
