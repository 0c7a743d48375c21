#include "smtp/server/relay_domains.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtp {
namespace {

using ::testing::HasSubstr;

account::Address address(std::string_view text) {
    return account::parse_address(text).value();
}

TEST(RelayDomains, CoverWhatIsNamedAndWhatIsBelowADot) {
    const auto domains =
        RelayDomains::make({"Hamburger.example", ".branch.example"}, std::nullopt).value();
    EXPECT_TRUE(domains.cover("hamburger.example"));
    EXPECT_FALSE(domains.cover("north.hamburger.example"));
    EXPECT_FALSE(domains.cover("xhamburger.example"));
    EXPECT_TRUE(domains.cover("a.branch.example"));
    EXPECT_TRUE(domains.cover("b.a.branch.example"));
    EXPECT_FALSE(domains.cover("branch.example"));
    EXPECT_FALSE(RelayDomains().cover("hamburger.example"));
}

TEST(RelayDomains, TakeEverybodyWithoutAList) {
    const auto domains = RelayDomains::make({"hamburger.example"}, std::nullopt).value();
    EXPECT_TRUE(domains.has(address("anybody@hamburger.example")));
}

TEST(RelayDomains, TakeWhoIsListed) {
    const auto domains = RelayDomains::make({"hamburger.example", "branch.example"},
                                            "# who is there\r\n"
                                            "Bob@HAMBURGER.example   # the cook\n\n"
                                            "@branch.example")
                             .value();
    EXPECT_TRUE(domains.has(address("bob@hamburger.example")));
    EXPECT_TRUE(domains.has(address("BOB+holiday@hamburger.example")));
    EXPECT_TRUE(domains.has(address("postmaster@hamburger.example")));
    EXPECT_TRUE(domains.has(address("anybody@branch.example")));
    EXPECT_FALSE(domains.has(address("carol@hamburger.example")));
    EXPECT_FALSE(domains.has(address("bo@hamburger.example")));
    EXPECT_FALSE(RelayDomains::make({"x.example"}, "").value().has(address("bob@x.example")));
}

TEST(RelayDomains, SayWhatCannotBeRead) {
    const auto fault = [](const std::vector<std::string>& domains,
                          std::optional<std::string_view> recipients) {
        const auto made = RelayDomains::make(domains, recipients);
        return made ? std::string() : made.error().text;
    };
    EXPECT_THAT(fault({"not a domain"}, std::nullopt), HasSubstr("\"not a domain\""));
    EXPECT_THAT(fault({}, "bob@hamburger.example\nbob"), HasSubstr("line 2: \"bob\""));
}

}  // namespace
}  // namespace smtp
