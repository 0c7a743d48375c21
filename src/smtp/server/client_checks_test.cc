// Tests of who may knock: names, literals and reverse DNS against a zone.
#include "smtp/server/client_checks.h"

#include <gtest/gtest.h>

#include "fakes/world.h"

namespace smtp {
namespace {

constexpr std::string_view kZone = R"(
bar.com                    A 192.0.2.1
mx-only.com                MX 10 bar.com
shaky.com                  SERVFAIL
bücher.example             A 192.0.2.1
1.2.0.192.in-addr.arpa     PTR bar.com
2.2.0.192.in-addr.arpa     PTR bar.com
3.2.0.192.in-addr.arpa     TIMEOUT
4.2.0.192.in-addr.arpa     PTR shaky.com
)";

struct Row {
    HelloCheck hello;
    ReverseCheck reverse;
    std::string_view name;
    std::string_view address;
    std::string_view refusal;  // its begin; empty: none
};

constexpr Row kRows[] = {
    {HelloCheck::kOff, ReverseCheck::kOff, "foo.com", "192.0.2.9", ""},
    {HelloCheck::kOwn, ReverseCheck::kOff, "FOO.com", "192.0.2.9", "550 5.7.1 FOO.com is this"},
    {HelloCheck::kOwn, ReverseCheck::kOff, "[192.0.2.25]", "192.0.2.9", "550 5.7.1 [192.0.2.25]"},
    {HelloCheck::kOwn, ReverseCheck::kOff, "nonsense", "192.0.2.9", ""},
    {HelloCheck::kExists, ReverseCheck::kOff, "bar.com", "192.0.2.9", ""},
    {HelloCheck::kExists, ReverseCheck::kOff, "mx-only.com", "192.0.2.9", ""},
    {HelloCheck::kExists, ReverseCheck::kOff, "nonsense", "192.0.2.9", "550 5.7.1 the EHLO name"},
    {HelloCheck::kExists, ReverseCheck::kOff, "foo.com", "192.0.2.9", "550 5.7.1 foo.com is this"},
    {HelloCheck::kExists, ReverseCheck::kOff, "shaky.com", "192.0.2.9", "450 4.7.1 the EHLO name"},
    {HelloCheck::kExists, ReverseCheck::kOff, "[192.0.2.9]", "192.0.2.9", ""},
    {HelloCheck::kExists, ReverseCheck::kOff, "[IPv6:2001:db8::9]", "2001:db8::9", ""},
    {HelloCheck::kExists, ReverseCheck::kOff, "[192.0.2.8]", "192.0.2.9", "550 5.7.1 [192.0.2.8]"},
    {HelloCheck::kOff, ReverseCheck::kExists, "x", "192.0.2.1", ""},
    {HelloCheck::kOff, ReverseCheck::kExists, "x", "192.0.2.2", ""},
    {HelloCheck::kOff, ReverseCheck::kExists, "x", "192.0.2.3", "450 4.7.25 the name of your"},
    {HelloCheck::kOff, ReverseCheck::kExists, "x", "192.0.2.9", "550 5.7.25 your address"},
    {HelloCheck::kOff, ReverseCheck::kMatches, "x", "192.0.2.1", ""},
    {HelloCheck::kOff, ReverseCheck::kMatches, "x", "192.0.2.2", "550 5.7.25 the name bar.com of"},
    {HelloCheck::kOff, ReverseCheck::kMatches, "x", "192.0.2.4", "450 4.7.25 the name of your"},
    {HelloCheck::kOff, ReverseCheck::kMatches, "x", "2001:db8::9", "550 5.7.25 your address"},
    {HelloCheck::kOwn, ReverseCheck::kExists, "x", "192.0.2.9", "550 5.7.25 your address"},
};

TEST(ClientChecksTest, Rows) {
    fakes::World world;
    world.resolver.add(kZone);
    for (const Row& row : kRows) {
        const auto refusal =
            world.run(judge_client(world.resolver,
                                   world.loop,
                                   {.hello = row.hello, .reverse = row.reverse},
                                   {.hello = std::string(row.name),
                                    .hostname = "foo.com",
                                    .peer = {.address = std::string(row.address), .port = 1},
                                    .local = {.address = "192.0.2.25", .port = 25}}));
        const std::string said = refusal ? format_reply(*refusal) : std::string();
        EXPECT_TRUE(row.refusal.empty() ? said.empty() : said.starts_with(row.refusal))
            << row.name << " " << row.address << ": " << said;
    }
}

}  // namespace
}  // namespace smtp
