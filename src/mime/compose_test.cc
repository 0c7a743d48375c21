// Replies, forwards and what lists say about themselves.
#include "mime/compose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mime/list_headers.h"
#include "mime/parser.h"
#include "mime/text.h"

namespace mime {
namespace {

using testing::ElementsAre;

const Mailbox kBob{"Bob", "bob", "hamburger.example"};

std::string addresses(const std::vector<Address>& list) {
    std::string text;
    for (const Mailbox& mailbox : mailboxes(AddressList{list, 0})) {
        text.append(text.empty() ? "" : " ").append(mailbox.address());
    }
    return text;
}

Draft reply(const std::string& message, ReplyTo to = ReplyTo::kSender) {
    return make_reply(
        message, parse(message), {.to = to, .own = {{"", "b", "other.example"}, kBob}});
}

constexpr std::string_view kQuestion =
    "From: Alice <alice@crepes.example>\r\nTo: BOB@hamburger.example, carol@x.y\r\n"
    "Cc: dave@x.y, Alice <alice@crepes.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    "Subject: Ketchup?\r\nMessage-ID: <2@crepes.example>\r\nReferences: <1@crepes.example>\r\n\r\n"
    "Do you like ketchup?\r\n> old\r\n\r\n-- \r\nAlice\r\n";

TEST(ComposeTest, AnswersTheSender) {
    const Draft draft = reply(std::string(kQuestion));
    EXPECT_EQ(addresses(draft.from), "bob@hamburger.example");
    EXPECT_EQ(addresses(draft.to), "alice@crepes.example");
    EXPECT_EQ(addresses(draft.cc), "");
    EXPECT_EQ(draft.subject, "Re: Ketchup?");
    EXPECT_THAT(draft.in_reply_to, ElementsAre("2@crepes.example"));
    EXPECT_THAT(draft.references, ElementsAre("1@crepes.example", "2@crepes.example"));
    EXPECT_EQ(
        draft.text,
        "On Sat, 21 Nov 2026 10:00:00 +0000, Alice wrote:\n> Do you like ketchup?\n>> old\n>\n");
}

TEST(ComposeTest, AnswersAll) {
    const Draft draft = reply(std::string(kQuestion), ReplyTo::kAll);
    EXPECT_EQ(addresses(draft.to), "alice@crepes.example");
    EXPECT_EQ(addresses(draft.cc), "carol@x.y dave@x.y");
}

TEST(ComposeTest, HeedsReplyToFollowupAndLists) {
    const std::string list =
        "From: alice@crepes.example\r\nReply-To: a2@x.y\r\nMail-Followup-To: l@lists.example\r\n"
        "List-Post: <mailto:l%2Bx@lists.example?subject=x>\r\nTo: l@lists.example\r\nSubject: re: "
        "x\r\n\r\n";
    EXPECT_EQ(addresses(reply(list).to), "a2@x.y");
    EXPECT_EQ(addresses(reply(list, ReplyTo::kAll).to), "l@lists.example");
    EXPECT_EQ(addresses(reply(list, ReplyTo::kList).to), "l+x@lists.example");
    EXPECT_EQ(reply(list).subject, "re: x");
    EXPECT_EQ(addresses(reply("From: a@b.c\r\nList-Post: NO\r\n\r\n", ReplyTo::kList).to), "a@b.c");
}

TEST(ComposeTest, AnswersOnesOwnMessageToItsRecipients) {
    EXPECT_EQ(addresses(reply("From: bob@hamburger.example\r\nTo: a@b.c\r\n\r\n").to), "a@b.c");
    EXPECT_EQ(
        addresses(reply("From: bob@hamburger.example\r\nTo: bob@hamburger.example\r\n\r\n").to),
        "bob@hamburger.example");
}

TEST(ComposeTest, BoundsReferences) {
    std::string message = "From: a@b.c\r\nMessage-ID: <last@x>\r\nReferences:";
    for (int i = 0; i < 90; ++i) {
        message += " <" + std::to_string(i) + "@x>\r\n";
    }
    const Draft draft = reply(message + "\r\n");
    EXPECT_EQ(draft.references.size(), 30U);
    EXPECT_EQ(draft.references.front(), "0@x");
    EXPECT_EQ(draft.references.back(), "last@x");
}

TEST(ComposeTest, ForwardsInline) {
    const std::string message =
        "From: Alice <alice@crepes.example>\r\nTo: bob@hamburger.example\r\nSubject: s\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
        "boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
        "Content-Type: image/png; name=p.png\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment\r\n\r\nQUJD\r\n--b--\r\n";
    const Draft draft = make_forward(message, parse(message), ForwardAs::kInline, {kBob});
    EXPECT_EQ(draft.subject, "Fwd: s");
    EXPECT_EQ(addresses(draft.from), "bob@hamburger.example");
    EXPECT_EQ(addresses(draft.to), "");
    EXPECT_EQ(
        draft.text,
        "-------- Forwarded message --------\nFrom: Alice <alice@crepes.example>\nSubject: s\n"
        "To: bob@hamburger.example\n\nhello");
    ASSERT_EQ(draft.attachments.size(), 1U);
    EXPECT_EQ(draft.attachments[0].content, "ABC");
    EXPECT_EQ(draft.attachments[0].name, "p.png");
    EXPECT_EQ(draft.attachments[0].type, "image/png");
}

TEST(ComposeTest, ForwardsAsItIs) {
    const std::string message(kQuestion);
    base::SeededRandom random(1);
    const Draft draft = make_forward(message, parse(message), ForwardAs::kAttachment, {kBob});
    const std::string built = build_message(draft, random).value();
    const Structure structure = parse(built);
    EXPECT_EQ(body_of(built, structure.parts[2]), message);
    EXPECT_TRUE(structure.parts[3].is_message);
}

struct ListRow {
    std::string_view body;
    std::vector<std::string> uris;
};

// RFC 2369 3.1 to 3.6: every field body that it gives as an example.
TEST(ListHeadersTest, ReadsTheExamplesOfRfc2369) {
    const std::vector<ListRow> rows = {
        {"<mailto:list@host.com?subject=help> (List Instructions)",
         {"mailto:list@host.com?subject=help"}},
        {"<mailto:list-manager@host.com?body=info>", {"mailto:list-manager@host.com?body=info"}},
        {"<mailto:list-info@host.com> (Info about the list)", {"mailto:list-info@host.com"}},
        {"<http://www.host.com/list/>, <mailto:list-info@host.com>",
         {"http://www.host.com/list/", "mailto:list-info@host.com"}},
        {"<ftp://ftp.host.com/list.txt> (FTP),\r\n     <mailto:list@host.com?subject=help>",
         {"ftp://ftp.host.com/list.txt", "mailto:list@host.com?subject=help"}},
        {"<mailto:list@host.com?subject=unsubscribe>",
         {"mailto:list@host.com?subject=unsubscribe"}},
        {"(Use this command to get off the list)\r\n     "
         "<mailto:list-manager@host.com?body=unsubscribe%20list>",
         {"mailto:list-manager@host.com?body=unsubscribe%20list"}},
        {"<mailto:list-off@host.com>", {"mailto:list-off@host.com"}},
        {"<http://www.host.com/list.cgi?cmd=unsub&lst=list>,\r\n     "
         "<mailto:list-request@host.com?subject=unsubscribe>",
         {"http://www.host.com/list.cgi?cmd=unsub&lst=list",
          "mailto:list-request@host.com?subject=unsubscribe"}},
        {"<mailto:list@host.com?subject=subscribe>", {"mailto:list@host.com?subject=subscribe"}},
        {"<mailto:list-request@host.com?subject=subscribe>",
         {"mailto:list-request@host.com?subject=subscribe"}},
        {"(Use this command to join the list)\r\n    "
         "<mailto:list-manager@host.com?body=subscribe%20list>",
         {"mailto:list-manager@host.com?body=subscribe%20list"}},
        {"<mailto:list-on@host.com>", {"mailto:list-on@host.com"}},
        {"<http://www.host.com/list.cgi?cmd=sub&lst=list>,\r\n    "
         "<mailto:list-manager@host.com?body=subscribe%20list>",
         {"http://www.host.com/list.cgi?cmd=sub&lst=list",
          "mailto:list-manager@host.com?body=subscribe%20list"}},
        {"<mailto:list@host.com>", {"mailto:list@host.com"}},
        {"<mailto:moderator@host.com> (Postings are Moderated)", {"mailto:moderator@host.com"}},
        {"<mailto:moderator@host.com?subject=list%20posting>",
         {"mailto:moderator@host.com?subject=list%20posting"}},
        {"NO (posting not allowed on this list)", {}},
        {"<mailto:listmom@host.com> (Contact Person for Help)", {"mailto:listmom@host.com"}},
        {"<mailto:grant@foo.bar> (Grant Neufeld)", {"mailto:grant@foo.bar"}},
        {"<mailto:josh@foo.bar?Subject=list>", {"mailto:josh@foo.bar?Subject=list"}},
        {"<mailto:archive@host.com?subject=index%20list>",
         {"mailto:archive@host.com?subject=index%20list"}},
        {"<ftp://ftp.host.com/pub/list/archive/>", {"ftp://ftp.host.com/pub/list/archive/"}},
        {"<http://www.host.com/list/archive/> (Web Archive)",
         {"http://www.host.com/list/archive/"}},
    };
    for (const ListRow& row : rows) {
        for (const auto& [name, list] : {std::pair{"Help", &ListHeaders::help},
                                         std::pair{"Unsubscribe", &ListHeaders::unsubscribe},
                                         std::pair{"Subscribe", &ListHeaders::subscribe},
                                         std::pair{"Post", &ListHeaders::post},
                                         std::pair{"Owner", &ListHeaders::owner},
                                         std::pair{"Archive", &ListHeaders::archive}}) {
            const std::string header =
                std::string("List-") + name + ": " + std::string(row.body) + "\r\n";
            EXPECT_EQ(parse_list_headers(header).*list, row.uris) << header;
        }
    }
}

TEST(ListHeadersTest, ReadsTheExamplesOfTheRfcs) {
    // RFC 2369 3 and 4, RFC 2919 3, RFC 8058 8
    const ListHeaders list = parse_list_headers(
        "List-Help: <mailto:list@host.com?subject=help> (List Instructions)\r\n"
        "List-Unsubscribe: (Use this command to get off the list)\r\n"
        "     <mailto:list-manager@host.com?body=unsubscribe%20list>,\r\n "
        "<http://www.host.com/\r\n list.cgi>\r\n"
        "List-Post: NO (posting not allowed on this list)\r\n"
        "List-Id: List Header Mailing List <list-header.nisto.com>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    EXPECT_EQ(list.id, "list-header.nisto.com");
    EXPECT_EQ(list.name, "List Header Mailing List");
    EXPECT_THAT(list.help, ElementsAre("mailto:list@host.com?subject=help"));
    EXPECT_THAT(list.unsubscribe,
                ElementsAre("mailto:list-manager@host.com?body=unsubscribe%20list",
                            "http://www.host.com/list.cgi"));
    EXPECT_TRUE(list.post_forbidden);
    EXPECT_TRUE(list.one_click);
    EXPECT_TRUE(list.is_list());
    EXPECT_EQ(mailto_address(list.unsubscribe), "list-manager@host.com");
    EXPECT_EQ(mailto_address({"http://x/"}), "");
    EXPECT_EQ(mailto_address({"mailto:a%4"}), "a%4");
    EXPECT_FALSE(parse_list_headers("Subject: x\r\n").is_list());
}

}  // namespace
}  // namespace mime
