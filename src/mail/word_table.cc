#include "mail/word_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/check.h"
#include "mail/search_words.h"

namespace mail {
namespace {

constexpr std::size_t kSlotsAtFirst = 64;
constexpr std::size_t kWordsAtOnce = 32;
// What a word costs beside its text, with slots that are free.
constexpr std::size_t kWordOverheadOctets = 128;

}  // namespace

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) {
        out += static_cast<char>(value | 0x80U);
    }
    out += static_cast<char>(value);
}

void Postings::add(std::uint32_t document) {
    if (document + 1 == next_) {
        return;
    }
    CHECK(document >= next_);
    append_varint(octets_, document - next_);
    next_ = document + 1;
}

WordTable::WordTable(std::uint64_t hash_seed) : hash_seed_(hash_seed), slots_(kSlotsAtFirst) {}

void WordTable::add(std::uint32_t document, std::string_view folded) {
    WordIterator words(folded);
    std::array<Looked, kWordsAtOnce> some;
    std::size_t count = kWordsAtOnce;
    while (count == kWordsAtOnce) {
        count = 0;
        for (Looked& looked : some) {
            looked.word = words.next();
            if (looked.word.empty()) {
                break;
            }
            looked.hash = hash_of(looked.word);
            __builtin_prefetch(&slots_[place_of(looked.hash)]);
            ++count;
        }
        const std::span<const Looked> looked(some.data(), count);
        for (const Looked& one : looked) {
            const Slot& slot = slots_[place_of(one.hash)];
            __builtin_prefetch(entries_.data() + (slot.entry == 0 ? 0 : slot.entry - 1));
        }
        for (const Looked& one : looked) {
            Postings& postings = find(one);
            octets_ -= postings.octets().size();
            postings.add(document);
            octets_ += postings.octets().size();
        }
    }
}

Postings& WordTable::find(const Looked& looked) {
    std::size_t at = place_of(looked.hash);
    for (; slots_[at].entry != 0; at = place_of(at + 1)) {
        if (slots_[at].hash != looked.hash) {
            continue;
        }
        Entry& entry = entries_[slots_[at].entry - 1];
        if (word_of(entry) == looked.word) {
            return entry.postings;
        }
    }
    return insert(looked, at);
}

Postings& WordTable::insert(const Looked& looked, std::size_t slot) {
    entries_.push_back({.text_at = text_.size(),
                        .length = static_cast<std::uint32_t>(looked.word.size()),
                        .postings = {}});
    text_ += looked.word;
    octets_ += looked.word.size() + kWordOverheadOctets;
    slots_[slot] = {.entry = static_cast<std::uint32_t>(entries_.size()), .hash = looked.hash};
    if (entries_.size() * 2 > slots_.size()) {
        grow();
    }
    return entries_.back().postings;
}

void WordTable::grow() {
    const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
    for (const Slot& slot : before) {
        if (slot.entry == 0) {
            continue;
        }
        std::size_t at = place_of(slot.hash);
        while (slots_[at].entry != 0) {
            at = place_of(at + 1);
        }
        slots_[at] = slot;
    }
}

std::uint32_t WordTable::hash_of(std::string_view word) const {
    return static_cast<std::uint32_t>(XXH3_64bits_withSeed(word.data(), word.size(), hash_seed_));
}

WordTable::Sorted WordTable::sorted() const {
    Sorted words;
    words.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        words.emplace_back(word_of(entry), entry.postings.octets());
    }
    std::sort(words.begin(), words.end());
    return words;
}

}  // namespace mail
