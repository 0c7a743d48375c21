#include "mail/search_merge.h"

#include <algorithm>
#include <limits>

namespace mail {
namespace {

constexpr std::uint32_t kGone = std::numeric_limits<std::uint32_t>::max();

auto missing() {
    return base::fail(base::Errc::kCorrupt, "a chunk of the search index is missing");
}

}  // namespace

BlockMerger::BlockMerger(account::AccountId account,
                         std::uint64_t serial,
                         std::vector<SearchBlock> blocks,
                         std::vector<EmailId> emails)
    : account_(account),
      writer_([this](SearchChunk chunk) { emit(std::move(chunk)); }) {
    merged_.serial = serial;
    merged_.first = blocks.front().first;
    merged_.last = blocks.back().last;
    std::uint32_t next = 0;
    auto there = emails.begin();
    for (SearchBlock& block : blocks) {
        Cursor& cursor = cursors_.emplace_back();
        for (const EmailId email : block.emails) {
            there = std::lower_bound(there, emails.end(), email);
            const bool is_there = there != emails.end() && *there == email;
            cursor.documents.push_back(is_there ? next++ : kGone);
            if (is_there) {
                merged_.emails.push_back(email);
            }
        }
        cursor.block = std::move(block);
    }
}

base::Result<BlockMerger::Records> BlockMerger::step(const store::Reader& reader,
                                                     std::size_t octets_max) {
    while (part_ < kIndexParts && records_octets_ < octets_max) {
        if (!in_part_) {
            TRY_VOID(begin_part(reader));
        }
        const bool has_words = std::any_of(cursors_.begin(),
                                           cursors_.end(),
                                           [](const Cursor& cursor) { return cursor.is_at_word; });
        if (has_words) {
            TRY_VOID(merge_word(reader));
        } else {
            writer_.finish();
            in_part_ = false;
            ++part_;
        }
    }
    records_octets_ = 0;
    return std::exchange(records_, {});
}

base::Result<> BlockMerger::begin_part(const store::Reader& reader) {
    in_part_ = true;
    for (Cursor& cursor : cursors_) {
        cursor.next_chunk = 0;
        cursor.words.reset();
        TRY_VOID(advance(reader, cursor));
    }
    return {};
}

// The next word of a block, in the next chunk if need be.
base::Result<> BlockMerger::advance(const store::Reader& reader, Cursor& cursor) {
    while (!cursor.words || !cursor.words->next()) {
        if (cursor.words) {
            TRY_VOID(cursor.words->finish());
        }
        cursor.is_at_word = cursor.next_chunk < cursor.block.chunks[part_];
        if (!cursor.is_at_word) {
            return {};
        }
        const auto part = static_cast<IndexPart>(part_);
        const std::uint64_t serial = cursor.block.serial;
        TRY(auto words, reader.get(index_words_key(account_, serial, part, cursor.next_chunk)));
        TRY(auto lists, reader.get(index_postings_key(account_, serial, part, cursor.next_chunk)));
        if (!words || !lists) {
            return missing();
        }
        cursor.chunk = {std::move(*words), std::move(*lists)};
        cursor.words.emplace(cursor.chunk.words, cursor.chunk.postings);
        ++cursor.next_chunk;
    }
    return {};
}

base::Result<> BlockMerger::merge_word(const store::Reader& reader) {
    std::string word;
    for (const Cursor& cursor : cursors_) {
        if (cursor.is_at_word && (word.empty() || cursor.words->word() < word)) {
            word = cursor.words->word();
        }
    }
    Postings postings;
    for (Cursor& cursor : cursors_) {
        if (!cursor.is_at_word || cursor.words->word() != word) {
            continue;
        }
        const auto add = [&](std::uint32_t document) {
            if (cursor.documents[document] != kGone) {
                postings.add(cursor.documents[document]);
            }
        };
        if (!for_each_posting(cursor.words->postings(),
                              static_cast<std::uint32_t>(cursor.documents.size()),
                              add)) {
            return base::fail(base::Errc::kCorrupt, "a list of the search index is damaged");
        }
        TRY_VOID(advance(reader, cursor));
    }
    if (!postings.octets().empty()) {
        writer_.add(word, postings.octets());
    }
    return {};
}

void BlockMerger::emit(SearchChunk chunk) {
    const auto part = static_cast<IndexPart>(part_);
    const std::uint32_t number = merged_.chunks[part_]++;
    merged_.octets += chunk.octets();
    records_octets_ += chunk.octets();
    records_.emplace_back(index_words_key(account_, merged_.serial, part, number),
                          std::move(chunk.words));
    records_.emplace_back(index_postings_key(account_, merged_.serial, part, number),
                          std::move(chunk.postings));
}

}  // namespace mail
