#include "mail/word_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::map<std::string, std::string, std::less<>> content(const WordTable& table) {
    std::map<std::string, std::string, std::less<>> words;
    for (const auto& [word, postings] : table.sorted()) {
        EXPECT_TRUE(words.emplace(word, postings).second) << word << " stands twice";
    }
    return words;
}

TEST(WordTable, KeepsTheDocumentsOfEachWord) {
    WordTable table;
    table.add(0, "ONIONS KETCHUP KETCHUP");
    table.add(1, "KETCHUP");
    table.add(2, "");
    table.add(200, "MUSTARD ONIONS");
    EXPECT_THAT(table.sorted(),
                ElementsAre(Pair("KETCHUP", std::string("\0\0", 2)),
                            Pair("MUSTARD", "\xc8\x01"),
                            Pair("ONIONS", std::string("\0\xc7\x01", 3))));
}

TEST(WordTable, GrowsWithoutLosingAWordWhateverTheSeed) {
    std::map<std::string, std::string, std::less<>> first;
    for (const std::uint64_t seed : {0ULL, 1ULL, 0x9e3779b97f4a7c15ULL}) {
        base::SeededRandom random(5);
        WordTable table(seed);
        std::map<std::string, Postings, std::less<>> model;
        for (std::uint32_t document = 0; document < 300; ++document) {
            std::string text;
            for (int i = 0; i < 100; ++i) {
                const std::string word = "W" + std::to_string(random.below(9'000));
                model[word].add(document);
                text += word + ' ';
            }
            table.add(document, text);
        }
        const auto words = content(table);
        ASSERT_EQ(words.size(), model.size());
        for (const auto& [word, postings] : model) {
            EXPECT_EQ(words.at(word), postings.octets()) << word;
        }
    }
}

TEST(WordTable, CountsWhatItHoldsAndForgetsIt) {
    WordTable table(7);
    EXPECT_EQ(table.octets(), 0U);
    table.add(0, "ONIONS");
    const std::size_t one = table.octets();
    EXPECT_GT(one, 64U);
    table.add(0, "ONIONS");
    EXPECT_EQ(table.octets(), one);
    table.add(1, "ONIONS");
    EXPECT_EQ(table.octets(), one + 1);
    table.add(1, "KETCHUP");
    EXPECT_GT(table.octets(), one + 65);
    table.clear();
    EXPECT_EQ(table.octets(), 0U);
    EXPECT_THAT(table.sorted(), IsEmpty());
}

}  // namespace
}  // namespace mail
