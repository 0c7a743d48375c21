#include "mime/report.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "mime/header.h"
#include "mime/header_writer.h"
#include "mime/lexer.h"
#include "mime/msgid.h"
#include "mime/text.h"

namespace mime {
namespace {

// RFC 3464 2.3.3, in the order of DsnAction.
constexpr std::array<std::string_view, 5> kActions = {
    "failed", "delayed", "delivered", "relayed", "expanded"};

// Of a word with a comment behind it, the word.
std::string without_comment(std::string_view body) {
    return unfold(body.substr(0, body.find('(')));
}

DsnAction parse_action(std::string_view body) {
    const std::string word = without_comment(body);
    for (std::size_t i = 0; i < kActions.size(); ++i) {
        if (base::iequals(word, kActions[i])) {
            return static_cast<DsnAction>(i);
        }
    }
    return DsnAction::kUnknown;
}

template <class Record>
using TextRow = std::pair<std::string_view, std::string Record::*>;

// RFC 3464 2.2
constexpr std::array<TextRow<DeliveryStatus>, 5> kMessageTexts = {{
    {"Original-Envelope-Id", &DeliveryStatus::original_envelope_id},
    {"Reporting-MTA", &DeliveryStatus::reporting_mta},
    {"DSN-Gateway", &DeliveryStatus::dsn_gateway},
    {"Received-From-MTA", &DeliveryStatus::received_from_mta},
    {"Future-Release-Request", &DeliveryStatus::future_release_request},
}};
// RFC 3464 2.3
constexpr std::array<TextRow<DsnRecipient>, 6> kRecipientTexts = {{
    {"Original-Recipient", &DsnRecipient::original_recipient},
    {"Final-Recipient", &DsnRecipient::final_recipient},
    {"Status", &DsnRecipient::status},
    {"Remote-MTA", &DsnRecipient::remote_mta},
    {"Diagnostic-Code", &DsnRecipient::diagnostic_code},
    {"Final-Log-ID", &DsnRecipient::final_log_id},
}};
// RFC 8098 3.2
constexpr std::array<TextRow<DispositionNotification>, 5> kNotificationTexts = {{
    {"Reporting-UA", &DispositionNotification::reporting_ua},
    {"MDN-Gateway", &DispositionNotification::mdn_gateway},
    {"Original-Recipient", &DispositionNotification::original_recipient},
    {"Final-Recipient", &DispositionNotification::final_recipient},
    {"Error", &DispositionNotification::error},
}};

template <class Record>
void read_text(const Field& field, std::span<const TextRow<Record>> rows, Record& record) {
    for (const auto& [name, member] : rows) {
        if (base::iequals(field.name, name) && (record.*member).empty()) {
            record.*member = unfold(field.body);
        }
    }
}

template <class Record>
void write_texts(HeaderWriter& writer,
                 std::span<const TextRow<Record>> rows,
                 const Record& record) {
    for (const auto& [name, member] : rows) {
        if (!(record.*member).empty()) {
            writer.structured(name, record.*member);
        }
    }
}

void write_date(HeaderWriter& writer, std::string_view name, const std::optional<Date>& date) {
    if (date) {
        writer.date(name, date->time, date->offset_minutes);
    }
}

// The next group of fields: up to an empty line. Leaves what follows in `content`.
std::string_view take_group(std::string_view& content) {
    content.remove_prefix(std::min(content.find_first_not_of("\r\n"), content.size()));
    FieldIterator fields(content);
    while (fields.next()) {
    }
    const std::string_view group = content.substr(0, fields.position());
    content.remove_prefix(group.size());
    return group;
}

DsnRecipient parse_recipient(std::string_view group) {
    DsnRecipient recipient;
    FieldIterator fields(group);
    while (const auto field = fields.next()) {
        read_text<DsnRecipient>(*field, kRecipientTexts, recipient);
        if (base::iequals(field->name, "Action")) {
            recipient.action = parse_action(field->body);
        } else if (base::iequals(field->name, "Status")) {
            recipient.status = without_comment(field->body);
        } else if (base::iequals(field->name, "Last-Attempt-Date")) {
            recipient.last_attempt = parse_date(field->body);
        } else if (base::iequals(field->name, "Will-Retry-Until")) {
            recipient.will_retry_until = parse_date(field->body);
        }
    }
    return recipient;
}

//  disposition-mode ";" disposition-type ["/" modifier *("," modifier)]
//  disposition-mode = action-mode "/" sending-mode                        RFC 8098 3.2.6
void parse_disposition_field(std::string_view body, DispositionNotification& notification) {
    const std::string text = unfold(body);
    std::string_view rest = text;
    std::string_view mode = base::split_front(rest, ';');
    const std::string_view action = base::trim(base::split_front(mode, '/'));
    notification.action_automatic = base::iequals(action, "automatic-action");
    notification.sent_automatically = base::iequals(base::trim(mode), "MDN-sent-automatically");
    notification.disposition = base::to_lower(base::trim(base::split_front(rest, '/')));
    while (!rest.empty()) {
        notification.modifiers.push_back(base::to_lower(base::trim(base::split_front(rest, ','))));
    }
}

// disposition-notification-parameter = attribute [FWS] "=" [FWS] importance [FWS] "," [FWS] value
//                                      *([FWS] "," [FWS] value)                    RFC 8098 2.2
// attribute is an Atom, which might hold "=": a token is meant.
NotificationOption parse_notification_option(Lexer& lexer) {
    NotificationOption option;
    lexer.skip_cfws();
    option.name = base::to_lower(lexer.token());
    lexer.skip_cfws();
    const bool has_importance = lexer.consume('=');
    lexer.skip_cfws();
    option.required = !has_importance || !base::iequals(lexer.token(), "optional");
    lexer.skip_cfws();
    while (lexer.consume(',')) {
        lexer.skip_cfws();
        auto quoted = lexer.quoted_string();
        std::string value = quoted ? std::move(*quoted) : std::string(lexer.atom());
        if (option.values.size() < kNotificationOptionsMax) {
            option.values.push_back(std::move(value));
        }
        lexer.skip_cfws();
    }
    return option;
}

std::string format_disposition_field(const DispositionNotification& notification) {
    std::string text = notification.action_automatic ? "automatic-action" : "manual-action";
    text += notification.sent_automatically ? "/MDN-sent-automatically; " : "/MDN-sent-manually; ";
    text += notification.disposition;
    for (std::size_t i = 0; i < notification.modifiers.size(); ++i) {
        text.append(i == 0 ? "/" : ",").append(notification.modifiers[i]);
    }
    return text;
}

// What programs read of a report: its type, as "delivery-status", and its groups of fields.
struct MachineReport {
    std::string_view kind;
    std::string content;
};

// RFC 6522 3, or RFC 6533 6 where its header is internationalized and the way bears that.
ContentType original_type(const ReportedMessage& original, HeaderForm form) {
    const std::string_view octets = original.octets;
    FieldIterator fields(octets);
    while (fields.next()) {
    }
    const std::string_view header = octets.substr(0, fields.position());
    const bool is_global =
        form == HeaderForm::kUtf8 && !base::is_ascii(header) && base::is_utf8(header);
    if (original.header_only) {
        return is_global ? ContentType{"message", "global-headers", {}}
                         : ContentType{"text", "rfc822-headers", {}};
    }
    return {"message", is_global ? "global" : "rfc822", {}};
}

// RFC 6522 3: a text for people, the report for programs, and the message or its header.
base::Result<std::string> build_report(const Draft& draft,
                                       MachineReport for_programs,
                                       const std::optional<ReportedMessage>& original,
                                       base::Random& random,
                                       const BuildOptions& options) {
    Entity report;
    report.type = {"multipart", "report", {}};
    report.type.parameters.set("report-type", for_programs.kind);
    report.children.push_back(draft_entity(draft));
    Entity& machine = report.children.emplace_back();
    const bool is_global = !base::is_ascii(for_programs.content);
    machine.type = {"message", (is_global ? "global-" : "") + std::string(for_programs.kind), {}};
    machine.content = std::move(for_programs.content);
    if (original) {
        Entity& part = report.children.emplace_back();
        part.type = original_type(*original, options.form);
        part.content = original->octets;
    }
    Draft header = draft;
    header.fields.emplace_back("Auto-Submitted", "auto-replied");
    return build_message(header, report, random, options);
}

}  // namespace

DeliveryStatus parse_delivery_status(std::string_view content) {
    DeliveryStatus status;
    std::string_view group = take_group(content);
    FieldIterator fields(group);
    while (const auto field = fields.next()) {
        read_text<DeliveryStatus>(*field, kMessageTexts, status);
        if (base::iequals(field->name, "Arrival-Date")) {
            status.arrival = parse_date(field->body);
        }
    }
    // The first group tells of a recipient as well where the fields of the message are left out, or the empty line
    // behind them.
    for (; !group.empty() && status.recipients.size() < kDsnRecipientsMax;
         group = take_group(content)) {
        DsnRecipient recipient = parse_recipient(group);
        if (recipient != DsnRecipient{}) {
            status.recipients.push_back(std::move(recipient));
        }
    }
    return status;
}

std::string format_delivery_status(const DeliveryStatus& status) {
    HeaderWriter message(HeaderForm::kUtf8);
    write_texts<DeliveryStatus>(message, kMessageTexts, status);
    write_date(message, "Arrival-Date", status.arrival);
    std::string content = message.text();
    for (const DsnRecipient& recipient : status.recipients) {
        HeaderWriter writer(HeaderForm::kUtf8);
        write_texts<DsnRecipient>(writer, std::span(kRecipientTexts).first(2), recipient);
        if (recipient.action != DsnAction::kUnknown) {
            writer.structured("Action", kActions[static_cast<std::size_t>(recipient.action)]);
        }
        write_texts<DsnRecipient>(writer, std::span(kRecipientTexts).subspan(2), recipient);
        write_date(writer, "Last-Attempt-Date", recipient.last_attempt);
        write_date(writer, "Will-Retry-Until", recipient.will_retry_until);
        content.append("\r\n").append(writer.text());
    }
    return content;
}

std::string_view typed_value(std::string_view text) {
    const std::size_t semicolon = text.find(';');
    return base::trim(semicolon == std::string_view::npos ? text : text.substr(semicolon + 1));
}

DispositionNotification parse_disposition_notification(std::string_view content) {
    DispositionNotification notification;
    FieldIterator fields(take_group(content));
    while (const auto field = fields.next()) {
        read_text<DispositionNotification>(*field, kNotificationTexts, notification);
        if (base::iequals(field->name, "Disposition")) {
            parse_disposition_field(field->body, notification);
        } else if (base::iequals(field->name, "Original-Message-ID")) {
            notification.original_message_id = parse_message_id(field->body).value_or("");
        }
    }
    return notification;
}

std::vector<NotificationOption> parse_notification_options(std::string_view body) {
    std::vector<NotificationOption> options;
    Lexer lexer(body);
    while (!lexer.at_end() && options.size() < kNotificationOptionsMax) {
        NotificationOption option = parse_notification_option(lexer);
        if (!option.name.empty()) {
            options.push_back(std::move(option));
        }
        lexer.take_until(";");
        lexer.advance();
    }
    return options;
}

std::string format_disposition_notification(const DispositionNotification& notification) {
    HeaderWriter writer(HeaderForm::kUtf8);
    write_texts<DispositionNotification>(
        writer, std::span(kNotificationTexts).first(4), notification);
    writer.message_ids("Original-Message-ID", {notification.original_message_id});
    writer.structured("Disposition", format_disposition_field(notification));
    write_texts<DispositionNotification>(
        writer, std::span(kNotificationTexts).subspan(4), notification);
    return writer.text();
}

base::Result<std::string> build_dsn(const Draft& draft,
                                    const DeliveryStatus& status,
                                    const std::optional<ReportedMessage>& original,
                                    base::Random& random,
                                    const BuildOptions& options) {
    return build_report(
        draft, {"delivery-status", format_delivery_status(status)}, original, random, options);
}

base::Result<std::string> build_mdn(const Draft& draft,
                                    const DispositionNotification& notification,
                                    const std::optional<ReportedMessage>& original,
                                    base::Random& random,
                                    const BuildOptions& options) {
    return build_report(draft,
                        {"disposition-notification", format_disposition_notification(notification)},
                        original,
                        random,
                        options);
}

std::optional<FoundReport> find_report(std::string_view message, const Structure& structure) {
    const Part& root = structure.root();
    if (!root.type.is("multipart", "report") || root.children.size() < 2) {
        return std::nullopt;
    }
    FoundReport report;
    const Part& machine = structure.parts[root.children[1]];
    const std::string& kind = machine.type.subtype;
    if (kind == "delivery-status" || kind == "global-delivery-status") {
        report.delivery = parse_delivery_status(decoded_content(message, machine));
    } else if (kind == "disposition-notification" || kind == "global-disposition-notification") {
        report.disposition = parse_disposition_notification(decoded_content(message, machine));
    } else {
        return std::nullopt;
    }
    report.original = root.children.size() > 2 ? root.children[2] : kNoPart;
    return report;
}

}  // namespace mime
