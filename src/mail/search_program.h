// A SearchKey made ready: texts folded, names looked up, cheap keys in front; judged with what is known of
// a message so far, first its entry, then its record, its header, its text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/search.h"
#include "mail/search_index.h"
#include "mail/snapshot.h"
#include "mail/summary.h"

namespace mail {

// What is known of one message; what is not is absent. Views and pointers belong to whoever fills it in.
struct SearchEvidence {
    const Entry* entry = nullptr;
    const IndexAnswers* index = nullptr;
    // From the email's record.
    bool has_record = false;
    std::uint64_t thread = 0;
    const Summary* summary = nullptr;        // not empty
    std::optional<std::string_view> header;  // Summary::as_utf8() of it
    std::optional<std::string> header_text;  // append_header_text of it
    std::optional<std::string> body_text;    // body_search_text
};

class SearchProgram {
  public:
    // kTooLong: beyond search.h's bounds. It refers to nothing that it is given.
    [[nodiscard]] static base::Result<SearchProgram> compile(const SearchKey& key,
                                                             const Snapshot& snapshot,
                                                             const SearchOptions& options);

    // With everything but `index` in place it is not kUnknown.
    [[nodiscard]] Truth judge(const SearchEvidence& evidence) const;

    // What to ask the index, for SearchEvidence::index.
    [[nodiscard]] const std::vector<IndexQuery>& queries() const { return queries_; }

    // Messages outside are never found.
    [[nodiscard]] const UidSet& scope() const { return scope_; }

    [[nodiscard]] bool wants_header_text() const { return wants_header_text_; }

    // What judge() may take: its keys.
    [[nodiscard]] std::size_t keys() const { return keys_; }

  private:
    struct Node {
        SearchKind kind = SearchKind::kAll;
        int cost = 0;
        std::uint64_t mask = 0;  // kFlag, kKeyword; the keyword's bit, 0: nobody has it
        std::uint64_t number = 0;
        std::int64_t from_s = 0;   // times at or after this ...
        std::int64_t until_s = 0;  // ... and before this match
        std::string field;
        std::string needle;  // folded
        std::shared_ptr<const UidSet> uids;
        std::optional<std::size_t> query;
        std::vector<Node> children;
    };

    class Compiler;

    [[nodiscard]] static Truth judge(const Node& node, const SearchEvidence& evidence);
    [[nodiscard]] static Truth judge_all(const Node& node, const SearchEvidence& evidence);
    [[nodiscard]] static Truth judge_any(const Node& node, const SearchEvidence& evidence);
    [[nodiscard]] static Truth judge_entry(const Node& node, const Entry& entry);
    [[nodiscard]] static Truth judge_sent(const Node& node, const SearchEvidence& evidence);
    [[nodiscard]] static Truth judge_text(const Node& node, const SearchEvidence& evidence);
    [[nodiscard]] static Truth judge_header(const Node& node, const SearchEvidence& evidence);

    Node root_;
    std::vector<IndexQuery> queries_;
    UidSet scope_;
    bool wants_header_text_ = false;
    std::size_t keys_ = 0;
};

}  // namespace mail
