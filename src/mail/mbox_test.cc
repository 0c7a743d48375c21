#include "mail/mbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace mail {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

std::vector<MboxContent> read(std::string_view file) {
    std::vector<MboxContent> all;
    MboxReader reader(file);
    while (const auto message = reader.next()) {
        all.push_back(read_content(*message));
    }
    EXPECT_LE(reader.position(), file.size());
    return all;
}

std::vector<std::string> octets(std::string_view file) {
    std::vector<std::string> all;
    for (MboxContent& content : read(file)) {
        all.push_back(std::move(content.octets));
    }
    return all;
}

TEST(FromLine, IsOneWithADate) {
    for (const std::string_view line : {"From alice@crepes.example Sat Nov 21 10:00:00 2026",
                                        "From alice@crepes.example  Sat Nov  1 10:00:00 2026",
                                        "From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
                                        "From - Sat Nov 21 10:00:00 2026",
                                        "From Sat Nov 21 10:00:00 2026",
                                        "From x Sat, 21 Nov 2026 10:00:00 +0100"}) {
        EXPECT_TRUE(is_from_line(line)) << line;
    }
    for (const std::string_view line : {"From what I heard, this is it",
                                        "From: alice@crepes.example",
                                        "From ",
                                        ">From x Sat Nov 21 10:00:00 2026",
                                        "From Paris with love in 2026"}) {
        EXPECT_FALSE(is_from_line(line)) << line;
    }
}

constexpr std::string_view kTwo =
    "From alice@crepes.example Sat Nov 21 10:00:00 2026\n"
    "Subject: one\nStatus: RO\nX-Status: AF\nX-Keywords: $Junk Work\n\n"
    "first\n>From here\n>>From there\nFrom nowhere\n\n"
    "From MAILER-DAEMON Sat Nov 21 11:00:00 2026\n"
    "Subject: two\n\nsecond\n";

