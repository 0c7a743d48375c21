#include "queue/notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "mime/address.h"

namespace queue {
namespace {

// A sentence a recipient is enough for a person; the machine-readable part has all of them.
constexpr std::size_t kToldMax = 50;

mime::DsnAction action_of(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::kFailed:
            return mime::DsnAction::kFailed;
        case NoticeKind::kDelayed:
            return mime::DsnAction::kDelayed;
        case NoticeKind::kDelivered:
            return mime::DsnAction::kDelivered;
        case NoticeKind::kExpanded:
            return mime::DsnAction::kExpanded;
        case NoticeKind::kRelayed:
            return mime::DsnAction::kRelayed;
    }
    return mime::DsnAction::kUnknown;
}

std::string_view subject_of(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::kFailed:
            return "Your message could not be delivered";
        case NoticeKind::kDelayed:
            return "Your message is delayed";
        case NoticeKind::kDelivered:
            return "Your message was delivered";
        case NoticeKind::kExpanded:
        case NoticeKind::kRelayed:
            return "Your message was handed on";
    }
    return {};
}

std::string_view opening_of(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::kFailed:
            return "Your message could not be delivered to the recipients below. It will not be "
                   "tried "
                   "again.";
        case NoticeKind::kDelayed:
            return "Your message has not reached the recipients below yet. You need not send it "
                   "again: "
                   "this server goes on trying.";
        case NoticeKind::kDelivered:
            return "Your message was delivered to the recipients below, as you asked to be told.";
        case NoticeKind::kExpanded:
            return "Your message was handed to everybody whom the addresses below stand for. You "
                   "will hear of it when one of them cannot be reached.";
        case NoticeKind::kRelayed:
            return "Your message was handed to the mail servers of the recipients below, which "
                   "will "
                   "send no notice when they deliver it.";
    }
    return {};
}

// RFC 3463: of an outcome for which the peer gave no enhanced code.
std::string status_of(const RemoteReply& reply, NoticeKind kind) {
    if (!reply.enhanced.empty()) {
        return reply.enhanced;
    }
    switch (kind) {
        case NoticeKind::kFailed:
            return "5.0.0";
        case NoticeKind::kDelayed:
            return "4.0.0";
        case NoticeKind::kDelivered:
        case NoticeKind::kExpanded:
        case NoticeKind::kRelayed:
            return "2.0.0";
    }
    return {};
}

// The type before the semicolon follows RFC 3464 2.3.2 and, outside US-ASCII, RFC 6533 3.
std::string typed_address(std::string_view address) {
    return fmt::format("{}; {}", base::is_ascii(address) ? "rfc822" : "utf-8", address);
}

std::string original_recipient(const std::string& original) {
    const std::size_t semicolon = original.find(';');
    if (semicolon == std::string::npos) {
        return {};
    }
    return fmt::format("{}; {}", original.substr(0, semicolon), original.substr(semicolon + 1));
}

std::string one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

// "mx.hamburger.example" out of "mx.hamburger.example [192.0.2.1]:25".
std::string host_name(const std::string& host) {
    return host.substr(0, host.find(' '));
}

mime::DsnRecipient make_recipient(const NoticeRecipient& told, const Notice& notice) {
    const RemoteReply& reply = told.reply;
    mime::DsnRecipient out{.original_recipient = original_recipient(told.record.original),
                           .final_recipient = typed_address(told.record.address),
                           .action = action_of(notice.kind),
                           .status = status_of(reply, notice.kind),
                           .final_log_id = notice.queue_id};
    if (!reply.host.empty()) {
        out.remote_mta = fmt::format("dns; {}", host_name(reply.host));
    }
    if (reply.code != 0) {
        out.diagnostic_code = fmt::format("smtp; {}{}{} {}",
                                          reply.code,
                                          reply.enhanced.empty() ? "" : " ",
                                          reply.enhanced,
                                          one_line(reply.text));
    }
    out.last_attempt = mime::Date{.time = notice.now, .offset_minutes = 0, .offset_known = true};
    if (notice.kind == NoticeKind::kDelayed) {
        out.will_retry_until =
            mime::Date{.time = notice.message.expires, .offset_minutes = 0, .offset_known = true};
    }
    return out;
}

