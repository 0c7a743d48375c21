// The header section that a list's messages go out with.
#include "app/list_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace app {
namespace {

using account::MailingList;
using testing::HasSubstr;
using testing::Not;

MailingList team() {
    return {.address = {"Team", "crepes.example"},
            .description = {},
            .posting = account::Posting::kMembers,
            .unsubscribe_url = {}};
}

TEST(ListHeader, AddsTheListsFieldsBehindTheAuthors) {
    EXPECT_EQ(make_list_header("Return-Path: <bob@hamburger.example>\r\n"
                               "Received: from x\r\n\tby y; now\r\n"
                               "Subject: hello\r\n"
                               "\r\n",
                               team()),
              "Return-Path: <Team-bounces@crepes.example>\r\n"
              "Delivered-To: Team@crepes.example\r\n"
              "Received: from x\r\n\tby y; now\r\n"
              "Subject: hello\r\n"
              "List-Id: <team.crepes.example>\r\n"
              "List-Post: <mailto:Team@crepes.example>\r\n"
              "List-Owner: <mailto:Team-owner@crepes.example>\r\n"
              "List-Help: <mailto:Team-request@crepes.example?subject=help>\r\n"
              "List-Subscribe: <mailto:Team-request@crepes.example?subject=subscribe>\r\n"
              "List-Unsubscribe: <mailto:Team-request@crepes.example?subject=unsubscribe>\r\n"
              "Precedence: list\r\n"
              "\r\n");
}

TEST(ListHeader, ReplacesAnotherListsFields) {
    const std::string header = make_list_header(
        "LIST-ID: Others\r\n <others.hamburger.example>\r\n"
        "List-Post: <mailto:others@hamburger.example>\r\n"
        "From: bob@hamburger.example\r\n"
        "Precedence: bulk\r\n"
        "Sender: bob@hamburger.example\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n",
        team());
    EXPECT_THAT(header, Not(HasSubstr("thers")));
    EXPECT_THAT(header, Not(HasSubstr("bulk")));
    EXPECT_THAT(header, Not(HasSubstr("One-Click")));
    EXPECT_THAT(header,
                HasSubstr("From: bob@hamburger.example\r\nSender: bob@hamburger.example\r\n"
                          "List-Id: <team.crepes.example>\r\n"));
}

TEST(ListHeader, SaysWhatTheListIsAbout) {
    MailingList list = team();
    list.description = "Der Küchenkreis";
    list.posting = account::Posting::kOwners;
    list.unsubscribe_url = "https://crepes.example/leave?list=team";
    const std::string header = make_list_header("\r\n", list);
    EXPECT_THAT(header, HasSubstr("\r\n <team.crepes.example>\r\n"));
    EXPECT_THAT(header, HasSubstr("List-Id: Der =?"));
    EXPECT_THAT(header, HasSubstr("List-Post: NO\r\n"));
    EXPECT_THAT(header,
                HasSubstr("List-Unsubscribe: <https://crepes.example/leave?list=team>,\r\n"
                          " <mailto:Team-request@crepes.example?subject=unsubscribe>\r\n"
                          "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
}

TEST(ListHeader, LosesNothingOfWhatIsBroken) {
    // No empty line, no field at all, and an empty line that ends with LF alone.
    EXPECT_THAT(make_list_header("Subject: x", team()), HasSubstr("\r\nSubject: x\r\nList-Id: "));
    EXPECT_THAT(make_list_header("", team()), testing::EndsWith("Precedence: list\r\n\r\n"));
    EXPECT_THAT(make_list_header("Subject: x\n\nbody\r\n\r\n", team()),
                testing::EndsWith("Precedence: list\r\n\r\nbody\r\n\r\n"));
}

TEST(ListHeader, KnowsWhereAMessageHasBeen) {
    struct Row {
        const char* header;
        bool been;
    };

    for (const Row& row : {Row{"List-Id: x <TEAM.crepes.example>\r\n\r\n", true},
                           Row{"list-id:\r\n <team.crepes.example>\r\n\r\n", true},
                           Row{"Delivered-To: team@crepes.example\r\n\r\n", true},
                           Row{"List-Id: <other.team.crepes.example>\r\n\r\n", false},
                           Row{"Subject: <team.crepes.example>\r\n\r\n", false},
                           Row{"\r\nList-Id: <team.crepes.example>\r\n", false}}) {
        EXPECT_EQ(has_been_through(row.header, team().address), row.been) << row.header;
    }
}

}  // namespace
}  // namespace app
