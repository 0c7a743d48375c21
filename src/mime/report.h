// Reports about mail: delivery status notifications (RFC 3464) and message disposition notifications
// (RFC 8098), each in a multipart/report (RFC 6522); written and read. Addresses outside US-ASCII make
// them the message/global-... types of RFC 6533.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "mime/builder.h"
#include "mime/date.h"
#include "mime/structure.h"

namespace mime {

enum class DsnAction : std::uint8_t {
    kFailed,
    kDelayed,
    kDelivered,
    kRelayed,
    kExpanded,
    kUnknown
};

// RFC 3464 2.3. Texts are bodies of their fields, with the type before the semicolon where RFC 3464 has
// one: "rfc822; bob@hamburger.example", "dns; mx.hamburger.example", "smtp; 550 5.1.1 No such user".
struct DsnRecipient {
    std::string original_recipient;
    std::string final_recipient;
    DsnAction action = DsnAction::kUnknown;
    std::string status;  // "5.1.1"
    std::string remote_mta;
    std::string diagnostic_code;
    std::string final_log_id;
    std::optional<Date> last_attempt;
    std::optional<Date> will_retry_until;

    friend bool operator==(const DsnRecipient&, const DsnRecipient&) = default;
};

struct DeliveryStatus {
    std::string original_envelope_id;
    std::string reporting_mta;
    std::string dsn_gateway;
    std::string received_from_mta;
    std::string future_release_request;  // RFC 4865: "for;3600", "until;2026-01-01T00:00:00Z"
    std::optional<Date> arrival;
    std::vector<DsnRecipient> recipients;

    friend bool operator==(const DeliveryStatus&, const DeliveryStatus&) = default;
};

inline constexpr std::size_t kDsnRecipientsMax = 10'000;

// The content of message/delivery-status. What is missing or unreadable stays empty; never fails.
[[nodiscard]] DeliveryStatus parse_delivery_status(std::string_view content);
[[nodiscard]] std::string format_delivery_status(const DeliveryStatus& status);

// "bob@hamburger.example" out of "rfc822; bob@hamburger.example"; the xtext of RFC 3461 is not decoded.
[[nodiscard]] std::string_view typed_value(std::string_view text);

// RFC 8098 3.
struct DispositionNotification {
    std::string reporting_ua;
    std::string mdn_gateway;
    std::string original_recipient;
    std::string final_recipient;
    std::string original_message_id;  // without angle brackets
    bool action_automatic = false;    // Disposition's action-mode and sending-mode
    bool sent_automatically = false;
    std::string disposition;             // "displayed", "deleted", "dispatched", "processed"
    std::vector<std::string> modifiers;  // "error" ...
    std::string error;

    friend bool operator==(const DispositionNotification&,
                           const DispositionNotification&) = default;
};

[[nodiscard]] DispositionNotification parse_disposition_notification(std::string_view content);
[[nodiscard]] std::string format_disposition_notification(
    const DispositionNotification& notification);

// One parameter of Disposition-Notification-Options, RFC 8098 2.2. None has been defined: of those that are
// required, the caller understands none and must then send no notification.
struct NotificationOption {
    std::string name;       // lower case
    bool required = false;  // "required" in place of "optional"
    std::vector<std::string> values;

    friend bool operator==(const NotificationOption&, const NotificationOption&) = default;
};

inline constexpr std::size_t kNotificationOptionsMax = 256;  // and as many values of each

// The parameters of that field's body; what is no parameter is passed over, never fails. One whose
// importance cannot be read counts as required.
[[nodiscard]] std::vector<NotificationOption> parse_notification_options(std::string_view body);

// What a report message is made of besides its machine-readable part. The text and everything else about
// the message come from `draft`, whose subject, addresses and text the caller has set.
struct ReportedMessage {
    std::string octets;       // the message, or its header alone
    bool header_only = true;  // text/rfc822-headers instead of message/rfc822
};

// The whole report message, with Auto-Submitted: auto-replied (RFC 3834 5). It must travel with an empty
// reverse-path. In HeaderForm::kUtf8 an original whose header is UTF-8 has the types of RFC 6533.
[[nodiscard]] base::Result<std::string> build_dsn(const Draft& draft,
                                                  const DeliveryStatus& status,
                                                  const std::optional<ReportedMessage>& original,
                                                  base::Random& random,
                                                  const BuildOptions& options = {});
[[nodiscard]] base::Result<std::string> build_mdn(const Draft& draft,
                                                  const DispositionNotification& notification,
                                                  const std::optional<ReportedMessage>& original,
                                                  base::Random& random,
                                                  const BuildOptions& options = {});

// A report as found in a message; the views are indexes into Structure::parts.
struct FoundReport {
    std::optional<DeliveryStatus> delivery;
    std::optional<DispositionNotification> disposition;
    std::uint32_t original = kNoPart;  // the part with the message or its header
};

// Nothing when the message is no multipart/report, or its second part is neither kind.
[[nodiscard]] std::optional<FoundReport> find_report(std::string_view message,
                                                     const Structure& structure);

}  // namespace mime
