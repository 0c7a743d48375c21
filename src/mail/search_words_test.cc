#include "mail/search_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> words(std::string_view folded) {
    std::vector<std::string> all;
    WordIterator iterator(folded);
    for (std::string_view word = iterator.next(); !word.empty(); word = iterator.next()) {
        all.emplace_back(word);
    }
    return all;
}

TEST(SearchWords, CutsAtWhatIsNeitherLetterNorDigit) {
    EXPECT_THAT(words("DO YOU, BOB@HAMBURGER.EXAMPLE 42"),
                ElementsAre("DO", "YOU", "BOB", "HAMBURGER", "EXAMPLE", "42"));
    EXPECT_THAT(words("ПРИВЕТ-МИР"), ElementsAre("ПРИВЕТ", "МИР"));
    EXPECT_THAT(words(" .,; "), IsEmpty());
    EXPECT_THAT(words(""), IsEmpty());
}

TEST(SearchWords, PairsCharactersOfScriptsWithoutSpaces) {
    EXPECT_THAT(words("東京都 X"), ElementsAre("東京", "京都", "X"));
    EXPECT_THAT(words("A東B京都"), ElementsAre("A", "東", "B", "京都"));
}

TEST(SearchWords, CutsLongRunsIntoOverlappingWords) {
    const std::string run =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz";
    EXPECT_THAT(words(run), ElementsAre(run.substr(0, 48), run.substr(24)));
    for (std::size_t at = 0; at + kWordOverlapOctets <= run.size(); ++at) {
        const std::string piece = run.substr(at, kWordOverlapOctets);
        const auto all = words(run);
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const std::string& word) {
            return word.find(piece) != std::string::npos;
        })) << at;
    }
}

TEST(WordQuery, IsExactForOneWord) {
    struct Row {
        std::string_view key;
        std::vector<std::string> pieces;
        bool is_exact;
    };

    const std::string long_word(30, 'A');
    const std::vector<Row> rows = {
        {"KETCHUP", {"KETCHUP"}, true},
        {" KETCHUP", {"KETCHUP"}, false},
        {"BOB@HAMBURGER", {"BOB", "HAMBURGER"}, false},
        {"...", {}, false},
        {"", {}, false},
        {"東", {"東"}, true},
        {"東京", {"東京"}, true},
        {"東京都", {"京都", "東京"}, false},
        {"A東", {"A", "東"}, false},
        {long_word, {std::string(25, 'A')}, false},
    };
    for (const Row& row : rows) {
        const WordQuery query = word_query(row.key);
        EXPECT_EQ(query.pieces, row.pieces) << row.key;
        EXPECT_EQ(query.is_exact, row.is_exact) << row.key;
    }
}

// The two promises: a text that contains the key has the pieces; for an exact query the other way round.
TEST(WordQuery, AgreesWithSubstrings) {
    const std::vector<std::string> atoms = {
        "A", "B", "AB", "東", "京", " ", ".", "Й", "0123456789ABCDEF"};
    base::SeededRandom random(7);
    const auto text = [&](std::uint64_t atoms_max) {
        std::string out;
        for (std::uint64_t left = random.below(atoms_max) + 1; left > 0; --left) {
            out += atoms[random.below(atoms.size())];
        }
        return out;
    };
    for (int round = 0; round < 20'000; ++round) {
        const std::string hay = text(12);
        const std::string key = text(4);
        const WordQuery query = word_query(key);
        const auto all = words(hay);
        const bool has_pieces =
            std::all_of(query.pieces.begin(), query.pieces.end(), [&](const std::string& piece) {
                return std::any_of(all.begin(), all.end(), [&](const std::string& word) {
                    return word.find(piece) != std::string::npos;
                });
            });
        const bool contains = hay.find(key) != std::string::npos;
        EXPECT_TRUE(has_pieces || !contains) << key << " in " << hay;
        EXPECT_TRUE(contains || !has_pieces || !query.is_exact) << key << " in " << hay;
    }
}

}  // namespace
}  // namespace mail
