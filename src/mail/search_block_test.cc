#include "mail/search_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Chunks {
    std::vector<std::pair<IndexPart, SearchChunk>> list;

    SearchBlockBuilder::Emit emit() {
        return [this](IndexPart part, std::uint32_t number, SearchChunk chunk) {
            std::uint32_t before = 0;
            for (const auto& [other, unused] : list) {
                before += other == part ? 1 : 0;
            }
            EXPECT_EQ(number, before);
            list.emplace_back(part, std::move(chunk));
        };
    }

    [[nodiscard]] std::vector<std::uint32_t> documents(IndexPart part,
                                                       std::string_view piece,
                                                       std::uint32_t below) const {
        std::vector<std::uint32_t> found;
        for (const auto& [of, chunk] : list) {
            if (of == part) {
                EXPECT_TRUE(
                    visit_documents(chunk.postings,
                                    find_words(chunk.words, piece),
                                    below,
                                    [&](std::uint32_t document) { found.push_back(document); })
                        .has_value());
            }
        }
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        return found;
    }
};

Chunks small() {
    SearchBlockBuilder builder;
    builder.add(0, IndexPart::kBody, "KETCHUP AND ONIONS");
    builder.add(0, IndexPart::kBody, "KETCHUP");
    builder.add(1, IndexPart::kBody, "ONION RINGS");
    builder.add(1, IndexPart::kSubject, "KETCHUP");
    builder.add(300, IndexPart::kBody, "KETCHUPS");
    Chunks chunks;
    builder.finish(chunks.emit());
    EXPECT_EQ(builder.octets(), 0U);
    return chunks;
}

TEST(SearchBlock, FindsPiecesOfWordsInTheirPart) {
    const Chunks chunks = small();
    EXPECT_THAT(chunks.documents(IndexPart::kBody, "KETCHUP", 301), ElementsAre(0, 300));
    EXPECT_THAT(chunks.documents(IndexPart::kBody, "NION", 301), ElementsAre(0, 1));
    EXPECT_THAT(chunks.documents(IndexPart::kBody, "N", 301), ElementsAre(0, 1));
    EXPECT_THAT(chunks.documents(IndexPart::kSubject, "KETCHUP", 301), ElementsAre(1));
    EXPECT_THAT(chunks.documents(IndexPart::kBody, "MUSTARD", 301), IsEmpty());
    EXPECT_THAT(chunks.documents(IndexPart::kFrom, "KETCHUP", 301), IsEmpty());
}

TEST(SearchBlock, ChunkGivesItsWordsInOrder) {
    const Chunks chunks = small();
    std::vector<std::string> words;
    ChunkReader reader(chunks.list[0].second.words, chunks.list[0].second.postings);
    while (reader.next()) {
        words.emplace_back(reader.word());
    }
    EXPECT_TRUE(reader.finish().has_value());
    EXPECT_THAT(words, ElementsAre("AND", "KETCHUP", "KETCHUPS", "ONION", "ONIONS", "RINGS"));
}

TEST(SearchBlock, AgreesWithAModel) {
    base::SeededRandom random(3);
    std::map<std::string, std::vector<std::uint32_t>> model;
    SearchBlockBuilder builder;
    constexpr std::uint32_t kDocuments = 500;
    for (std::uint32_t document = 0; document < kDocuments; ++document) {
        std::string text;
        for (int i = 0; i < 100; ++i) {
            const std::string word = "W" + std::to_string(random.below(20'000));
            model[word].push_back(document);
            text += word + " ";
        }
        builder.add(document, IndexPart::kBody, text);
    }
    Chunks chunks;
    builder.finish(chunks.emit());
    EXPECT_GT(chunks.list.size(), 2U);
    for (const auto& [word, documents] : model) {
        if (word.size() == 6 && word.ends_with("7")) {  // no other word contains it
            std::vector<std::uint32_t> unique = documents;
            unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
            EXPECT_EQ(chunks.documents(IndexPart::kBody, word, kDocuments), unique) << word;
        }
    }
}

TEST(SearchBlock, HeadSurvivesItsRecord) {
    SearchBlock block;
    block.serial = 7;
    block.first = 100;
    block.last = 1'000'000;
    block.emails = {100, 101, 5000, 1'000'000};
    block.chunks = {3, 0, 1, 1, 1, 0, 0, 2};
    block.octets = 123'456;
    EXPECT_EQ(decode_search_block(encode(block)).value(), block);
    const std::string record = encode(block);
    for (std::size_t octets = 0; octets < record.size(); ++octets) {
        EXPECT_FALSE(decode_search_block(record.substr(0, octets)).has_value()) << octets;
    }
    block.last = 4000;  // an email behind the last
    EXPECT_FALSE(decode_search_block(encode(block)).has_value());
}

TEST(SearchBlock, RefusesDamage) {
    const Chunks chunks = small();
    const SearchChunk& chunk = chunks.list[0].second;
    const auto visit = [](std::uint32_t) {};
    EXPECT_FALSE(visit_documents(chunk.postings, {5}, 1, visit).has_value());
    EXPECT_FALSE(visit_documents(chunk.postings, {6}, 301, visit).has_value());
    EXPECT_FALSE(visit_documents("", {0}, 301, visit).has_value());
    EXPECT_THAT(find_words("", "A"), IsEmpty());
    EXPECT_THAT(find_words("\x7F\nA\n", "A"), IsEmpty());
    for (const auto& [words, postings] : std::map<std::string, std::string>{
             {"", ""},
             {"\x01", chunk.postings},
             {chunk.words.substr(0, chunk.words.size() - 1), chunk.postings},
             {chunk.words + "\n", chunk.postings},
             {"\x01\nB\nA\n", std::string("\x01\x01\x00\x01\x00", 5)}}) {
        ChunkReader reader(words, postings);
        while (reader.next()) {
        }
        EXPECT_FALSE(reader.finish().has_value());
    }
}

}  // namespace
}  // namespace mail
