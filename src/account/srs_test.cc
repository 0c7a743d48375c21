// Rewritten senders: their form, the way back, and what is refused.
#include "account/srs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory_store.h"

namespace account {
namespace {

using base::Errc;
using namespace std::chrono_literals;

constexpr base::WallTime kDay0 = base::WallTime(0ms);
const Srs kOurs("a key of ours");
const Srs kTheirs("a key of theirs");

Address at(std::string_view text) {
    return parse_address(text).value();
}

std::string text_of(const base::Result<Address>& address) {
    return address ? address->to_string() : std::string(base::errc_name(address.error().code));
}

TEST(Srs, HasTheFormOfTheScheme) {
    const std::string local =
        kOurs.forward(at("Bob@hamburger.example"), "crepes.example", kDay0).to_string();
    EXPECT_THAT(local,
                testing::MatchesRegex("SRS0=[A-Z2-7]{8}=AA=hamburger.example=Bob@crepes.example"));

    // The days of the scheme: base32 of the number modulo 1024.
    struct Row {
        int days;
        const char* text;
    };

    for (const Row& row : {Row{1, "=AB="}, Row{32, "=BA="}, Row{1023, "=77="}, Row{1024, "=AA="}}) {
        const base::WallTime now = kDay0 + std::chrono::days(row.days);
        EXPECT_THAT(kOurs.forward(at("bob@hamburger.example"), "crepes.example", now).local,
                    testing::HasSubstr(row.text));
    }
}

TEST(Srs, FindsTheSenderAgain) {
    for (const auto* const sender : {"bob@hamburger.example",
                                     "bob+list=x=y@hamburger.example",
                                     "\"bob burger\"@hamburger.example",
                                     "b\xc3\xb6"
                                     "b@xn--bcher-kva.example"}) {
        const Address ours = kOurs.forward(at(sender), "crepes.example", kDay0);
        EXPECT_TRUE(Srs::is_rewritten(ours));
        EXPECT_EQ(text_of(kOurs.reverse(ours, kDay0)), sender);
        EXPECT_EQ(text_of(kOurs.reverse(at(ours.to_string()), kDay0 + 48h)), sender);
    }
    Address folded = kOurs.forward(at("bob@hamburger.example"), "crepes.example", kDay0);
    for (char& c : folded.local) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    EXPECT_EQ(text_of(kOurs.reverse(folded, kDay0)), "bob@hamburger.example");
}

TEST(Srs, ForwardersBehindForwardersGoBackToTheFirst) {
    const Address first = kTheirs.forward(at("bob@hamburger.example"), "bar.com", kDay0);
    const Address second = kOurs.forward(first, "crepes.example", kDay0);
    EXPECT_THAT(second.local, testing::MatchesRegex("SRS1=[A-Z2-7]{8}=bar.com==.*=AA=.*=bob"));
    EXPECT_EQ(text_of(kOurs.reverse(second, kDay0)), first.to_string());
    const Srs third("a third key");
    const Address further = third.forward(second, "foo.com", kDay0);
    EXPECT_EQ(further.local.size(), second.local.size());
    EXPECT_EQ(text_of(third.reverse(further, kDay0)), first.to_string());
}

TEST(Srs, RefusesWhatIsNotItsOwn) {
    const Address ours = kOurs.forward(at("bob@hamburger.example"), "crepes.example", kDay0);
    EXPECT_EQ(text_of(kTheirs.reverse(ours, kDay0)), "denied");
    Address changed = ours;
    changed.local.back() = 'x';
    EXPECT_EQ(text_of(kOurs.reverse(changed, kDay0)), "denied");
    EXPECT_EQ(text_of(kOurs.reverse(ours, kDay0 + std::chrono::days(21))), "bob@hamburger.example");
    EXPECT_EQ(text_of(kOurs.reverse(ours, kDay0 + std::chrono::days(22))), "timeout");
    EXPECT_EQ(text_of(kOurs.reverse(ours, kDay0 + std::chrono::days(1023))), "timeout");
    for (const auto* const address : {"bob@crepes.example",
                                      "SRS0@crepes.example",
                                      "SRS0=x@crepes.example",
                                      "SRS2=x=y@crepes.example"}) {
        EXPECT_EQ(text_of(kOurs.reverse(at(address), kDay0)), "syntax") << address;
    }
    for (const auto* const address : {"SRS0==@crepes.example", "SRS1-x=y=z@crepes.example"}) {
        EXPECT_EQ(text_of(kOurs.reverse(at(address), kDay0)), "denied") << address;
    }
}

TEST(Srs, KeepsItsKey) {
    store::MemoryStore store;
    std::string first;
    std::string second;
    ASSERT_TRUE(store.change_and_wait([&](store::Transaction& change) -> base::Result<> {
        TRY(first, Srs::load_key(change, "drawn"));
        TRY(second, Srs::load_key(change, "drawn again"));
        return {};
    }));
    EXPECT_EQ(first, "drawn");
    EXPECT_EQ(second, "drawn");
}

}  // namespace
}  // namespace account
