// Which addresses become which.
#include "account/rewriting.h"

#include <gtest/gtest.h>

namespace account {
namespace {

TEST(Rewriting, TheFirstRuleThatFitsDecides) {
    const auto rewriting = Rewriting::make({{"bob@old.example", "robert@crepes.example"},
                                            {"@old.example", "@crepes.example"},
                                            {"@sold.example", "office@crepes.example"},
                                            {"carl@crepes.example", "c@x.org", kInRecipient},
                                            {"carl@crepes.example", "d@x.org", kInSender}});
    ASSERT_TRUE(rewriting) << rewriting.error().text;

    struct Row {
        const char* address;
        Place place;
        const char* becomes;
    };

    for (const Row& row : {
             Row{"Bob@OLD.example", kInSender, "robert@crepes.example"},
             Row{"bob+x@old.example", kInHeader, "bob+x@crepes.example"},
             Row{"Alice@old.example", kInRecipient, "Alice@crepes.example"},
             Row{"anybody@sold.example", kInRecipient, "office@crepes.example"},
             Row{"carl@crepes.example", kInRecipient, "c@x.org"},
             Row{"carl@crepes.example", kInSender, "d@x.org"},
             Row{"carl@crepes.example", kInHeader, ""},
             Row{"bob@very.old.example", kInSender, ""},
         }) {
        const auto address = rewriting->apply(parse_address(row.address).value(), row.place);
        EXPECT_EQ(address ? address->to_string() : "", row.becomes) << row.address;
    }
}

TEST(Rewriting, RefusesWhatIsNoAddress) {
    for (const RewriteRule& rule : {RewriteRule{"old.example", "@x.org"},
                                    RewriteRule{"@old.example", "x.org"},
                                    RewriteRule{"@", "@x.org"},
                                    RewriteRule{"", ""}}) {
        EXPECT_FALSE(Rewriting::make({rule})) << rule.from;
    }
    EXPECT_TRUE(Rewriting::make({}).value().empty());
}

}  // namespace
}  // namespace account