TEST(Mbox, TwoMessages) {
    const auto messages = read(kTwo);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].octets,
              "Subject: one\r\n\r\nfirst\r\nFrom here\r\n>From there\r\nFrom nowhere\r\n");
    EXPECT_EQ(messages[0].flags, kSeen | kAnswered | kFlagged);
    EXPECT_THAT(messages[0].keywords, ElementsAre("$Junk", "Work"));
    EXPECT_EQ(messages[1].octets, "Subject: two\r\n\r\nsecond\r\n");
    EXPECT_EQ(messages[1].flags, 0U);
    MboxReader reader(kTwo);
    const auto first = reader.next();
    EXPECT_EQ(first->sender, "alice@crepes.example");
    EXPECT_EQ(first->received, base::WallTime(std::chrono::seconds(1'795'255'200)));
    EXPECT_EQ(reader.next()->sender, "");
}

// As UW IMAP, Alpine and Dovecot begin a file, or make one that holds no message.
TEST(Mbox, LeavesOutWhatIsKeptOfTheMailbox) {
    const std::string kept =
        "From MAILER-DAEMON Fri Jul  5 12:00:00 2024\n"
        "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n"
        "X-IMAP: 1720180800 0000000002 $Junk\nStatus: RO\n\ninternal\n\n";
    EXPECT_TRUE(read(kept).empty());
    const auto messages = read(kept + std::string(kTwo));
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_THAT(messages[0].octets, StartsWith("Subject: one"));
    // Only in front, and nothing else that begins so.
    EXPECT_EQ(read(std::string(kTwo) + "\n" + kept).size(), 3U);
    EXPECT_EQ(read("From a Fri Jul  5 12:00:00 2024\nX-IMAPbase: 1 2\n\nx\n").size(), 1U);
}

TEST(Mbox, OddFiles) {
    struct Row {
        std::string_view what;
        std::string_view file;
        std::vector<std::string> messages;
    };

    const std::vector<Row> rows = {
        {"empty", "", {}},
        {"no mbox", "Subject: x\n\ny\n", {}},
        {"only a From line", "From x Sat Nov 21 10:00:00 2026\n", {""}},
        {"CRLF", "From x Sat Nov 21 10:00:00 2026\r\nA: b\r\n\r\nc\r\n\r\n", {"A: b\r\n\r\nc\r\n"}},
        {"header alone",
         "From x Sat Nov 21 10:00:00 2026\nA: b\n\nFrom y Sat Nov 21 10:00:00 2026\nC: d\n\n",
         {"A: b\r\n\r\n", "C: d\r\n\r\n"}},
        {"no line end", "From x Sat Nov 21 10:00:00 2026\nA: b\n\nc", {"A: b\r\n\r\nc"}},
        {"empty lines kept",
         "From x Sat Nov 21 10:00:00 2026\nA: b\n\nc\n\n\nFrom y Sat Nov 21 10:00:00 2026\n\nd\n",
         {"A: b\r\n\r\nc\r\n\r\n", "\r\nd\r\n"}},
        {"From line without empty line before is text",
         "From x Sat Nov 21 10:00:00 2026\nA: b\n\nc\nFrom y Sat Nov 21 10:00:00 2026\nd\n",
         {"A: b\r\n\r\nc\r\nFrom y Sat Nov 21 10:00:00 2026\r\nd\r\n"}},
        {"mboxcl2: a From line within the length",
         "From x Sat Nov 21 10:00:00 2026\nContent-Length: 38\n\na\n\nFrom y Sat Nov 21 10:00:00 "
         "2026\n>b\n"
         "\nFrom z Sat Nov 21 10:00:00 2026\n\nc\n",
         {"\r\na\r\n\r\nFrom y Sat Nov 21 10:00:00 2026\r\n>b\r\n", "\r\nc\r\n"}},
        {"a wrong length is passed over",
         "From x Sat Nov 21 10:00:00 2026\nContent-Length: 3\n\nlong text\n",
         {"\r\nlong text\r\n"}},
        {"what describes the file goes",
         "From x Sat Nov 21 10:00:00 2026\nX-IMAPbase: 1 2\n $Junk\nReceived: a\nX-UID: 7\n"
         "x-uid : 8\nStatus: RO\nX-UIDL: z\nLines: 1\ncontent-length: 2\nX-IMAP: 1\n\nc\n",
         {}},
        {"behind another message, X-IMAP is dropped alone",
         "From x Sat Nov 21 10:00:00 2026\nA: b\n\nc\n\n"
         "From x Sat Nov 21 10:00:00 2026\nX-IMAPbase: 1 2\n $Junk\nReceived: a\nX-UID: 7\n"
         "x-uid : 8\nStatus: RO\nX-UIDL: z\nLines: 1\ncontent-length: 2\nX-IMAP: 1\n\nc\n",
         {"A: b\r\n\r\nc\r\n", "Received: a\r\nX-UIDL: z\r\nLines: 1\r\n\r\nc\r\n"}},
        {"folded status goes whole",
         "From x Sat Nov 21 10:00:00 2026\nX-Keywords: a\n b\nA: b\n\nc\n",
         {"A: b\r\n\r\nc\r\n"}},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(octets(row.file), row.messages) << row.what;
    }
}

TEST(Mbox, WhatIsWrittenIsReadBack) {
    const std::vector<std::string> messages = {
        "Subject: a\r\n\r\nFrom here\r\n>From there\r\n\r\n",
        "Subject: b\r\n\r\n",
        "Subject: c\r\n\r\n\r\n\r\nFrom x Sat Nov 21 10:00:00 2026\r\n\r\n",
        "\r\nbody\r\n",
    };
    std::string file;
    const base::WallTime received{std::chrono::seconds(1'795'255'200)};
    for (const std::string& message : messages) {
        file += format_mbox(message, "a@b.example", received, kSeen | kDraft, {"$MDNSent"});
    }
    EXPECT_TRUE(file.starts_with("From a@b.example Sat Nov 21 10:00:00 2026\n"));
    const auto all = read(file);
    ASSERT_EQ(all.size(), messages.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].octets, messages[i]);
        EXPECT_EQ(all[i].flags, kSeen | kDraft);
        EXPECT_THAT(all[i].keywords, ElementsAre("$MDNSent"));
    }
}

// Who sends a message may put such fields in it; a reader would take them for the file's: for flags, for the message that
// holds nothing but a mailbox' data, for a body that ends behind the next messages.
TEST(Mbox, FieldsThatDescribeAFileAreTheFiles) {
    const base::WallTime received{std::chrono::seconds(1'795'255'200)};
    const std::string sent =
        "X-IMAP: 1 2\r\nSubject: a\r\nStatus: RO\r\nX-Status: D\r\nX-Keywords: x\r\n y\r\n"
        "X-UID: 3\r\nX-IMAPbase: 4\r\nContent-Length: 96\r\nContent-Type: text/plain\r\n\r\n"
        "Status: of the body\r\n";
    const std::string file = format_mbox(sent, "a@b.example", received, kFlagged, {"$MDNSent"}) +
                             format_mbox("Subject: b\r\n\r\n", "", received, 0, {});
    const auto all = read(file);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].octets,
              "Subject: a\r\nContent-Type: text/plain\r\n\r\nStatus: of the body\r\n");
    EXPECT_EQ(all[0].flags, kFlagged);
    EXPECT_THAT(all[0].keywords, ElementsAre("$MDNSent"));
    EXPECT_EQ(all[1].octets, "Subject: b\r\n\r\n");
    // Written again, it is the same file.
    EXPECT_EQ(format_mbox(all[0].octets, "a@b.example", received, all[0].flags, all[0].keywords) +
                  format_mbox(all[1].octets, "", received, all[1].flags, all[1].keywords),
              file);
}

TEST(Mbox, DatesAreUtcWhereverTheMachineIs) {
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);  // NOLINT(*-mt-unsafe): one thread
    ::tzset();
    const base::WallTime received{std::chrono::seconds(1'795'255'200)};
    const std::string file = format_mbox("\n", "a@b.example", received, 0, {});
    ::unsetenv("TZ");  // NOLINT(*-mt-unsafe): one thread
    ::tzset();
    EXPECT_TRUE(file.starts_with("From a@b.example Sat Nov 21 10:00:00 2026\n")) << file;
}

TEST(LineEnds, BothWays) {
    EXPECT_EQ(to_crlf("a\nb\r\nc"), "a\r\nb\r\nc");
    EXPECT_EQ(to_lf("a\r\nb\n\r\n"), "a\nb\n\n");
}

}  // namespace
}  // namespace mail
