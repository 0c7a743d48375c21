// The words of one part of some thousand messages, each with the documents it stands in: what the search
// index's builder collects in memory (docs/architecture/storage-format.md, "Search index").
//
// An open-addressing table of 8 octets a slot beside the entries, asked for 32 words at a time: with some ten
// thousand words nearly every look-up misses the caches, and 32 misses at once take little longer than one.
// The hash has a seed, so that nobody can send words that all hash alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mail {

// A number as the index's records have it: seven bits an octet, the low ones first.
void append_varint(std::string& out, std::uint64_t value);

// Documents as the stored list has them: each as its distance to the one before, the first to -1.
class Postings {
  public:
    // `document` is above all before it, or the last one once more, which changes nothing.
    void add(std::uint32_t document);

    [[nodiscard]] const std::string& octets() const { return octets_; }

  private:
    std::string octets_;
    std::uint32_t next_ = 0;
};

class WordTable {
  public:
    // `hash_seed` is nobody's to know who sends mail; what comes out does not depend on it.
    explicit WordTable(std::uint64_t hash_seed = 0);

    // The words of `folded` stand in `document`. Documents come in ascending order.
    void add(std::uint32_t document, std::string_view folded);

    // About what it holds of memory.
    [[nodiscard]] std::size_t octets() const { return octets_; }

    // The words and Postings::octets(), sorted by word. Views: good until the next change.
    using Sorted = std::vector<std::pair<std::string_view, std::string_view>>;
    [[nodiscard]] Sorted sorted() const;

    void clear() { *this = WordTable(hash_seed_); }

  private:
    // A slot is the entry's number plus one, 0 where it is free, and half the word's hash.
    struct Slot {
        std::uint32_t entry = 0;
        std::uint32_t hash = 0;
    };

    struct Entry {
        std::uint64_t text_at = 0;
        std::uint32_t length = 0;
        Postings postings;
    };

    struct Looked {
        std::string_view word;
        std::uint32_t hash = 0;
    };

    [[nodiscard]] std::string_view word_of(const Entry& entry) const {
        return std::string_view(text_).substr(entry.text_at, entry.length);
    }

    [[nodiscard]] std::size_t place_of(std::size_t hash) const {
        return hash & (slots_.size() - 1);
    }

    [[nodiscard]] std::uint32_t hash_of(std::string_view word) const;
    [[nodiscard]] Postings& find(const Looked& looked);
    [[nodiscard]] Postings& insert(const Looked& looked, std::size_t slot);
    void grow();

    std::uint64_t hash_seed_;
    std::vector<Slot> slots_;  // a power of two of them, at most half taken
    std::vector<Entry> entries_;
    std::string text_;  // of all entries
    std::size_t octets_ = 0;
};

}  // namespace mail
