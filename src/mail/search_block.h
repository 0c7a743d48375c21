// Blocks of the search index in their stored form: the words of some hundred to some ten thousand
// emails, each with the emails it stands in (docs/architecture/storage-format.md, "Search index").
//
// A block's words are kept a part of the messages apart (body, subject ...), sorted, in chunks of about 32
// KiB; a chunk is two records, since a search reads all words but few of the lists that belong to them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/types.h"
#include "mail/word_table.h"

namespace mail {

// What of a message a key looks at; bits of a set of them are 1 << part.
enum class IndexPart : std::uint8_t {
    kBody,
    kAttachments,
    kSubject,
    kFrom,
    kTo,
    kCc,
    kBcc,
    kOtherFields,  // their values, and the names of all fields
};
inline constexpr std::size_t kIndexParts = 8;
using IndexPartSet = std::uint32_t;

[[nodiscard]] constexpr IndexPartSet bit(IndexPart part) {
    return 1U << static_cast<unsigned>(part);
}

// Where the values of the fields of that name stand; the index is built and asked by it.
[[nodiscard]] IndexPart part_of_field(std::string_view name);

// A block's head. Its n-th document is emails[n]; an email between first and last that is not among them
// was gone already.
struct SearchBlock {
    std::uint64_t serial = 0;  // names its chunks
    EmailId first = 0;
    EmailId last = 0;
    std::vector<EmailId> emails;                      // ascending
    std::array<std::uint32_t, kIndexParts> chunks{};  // how many of each part
    std::uint64_t octets = 0;                         // of all chunks

    friend bool operator==(const SearchBlock&, const SearchBlock&) = default;
};

[[nodiscard]] std::string encode(const SearchBlock& block);
// kCorrupt for what encode() cannot have given.
[[nodiscard]] base::Result<SearchBlock> decode_search_block(std::string_view record);

// A chunk as its two records.
struct SearchChunk {
    std::string words;
    std::string postings;

    [[nodiscard]] std::size_t octets() const { return words.size() + postings.size(); }
};

// Calls visit(document) for each; false when the octets are no such list below `documents`.
[[nodiscard]] bool for_each_posting(std::string_view octets,
                                    std::uint32_t documents,
                                    const std::function<void(std::uint32_t)>& visit);

// Makes chunks out of sorted words.
class ChunkWriter {
  public:
    using Emit = std::function<void(SearchChunk)>;

    explicit ChunkWriter(Emit emit) : emit_(std::move(emit)) {}

    // `word` sorts behind all before it; `postings` are Postings::octets(), not empty.
    void add(std::string_view word, std::string_view postings);
    // The last chunk, if any.
    void finish();

  private:
    Emit emit_;
    std::string words_;
    std::string postings_;
};

// A chunk's words in their order. Views into the records, which must outlive it.
class ChunkReader {
  public:
    ChunkReader(std::string_view words, std::string_view postings);

    // False at the end, or at damage (finish).
    [[nodiscard]] bool next();

    [[nodiscard]] std::string_view word() const { return word_; }

    [[nodiscard]] std::string_view postings() const { return list_; }

    // kCorrupt unless both records ended in good order.
    [[nodiscard]] base::Result<> finish() const;

  private:
    void fail() { failed_ = true; }

    std::string_view words_;
    std::string_view postings_;
    std::string_view word_;
    std::string_view list_;
    bool failed_ = false;
};

// The indexes of the words that contain `piece`, ascending. Damage finds nothing.
[[nodiscard]] std::vector<std::uint32_t> find_words(std::string_view words_record,
                                                    std::string_view piece);
// Calls visit(document) for the documents of those words; kCorrupt at damage.
[[nodiscard]] base::Result<> visit_documents(std::string_view postings_record,
                                             const std::vector<std::uint32_t>& word_indexes,
                                             std::uint32_t documents,
                                             const std::function<void(std::uint32_t)>& visit);

// Collects a block's words in memory.
class SearchBlockBuilder {
  public:
    // WordTable's.
    explicit SearchBlockBuilder(std::uint64_t hash_seed = 0) { parts_.fill(WordTable(hash_seed)); }

    // The words of `folded` stand in `part` of `document`. Documents come in ascending order.
    void add(std::uint32_t document, IndexPart part, std::string_view folded);

    // About what it holds of memory.
    [[nodiscard]] std::size_t octets() const;

    // Hands over the chunks, a part after the other, and forgets everything.
    using Emit = std::function<void(IndexPart part, std::uint32_t number, SearchChunk chunk)>;
    void finish(const Emit& emit);

  private:
    std::array<WordTable, kIndexParts> parts_;
};

}  // namespace mail
