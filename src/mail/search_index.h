// The search index of the store: asked by search(), built by SearchIndexer.
//
// It answers for the emails of its blocks only; whoever asks reads the others, so an answer is never
// stale, only slower. A damaged or missing block costs nothing but that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "account/directory.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/search_block.h"
#include "mail/search_words.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

// Three values, since most of a key is decided before all is known.
enum class Truth : std::uint8_t { kNo, kUnknown, kYes };

struct IndexQuery {
    IndexPartSet parts = 0;
    WordQuery words;  // with pieces
};

class IndexAnswers {
  public:
    // Whether the n-th query is true of an email.
    [[nodiscard]] Truth judge(std::size_t query, EmailId email) const;

    // About what it holds of memory.
    [[nodiscard]] std::size_t octets() const;

  private:
    friend class IndexReading;

    struct Range {
        EmailId first = 0;
        EmailId last = 0;
        std::vector<std::vector<std::uint64_t>> bits;  // of each query, by email - first
    };

    std::vector<Range> ranges_;  // ascending
    std::vector<bool> is_exact_;
};

inline constexpr std::size_t kIndexAnswerOctetsMax = std::size_t{64} << 20;

// Reads the index of an account; slow, for a pool's thread. Blocks beyond kIndexAnswerOctetsMax are left out.
[[nodiscard]] base::Result<IndexAnswers> ask_index(const store::Reader& reader,
                                                   account::AccountId account,
                                                   const std::vector<IndexQuery>& queries);

// Keys of the index (docs/architecture/storage-format.md).
[[nodiscard]] std::string index_prefix(account::AccountId account);
[[nodiscard]] std::string index_block_prefix(account::AccountId account);
[[nodiscard]] std::string index_block_key(account::AccountId account, EmailId first);
// Of all blocks; behind it stands the serial.
[[nodiscard]] std::string index_words_prefix(account::AccountId account);
[[nodiscard]] std::string index_words_key(account::AccountId account,
                                          std::uint64_t serial,
                                          IndexPart part,
                                          std::uint32_t number);
[[nodiscard]] std::string index_postings_prefix(account::AccountId account);
[[nodiscard]] std::string index_postings_key(account::AccountId account,
                                             std::uint64_t serial,
                                             IndexPart part,
                                             std::uint32_t number);

// The heads of an account's blocks, ascending; damaged ones and such as overlap others are left out.
[[nodiscard]] base::Result<std::vector<SearchBlock>> load_blocks(const store::Reader& reader,
                                                                 account::AccountId account);

}  // namespace mail
