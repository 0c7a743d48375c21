// Words, as the search index keeps them (docs/architecture/storage-format.md, "Search index").
//
// IMAP asks for substrings. The index keeps each block's words once, all of them one after the other, and
// looks for the substring in that: a text of some hundred kilobytes in place of gigabytes of mail. For a key
// that is one word or a piece of one, the most common by far, that is the answer itself; of longer keys
// it gives candidates. Why not trigrams: docs/decisions/search.md.
//
// A word is a run of ASCII letters and digits and of characters outside ASCII, in folded text. Scripts
// written without spaces (Chinese, Japanese, Thai ...) are cut into pairs of characters. A run of
// more than kWordOctetsMax octets is cut into overlapping words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mail {

inline constexpr std::size_t kWordOctetsMax = 48;
// Every stretch of so many octets of a long run lies whole in one of its words.
inline constexpr std::size_t kWordOverlapOctets = 25;

// Takes the next word off the front of folded text, passing over what is none; empty at the end. Views
// into the text.
class WordIterator {
  public:
    explicit WordIterator(std::string_view folded) : rest_(folded) {}

    [[nodiscard]] std::string_view next();

  private:
    std::string_view rest_;
    std::string_view run_;       // what is left of the run at hand
    bool is_spaceless_ = false;  // of a script without spaces
};

// What a text that contains `folded` has: words each containing one of `pieces`.
struct WordQuery {
    std::vector<std::string> pieces;  // empty: every text may be one
    bool is_exact = false;            // and a text that has them contains `folded`
};

[[nodiscard]] WordQuery word_query(std::string_view folded);

}  // namespace mail
