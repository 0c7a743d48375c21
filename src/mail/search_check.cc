// The search index's own invariants, for `staffetta check`.
#include <fmt/format.h>

#include <set>

#include "mail/search_indexer.h"
#include "store/key.h"

namespace mail {
namespace {

// One block's chunks: all there, sound, and in order.
base::Result<> check_part(const store::Reader& reader,
                          account::AccountId account,
                          const SearchBlock& block,
                          IndexPart part) {
    std::string last_word;
    for (std::uint32_t number = 0; number < block.chunks[static_cast<std::size_t>(part)];
         ++number) {
        TRY(const auto words, reader.get(index_words_key(account, block.serial, part, number)));
        TRY(const auto lists, reader.get(index_postings_key(account, block.serial, part, number)));
        if (!words || !lists) {
            return base::fail(base::Errc::kCorrupt, "a chunk is missing");
        }
        ChunkReader chunk(*words, *lists);
        while (chunk.next()) {
            const auto documents = static_cast<std::uint32_t>(block.emails.size());
            if (chunk.word() <= last_word ||
                !for_each_posting(chunk.postings(), documents, [](std::uint32_t) {})) {
                return base::fail(base::Errc::kCorrupt, "a word or its list is damaged");
            }
            last_word = chunk.word();
        }
        TRY_VOID(chunk.finish());
    }
    return {};
}

base::Result<> check_block(const store::Reader& reader,
                           account::AccountId account,
                           const SearchBlock& block) {
    for (std::size_t part = 0; part < kIndexParts; ++part) {
        TRY_VOID(check_part(reader, account, block, static_cast<IndexPart>(part)));
    }
    return {};
}

}  // namespace

base::Result<std::vector<std::string>> check_index(const store::Reader& reader,
                                                   account::AccountId account) {
    std::vector<std::string> findings;
    TRY(const std::vector<SearchBlock> blocks, load_blocks(reader, account));
    std::size_t heads = 0;
    const std::string prefix = index_block_prefix(account);
    TRY_VOID(
        reader.scan(prefix, store::prefix_end(prefix), [&](std::string_view, std::string_view) {
            ++heads;
            return true;
        }));
    if (heads != blocks.size()) {
        findings.push_back(fmt::format("account {}: {} blocks of the search index are damaged",
                                       account,
                                       heads - blocks.size()));
    }
    std::set<std::uint64_t> serials;
    for (const SearchBlock& block : blocks) {
        auto sound = check_block(reader, account, block);
        if (!sound && sound.error().code != base::Errc::kCorrupt) {
            return base::forward_error(sound);
        }
        if (!sound || !serials.insert(block.serial).second) {
            findings.push_back(fmt::format(
                "account {}: the search index's block of emails {} to {} is damaged: {}",
                account,
                block.first,
                block.last,
                sound ? "its chunks are another's" : sound.error().text));
        }
    }
    return findings;
}

}  // namespace mail
