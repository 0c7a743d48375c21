#include "imap/grammar/notify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace imap {
namespace {

// "status selected:7+2 subtree[a b]:3", the items counted behind "+".
std::string dump(std::string_view text) {
    const auto parsed = parse_notify(text);
    if (!parsed) {
        return "!" + std::string(base::errc_name(parsed.error().code));
    }
    static constexpr std::string_view kNames[] = {
        "selected", "delayed", "inboxes", "personal", "subscribed", "subtree", "mailboxes"};
    std::string out = parsed->status ? "status" : "";
    for (const NotifyGroup& group : parsed->groups) {
        out += out.empty() ? "" : " ";
        out += kNames[static_cast<std::size_t>(group.filter)];
        for (const std::string& name : group.mailboxes) {
            out += "[" + name + "]";
        }
        out += fmt::format(":{}", group.events);
        out += group.items.empty() ? "" : fmt::format("+{}", group.items.size());
    }
    return out.empty() ? "none" : out;
}

struct Case {
    std::string_view text;
    std::string_view wanted;
};

class NotifyArgumentsTest : public testing::TestWithParam<Case> {};

TEST_P(NotifyArgumentsTest, AreRead) {
    EXPECT_EQ(dump(GetParam().text), GetParam().wanted) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Rows,
    NotifyArgumentsTest,
    testing::Values(
        Case{"NONE", "none"},
        Case{"none ", "none"},
        // RFC 5465 3.1 and 6
        Case{"set status (selected MessageNew (uid body.peek[header.fields (from to subject)]) "
             "MessageExpunge) (subtree Lists (MessageNew MessageExpunge))",
             "status selected:3+2 subtree[Lists]:3"},
        Case{"set (mailboxes INBOX (Messagenew messageExpunge)) (personal (SubscriptionChange))",
             "mailboxes[INBOX]:3 personal:16"},
        Case{"set (selected (Messagenew (uid flags) messageExpunge)) "
             "(personal (MessageNew FlagChange MessageExpunge))",
             "selected:3+2 personal:7"},
        Case{"set (selected-delayed NONE)", "delayed:0"},
        Case{"set (inboxes NONE) (subscribed (MailboxName ServerMetadataChange "
             "MailboxMetadataChange))",
             "inboxes:0 subscribed:104"},
        Case{"set (mailboxes (a \"b c\") (MailboxName))", "mailboxes[a][b c]:8"},
        // RFC 5465 5: these three belong together.
        Case{"set (selected (FlagChange))", "!syntax"},
        Case{"set (subtree Lists MessageNew)", "!syntax"},
        Case{"set (personal (MessageExpunge))", "!syntax"},
        // 6.1
        Case{"set (selected (MailboxName))", "!syntax"},
        Case{"set (selected NONE) (selected-delayed NONE)", "!syntax"},
        Case{"set (personal (MessageNew (uid) MessageExpunge))", "!syntax"},
        // 3.1: NO rather than BAD
        Case{"set (selected (MessageNew MessageExpunge AnnotationChange))", "!unsupported"},
        Case{"set (personal (MessageRead))", "!unsupported"},
        Case{"", "!syntax"},
        Case{"set", "!syntax"},
        Case{"set status", "!syntax"},
        Case{"set ()", "!syntax"},
        Case{"set (everything (MessageNew))", "!syntax"},
        Case{"set (subtree (MessageNew MessageExpunge))", "!syntax"},
        Case{"set (personal (MailboxName)", "!syntax"},
        Case{"set (personal MailboxName))", "!syntax"},
        Case{"none (personal NONE)", "!syntax"}));

TEST(NotifyArguments, AreBounded) {
    std::string text = "set";
    for (int i = 0; i < 101; ++i) {
        text += " (personal NONE)";
    }
    EXPECT_EQ(dump(text), "!too-long");
    text = "set (mailboxes (a";
    for (int i = 0; i < 1000; ++i) {
        text += " a";
    }
    EXPECT_EQ(dump(text + ") NONE)"), "!too-long");
}

}  // namespace
}  // namespace imap
