// The client against our own server, over a pipe: what one sends the other stores, octet for octet, whatever the
// extensions; and what the transcripts (tests/transcripts/smtp-client) cannot show.
#include "smtp/client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/string_blob.h"
#include "fakes/world.h"
#include "net/pipe.h"
#include "net/tls_client_context.h"
#include "smtp/client/adapt.h"
#include "smtp/server/server.h"

namespace smtp {
namespace {

using testing::HasSubstr;

std::string repeat(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

class ClientTest : public testing::Test {
  protected:
    ClientTest() : services_(world_.services<Services>()) {
        world_.add_domain("hamburger.example");
        world_.add_user("bob@hamburger.example", "how about pickles?");
        world_.add_user("green@hamburger.example", "secret", 10);
        server_.hostname = "mail.hamburger.example";
        options_.hostname = "mail.crepes.example";
        options_.tls_context = std::make_shared<net::TlsClientContext>(nullptr);
        envelope_.sender = "alice@crepes.example";
        envelope_.recipients = {{.address = "bob@hamburger.example"}};
    }

    // One conversation with one message.
    DeliveryReport deliver(store::BlobReader& blob) {
        auto [server, stream] = net::make_pipe(world_.loop, pipe_);
        bool served = false;
        base::spawn(
            serve(std::move(server), std::make_shared<const ServerOptions>(server_), services_),
            [&served](const std::exception_ptr&) { served = true; });
        Client client(*stream, options_, world_.random);
        const auto opened = world_.run(client.open());
        EXPECT_TRUE(opened) << opened.error().to_string();
        DeliveryReport report = world_.run(client.send(envelope_, blob));
        tls_ = stream->tls() != nullptr;
        world_.run(quit(client));
        EXPECT_TRUE(world_.loop.run_until([&served] { return served; }));
        return report;
    }

    DeliveryReport deliver(const std::string& message) {
        fakes::StringBlob blob(message);
        return deliver(blob);
    }

    static base::Task<bool> quit(Client& client) {
        co_await client.quit();
        co_return true;
    }

    fakes::World world_;
    Services services_;
    net::PipeOptions pipe_;
    ServerOptions server_;
    ClientOptions options_;
    Envelope envelope_;
    bool tls_ = false;
};

TEST_F(ClientTest, DeliversWhatItWasGiven) {
    const std::string messages[] = {
        "Subject: a\r\n\r\nDo you like ketchup?\r\n",
        "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n",
        "\r\n",
        "Subject: long\r\n\r\n" + repeat(std::string(998, 'x') + "\r\n", 300),
    };
    for (const std::string& message : messages) {
        const DeliveryReport report = deliver(message);
        EXPECT_TRUE(report.recipients.at(0).accepted()) << report.recipients.at(0).to_string();
        EXPECT_TRUE(report.usable && report.peer_notifies && !report.converted);
        EXPECT_TRUE(world_.inbox("bob@hamburger.example").back().ends_with(message));
    }
    EXPECT_TRUE(tls_) << "opportunistic";
    EXPECT_THAT(world_.findings(), testing::IsEmpty());
}

TEST_F(ClientTest, TellsEachRecipientsFate) {
    envelope_.recipients = {{.address = "bob@hamburger.example"},
                            {.address = "nobody@hamburger.example"},
                            {.address = "brown@elsewhere.example"},
                            {.address = "bob@hamburger.example\r\nDATA"},
                            {.address = "postmaster@hamburger.example"}};
    const DeliveryReport report = deliver("Subject: a\r\n\r\nb\r\n");
    const auto text = [&report](std::size_t i) { return report.recipients.at(i).to_string(); };
    EXPECT_THAT(text(0), HasSubstr("250 2.0.0"));
    EXPECT_EQ(text(1), "550 5.1.1 no such user here (in reply to RCPT TO)");
    EXPECT_EQ(text(2), "550 5.7.1 relaying denied (in reply to RCPT TO)");
    EXPECT_EQ(text(3), "5.1.3 bad recipient address (in reply to RCPT TO)");
    EXPECT_EQ(world_.inbox("bob@hamburger.example").size(), 1);
}

TEST_F(ClientTest, SpeaksLmtp) {
    server_.port = Port::kLmtp;
    options_.lmtp = true;
    envelope_.recipients = {{.address = "bob@hamburger.example"},
                            {.address = "green@hamburger.example"}};
    const DeliveryReport report = deliver("Subject: larger than Green's quota\r\n\r\nb\r\n");
    EXPECT_TRUE(report.recipients.at(0).accepted());
    EXPECT_FALSE(report.recipients.at(1).accepted());
    EXPECT_EQ(report.recipients.at(1).reply.enhanced.subject, 2);
}

TEST_F(ClientTest, LogsInWithScram) {
    server_.port = Port::kSubmission;
    envelope_.sender = "bob@hamburger.example";
    options_.tls = TlsUse::kRequired;
    options_.login = {.user = "bob@hamburger.example", .password = "how about pickles?"};
    std::string dialogue;
    options_.watch = [&dialogue](char side, std::string_view octets) {
        dialogue += side;
        dialogue += octets;
    };
    EXPECT_TRUE(deliver("From: bob@hamburger.example\r\n\r\nb\r\n").recipients.at(0).accepted());
    EXPECT_THAT(dialogue, HasSubstr("AUTH SCRAM-SHA-256"));
    EXPECT_THAT(dialogue, HasSubstr("S235 2.7.0"));
}

TEST_F(ClientTest, ABlobThatBreaksDeliversNothing) {
    for (const std::uint64_t from : {std::uint64_t{0}, std::uint64_t{65536}}) {
        fakes::StringBlob blob("Subject: a\r\n\r\n" + std::string(100'000, 'x'));
        blob.fail_from = from;
        const DeliveryReport report = deliver(blob);
        EXPECT_EQ(report.recipients.at(0).kind, Verdict::Kind::kTemporary);
        EXPECT_THAT(report.recipients.at(0).to_string(), HasSubstr("4.3.0 the message cannot be"));
        EXPECT_FALSE(report.usable);
        EXPECT_TRUE(world_.inbox("bob@hamburger.example").empty());
    }
}

// RFC 6533 3: utf-8-addr-xtext, unless that is too long.
TEST_F(ClientTest, KeepsCommandsInAsciiForAPeerWithoutSmtpUtf8) {
    std::string accents;
    for (int i = 0; i < 100; ++i) {
        accents += "\u00e9";
    }
    for (const std::string& original : {std::string("zo\u00e9\\x{E8}@x"), accents}) {
        envelope_.recipients.push_back(
            {.address = "bob@hamburger.example",
             .parameters = {.notify = kNotifyFailure,
                            .orcpt = OriginalRecipient{"utf-8", original}}});
    }
    fakes::StringBlob blob("Subject: a\r\n\r\nb\r\n");
    Capabilities peer;
    peer.dsn = true;
    const auto without = world_.run(adapt(world_.loop, envelope_, blob, peer, 1000));
    ASSERT_TRUE(without);
    EXPECT_EQ(without->recipients.at(1).parameters,
              " NOTIFY=FAILURE ORCPT=utf-8;zo\\x{E9}\\x{E8}@x");
    EXPECT_EQ(without->recipients.at(2).parameters, " NOTIFY=FAILURE");
    peer.smtputf8 = true;
    const auto with = world_.run(adapt(world_.loop, envelope_, blob, peer, 1000));
    ASSERT_TRUE(with);
    EXPECT_EQ(with->recipients.at(1).parameters, " NOTIFY=FAILURE ORCPT=utf-8;zo\u00e9\\x{E8}@x");
}

TEST(VerdictTest, KnowsWhoWantsLess) {
    const std::pair<Reply, bool> rows[] = {
        {{421, {}, "busy"}, true},
        {{450, {4, 7, 1}, "greylisted"}, true},
        {{451, {4, 3, 2}, "later"}, true},
        {{452, {4, 2, 2}, "full"}, false},
        {{550, {5, 7, 1}, "never"}, false},
        {{250, {2, 0, 0}, "ok"}, false},
    };
    for (const auto& [reply, throttling] : rows) {
        EXPECT_EQ(is_throttling(judge(reply, "MAIL FROM")), throttling) << reply.text;
    }
}

}  // namespace
}  // namespace smtp
