#include "mail/search_index.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/key.h"

namespace mail {
namespace {

using store::KeyWriter;

constexpr std::uint8_t kTag = 'X';

KeyWriter index_key(account::AccountId account, char kind) {
    KeyWriter key;
    key.u8(kTag).u64(account).u8(static_cast<std::uint8_t>(kind));
    return key;
}

std::string chunk_key(account::AccountId account,
                      char kind,
                      std::uint64_t serial,
                      IndexPart part,
                      std::uint32_t number) {
    return index_key(account, kind)
        .u64(serial)
        .u8(static_cast<std::uint8_t>(part))
        .u32(number)
        .key();
}

using Bits = std::vector<std::uint64_t>;

Bits make_bits(std::uint64_t count) {
    return Bits(count / 64 + 1);
}

void set_bit(Bits& bits, std::uint64_t at) {
    bits[at / 64] |= std::uint64_t{1} << (at % 64);
}

bool has_bit(const Bits& bits, std::uint64_t at) {
    return (bits[at / 64] >> (at % 64) & 1U) != 0;
}

}  // namespace

std::string index_prefix(account::AccountId account) {
    return KeyWriter().u8(kTag).u64(account).key();
}

std::string index_block_prefix(account::AccountId account) {
    return index_key(account, 'b').key();
}

std::string index_block_key(account::AccountId account, EmailId first) {
    return index_key(account, 'b').u64(first).key();
}

std::string index_words_prefix(account::AccountId account) {
    return index_key(account, 'w').key();
}

std::string index_words_key(account::AccountId account,
                            std::uint64_t serial,
                            IndexPart part,
                            std::uint32_t number) {
    return chunk_key(account, 'w', serial, part, number);
}

std::string index_postings_prefix(account::AccountId account) {
    return index_key(account, 'p').key();
}

std::string index_postings_key(account::AccountId account,
                               std::uint64_t serial,
                               IndexPart part,
                               std::uint32_t number) {
    return chunk_key(account, 'p', serial, part, number);
}

base::Result<std::vector<SearchBlock>> load_blocks(const store::Reader& reader,
                                                   account::AccountId account) {
    std::vector<SearchBlock> blocks;
    const std::string prefix = index_block_prefix(account);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            auto block = decode_search_block(record);
            if (block && key == index_block_key(account, block->first) &&
                (blocks.empty() || blocks.back().last < block->first)) {
                blocks.push_back(std::move(*block));
            }
            return true;
        }));
    return blocks;
}

Truth IndexAnswers::judge(std::size_t query, EmailId email) const {
    const auto behind =
        std::upper_bound(ranges_.begin(), ranges_.end(), email, [](EmailId id, const Range& range) {
            return id < range.first;
        });
    if (behind == ranges_.begin() || email > std::prev(behind)->last) {
        return Truth::kUnknown;
    }
    const Range& range = *std::prev(behind);
    if (!has_bit(range.bits[query], email - range.first)) {
        return Truth::kNo;
    }
    return is_exact_[query] ? Truth::kYes : Truth::kUnknown;
}

std::size_t IndexAnswers::octets() const {
    std::size_t octets = 0;
    for (const Range& range : ranges_) {
        for (const Bits& bits : range.bits) {
            octets += bits.size() * sizeof(std::uint64_t);
        }
    }
    return octets;
}

// One reading of the index, block by block.
class IndexReading {
  public:
    IndexReading(const store::Reader& reader,
                 account::AccountId account,
                 const std::vector<IndexQuery>& queries)
        : reader_(reader),
          account_(account),
          queries_(queries) {
        for (std::size_t query = 0; query < queries.size(); ++query) {
            answers_.is_exact_.push_back(queries[query].words.is_exact);
            for (const std::string& piece : queries[query].words.pieces) {
                wanted_.push_back({query, piece, {}});
            }
        }
    }

    base::Result<IndexAnswers> run() {
        TRY(const std::vector<SearchBlock> blocks, load_blocks(reader_, account_));
        for (const SearchBlock& block : blocks) {
            const std::size_t octets = (block.last - block.first) / 8 * queries_.size();
            octets_ += octets;
            if (octets_ > kIndexAnswerOctetsMax) {
                break;
            }
            if (auto read = read_block(block); !read && read.error().code != base::Errc::kCorrupt) {
                return base::forward_error(read);
            }
        }
        return std::move(answers_);
    }

