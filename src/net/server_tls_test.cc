// Tests of TLS against OpenSSL's client: both versions, names, tickets, reload, client certificates, and
// everything that goes wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>
#include <tuple>

#include "net/server_fixture.h"

namespace net {
namespace {

using base::Errc;
using testing::HasSubstr;

class TlsTest : public ServerTest {};

TEST_P(TlsTest, StartsTlsInPlace) {
    use_tls();
    start();
    TestClient& client = connect();
    EXPECT_EQ(ask(client, "TLS"), "clear");
    EXPECT_EQ(ask(client, "STARTTLS"), "go ahead");
    ASSERT_EQ(client.start_tls({.server_name = "mail.hamburger.example"}), "");
    EXPECT_EQ(ask(client, "TLS"),
              "TLSv1.3 TLS_AES_128_GCM_SHA256 128 [mail.hamburger.example] [] 0 32 " +
                  base::base64_encode(client.exporter()));
    client.send("BIG 3000000\r\nQUIT\r\n");
    EXPECT_EQ(client.read_to_end(), std::string(3'000'000, 'x') + "bye\r\n");
}

TEST_P(TlsTest, SpeaksTls12WithChannelBindings) {
    use_tls();
    listen_.implicit_tls = true;
    start();
    TestClient client(bound_);
    ASSERT_EQ(client.start_tls({.version = TLS1_2_VERSION}), "");
    EXPECT_EQ(client.read_line(), "hello");
    EXPECT_EQ(ask(client, "TLS"),
              "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 128 [] [] 12 32 " +
                  base::base64_encode(client.exporter()));
}

TEST_P(TlsTest, RefusesOlderTls) {
    use_tls();
    listen_.implicit_tls = true;
    start();
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        EXPECT_THAT(TestClient(bound_).start_tls({.version = version}),
                    HasSubstr("alert protocol version"));
    }
}

TEST_P(TlsTest, ChoosesTheCertificateByName) {
    use_tls({.certificates = {certificate({"first.example"}),
                              certificate({"second.example", "*.second.example"})},
             .client_authorities = ""});
    listen_.implicit_tls = true;
    start();
    const std::pair<const char*, const char*> rows[] = {{"", "first.example"},
                                                        {"first.example", "first.example"},
                                                        {"second.example", "second.example"},
                                                        {"mx.second.example", "second.example"},
                                                        {"elsewhere.example", "first.example"}};
    for (const auto& [asked, got] : rows) {
        TestClient client(bound_);
        ASSERT_EQ(client.start_tls({.server_name = asked}), "");
        EXPECT_EQ(client.certificate_name(), got) << asked;
    }
}

TEST_P(TlsTest, ReloadsCertificatesAndKeepsTickets) {
    const CertificateFiles files = certificate({"old.example"});
    use_tls({.certificates = {files}, .client_authorities = ""});
    listen_.implicit_tls = true;
    start();
    TestClient before(bound_);
    ASSERT_EQ(before.start_tls({}), "");
    EXPECT_EQ(before.read_line(), "hello");  // the ticket came before it
    EXPECT_EQ(before.certificate_name(), "old.example");
    EXPECT_FALSE(listen_.tls->changed_on_disk());

    const CertificateFiles next = certificate({"new.example"});
    std::filesystem::rename(next.certificate, files.certificate);
    EXPECT_TRUE(listen_.tls->changed_on_disk());
    const auto torn = listen_.tls->reload();  // the old key does not belong to it
    EXPECT_THAT(torn.error().text, HasSubstr("does not belong"));
    std::filesystem::rename(next.key, files.key);
    ASSERT_TRUE(listen_.tls->reload());
    EXPECT_FALSE(listen_.tls->changed_on_disk());

    TestClient after(bound_);
    ASSERT_EQ(after.start_tls({}), "");
    EXPECT_EQ(after.certificate_name(), "new.example");
    EXPECT_FALSE(after.resumed());
    TestClient again(bound_);
    SSL_SESSION* session = before.session();
    ASSERT_EQ(again.start_tls({.session = session}), "");
    SSL_SESSION_free(session);
    EXPECT_TRUE(again.resumed());
    EXPECT_EQ(ask(before, "a"), "echo a");
}

TEST_P(TlsTest, TakesNamesFromClientCertificatesThatVerify) {
    const CertificateFiles alice = certificate({"alice.example"});
    const CertificateFiles stranger = certificate({"stranger.example"});
    for (const CertificateFiles& files : {alice, stranger}) {
        std::ofstream(files.certificate, std::ios::app) << std::ifstream(files.key).rdbuf();
    }
    use_tls(
        {.certificates = {certificate({"mail.example"})}, .client_authorities = alice.certificate});
    listen_.implicit_tls = true;
    start();
    const std::pair<std::string, std::string> rows[] = {
        {alice.certificate, "[] [alice.example]"}, {stranger.certificate, "[] []"}, {"", "[] []"}};
    for (const auto& [file, names] : rows) {
        TestClient client(bound_);
        ASSERT_EQ(client.start_tls({.certificate = file}), "");
        EXPECT_EQ(client.read_line(), "hello") << file;
        EXPECT_THAT(ask(client, "TLS"), HasSubstr(names)) << file;
    }
}

TEST_P(TlsTest, SaysWhyACertificateCannotBeUsed) {
    const CertificateFiles good = certificate({"good.example"});
    const CertificateFiles other = certificate({"other.example"});
    std::ofstream(path("junk.pem")) << "junk\n";
    const std::tuple<CertificateFiles, Errc, const char*> rows[] = {
        {{path("none.pem"), good.key},
         Errc::kNotFound,
         "none.pem: No such file or directory; correct"},
        {{good.certificate, path("none.key")}, Errc::kNotFound, "none.key: No such file"},
        {{path("junk.pem"), good.key}, Errc::kInvalid, "junk.pem cannot be used"},
        {{good.certificate, path("junk.pem")}, Errc::kInvalid, "junk.pem cannot be used"},
        {{good.certificate, other.key}, Errc::kInvalid, "does not belong to the certificate"},
        {{good.certificate, good.certificate}, Errc::kInvalid, "must be a private key in PEM"},
    };
    for (const auto& [files, code, text] : rows) {
        const auto context = TlsContext::load({.certificates = {files}, .client_authorities = ""});
        ASSERT_FALSE(context);
        EXPECT_EQ(context.error().code, code);
        EXPECT_THAT(context.error().text, HasSubstr(text));
    }
    EXPECT_EQ(make_self_signed({"good.example"}, good.certificate, good.key).error().code,
              Errc::kExists);
    EXPECT_EQ(make_self_signed({"a,DNS:b"}, path("x"), path("y")).error().code, Errc::kInvalid);
}

TEST_P(TlsTest, AHalfOpenHandshakeHasADeadline) {
    use_tls();
    listen_.implicit_tls = true;
    listen_.handshake_max = 20ms;
    start();
    TestClient silent(bound_);
    EXPECT_THAT(silent.read_line(), testing::AnyOf("<eof>", "<reset>"));
    TestClient half(bound_);
    half.send("\x16\x03\x01");
    EXPECT_THAT(half.read_line(), testing::AnyOf("<eof>", "<reset>"));
    server_->stop(20s);
    EXPECT_EQ(server_->sessions(), 0);
}

TEST_P(TlsTest, ClearTextIsNoHandshake) {
    use_tls();
    listen_.implicit_tls = true;
    start();
    TestClient client(bound_);
    client.send("EHLO x\r\n");
    EXPECT_THAT(client.read_line(), testing::EndsWith(">"));
}

INSTANTIATE_TEST_SUITE_P(Threads, TlsTest, testing::Values(1U, 2U));

}  // namespace
}  // namespace net
