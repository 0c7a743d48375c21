// Tests of SASL's mechanisms as a protocol drives them: RFC 4616, LOGIN, RFC 5802 with channel bindings,
// EXTERNAL, RFC 2195; what is offered where; and what a stranger can learn.
#include "account/sasl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/crypto.h"
#include "account/scram.h"
#include "base/base64.h"
#include "fakes/login_fixture.h"

namespace account {
namespace {

using base::Errc;
using testing::ElementsAre;

class SaslTest : public fakes::LoginFixture {
  protected:
    std::vector<std::string_view> offered() { return sasl_mechanisms(*authenticator_, context_); }

    void begin(std::string_view mechanism) {
        auto server = make_sasl_server(*authenticator_, mechanism, context_);
        ASSERT_TRUE(server) << server.error().text;
        server_ = std::move(*server);
    }

    // The challenge, or who logged in, or the error's code.
    std::string step(std::string_view response) {
        auto step = run(server_->step(loop_, std::string(response)));
        if (!step) {
            return std::string(base::errc_name(step.error().code));
        }
        if (const auto* challenge = std::get_if<SaslChallenge>(&*step)) {
            return challenge->octets;
        }
        auto& success = std::get<SaslSuccess>(*step);
        last_ = success.octets.value_or("");
        return outcome(std::move(success.identity));
    }

    std::string plain(std::string_view message) {
        begin("PLAIN");
        return step(message);
    }

    // How a SCRAM client goes about it.
    struct Client {
        std::string user = "bob@hamburger.example";
        std::string password = "pencil";
        std::string flag = "n";
        std::string authorize_as;
        std::string channel;
        std::string nonce_tail;  // what it adds to the nonce it was given
    };

    // A whole exchange; what the server's last word was. Checks its signature.
    std::string scram(std::string_view mechanism, const Client& client) {
        const bool is_sha1 =
            mechanism.starts_with("SCRAM-SHA-1") && !mechanism.starts_with("SCRAM-SHA-256");
        const Hash hash = is_sha1 ? Hash::kSha1 : Hash::kSha256;
        begin(mechanism);
        const std::string gs2 = client.flag + "," + client.authorize_as + ",";
        const std::string bare = "n=" + client.user + ",r=clientnonce";
        const std::string server_first = step(gs2 + bare);
        if (!server_first.starts_with("r=clientnonce")) {
            return server_first;
        }
        const std::size_t salt_at = server_first.find(",s=");
        const std::size_t count_at = server_first.find(",i=");
        salt_ = server_first.substr(salt_at + 3, count_at - salt_at - 3);
        const std::string without_proof = "c=" + base::base64_encode(gs2 + client.channel) + "," +
                                          server_first.substr(0, salt_at) + client.nonce_tail;
        const std::string message = bare + "," + server_first + "," + without_proof;
        const std::string salted =
            pbkdf2(hash, client.password, base::base64_decode(salt_).value(), 4096);
        const std::string key = hmac(hash, salted, "Client Key");
        std::string proof = hmac(hash, digest(hash, key), message);
        for (std::size_t i = 0; i < proof.size(); ++i) {
            proof[i] = static_cast<char>(proof[i] ^ key[i]);
        }
        const std::string end = step(without_proof + ",p=" + base::base64_encode(proof));
        if (end.find(' ') != std::string::npos) {
            const std::string server_key = hmac(hash, salted, "Server Key");
            EXPECT_EQ(last_, "v=" + base::base64_encode(hmac(hash, server_key, message)));
        }
        return end;
    }

    void bind_channel() {
        context_.tls_exporter = "exported keying material";
        context_.tls_unique = "finished";
        context_.tls_end_point = "certificate's hash";
    }

