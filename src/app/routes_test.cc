#include "app/routes.h"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(Place, IsReadAndRefused) {
    struct Case {
        std::string_view text;
        Place place;
    };

    using enum Place::Kind;
    for (const Case& c : {Case{"relay.example", {kSmtp, "relay.example", 25, ""}},
                          {"Relay.Example:587", {kSmtp, "relay.example", 587, ""}},
                          {"smtps:relay.example", {kSmtps, "relay.example", 465, ""}},
                          {"lmtp:[2001:db8::1]:2400", {kLmtp, "2001:db8::1", 2400, ""}},
                          {"[192.0.2.1]", {kSmtp, "192.0.2.1", 25, ""}},
                          {"lmtp:unix:/run/lmtp", {kLmtp, "", 0, "/run/lmtp"}}}) {
        const auto place = parse_place(c.text);
        ASSERT_TRUE(place) << c.text;
        EXPECT_EQ(*place, c.place) << c.text;
    }
    for (const std::string_view wrong : {"",
                                         ":25",
                                         "a:",
                                         "a:0",
                                         "a:65536",
                                         "a:x",
                                         "[::1",
                                         "[::1]25",
                                         "a b",
                                         "unix:run",
                                         "smtp:"}) {
        EXPECT_FALSE(parse_place(wrong)) << wrong;
    }
}

TEST(Routes, TheFirstThatFitsDecides) {
    const Routes routes({{.domain = "hamburger.example", .to = "lmtp:unix:/run/h"},
                         {.domain = ".example", .to = "relay.example:587", .username = "crepes"},
                         {.sender = "@crepes.example", .to = "hub.example"},
                         {.domain = "direct.org", .to = "mx", .tls = TlsPolicy::kVerify}});
    const auto way = [&](std::string_view recipient, std::string_view sender) {
        return routes.destination(account::parse_address(recipient).value(), sender);
    };
    EXPECT_EQ(way("bob@hamburger.example", ""), "lmtp:unix:/run/h");
    EXPECT_EQ(way("bob@other.example", ""), "smtp:relay.example:587 as crepes");
    EXPECT_EQ(way("bob@foo.com", "alice@crepes.example"), "smtp:hub.example:25");
    EXPECT_EQ(way("bob@foo.com", "alice@foo.com"), "mx:foo.com");
    EXPECT_EQ(way("bob@direct.org", ""), "mx:direct.org");
    EXPECT_EQ(way("bob@[192.0.2.1]", ""), "mx:[192.0.2.1]");
}

TEST(Routes, FindsWhatANameMeans) {
    const Routes routes({{.domain = ".example", .to = "relay.example:587", .username = "crepes"},
                         {.domain = "direct.org", .to = "mx", .tls = TlsPolicy::kVerify}});
    const auto relay = routes.find("smtp:relay.example:587 as crepes");
    ASSERT_TRUE(relay);
    EXPECT_EQ(relay->place.host, "relay.example");
    EXPECT_EQ(relay->route.username, "crepes");
    const auto direct = routes.find("mx:direct.org");
    ASSERT_TRUE(direct);
    EXPECT_EQ(direct->route.tls, TlsPolicy::kVerify);
    const auto plain = routes.find("mx:foo.com");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->route.tls, TlsPolicy::kMay);
    EXPECT_FALSE(routes.find("smtp:relay.example:587"));
    EXPECT_FALSE(routes.find("smtp:gone.example:25"));
}

}  // namespace
}  // namespace app
