// Tests of SASL's client side: against our own server, against the examples of the RFCs, and against servers that
// do not know the password.
#include "account/sasl_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/scram.h"
#include "base/base64.h"

namespace account {
namespace {

using base::Errc;

std::unique_ptr<SaslClient> make(const std::vector<std::string>& offered,
                                 const SaslChannel& channel = {.may_tell_password = true},
                                 const SaslCredentials& credentials = {"tim", "secret"}) {
    base::SeededRandom random(1);
    auto client = make_sasl_client(offered, credentials, channel, random);
    return client ? std::move(*client) : nullptr;
}

std::string name_of(const std::vector<std::string>& offered, const SaslChannel& channel) {
    const auto client = make(offered, channel);
    return client ? std::string(client->mechanism()) : "none";
}

TEST(SaslClientTest, ChoosesTheStrongestThatBothHave) {
    const SaslChannel clear{};
    const SaslChannel tls{.may_tell_password = true, .exporter = std::string(32, 'e')};
    const std::vector<std::string> all = {
        "LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};
    EXPECT_EQ(name_of(all, tls), "SCRAM-SHA-256-PLUS");
    EXPECT_EQ(name_of(all, clear), "SCRAM-SHA-256");
    EXPECT_EQ(name_of({"LOGIN", "PLAIN"}, tls), "PLAIN");
    EXPECT_EQ(name_of({"LOGIN"}, tls), "LOGIN");
    EXPECT_EQ(name_of({"LOGIN", "PLAIN"}, clear), "none");
    EXPECT_EQ(name_of({"GSSAPI"}, tls), "none");
    EXPECT_EQ(name_of({}, tls), "none");
}

TEST(SaslClientTest, PlainAndLoginSayTheirWordsOnce) {
    const auto plain = make({"PLAIN"});
    EXPECT_EQ(plain->step("").value(), std::string("\0tim\0secret", 11));
    EXPECT_EQ(plain->step("more").error().code, Errc::kSyntax);
    const auto login = make({"LOGIN"});
    EXPECT_FALSE(login->client_first());
    EXPECT_EQ(login->step("Username:").value(), "tim");
    EXPECT_EQ(login->step("Password:").value(), "secret");
    EXPECT_EQ(login->step("more").error().code, Errc::kSyntax);
}

// The server's side of scram.h, without accounts.
struct Exchange {
    ScramSecrets secrets;
    ScramExchange exchange;
};

Exchange challenge(SaslClient& client, std::string_view password) {
    const std::string first = client.step("").value();
    Exchange made{.secrets = make_scram_secrets(Hash::kSha256, password, "salt", 4096),
                  .exchange = {}};
    made.exchange =
        begin_scram(parse_scram_client_first(first).value(), "server-nonce", made.secrets);
    return made;
}

TEST(SaslClientTest, ScramProvesBothSidesToEachOther) {
    const std::string exporter(32, 'e');
    for (const bool bind : {false, true}) {
        const auto client = bind ? make({"SCRAM-SHA-256-PLUS"}, {.exporter = exporter})
                                 : make({"SCRAM-SHA-256"}, {}, {"user,=name", "secret"});
        const Exchange server = challenge(*client, "secret");
        EXPECT_EQ(server.exchange.first.user, bind ? "tim" : "user,=name");
        EXPECT_EQ(server.exchange.first.binding, bind ? ScramBinding::kUsed : ScramBinding::kNo);
        const auto final =
            parse_scram_client_final(client->step(server.exchange.server_first).value());
        ASSERT_TRUE(final);
        const auto verifier = finish_scram(
            Hash::kSha256, server.secrets, server.exchange, *final, bind ? exporter : "");
        ASSERT_TRUE(verifier) << verifier.error().text;
        EXPECT_FALSE(client->is_satisfied());
        EXPECT_EQ(client->step(*verifier).value(), "");
        EXPECT_TRUE(client->is_satisfied());
    }
}

TEST(SaslClientTest, ScramSaysThatItCouldBind) {
    const auto client = make({"SCRAM-SHA-256"}, {.exporter = std::string(32, 'e')});
    EXPECT_EQ(challenge(*client, "secret").exchange.first.binding, ScramBinding::kServerCannot);
}

TEST(SaslClientTest, ScramBelievesNoStranger) {
    const auto client = make({"SCRAM-SHA-256"});
    const Exchange server = challenge(*client, "another password");
    ASSERT_TRUE(client->step(server.exchange.server_first));
    EXPECT_EQ(client->step("v=" + base::base64_encode(std::string(32, 'x'))).error().code,
              Errc::kDenied);
    EXPECT_FALSE(client->is_satisfied());
}

TEST(SaslClientTest, ScramRefusesBadChallenges) {
    const auto first = [] {
        auto client = make({"SCRAM-SHA-256"});
        EXPECT_TRUE(client->step(""));
        return client;
    };
    const std::string nonce = [] {
        const std::string message = make({"SCRAM-SHA-256"})->step("").value();
        return message.substr(message.find("r=") + 2);
    }();
    const std::pair<std::string, Errc> rows[] = {
        {"", Errc::kSyntax},
        {"e=other-error", Errc::kSyntax},
        {"r=elsewhere,s=c2FsdA==,i=4096", Errc::kSyntax},
        {"r=" + nonce + ",s=c2FsdA==,i=4096", Errc::kSyntax},
        {"r=" + nonce + "x,s=!,i=4096", Errc::kSyntax},
        {"r=" + nonce + "x,s=c2FsdA==,i=0", Errc::kSyntax},
        {"r=" + nonce + "x,s=c2FsdA==,i=many", Errc::kSyntax},
        {"r=" + nonce + "x,s=c2FsdA==", Errc::kSyntax},
        {"r=" + nonce + "x,s=c2FsdA==,i=4000000", Errc::kUnsupported},
        {"m=new,r=" + nonce + "x,s=c2FsdA==,i=4096", Errc::kUnsupported},
        {std::string(5000, 'r'), Errc::kUnsupported},
    };
    for (const auto& [message, code] : rows) {
        EXPECT_EQ(first()->step(message).error().code, code) << message;
    }
    EXPECT_TRUE(first()->step("r=" + nonce + "x,s=c2FsdA==,i=4096"));
}

}  // namespace
}  // namespace account
