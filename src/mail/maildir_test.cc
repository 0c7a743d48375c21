#include "mail/maildir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MaildirName, ReadsFlagsAndKeywords) {
    MaildirKeywords keywords;
    keywords[0] = "Work";
    const auto name = parse_maildir_name("1795255200.M1P2.host,S=10,W=12:2,FPRSabX", keywords);
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(name->unique, "1795255200.M1P2.host,S=10,W=12");
    EXPECT_EQ(name->flags, kFlagged | kAnswered | kSeen);
    EXPECT_THAT(name->keywords, ElementsAre("$Forwarded", "Work"));
    EXPECT_EQ(parse_maildir_name("a:2,DT", {})->flags, kDraft | kDeleted);
    EXPECT_EQ(parse_maildir_name("new", {})->unique, "new");
    EXPECT_EQ(parse_maildir_name(".hidden", {}), std::nullopt);
    EXPECT_EQ(parse_maildir_name("", {}), std::nullopt);
}

TEST(MaildirName, GivesLettersToKeywords) {
    MaildirKeywords keywords;
    keywords[0] = "Work";
    const MaildirName name{
        .unique = "u", .flags = kSeen | kDraft, .keywords = {"$Junk", "work", "$forwarded"}};
    EXPECT_EQ(format_maildir_name(name, keywords), "u:2,DPSab");
    EXPECT_EQ(keywords[1], "$Junk");
    const auto read = parse_maildir_name("u:2,DPSab", keywords);
    EXPECT_THAT(read->keywords, testing::UnorderedElementsAre("$Forwarded", "Work", "$Junk"));
    keywords.fill("taken");
    EXPECT_EQ(format_maildir_name(name, keywords), "u:2,DPS");
}

TEST(MaildirKeywords, File) {
    const auto keywords = parse_maildir_keywords("0 Work\n2 $Junk\n26 beyond\nx y\n3\n\n");
    EXPECT_EQ(keywords[0], "Work");
    EXPECT_EQ(keywords[1], "");
    EXPECT_EQ(keywords[2], "$Junk");
    EXPECT_EQ(format_maildir_keywords(keywords), "0 Work\n2 $Junk\n");
    EXPECT_EQ(format_maildir_keywords({}), "");
}

TEST(MaildirFolder, BothWays) {
    struct Row {
        std::string_view path;
        std::string_view name;
    };

    for (const Row& row : {Row{"INBOX", ""},
                           Row{"Sent", ".Sent"},
                           Row{"Sent/2026", ".Sent.2026"},
                           Row{"Crêpes & more", ".Cr&AOo-pes &- more"},
                           Row{"v1.0", ".v1&AC4-0"},
                           Row{"台北/日本語", ".&U,BTFw-.&ZeVnLIqe-"},
                           Row{"\U0001f600", ".&2D3eAA-"}}) {
        EXPECT_EQ(format_maildir_folder(row.path), row.name) << row.path;
        EXPECT_EQ(parse_maildir_folder(row.name), row.path) << row.name;
    }
    EXPECT_EQ(format_maildir_folder("inbox"), "");
    EXPECT_EQ(parse_maildir_folder(".Entwürfe"), "Entwürfe");
    for (const std::string_view name :
         {"Sent", ".", "..", ".a..b", ".&", ".&AB", ".&2D0-", ".&AC8-", ".a\nb", ".&A-", ".\xff"}) {
        EXPECT_EQ(parse_maildir_folder(name), std::nullopt) << name;
    }
}

TEST(MaildirSubscriptions, BothWays) {
    const std::vector<std::string> paths{"INBOX", "Lists/Crêpes & more", "v1.0"};
    const std::string text = "V\t2\n\nINBOX\nLists\tCr&AOo-pes &- more\nv1&AC4-0\n";
    EXPECT_EQ(format_maildir_subscriptions(paths), text);
    EXPECT_EQ(parse_maildir_subscriptions(text), paths);
}

TEST(MaildirSubscriptions, ReadsTheEarlierFormAndPassesOverWhatIsNoName) {
    const std::vector<std::string> paths{"INBOX", "Lists/Crêpes", "Sent"};
    EXPECT_EQ(parse_maildir_subscriptions("INBOX\r\nLists.Cr&AOo-pes\n\n&AB\na..b\nSent"), paths);
    EXPECT_EQ(parse_maildir_subscriptions("V\t2\n\na\t\tb\na\x01tb\nc/d\n"),
              std::vector<std::string>());
    EXPECT_EQ(parse_maildir_subscriptions("V\t2\n\nv1.0\n"), std::vector<std::string>{"v1.0"});
    EXPECT_EQ(parse_maildir_subscriptions(""), std::vector<std::string>());
}

}  // namespace
}  // namespace mail