std::string explain(const NoticeRecipient& told) {
    const RemoteReply& reply = told.reply;
    std::string text = fmt::format("<{}>:", told.record.address);
    if (reply.code == 0 && reply.text.empty()) {
        return text + " no attempt was made yet\n";
    }
    if (reply.host.empty() || reply.code == 0) {
        return fmt::format("{} {}\n", text, one_line(reply.text));
    }
    return fmt::format("{} {} said{}{}: {} {}{}{}\n",
                       text,
                       reply.host,
                       reply.command.empty() ? "" : " to ",
                       reply.command,
                       reply.code,
                       reply.enhanced,
                       reply.enhanced.empty() ? "" : " ",
                       one_line(reply.text));
}

std::string explain(const Notice& notice, const Reporter& reporter) {
    std::string text = fmt::format(
        "This is the mail server {}.\n\n{}\n\n", reporter.hostname, opening_of(notice.kind));
    if (notice.kind == NoticeKind::kDelayed) {
        text += fmt::format("If it cannot be delivered before {}, you will get it back.\n\n",
                            mime::format_date(notice.message.expires, 0));
    }
    const std::size_t told = std::min(kToldMax, notice.recipients.size());
    for (std::size_t i = 0; i < told; ++i) {
        text += explain(notice.recipients[i]);
    }
    if (told < notice.recipients.size()) {
        text += fmt::format("... and {} more, listed in the report that is attached\n",
                            notice.recipients.size() - told);
    }
    text += fmt::format("\nThe server's name for your message is {}; {} can tell you more.\n",
                        notice.queue_id,
                        reporter.postmaster);
    return text;
}

// An address as a header's mailbox; one that cannot be parsed stands as it is.
mime::Address header_address(const std::string& address, std::string name) {
    const auto mailboxes = mime::mailboxes(mime::parse_address_list(address));
    mime::Mailbox mailbox = mailboxes.empty() ? mime::Mailbox{} : mailboxes.front();
    mailbox.name = std::move(name);
    return mailbox;
}

}  // namespace

bool wants_notice(std::uint8_t notify, NoticeKind kind) {
    switch (kind) {
        case NoticeKind::kFailed:
            return notify == 0 || (notify & kNotifyFailure) != 0;
        case NoticeKind::kDelayed:
            return notify == 0 || (notify & kNotifyDelay) != 0;
        case NoticeKind::kDelivered:
        case NoticeKind::kExpanded:
        case NoticeKind::kRelayed:
            return (notify & kNotifySuccess) != 0;
    }
    return false;
}

base::Result<std::string> compose_notice(const Notice& notice,
                                         const Reporter& reporter,
                                         base::Random& random) {
    mime::DeliveryStatus status{
        .original_envelope_id = notice.message.envelope_id,
        .reporting_mta = fmt::format("dns; {}", reporter.hostname),
        .future_release_request = notice.message.release_request,
        .arrival =
            mime::Date{.time = notice.message.created, .offset_minutes = 0, .offset_known = true}};
    bool ascii = base::is_ascii(notice.to);
    for (const NoticeRecipient& told : notice.recipients) {
        if (status.recipients.size() < mime::kDsnRecipientsMax) {
            status.recipients.push_back(make_recipient(told, notice));
            ascii = ascii && base::is_ascii(told.record.address);
        }
    }
    mime::Draft draft{.date = notice.now,
                      .message_id = mime::make_message_id(random, reporter.hostname),
                      .from = {header_address(fmt::format("mailer-daemon@{}", reporter.hostname),
                                              "Mail Delivery System")},
                      .to = {header_address(notice.to, {})},
                      .subject = std::string(subject_of(notice.kind)),
                      .text = explain(notice, reporter)};
    if (!notice.message.message_id.empty()) {
        draft.in_reply_to = {notice.message.message_id};
        draft.references = {notice.message.message_id};
    }
    return mime::build_dsn(
        draft,
        status,
        notice.original,
        random,
        {.form = ascii ? mime::HeaderForm::kAscii : mime::HeaderForm::kUtf8, .allow_8bit = true});
}

}  // namespace queue