    std::unique_ptr<SaslServer> server_;
    std::string last_;  // additional data of the last success
    std::string salt_;  // of the last SCRAM exchange, base64
};

TEST_F(SaslTest, OffersWhatTheConnectionAllows) {
    context_.tls = false;
    EXPECT_THAT(offered(), ElementsAre("SCRAM-SHA-256", "SCRAM-SHA-1"));
    context_.tls = true;
    EXPECT_THAT(offered(), ElementsAre("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"));
    context_.tls_end_point = "x";
    context_.certificate_names = {"bob@hamburger.example"};
    apply([this](auto& change) { return set_legacy_secret(change, bob_, "x"); });
    EXPECT_THAT(offered(),
                ElementsAre("EXTERNAL",
                            "SCRAM-SHA-256-PLUS",
                            "SCRAM-SHA-1-PLUS",
                            "SCRAM-SHA-256",
                            "SCRAM-SHA-1",
                            "PLAIN",
                            "LOGIN",
                            "CRAM-MD5"));
}

TEST_F(SaslTest, RefusesWhatItDoesNotOffer) {
    const auto error = [this](std::string_view mechanism) {
        const auto server = make_sasl_server(*authenticator_, mechanism, context_);
        return server ? Errc::kEof : server.error().code;  // kEof: it is offered
    };
    context_.tls = false;
    EXPECT_EQ(error("PLAIN"), Errc::kDenied);
    EXPECT_EQ(error("login"), Errc::kDenied);
    for (const char* name : {"CRAM-MD5", "EXTERNAL", "SCRAM-SHA-1-PLUS", "GSSAPI", "", "PLAI"}) {
        EXPECT_EQ(error(name), Errc::kUnsupported) << name;
    }
    EXPECT_EQ(error("scram-sha-256"), Errc::kEof);
    context_.tls = true;
    EXPECT_EQ(error("plain"), Errc::kEof);
}

// RFC 4616 4's examples, with our people.
TEST_F(SaslTest, Plain) {
    using namespace std::string_view_literals;
    begin("PLAIN");
    EXPECT_TRUE(server_->client_first());
    EXPECT_EQ(plain("\0bob\0pencil"sv), "bob PLAIN");
    EXPECT_EQ(plain("bob\0bob@hamburger.example\0pencil"sv), "bob PLAIN");
    EXPECT_EQ(plain("alice\0bob\0pencil"sv), "invalid");
    EXPECT_EQ(plain("jones\0bob\0pencil"sv), "invalid");
    EXPECT_EQ(plain("\0bob\0wrong"sv), "denied");
    EXPECT_EQ(plain("\0eve\0pencil"sv), "denied");
    EXPECT_EQ(plain("\0bob\0"sv), "denied");
    const std::string long_one =
        std::string(1, 0) + std::string(5000, 'b') + std::string(1, 0) + "x";
    for (const std::string_view bad : {""sv,
                                       "bob"sv,
                                       "\0bob"sv,
                                       "\0\0pencil"sv,
                                       "\0bob\0pencil\0"sv,
                                       std::string_view(long_one)}) {
        EXPECT_EQ(plain(bad), "syntax") << bad;
    }
}

TEST_F(SaslTest, Login) {
    begin("LOGIN");
    EXPECT_FALSE(server_->client_first());
    EXPECT_EQ(step(""), "Username:");
    EXPECT_EQ(step("bob"), "Password:");
    EXPECT_EQ(step("pencil"), "bob LOGIN");
    begin("login");
    EXPECT_EQ(step("bob@hamburger.example"), "Password:");  // as initial response
    EXPECT_EQ(step("wrong"), "denied");
    begin("LOGIN");
    EXPECT_EQ(step(""), "Username:");
    EXPECT_EQ(step(""), "syntax");
    begin("LOGIN");
    EXPECT_EQ(step(std::string(5000, 'b')), "syntax");
}

TEST_F(SaslTest, External) {
    context_.certificate_names = {"mail.crepes.example",
                                  "jones@crepes.example",
                                  "alice@hamburger.example",
                                  "bob@hamburger.example"};
    const auto external = [this](std::string_view message) {
        begin("EXTERNAL");
        return step(message);
    };
    EXPECT_EQ(external(""), "alice EXTERNAL");
    EXPECT_EQ(external("bob@hamburger.example"), "bob EXTERNAL");
    EXPECT_EQ(external("BOB"), "bob EXTERNAL");
    EXPECT_EQ(external("jones@crepes.example"), "invalid");
    EXPECT_EQ(external(std::string_view("bob\0", 4)), "syntax");
    disable(alice_);
    EXPECT_EQ(external(""), "bob EXTERNAL");
    EXPECT_EQ(external("alice@hamburger.example"), "invalid");
    context_.certificate_names = {"jones@crepes.example", "bob", "@hamburger.example"};
    EXPECT_EQ(external(""), "denied");
    EXPECT_EQ(external("bob"), "denied");
}

TEST_F(SaslTest, CramMd5) {
    EXPECT_EQ(hmac(Hash::kMd5, "tanstaaftanstaaf", "<1896.697170952@postoffice.reston.mci.net>"),
              base::hex_decode("b913a602c7eda7a495b4e6e7334d3890").value());  // RFC 2195 2
    apply([this](auto& change) { return set_legacy_secret(change, bob_, "tanstaaftanstaaf"); });
    const auto cram = [this](std::string_view user, std::string_view secret) {
        begin("CRAM-MD5");
        EXPECT_FALSE(server_->client_first());
        const std::string challenge = step("");
        EXPECT_TRUE(challenge.starts_with('<') && challenge.ends_with('>')) << challenge;
        return step(std::string(user) + " " +
                    base::hex_encode(hmac(Hash::kMd5, secret, challenge)));
    };
    EXPECT_EQ(cram("bob", "tanstaaftanstaaf"), "bob CRAM-MD5");
    EXPECT_EQ(cram("bob", "pencil"), "denied");
    EXPECT_EQ(cram("alice", "ketchup"), "denied");
    EXPECT_EQ(cram("alice", ""), "denied");
    EXPECT_EQ(cram("jones", "tanstaaftanstaaf"), "denied");
    begin("CRAM-MD5");
    const std::string first = step("");
    EXPECT_EQ(step("bob"), "syntax");
    begin("CRAM-MD5");
    EXPECT_NE(step(""), first);
    begin("CRAM-MD5");
    EXPECT_EQ(step("bob 00"), "syntax");  // it takes no initial response
}

class ScramTest : public SaslTest, public testing::WithParamInterface<const char*> {};

TEST_P(ScramTest, RightAndWrong) {
    const std::string mechanism = GetParam();
    EXPECT_EQ(scram(mechanism, {}), "bob " + mechanism);
    EXPECT_EQ(scram(mechanism, {.user = "bob"}), "bob " + mechanism);
    EXPECT_EQ(scram(mechanism, {.authorize_as = "a=bob"}), "bob " + mechanism);
    EXPECT_EQ(scram(mechanism, {.authorize_as = "a=alice"}), "invalid");
    EXPECT_EQ(scram(mechanism, {.password = "wrong"}), "denied");
    EXPECT_EQ(scram(mechanism, {.user = "jones"}), "denied");
    EXPECT_EQ(scram(mechanism, {.nonce_tail = "x"}), "denied");
    EXPECT_EQ(scram(mechanism, {.flag = "y"}), "bob " + mechanism);
    EXPECT_EQ(scram(mechanism, {.flag = "p=tls-exporter"}), "syntax");
    disable(bob_);
    EXPECT_EQ(scram(mechanism, {}), "denied");
}

TEST_P(ScramTest, Plus) {
    const std::string mechanism = std::string(GetParam()) + "-PLUS";
    bind_channel();
    const std::pair<std::string, std::string> bindings[] = {
        {"p=tls-exporter", context_.tls_exporter},
        {"p=tls-unique", context_.tls_unique},
        {"p=tls-server-end-point", context_.tls_end_point}};
    for (const auto& [flag, channel] : bindings) {
        EXPECT_EQ(scram(mechanism, {.flag = flag, .channel = channel}), "bob " + mechanism);
        EXPECT_EQ(scram(mechanism, {.flag = flag, .channel = "another's"}), "denied");
        EXPECT_EQ(scram(mechanism, {.flag = flag}), "denied");
    }
    EXPECT_EQ(scram(mechanism, {.flag = "p=tls-moon", .channel = "x"}), "denied");
    EXPECT_EQ(scram(mechanism, {.flag = "n"}), "syntax");
    context_.tls_unique.clear();  // TLS 1.3
    EXPECT_EQ(scram(mechanism, {.flag = "p=tls-unique"}), "denied");
}

// RFC 5802 6: a client that can bind, and was told that we cannot.
TEST_P(ScramTest, NoticesAHiddenPlus) {
    bind_channel();
    EXPECT_EQ(scram(GetParam(), {.flag = "y"}), "denied");
    EXPECT_EQ(scram(GetParam(), {.flag = "n"}), std::string("bob ") + GetParam());
}

// Strangers get a salt as stable as anybody's: for each spelling, after a restart, over mechanisms apart.
TEST_P(ScramTest, UnknownUsersLookLikeOthers) {
    const std::string mechanism = GetParam();
    const auto salt_of = [&](const std::string& user) {
        EXPECT_NE(scram(mechanism, {.user = user, .password = "x"}), "");
        return salt_;
    };
    context_.loopback = true;  // many failures
    const std::string jones = salt_of("jones@hamburger.example");
    const std::string bob = salt_of("bob@hamburger.example");
    EXPECT_EQ(jones.size(), bob.size());
    EXPECT_NE(jones, bob);
    EXPECT_NE(jones, salt_of("green@hamburger.example"));
    EXPECT_EQ(salt_of("JONES"), jones);
    restart();
    EXPECT_EQ(salt_of("jones@hamburger.example"), jones);
    EXPECT_EQ(salt_of("bob@hamburger.example"), bob);
    EXPECT_NE(salt_of("jones@hamburger.example/phone"), jones);
}

TEST_P(ScramTest, ApplicationPasswordsAreNamedBehindTheUser) {
    const std::string mechanism = GetParam();
    const std::string text = add_application(bob_, "phone", {"imap"});
    const Client client{.user = "bob@hamburger.example/phone", .password = text};
    EXPECT_EQ(scram(mechanism, client), "bob " + mechanism + " phone");
    EXPECT_EQ(scram(mechanism, {.password = text}), "denied");
    EXPECT_EQ(scram(mechanism, {.user = client.user, .password = "pencil"}), "denied");
    context_.service = "pop3";
    EXPECT_EQ(scram(mechanism, client), "denied");
}

TEST_P(ScramTest, OneExchangeIsOneGuess) {
    begin(GetParam());
    EXPECT_TRUE(server_->client_first());
    const std::string first = step("n,,n=bob,r=abc");
    EXPECT_EQ(step("c=biws," + first.substr(0, first.find(',')) + ",p=AAAA"), "denied");
    EXPECT_EQ(step("c=biws," + first.substr(0, first.find(',')) + ",p=AAAA"), "syntax");
    begin(GetParam());
    EXPECT_EQ(step("nonsense"), "syntax");
    begin(GetParam());
    EXPECT_EQ(step("m=x"), "syntax");
}

TEST_P(ScramTest, GuessersAreThrottled) {
    int guesses = 0;
    while (guesses < 100 && scram(GetParam(), {.password = "wrong"}) == "denied") {
        ++guesses;
    }
    EXPECT_GE(guesses, 20);
    EXPECT_LT(guesses, 30);
    EXPECT_EQ(scram(GetParam(), {}), "unavailable");
    context_.peer_address = "192.0.2.2";
    EXPECT_EQ(scram(GetParam(), {}), std::string("bob ") + GetParam());
}

INSTANTIATE_TEST_SUITE_P(Hashes, ScramTest, testing::Values("SCRAM-SHA-1", "SCRAM-SHA-256"));

}  // namespace
}  // namespace account
