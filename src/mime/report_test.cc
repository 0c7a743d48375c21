// Delivery and disposition notifications: the examples of RFC 3464 appendix E and RFC 8098 9, and what is
// written reads back.
#include "mime/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mime/parser.h"
#include "mime/text.h"

namespace mime {
namespace {

// RFC 3464 appendix E.1, the second part.
constexpr std::string_view kSimple =
    "Reporting-MTA: dns; cs.utk.edu\r\n"
    "\r\n"
    "Original-Recipient: rfc822;louisl@larry.slip.umd.edu\r\n"
    "Final-Recipient: rfc822;louisl@larry.slip.umd.edu\r\n"
    "Action: failed\r\n"
    "Status: 4.0.0\r\n"
    "Diagnostic-Code: smtp; 426 connection timed out\r\n"
    "Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400\r\n";

TEST(ReportTest, ReadsTheExampleOfRfc3464) {
    const DeliveryStatus status = parse_delivery_status(kSimple);
    EXPECT_EQ(status.reporting_mta, "dns; cs.utk.edu");
    ASSERT_EQ(status.recipients.size(), 1U);
    const DsnRecipient& recipient = status.recipients[0];
    EXPECT_EQ(typed_value(recipient.final_recipient), "louisl@larry.slip.umd.edu");
    EXPECT_EQ(recipient.action, DsnAction::kFailed);
    EXPECT_EQ(recipient.status, "4.0.0");
    EXPECT_EQ(recipient.diagnostic_code, "smtp; 426 connection timed out");
    EXPECT_EQ(recipient.last_attempt, parse_date("Thu, 7 Jul 1994 17:15:49 -0400"));
}

// "recipient | action | status | diagnostic", one a line.
std::string dump(const DeliveryStatus& status) {
    static constexpr std::string_view kNames[] = {
        "failed", "delayed", "delivered", "relayed", "expanded", "unknown"};
    std::string text = status.reporting_mta + "\n";
    for (const DsnRecipient& recipient : status.recipients) {
        text.append(recipient.final_recipient).append(" | ");
        text.append(kNames[static_cast<std::size_t>(recipient.action)]).append(" | ");
        text.append(recipient.status).append(" | ").append(recipient.diagnostic_code).append("\n");
    }
    return text;
}

TEST(ReportTest, ReadsTheOtherExamplesOfRfc3464) {
    // Appendix E.2
    EXPECT_EQ(dump(parse_delivery_status(
                  "Reporting-MTA: dns; cs.utk.edu\r\n\r\n"
                  "Original-Recipient: rfc822;arathib@vnet.ibm.com\r\n"
                  "Final-Recipient: rfc822;arathib@vnet.ibm.com\r\nAction: failed\r\n"
                  "Status: 5.0.0 (permanent failure)\r\nDiagnostic-Code: smtp;  550 "
                  "'arathib@vnet.IBM.COM' is not a\r\n registered gateway user\r\n"
                  "Remote-MTA: dns; vnet.ibm.com\r\n\r\n"
                  "Original-Recipient: rfc822;johnh@hpnjld.njd.hp.com\r\n"
                  "Final-Recipient: rfc822;johnh@hpnjld.njd.hp.com\r\nAction: delayed\r\n"
                  "Status: 4.0.0 (hpnjld.njd.jp.com: host name lookup failure)\r\n\r\n"
                  "Original-Recipient: rfc822;wsnell@sdcc13.ucsd.edu\r\n"
                  "Final-Recipient: rfc822;wsnell@sdcc13.ucsd.edu\r\nAction: failed\r\n"
                  "Status: 5.0.0\r\nDiagnostic-Code: smtp; 550 user unknown\r\n"
                  "Remote-MTA: dns; sdcc13.ucsd.edu\r\n")),
              "dns; cs.utk.edu\n"
              "rfc822;arathib@vnet.ibm.com | failed | 5.0.0 | smtp;  550 'arathib@vnet.IBM.COM' is "
              "not a registered gateway user\n"
              "rfc822;johnh@hpnjld.njd.hp.com | delayed | 4.0.0 | \n"
              "rfc822;wsnell@sdcc13.ucsd.edu | failed | 5.0.0 | smtp; 550 user unknown\n");
    // E.3, E.4
    EXPECT_EQ(dump(parse_delivery_status("Reporting-MTA: mailbus; SYS30\r\n\r\n"
                                         "Final-Recipient: unknown; nair_s\r\n"
                                         "Status: 5.0.0 (unknown permanent failure)\r\n"
                                         "Action: failed\r\n")),
              "mailbus; SYS30\nunknown; nair_s | failed | 5.0.0 | \n");
    EXPECT_EQ(dump(parse_delivery_status("Reporting-MTA: dns; sun2.nsfnet-relay.ac.uk\r\n\r\n"
                                         "Final-Recipient: rfc822;thomas@de-montfort.ac.uk\r\n"
                                         "Status: 4.0.0 (unknown temporary failure)\r\n"
                                         "Action: delayed\r\n")),
              "dns; sun2.nsfnet-relay.ac.uk\n"
              "rfc822;thomas@de-montfort.ac.uk | delayed | 4.0.0 | \n");
}

TEST(ReportTest, ReadsSeveralRecipientsAndWhatIsLoose) {
    const DeliveryStatus status = parse_delivery_status(
        "\nReporting-MTA: dns;a\nArrival-Date: Fri, 8 Jul 1994 09:21:25 -0400\n\n\n"
        "FINAL-RECIPIENT: rfc822;x@y\nAction: Delayed (soon)\nStatus: 4.4.7 (x)\n"
        "Will-Retry-Until: Fri, 15 Jul 1994 09:21:25 -0400\n\n\n"
        "Final-Recipient: rfc822;z@y\naction: relayed\n\n");
    ASSERT_EQ(status.recipients.size(), 2U);
    EXPECT_EQ(status.recipients[0].action, DsnAction::kDelayed);
    EXPECT_TRUE(status.recipients[0].will_retry_until);
    EXPECT_EQ(status.recipients[1].action, DsnAction::kRelayed);
    EXPECT_TRUE(status.arrival);
    EXPECT_EQ(parse_delivery_status("").recipients.size(), 0U);
    // Without fields of the message, or without the empty line behind them.
    for (const std::string_view message : {"", "Reporting-MTA: dns; x.example\r\n"}) {
        const DeliveryStatus sole = parse_delivery_status(
            std::string(message) + "Final-Recipient: rfc822; bob@x.example\r\nAction: failed\r\n");
        ASSERT_EQ(sole.recipients.size(), 1U);
        EXPECT_EQ(sole.recipients[0].action, DsnAction::kFailed);
        EXPECT_EQ(parse_delivery_status(format_delivery_status(sole)), sole);
    }
    EXPECT_EQ(parse_delivery_status("\r\n\r\n\r\n"), DeliveryStatus{});
}

DeliveryStatus full_status() {
    DeliveryStatus status;
    status.original_envelope_id = "QQ314159";
    status.reporting_mta = "dns; mx.hamburger.example";
    status.received_from_mta = "dns; mail.crepes.example";
    status.arrival = parse_date("Sat, 21 Nov 2026 10:00:00 +0100");
    DsnRecipient& failed = status.recipients.emplace_back();
    failed.original_recipient = "rfc822; bob@hamburger.example";
    failed.final_recipient = "rfc822; bob@mailbox.hamburger.example";
    failed.action = DsnAction::kFailed;
    failed.status = "5.2.2";
    failed.remote_mta = "dns; store.hamburger.example";
    failed.diagnostic_code =
        "smtp; 552 5.2.2 The mailbox of bob is full, and has been so for longer than a week";
    failed.last_attempt = parse_date("Sat, 21 Nov 2026 10:00:01 +0000");
    DsnRecipient& delayed = status.recipients.emplace_back();
    delayed.final_recipient = "rfc822; carol@hamburger.example";
    delayed.action = DsnAction::kDelayed;
    delayed.status = "4.4.1";
    delayed.final_log_id = "Q1";
    delayed.will_retry_until = parse_date("Thu, 26 Nov 2026 10:00:00 +0000");
    return status;
}

Draft notice() {
    Draft draft;
    draft.from = {Mailbox{"Mail Delivery", "MAILER-DAEMON", "mx.hamburger.example"}};
    draft.to = {Mailbox{"", "alice", "crepes.example"}};
    draft.subject = "Delivery failed";
    draft.text = "Your message could not be delivered.\n";
    return draft;
}

TEST(ReportTest, ReadsBackTheDsnItWrites) {
    base::SeededRandom random(1);
    const DeliveryStatus status = full_status();
    EXPECT_EQ(parse_delivery_status(format_delivery_status(status)), status);
    const std::string message =
        build_dsn(notice(), status, ReportedMessage{"Subject: x\r\n\r\nbody", false}, random)
            .value();
    const Structure structure = parse(message);
    EXPECT_EQ(structure.defects_count, 0U) << message;
    EXPECT_EQ(structure.root().type.parameters.get("report-type"), "delivery-status");
    EXPECT_NE(message.find("Auto-Submitted: auto-replied\r\n"), std::string::npos);
    const auto report = find_report(message, structure);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->delivery, status);
    EXPECT_FALSE(report->disposition);
    EXPECT_TRUE(structure.parts[report->original].type.is("message", "rfc822"));
    EXPECT_EQ(body_text(message, structure), "Your message could not be delivered.\n");
}

TEST(ReportTest, WritesAddressesOutsideAsciiAsGlobal) {
    base::SeededRandom random(1);
    DeliveryStatus status = full_status();
    status.recipients[0].final_recipient = "utf-8; jörg@hamburger.example";
    const std::string message =
        build_dsn(notice(), status, ReportedMessage{"Subject: \xe9\r\n", true}, random).value();
    const Structure structure = parse(message);
    EXPECT_EQ(structure.parts[2].type.subtype, "global-delivery-status");
    const auto report = find_report(message, structure);
    ASSERT_TRUE(report && report->delivery);
    EXPECT_EQ(*report->delivery, status);
    EXPECT_EQ(decoded_content(message, structure.parts[report->original]), "Subject: \xe9\r\n");
}

TEST(ReportTest, TypesOriginalsByTheirHeader) {
    base::SeededRandom random(1);

    struct Row {
        std::string original;
        bool header_only;
        HeaderForm form;
        std::string_view type;
    };

    const std::vector<Row> rows = {
        {"Subject: grün\r\n", true, HeaderForm::kUtf8, "message/global-headers"},
        {"Subject: grün\r\n\r\nx\r\n", false, HeaderForm::kUtf8, "message/global"},
        {"Subject: x\r\n\r\ngrün\r\n", false, HeaderForm::kUtf8, "message/rfc822"},
        {"Subject: gr\xfcn\r\n", true, HeaderForm::kUtf8, "text/rfc822-headers"},
        {"Subject: grün\r\n", true, HeaderForm::kAscii, "text/rfc822-headers"},
        {"Subject: grün\r\n\r\nx\r\n", false, HeaderForm::kAscii, "message/rfc822"},
    };
    for (const Row& row : rows) {
        const std::string message = build_dsn(notice(),
                                              full_status(),
                                              ReportedMessage{row.original, row.header_only},
                                              random,
                                              {.form = row.form, .allow_8bit = true})
                                        .value();
        const Structure structure = parse(message);
        const Part& part = structure.parts[find_report(message, structure)->original];
        EXPECT_EQ(part.type.type + "/" + part.type.subtype, row.type) << row.original;
        EXPECT_EQ(body_of(message, part), row.original);
    }
}

// RFC 8098 9
constexpr std::string_view kDisplayed =
    "Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\r\n"
    "Original-Recipient: rfc822;Joe_Recipient@example.com\r\n"
    "Final-Recipient: rfc822;Joe_Recipient@example.com\r\n"
    "Original-Message-ID: <199509192301.23456@example.org>\r\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\r\n";

TEST(ReportTest, ReadsTheExampleOfRfc8098) {
    const DispositionNotification notification = parse_disposition_notification(kDisplayed);
    EXPECT_EQ(notification.original_message_id, "199509192301.23456@example.org");
    EXPECT_EQ(notification.disposition, "displayed");
    EXPECT_FALSE(notification.action_automatic);
    EXPECT_FALSE(notification.sent_automatically);
    EXPECT_THAT(notification.modifiers, testing::IsEmpty());
    EXPECT_EQ(parse_disposition_notification(format_disposition_notification(notification)),
              notification);
}

TEST(ReportTest, ReadsNotificationOptions) {
    using Options = std::vector<NotificationOption>;
    const std::vector<std::pair<std::string, Options>> rows = {
        {"", {}},
        {"sign=optional,yes", {{"sign", false, {"yes"}}}},
        {" X-A = Required , \"a;b,\\\"c\" ,\r\n d (c); b=OPTIONAL,e",
         {{"x-a", true, {"a;b,\"c", "d"}}, {"b", false, {"e"}}}},
        {";;a=optional,x;=required,y; b", {{"a", false, {"x"}}, {"b", true, {}}}},
        {"a=maybe,x", {{"a", true, {"x"}}}},
        {"a=optional,@@;b=optional,\"open", {{"a", false, {""}}, {"b", false, {""}}}},
    };
    for (const auto& [body, options] : rows) {
        EXPECT_EQ(parse_notification_options(body), options) << body;
    }
    std::string many;
    for (int i = 0; i < 1000; ++i) {
        many += "a=optional,x;";
    }
    EXPECT_EQ(parse_notification_options(many).size(), kNotificationOptionsMax);
}

TEST(ReportTest, ReadsBackTheMdnItWrites) {
    base::SeededRandom random(1);
    DispositionNotification notification;
    notification.final_recipient = "rfc822;bob@hamburger.example";
    notification.action_automatic = true;
    notification.sent_automatically = true;
    notification.disposition = "deleted";
    notification.modifiers = {"error", "x-y"};
    notification.error = "no room";
    const std::string message = build_mdn(notice(), notification, std::nullopt, random).value();
    const auto report = find_report(message, parse(message));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->disposition, notification);
    EXPECT_EQ(report->original, kNoPart);
    EXPECT_FALSE(find_report("a: b\r\n\r\n", parse("a: b\r\n\r\n")));
}

}  // namespace
}  // namespace mime
