// Tests of routes: what of a zone is tried, in which order, and why nothing is.
#include "smtp/client/mx.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fakes/fake_loop.h"
#include "fakes/fake_resolver.h"

namespace smtp {
namespace {

using testing::ElementsAre;

constexpr std::string_view kZone = R"(
crepes.example       MX 20 backup.example
crepes.example       MX 10 mail.crepes.example
mail.crepes.example  A 192.0.2.1
mail.crepes.example  AAAA 2001:db8::1
backup.example       A 192.0.2.9
plain.example        A 192.0.2.2
alias.example        CNAME crepes.example
empty.example        TXT nothing
nomail.example       MX 0 .
odd.example          MX 0 .
odd.example          MX 10 mail.crepes.example
dead.example         MX 10 nowhere.example
half.example         MX 10 nowhere.example
half.example         MX 20 backup.example
broken.example       SERVFAIL
away.example         TIMEOUT
shaky.example        MX 10 broken.example
shaky.example        MX 20 backup.example
shaky2.example       MX 10 broken.example
even.example         MX 10 a.example
even.example         MX 10 b.example
even.example         MX 10 c.example
a.example            A 192.0.2.11
b.example            A 192.0.2.12
c.example            A 192.0.2.13
many.example         A 192.0.2.21
many.example         A 192.0.2.22
many.example         A 192.0.2.23
many.example         A 192.0.2.24
many.example         A 192.0.2.25
many.example         AAAA 2001:db8::21
many.example         AAAA 2001:db8::22
signed.example       SECURE
signed.example       MX 10 mx.signed.example
mx.signed.example    SECURE
mx.signed.example    A 192.0.2.30
ours.example         MX 5 first.example
ours.example         MX 10 mail.hamburger.example
ours.example         MX 10 backup.example
ours.example         MX 20 plain.example
first.example        A 192.0.2.5
mail.hamburger.example A 192.0.2.25
onlyus.example       MX 10 Mail.Hamburger.example
byaddress.example    MX 10 first.example
byaddress.example    MX 20 other.example
other.example        A 192.0.2.99
xn--bcher-kva.example MX 10 backup.example
)";

class MxTest : public testing::Test {
  protected:
    MxTest() {
        resolver_.add(kZone);
        options_.own_names = {"mail.hamburger.example"};
        options_.own_addresses = {"192.0.2.99"};
    }

    // "name address address, name ..." or the verdict.
    std::string find(const std::string& domain) {
        const auto task = find_mail_hosts(resolver_, loop_, random_, domain, options_);
        task.start();
        EXPECT_TRUE(loop_.run_until([&task] { return task.done(); }));
        const auto hosts = task.result();
        if (!hosts) {
            const bool permanent = hosts.error().kind == Verdict::Kind::kPermanent;
            const EnhancedCode& code = hosts.error().reply.enhanced;
            return fmt::format("{} {}.{}.{}",
                               permanent ? "permanent" : "temporary",
                               code.kind,
                               code.subject,
                               code.detail);
        }
        std::string text;
        for (const MailHost& host : *hosts) {
            text += fmt::format("{}{} {}{}",
                                text.empty() ? "" : ", ",
                                host.name,
                                fmt::join(host.addresses, " "),
                                host.secure ? " secure" : "");
        }
        return text;
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    fakes::FakeResolver resolver_;
    base::SeededRandom random_{1};
    MxOptions options_;
};

TEST_F(MxTest, FindsTheHostsOfADomain) {
    const std::pair<const char*, const char*> rows[] = {
        {"crepes.example", "mail.crepes.example 2001:db8::1 192.0.2.1, backup.example 192.0.2.9"},
        {"Crepes.Example", "mail.crepes.example 2001:db8::1 192.0.2.1, backup.example 192.0.2.9"},
        {"alias.example", "mail.crepes.example 2001:db8::1 192.0.2.1, backup.example 192.0.2.9"},
        {"plain.example", "plain.example 192.0.2.2"},
        {"odd.example", "mail.crepes.example 2001:db8::1 192.0.2.1"},
        {"half.example", "backup.example 192.0.2.9"},
        {"shaky.example", "backup.example 192.0.2.9"},
        {"signed.example", "mx.signed.example 192.0.2.30 secure"},
        {"[192.0.2.7]", "[192.0.2.7] 192.0.2.7"},
        {"[IPv6:2001:db8::7]", "[IPv6:2001:db8::7] 2001:db8::7"},
        {"bücher.example", "backup.example 192.0.2.9"},
        {"ours.example", "first.example 192.0.2.5"},
        {"byaddress.example", "first.example 192.0.2.5"},
    };
    for (const auto& [domain, hosts] : rows) {
        EXPECT_EQ(find(domain), hosts) << domain;
    }
}

TEST_F(MxTest, SaysWhyThereIsNone) {
    const std::pair<const char*, const char*> rows[] = {
        {"missing.example", "permanent 5.1.2"},
        {"empty.example", "permanent 5.4.4"},
        {"nomail.example", "permanent 5.1.10"},
        {"dead.example", "permanent 5.4.4"},
        {"broken.example", "temporary 4.4.3"},
        {"away.example", "temporary 4.4.3"},
        {"shaky2.example", "temporary 4.4.3"},
        {"onlyus.example", "permanent 5.4.6"},
        {"other.example", "permanent 5.4.6"},
        {"[192.0.2.99]", "permanent 5.4.6"},
        {"[nonsense]", "permanent 5.1.2"},
        {"", "permanent 5.1.2"},
        {"no domain", "permanent 5.1.2"},
    };
    for (const auto& [domain, verdict] : rows) {
        EXPECT_EQ(find(domain), verdict) << domain;
    }
}

TEST_F(MxTest, EqualsTakeTurns) {
    std::set<std::string> first;
    std::set<std::string> orders;
    for (int i = 0; i < 50; ++i) {
        const std::string order = find("even.example");
        first.insert(order.substr(0, 1));
        orders.insert(order);
    }
    EXPECT_EQ(first, (std::set<std::string>{"a", "b", "c"}));
    EXPECT_EQ(orders.size(), 6);
}

TEST_F(MxTest, BoundsWhatItLooksUpAndHandsOut) {
    options_.addresses_max = 3;
    const std::string some = find("many.example");
    EXPECT_THAT(some, testing::MatchesRegex("many.example 2001:db8::2. 192.0.2.2. 2001:db8::2."));
    options_.ipv6 = false;
    EXPECT_THAT(find("many.example"), testing::Not(testing::HasSubstr(":")));
    options_.hosts_max = 1;
    EXPECT_THAT(find("even.example"), testing::Not(testing::HasSubstr(",")));
}

TEST_F(MxTest, AHostCanBeNamedWithoutMx) {
    options_.follow_mx = false;
    EXPECT_EQ(find("backup.example"), "backup.example 192.0.2.9");
    EXPECT_EQ(find("crepes.example"), "permanent 5.4.4");
    EXPECT_EQ(find("alias.example"), "permanent 5.4.4");
    EXPECT_THAT(resolver_.questions(), testing::Not(testing::Contains("MX backup.example")));
}

}  // namespace
}  // namespace smtp
