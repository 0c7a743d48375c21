// Sentences in Italian: what is put into them stays, and what is none of them too.
#include "ftp/server/italian.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/ascii.h"

namespace ftp {
namespace {

TEST(ItalianTest, EverySentenceTakesTheSameArguments) {
    std::set<std::string_view> seen;
    for (const Sentence& sentence : sentences()) {
        EXPECT_TRUE(seen.insert(sentence.english).second) << sentence.english;
        EXPECT_EQ(std::ranges::count(sentence.english, '{'),
                  std::ranges::count(sentence.italian, '{'))
            << sentence.english;
        EXPECT_TRUE(base::is_ascii(sentence.english)) << sentence.english;
        EXPECT_TRUE(base::is_utf8(sentence.italian)) << sentence.english;
        EXPECT_EQ(in_italian(sentence.english), sentence.italian);
    }
}

TEST(ItalianTest, LinesAreTranslatedOneByOne) {
    struct Row {
        const char* english;
        const char* italian;
    };

    for (const Row& row : {
             Row{"", ""},
             Row{"Ok", "Bene"},
             Row{"Okay", "Okay"},
             Row{"Type is A N", "Il tipo è A N"},
             Row{"Usage: RETR path", "Uso: RETR path"},
             Row{"\"/End\" is the current folder", "\"/End\" è la cartella corrente"},
             Row{"Bytes: 1 of no limit", "Byte: 1 di no limit"},
             Row{"Opening ASCII mode data connection for a (1 bytes) ( (5 bytes)",
                 "Apro una connessione dati ASCII per a (1 bytes) ( (5 byte)"},
             Row{"The file could not be processed: The disk is full.",
                 "Il file non si è potuto elaborare: Il disco è pieno."},
             Row{"Welcome to our\nGoodbye\n x", "Welcome to our\nArrivederci\n x"},
             Row{"Features:\nMDTM\nEnd", "Estensioni:\nMDTM\nFine"},
         }) {
        EXPECT_EQ(in_italian(row.english), row.italian);
    }
}

}  // namespace
}  // namespace ftp
