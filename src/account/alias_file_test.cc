// Alias files as administrators write them.
#include "account/alias_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace account {
namespace {

// "3 root = address bob, program vacation" a line each, then "!7 what is wrong".
std::string dump(const AliasFile& file) {
    constexpr const char* kKinds[] = {"", "include ", "program ", "file ", "other "};
    std::string text;
    for (const AliasEntry& entry : file.entries) {
        text += std::to_string(entry.line) + " " + entry.name + " =";
        for (const AliasMember& member : entry.members) {
            text +=
                std::string(" ") + kKinds[static_cast<int>(member.kind)] + "[" + member.text + "]";
        }
        text += "\n";
    }
    for (const AliasFault& fault : file.faults) {
        text += "!" + std::to_string(fault.line) + " " + fault.what + "\n";
    }
    return text;
}

TEST(AliasFile, ReadsWhatDebianInstalls) {
    EXPECT_EQ(dump(parse_alias_file("# /etc/aliases\n"
                                    "mailer-daemon: postmaster\n"
                                    "postmaster: root\r\n"
                                    "nobody: root\n"
                                    "\n"
                                    "root:   bob, alice@crepes.example\n")),
              "2 mailer-daemon = [postmaster]\n"
              "3 postmaster = [root]\n"
              "4 nobody = [root]\n"
              "6 root = [bob] [alice@crepes.example]\n");
}

TEST(AliasFile, KnowsEveryForm) {
    struct Row {
        const char* text;
        const char* dump;
    };

    for (const Row& row : {
             Row{"staff: a,\n  b,\n\tc\n", "1 staff = [a] [b] [c]\n"},
             Row{"staff: a,\n# between\n  b\n", "1 staff = [a] [b]\n"},
             Row{"list: :include:/etc/mail/list\n", "1 list = include [/etc/mail/list]\n"},
             Row{"list: \":include:/etc/my list\"\n", "1 list = include [/etc/my list]\n"},
             Row{"v: \"|/usr/bin/vacation bob, really\", \\bob\n",
                 "1 v = program [/usr/bin/vacation bob, really] [bob]\n"},
             Row{"v: |/bin/true\n", "1 v = program [/bin/true]\n"},
             Row{"arc: /var/mail/archive\n", "1 arc = file [/var/mail/archive]\n"},
             Row{"\"john smith\": \"j, s\"@x.org, \"j s\"\n",
                 "1 john smith = [\"j, s\"@x.org] [j s]\n"},
             Row{"bob: Bob B. <bob@x.org>, <carl@x.org>\n", "1 bob = [bob@x.org] [carl@x.org]\n"},
             Row{"gone: :fail: no such person\n", "1 gone = other [:fail: no such person]\n"},
             Row{"x: \"bob@x.org\", a b@x.org, \\\\carl\n",
                 "1 x = [bob@x.org] other [a b@x.org] [carl]\n"},
             Row{"A : b\n", "1 A = [b]\n"},
             Row{"no colon here\n", "!1 no name and colon\n"},
             Row{": b\n", "!1 no name and colon\n"},
             Row{"empty:\n", "!1 nobody behind the colon\n"},
             Row{"empty: , ,\n", "!1 nobody behind the colon\n"},
             Row{"  orphan\nx: y", "2 x = [y]\n!1 a continuation of nothing\n"},
             Row{"", ""},
         }) {
        EXPECT_EQ(dump(parse_alias_file(row.text)), row.dump) << row.text;
    }
}

TEST(AliasFile, ReadsIncludedFiles) {
    const auto members =
        parse_included("# friends\nbob@x.org\r\nalice@x.org, carl\n\n:include:/more\n");
    ASSERT_EQ(members.size(), 4U);
    EXPECT_EQ(members[2].text, "carl");
    EXPECT_EQ(members[3].kind, AliasMember::Kind::kInclude);
}

TEST(AliasFile, WritesWhatItReadsAgain) {
    const AliasFile file = parse_alias_file(
        "\"a: b\": x, \"y z\", \"q\\\"s\"@x.org, |prog a, /file, :include:/i, #x@y.org, "
        "<#z@y.org>\n");
    std::string text;
    for (const std::string& line : format_alias_entry(file.entries.at(0))) {
        text += line + "\n";
    }
    EXPECT_EQ(dump(parse_alias_file(text)), dump(file)) << text;
}

}  // namespace
}  // namespace account
