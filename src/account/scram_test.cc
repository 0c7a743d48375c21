// Tests of SCRAM against the examples of RFC 5802 5 and RFC 7677 3, and of what must be refused.
#include "account/scram.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace account {
namespace {

using base::Errc;

// One exchange as an RFC prints it; password "pencil", 4,096 iterations.
struct Example {
    Hash hash;
    std::string_view client_first;
    std::string_view salt;
    std::string_view server_nonce;
    std::string_view server_first;
    std::string_view client_final;
    std::string_view server_final;
};

constexpr Example kSha1Example = {
    Hash::kSha1,
    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    "QSXCR+Q6sek8bf92",
    "3rfcNHYJY1ZVvWVs7j",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="};

constexpr Example kSha256Example = {
    Hash::kSha256,
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "W22ZaJ0SNY7soEsUEjb6gQ==",
    "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="};

class ScramExampleTest : public testing::TestWithParam<Example> {
  protected:
    ScramExampleTest()
        : secrets_(make_scram_secrets(
              GetParam().hash, "pencil", base::base64_decode(GetParam().salt).value(), 4096)),
          first_(parse_scram_client_first(GetParam().client_first).value()) {}

    // The example's end with another client-final-message.
    base::Result<std::string> finish(std::string_view client_final) {
        TRY(const ScramClientFinal final, parse_scram_client_final(client_final));
        const ScramExchange exchange = begin_scram(first_, GetParam().server_nonce, secrets_);
        return finish_scram(GetParam().hash, secrets_, exchange, final, "");
    }

    ScramSecrets secrets_;
    ScramClientFirst first_;
};

TEST_P(ScramExampleTest, GoesAsPrinted) {
    const Example& example = GetParam();
    EXPECT_EQ(first_.user, "user");
    EXPECT_EQ(begin_scram(first_, example.server_nonce, secrets_).server_first,
              example.server_first);
    EXPECT_EQ(finish(example.client_final).value(), example.server_final);
}

TEST_P(ScramExampleTest, RefusesAnyOtherSecret) {
    const Example& example = GetParam();
    secrets_ = make_scram_secrets(example.hash, "pencil2", secrets_.salt, 4096);
    EXPECT_EQ(finish(example.client_final).error().code, Errc::kDenied);
}

// Every single bit of the proof and each other part counts.
TEST_P(ScramExampleTest, RefusesAnyOtherMessage) {
    const std::string sound(GetParam().client_final);
    for (std::size_t i = 0; i < sound.size(); ++i) {
        for (const char c : {'A', '=', ','}) {
            std::string changed = sound;
            changed[i] = c;
            EXPECT_TRUE(changed == sound || !finish(changed)) << changed;
        }
    }
    EXPECT_EQ(finish("c=biws,r=" + first_.nonce + ",p=AAAA").error().code, Errc::kDenied);
}

INSTANTIATE_TEST_SUITE_P(Rfc, ScramExampleTest, testing::Values(kSha1Example, kSha256Example));

TEST(ScramParseTest, TakesTheFirstMessageApart) {
    const auto first =
        parse_scram_client_first("p=tls-exporter,a=al=2Cice,n=b=3Dob,r=abc,x=ext").value();
    EXPECT_EQ(first.binding, ScramBinding::kUsed);
    EXPECT_EQ(first.binding_type, "tls-exporter");
    EXPECT_EQ(first.authorize_as, "al,ice");
    EXPECT_EQ(first.user, "b=ob");
    EXPECT_EQ(first.nonce, "abc");
    EXPECT_EQ(first.gs2_header, "p=tls-exporter,a=al=2Cice,");
    EXPECT_EQ(first.bare, "n=b=3Dob,r=abc,x=ext");
    EXPECT_EQ(parse_scram_client_first("n,a=,n=u,r=x").value().authorize_as, "");
    EXPECT_EQ(parse_scram_client_first("n,a=,n=u,r=x").value().gs2_header, "n,a=,");
    EXPECT_EQ(parse_scram_client_first("y,,n=u,r=x").value().binding, ScramBinding::kServerCannot);
}

TEST(ScramParseTest, RefusesMalformedMessages) {
    const std::string long_nonce = "n,,n=u,r=" + std::string(513, 'x');
    for (const std::string_view text : {std::string_view(""),
                                        std::string_view("n"),
                                        std::string_view("n,"),
                                        std::string_view("n,,"),
                                        std::string_view("x,,n=u,r=x"),
                                        std::string_view("p=,,n=u,r=x"),
                                        std::string_view("p=a_b,,n=u,r=x"),
                                        std::string_view("n,u,n=u,r=x"),
                                        std::string_view("n,a==2c,n=u,r=x"),
                                        std::string_view("n,,n=,r=x"),
                                        std::string_view("n,,n=u=,r=x"),
                                        std::string_view("n,,n=u=2,r=x"),
                                        std::string_view("n,,n=u\0v,r=x", 12),
                                        std::string_view("n,,n=\xff,r=x"),
                                        std::string_view("n,,r=x,n=u"),
                                        std::string_view("n,,n=u"),
                                        std::string_view("n,,n=u,r="),
                                        std::string_view("n,,n=u,r=a b"),
                                        std::string_view("n,,n=u,r=\xc3\xa4"),
                                        std::string_view("n,,n=u,r=x,y"),
                                        std::string_view(long_nonce)}) {
        const auto first = parse_scram_client_first(text);
        ASSERT_FALSE(first) << text;
        EXPECT_EQ(first.error().code, Errc::kSyntax) << text;
    }
    EXPECT_EQ(parse_scram_client_first("n,,m=x,n=u,r=x").error().code, Errc::kUnsupported);
    for (const std::string_view text : {"",
                                        "c=biws,r=x",
                                        "p=AAAA",
                                        "c=biws,p=AAAA",
                                        "r=x,c=biws,p=AAAA",
                                        "c=b,r=x,p=AAAA",
                                        "c=biws,r=x,p=A",
                                        "c=biws,r=x,p=",
                                        "c=biws,r=x,p=AAAA,z=1",
                                        "c=biws,r=,p=AAAA"}) {
        const auto final = parse_scram_client_final(text);
        // An empty proof is well-formed base64, and wrong.
        EXPECT_EQ(final.has_value(), text == "c=biws,r=x,p=") << text;
    }
}

}  // namespace
}  // namespace account
