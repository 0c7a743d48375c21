#include "mail/search_block.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "store/key.h"

namespace mail {
namespace {

// 2: ISO-2022-JP with NEC's row 13, in fields as it stands too; a message that is one file as its body.
// 3: raw octets of fields in the message's own charset (mime/raw_header.h).
constexpr std::uint8_t kVersion = 3;
constexpr char kWordEnd = '\n';  // no word contains it

constexpr std::size_t kChunkWordOctets = std::size_t{32} * 1024;
constexpr std::size_t kChunkPostingOctets = std::size_t{128} * 1024;

// A number off the front of `octets`; false when there is none of 32 bits.
bool take_varint(std::string_view& octets, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 35 && !octets.empty(); shift += 7) {
        const auto octet = static_cast<unsigned char>(octets.front());
        octets.remove_prefix(1);
        value |= static_cast<std::uint64_t>(octet & 0x7fU) << shift;
        if ((octet & 0x80U) == 0) {
            return true;
        }
    }
    return false;
}

bool take_text(std::string_view& octets, std::string_view& text) {
    std::uint64_t length = 0;
    if (!take_varint(octets, length) || length > octets.size()) {
        return false;
    }
    text = octets.substr(0, length);
    octets.remove_prefix(length);
    return true;
}

// The record without its version; nothing but its own version is known.
std::string_view content(std::string_view record) {
    return record.starts_with(static_cast<char>(kVersion)) ? record.substr(1) : std::string_view{};
}

auto damaged() {
    return base::fail(base::Errc::kCorrupt, "a chunk of the search index is damaged");
}

}  // namespace

IndexPart part_of_field(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, IndexPart>, 5> kParts = {{
        {"Subject", IndexPart::kSubject},
        {"From", IndexPart::kFrom},
        {"To", IndexPart::kTo},
        {"Cc", IndexPart::kCc},
        {"Bcc", IndexPart::kBcc},
    }};
    for (const auto& [known, part] : kParts) {
        if (base::iequals(name, known)) {
            return part;
        }
    }
    return IndexPart::kOtherFields;
}

std::string encode(const SearchBlock& block) {
    store::RecordWriter writer(kVersion);
    writer.varint(block.serial).varint(block.first).varint(block.last).varint(block.octets);
    for (const std::uint32_t count : block.chunks) {
        writer.varint(count);
    }
    writer.varint(block.emails.size());
    EmailId next = block.first;
    for (const EmailId email : block.emails) {
        writer.varint(email - next);
        next = email + 1;
    }
    return std::move(writer).record();
}

base::Result<SearchBlock> decode_search_block(std::string_view record) {
    store::RecordReader reader(record, kVersion);
    SearchBlock block;
    block.serial = reader.varint();
    block.first = reader.varint();
    block.last = reader.varint();
    block.octets = reader.varint();
    for (std::uint32_t& count : block.chunks) {
        const std::uint64_t value = reader.varint();
        count = static_cast<std::uint32_t>(value);
        if (count != value) {
            return base::fail(base::Errc::kCorrupt, "a block of the search index is damaged");
        }
    }
    block.emails.resize(reader.count());
    EmailId next = block.first;
    bool is_ascending = block.first <= block.last;
    for (EmailId& email : block.emails) {
        const std::uint64_t distance = reader.varint();
        is_ascending = is_ascending && next <= block.last && distance <= block.last - next;
        email = is_ascending ? next + distance : 0;
        next = email + 1;
    }
    TRY_VOID(reader.finish());
    // One by other rules would not find what search_text.h makes of mail now: it is built anew.
    if (reader.version() != kVersion || !is_ascending) {
        return base::fail(base::Errc::kCorrupt, "a block of the search index is damaged");
    }
    return block;
}

bool for_each_posting(std::string_view octets,
                      std::uint32_t documents,
                      const std::function<void(std::uint32_t)>& visit) {
    std::uint64_t next = 0;
    while (!octets.empty()) {
        std::uint64_t distance = 0;
        if (!take_varint(octets, distance) || next + distance >= documents) {
            return false;
        }
        visit(static_cast<std::uint32_t>(next + distance));
        next += distance + 1;
    }
    return true;
}

