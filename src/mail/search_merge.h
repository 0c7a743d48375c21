// Blocks of the search index made one, in steps that hold a chunk of each in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mail/search_index.h"

namespace mail {

class BlockMerger {
  public:
    // `blocks` adjacent and ascending; `emails`, ascending, are those that are still there.
    BlockMerger(account::AccountId account,
                std::uint64_t serial,
                std::vector<SearchBlock> blocks,
                std::vector<EmailId> emails);
    BlockMerger(const BlockMerger&) = delete;
    BlockMerger& operator=(const BlockMerger&) = delete;
    ~BlockMerger() = default;

    using Records = std::vector<std::pair<std::string, std::string>>;
    // The next records of the new block, about `octets_max`; none at the end. kCorrupt: a block is damaged.
    [[nodiscard]] base::Result<Records> step(const store::Reader& reader, std::size_t octets_max);

    // The new block's head, whole at the end.
    [[nodiscard]] const SearchBlock& block() const { return merged_; }

  private:
    // Walks through one block's words of the part at hand.
    struct Cursor {
        SearchBlock block;
        std::vector<std::uint32_t> documents;  // what they are in the new block, or kGone
        std::uint32_t next_chunk = 0;
        SearchChunk chunk;
        std::optional<ChunkReader> words;
        bool is_at_word = false;
    };

    [[nodiscard]] base::Result<> advance(const store::Reader& reader, Cursor& cursor);
    [[nodiscard]] base::Result<> begin_part(const store::Reader& reader);
    [[nodiscard]] base::Result<> merge_word(const store::Reader& reader);
    void emit(SearchChunk chunk);

    account::AccountId account_;
    SearchBlock merged_;
    std::vector<Cursor> cursors_;
    std::size_t part_ = 0;
    bool in_part_ = false;
    ChunkWriter writer_;
    Records records_;
    std::size_t records_octets_ = 0;
};

}  // namespace mail