  private:
    // A piece of a query, and the documents of the block at hand that have it.
    struct Wanted {
        std::size_t query = 0;
        std::string_view piece;
        Bits documents;
    };

    struct Hit {
        std::uint32_t chunk = 0;
        std::size_t wanted = 0;
        std::vector<std::uint32_t> words;
    };

    base::Result<> read_block(const SearchBlock& block) {
        for (Wanted& wanted : wanted_) {
            wanted.documents = make_bits(block.emails.size());
        }
        for (std::size_t part = 0; part < kIndexParts; ++part) {
            TRY_VOID(read_part(block, static_cast<IndexPart>(part)));
        }
        add_range(block);
        return {};
    }

    base::Result<> read_part(const SearchBlock& block, IndexPart part) {
        const bool is_wanted =
            std::any_of(queries_.begin(), queries_.end(), [part](const IndexQuery& query) {
                return (query.parts & bit(part)) != 0;
            });
        if (!is_wanted || block.chunks[static_cast<std::size_t>(part)] == 0) {
            return {};
        }
        std::vector<Hit> hits;
        std::uint32_t chunk = 0;
        TRY_VOID(reader_.scan(
            index_words_key(account_, block.serial, part, 0),
            index_words_key(
                account_, block.serial, part, block.chunks[static_cast<std::size_t>(part)]),
            [&](std::string_view /*key*/, std::string_view words) {
                find(part, chunk++, words, hits);
                return true;
            }));
        if (chunk != block.chunks[static_cast<std::size_t>(part)]) {
            return base::fail(base::Errc::kCorrupt, "a chunk of the search index is missing");
        }
        return read_postings(block, part, hits);
    }

    void find(IndexPart part, std::uint32_t chunk, std::string_view words, std::vector<Hit>& hits) {
        for (std::size_t i = 0; i < wanted_.size(); ++i) {
            if ((queries_[wanted_[i].query].parts & bit(part)) == 0) {
                continue;
            }
            auto found = find_words(words, wanted_[i].piece);
            if (!found.empty()) {
                hits.push_back({chunk, i, std::move(found)});
            }
        }
    }

    base::Result<> read_postings(const SearchBlock& block,
                                 IndexPart part,
                                 const std::vector<Hit>& hits) {
        std::optional<std::string> postings;
        std::optional<std::uint32_t> chunk;
        for (const Hit& hit : hits) {
            if (chunk != hit.chunk) {
                chunk = hit.chunk;
                TRY(postings,
                    reader_.get(index_postings_key(account_, block.serial, part, hit.chunk)));
            }
            if (!postings) {
                return base::fail(base::Errc::kCorrupt, "a chunk of the search index is missing");
            }
            Bits& documents = wanted_[hit.wanted].documents;
            TRY_VOID(
                visit_documents(*postings,
                                hit.words,
                                static_cast<std::uint32_t>(block.emails.size()),
                                [&](std::uint32_t document) { set_bit(documents, document); }));
        }
        return {};
    }

    // A query is true of the documents that have all its pieces.
    void add_range(const SearchBlock& block) {
        IndexAnswers::Range range{block.first, block.last, {}};
        for (std::size_t query = 0; query < queries_.size(); ++query) {
            range.bits.push_back(make_bits(block.last - block.first));
        }
        for (std::size_t query = 0, at = 0; query < queries_.size(); ++query) {
            const std::size_t end = at + queries_[query].words.pieces.size();
            Bits all = std::move(wanted_[at].documents);
            for (++at; at < end; ++at) {
                std::transform(all.begin(),
                               all.end(),
                               wanted_[at].documents.begin(),
                               all.begin(),
                               [](std::uint64_t a, std::uint64_t b) { return a & b; });
            }
            for (std::size_t document = 0; document < block.emails.size(); ++document) {
                if (has_bit(all, document)) {
                    set_bit(range.bits[query], block.emails[document] - block.first);
                }
            }
        }
        answers_.ranges_.push_back(std::move(range));
    }

    const store::Reader& reader_;
    const account::AccountId account_;
    const std::vector<IndexQuery>& queries_;
    std::vector<Wanted> wanted_;  // a query's pieces one after the other
    IndexAnswers answers_;
    std::size_t octets_ = 0;
};

base::Result<IndexAnswers> ask_index(const store::Reader& reader,
                                     account::AccountId account,
                                     const std::vector<IndexQuery>& queries) {
    return IndexReading(reader, account, queries).run();
}

}  // namespace mail
