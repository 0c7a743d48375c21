// Which wishes (RFC 5465 6) make a session listen to what others share with everybody: each such event is a reading of
// the tree, by every session that listens.
#include "imap/server/notifier.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace imap {
namespace {

bool listens_to_others(std::string_view filter) {
    const auto wishes =
        parse_notify("SET (" + std::string(filter) + " (MessageNew MessageExpunge MailboxName))");
    EXPECT_TRUE(wishes) << filter;
    return wishes && std::ranges::any_of(wishes->groups, may_cover_others);
}

TEST(Notifier, ListensToOthersWhereTheirMailboxesAreMeant) {
    for (const std::string_view filter : {"subscribed",
                                          "subtree \"Other Users\"",
                                          "subtree (Lists \"Other Users/jones@foo.com\")",
                                          "mailboxes \"Other Users/jones@foo.com/Sales\""}) {
        EXPECT_TRUE(listens_to_others(filter)) << filter;
    }
    for (const std::string_view filter : {"personal",
                                          "inboxes",
                                          "subtree Lists",
                                          "subtree (INBOX \"Other Users2\")",
                                          "mailboxes (INBOX Sales)"}) {
        EXPECT_FALSE(listens_to_others(filter)) << filter;
    }
    const auto none = parse_notify("SET (selected (MessageNew MessageExpunge)) (subscribed NONE)");
    ASSERT_TRUE(none);
    EXPECT_FALSE(std::ranges::any_of(none->groups, may_cover_others));
}

}  // namespace
}  // namespace imap