void ChunkWriter::add(std::string_view word, std::string_view postings) {
    if (words_.empty()) {
        words_ = {static_cast<char>(kVersion), kWordEnd};
        postings_ = {static_cast<char>(kVersion)};
    }
    words_.append(word).push_back(kWordEnd);
    append_varint(postings_, postings.size());
    postings_ += postings;
    if (words_.size() >= kChunkWordOctets || postings_.size() >= kChunkPostingOctets) {
        finish();
    }
}

void ChunkWriter::finish() {
    if (!words_.empty()) {
        emit_({std::exchange(words_, {}), std::exchange(postings_, {})});
    }
}

ChunkReader::ChunkReader(std::string_view words, std::string_view postings)
    : words_(content(words)),
      postings_(content(postings)) {
    failed_ = !words_.starts_with(kWordEnd) || !words_.ends_with(kWordEnd);
    words_.remove_prefix(failed_ ? 0 : 1);
}

bool ChunkReader::next() {
    if (failed_ || words_.empty()) {
        return false;
    }
    const std::size_t end = words_.find(kWordEnd);
    const std::string_view word = words_.substr(0, end);
    if (end == std::string_view::npos || word <= word_ || !take_text(postings_, list_) ||
        list_.empty()) {
        fail();
        return false;
    }
    word_ = word;
    words_.remove_prefix(end + 1);
    return true;
}

base::Result<> ChunkReader::finish() const {
    if (failed_ || !words_.empty() || !postings_.empty()) {
        return damaged();
    }
    return {};
}

std::vector<std::uint32_t> find_words(std::string_view words_record, std::string_view piece) {
    std::vector<std::uint32_t> indexes;
    const std::string_view words = content(words_record);
    if (piece.empty() || !words.starts_with(kWordEnd)) {
        return indexes;
    }
    std::size_t counted_to = 1;  // behind the begin of the word `index`
    std::uint32_t index = 0;
    std::size_t from = 1;
    while (from < words.size()) {
        const void* const found =
            ::memmem(words.data() + from, words.size() - from, piece.data(), piece.size());
        if (found == nullptr) {
            break;
        }
        const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - words.data());
        index += static_cast<std::uint32_t>(
            std::count(words.begin() + counted_to, words.begin() + at, kWordEnd));
        indexes.push_back(index++);
        const std::size_t end = words.find(kWordEnd, at);
        if (end == std::string_view::npos) {
            break;
        }
        counted_to = from = end + 1;
    }
    return indexes;
}

base::Result<> visit_documents(std::string_view postings_record,
                               const std::vector<std::uint32_t>& word_indexes,
                               std::uint32_t documents,
                               const std::function<void(std::uint32_t)>& visit) {
    std::string_view postings = content(postings_record);
    std::uint32_t at = 0;
    std::string_view list;
    for (const std::uint32_t index : word_indexes) {
        for (; at <= index; ++at) {
            if (!take_text(postings, list)) {
                return damaged();
            }
        }
        if (!for_each_posting(list, documents, visit)) {
            return damaged();
        }
    }
    return {};
}

void SearchBlockBuilder::add(std::uint32_t document, IndexPart part, std::string_view folded) {
    parts_[static_cast<std::size_t>(part)].add(document, folded);
}

std::size_t SearchBlockBuilder::octets() const {
    std::size_t sum = 0;
    for (const WordTable& part : parts_) {
        sum += part.octets();
    }
    return sum;
}

void SearchBlockBuilder::finish(const Emit& emit) {
    for (std::size_t i = 0; i < kIndexParts; ++i) {
        std::uint32_t number = 0;
        ChunkWriter writer([&](SearchChunk chunk) {
            emit(static_cast<IndexPart>(i), number++, std::move(chunk));
        });
        for (const auto& [word, postings] : parts_[i].sorted()) {
            writer.add(word, postings);
        }
        writer.finish();
        parts_[i].clear();
    }
}

}  // namespace mail
