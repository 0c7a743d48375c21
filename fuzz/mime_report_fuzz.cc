// Reports that others wrote (RFC 3464, RFC 8098): whatever stands in them, what is read can be written, and what was
// written so (without controls, folded) is read and written as the same; there are never more recipients than the
// bound.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "mime/report.h"

namespace {

std::string again(const std::string& status) {
    return mime::format_delivery_status(mime::parse_delivery_status(status));
}

std::string told_again(const std::string& notification) {
    return mime::format_disposition_notification(
        mime::parse_disposition_notification(notification));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const mime::DeliveryStatus status = mime::parse_delivery_status(input);
    CHECK(status.recipients.size() <= mime::kDsnRecipientsMax);
    const std::string written = again(mime::format_delivery_status(status));
    CHECK(again(written) == written);
    for (const mime::DsnRecipient& recipient : status.recipients) {
        CHECK(recipient.final_recipient.ends_with(mime::typed_value(recipient.final_recipient)));
    }
    const std::string told = told_again(
        mime::format_disposition_notification(mime::parse_disposition_notification(input)));
    CHECK(told_again(told) == told);
    return 0;
}
