// Reports that others wrote (RFC 3464, RFC 8098): whatever stands in them, what is read can be written and read
// again as the same, and there are never more recipients than the bound.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "mime/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const mime::DeliveryStatus status = mime::parse_delivery_status(input);
    CHECK(status.recipients.size() <= mime::kDsnRecipientsMax);
    const std::string written = mime::format_delivery_status(status);
    const mime::DeliveryStatus again = mime::parse_delivery_status(written);
    CHECK(mime::format_delivery_status(again) == written);
    for (const mime::DsnRecipient& recipient : status.recipients) {
        CHECK(recipient.final_recipient.ends_with(mime::typed_value(recipient.final_recipient)));
    }
    const std::string told =
        mime::format_disposition_notification(mime::parse_disposition_notification(input));
    CHECK(mime::format_disposition_notification(mime::parse_disposition_notification(told)) ==
          told);
    return 0;
}
