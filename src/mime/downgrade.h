// Messages made fit for a peer that takes less: bodies for one without 8BITMIME or BINARYMIME (RFC 6152 3,
// RFC 3030 3), headers for a reader without internationalized mail (RFC 6857, RFC 6858), those of its parts
// and of the messages and reports in it (RFC 6532 3.7, RFC 6533) included.
//
// BUGS: a header that changes is held in memory, and so is a report. A signature over a part that had to
// change (multipart/signed, DKIM) does not hold afterwards; nothing else is possible but to return the
// message. What is internationalized within base64 or quoted-printable stays there with its type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mime/octet_stream.h"
#include "mime/section.h"
#include "mime/structure.h"

namespace mime {

enum class Transport : std::uint8_t { k7bit, k8bit, kBinary };

enum class HeaderDowngrade : std::uint8_t {
    kKeep,
    kRfc6857,  // an internationalized address becomes an empty group whose name tells it
    kRfc6858,  // ... an address that leads nowhere; all but addresses, the subject and types is left out
};

// A domain with its U-labels as A-labels (RFC 5891), "xn--bcher-kva.example" for "bücher.example";
// nothing for what is no domain name. That takes a library which mime does without: the caller brings it.
using ToALabels = std::optional<std::string> (*)(std::string_view domain);

struct DowngradeOptions {
    Transport transport = Transport::kBinary;  // what the way can bear
    HeaderDowngrade headers = HeaderDowngrade::kKeep;
    // With kRfc6857, makes addresses plain whose domain alone is not. Without it they lose their address.
    ToALabels to_a_labels = nullptr;
};

// Whether `message` must be changed at all for these options.
[[nodiscard]] bool needs_downgrade(std::string_view message,
                                   const Structure& structure,
                                   const DowngradeOptions& options);

// The message with every part that the transport cannot bear encoded in quoted-printable or base64, and
// its header fields in US-ASCII if asked. Parts and headers that can stay are copied octet for octet.
// Parsed again, it has the same parts with the same decoded contents.
[[nodiscard]] std::string downgrade(std::string_view message,
                                    const Structure& structure,
                                    const DowngradeOptions& options);

// The same for messages that are not in memory: of a body no more than a piece ever is. Errors are the
// source's and the sink's.
[[nodiscard]] base::Result<bool> needs_downgrade(OctetSource& message,
                                                 const Structure& structure,
                                                 const DowngradeOptions& options);
[[nodiscard]] base::Result<> downgrade(OctetSource& message,
                                       const Structure& structure,
                                       const DowngradeOptions& options,
                                       OctetSink& sink);

// What of one part its form for a reader without internationalized mail depends on: its header, and with it
// the body of a report. Nothing when the part stays as it is. Bodies of other parts never change.
[[nodiscard]] std::optional<OctetRange> downgraded_range(const Part& part);
// What stands in the place of `octets`, which are that range's. `style` is not kKeep. Raw octets that are no UTF-8 are in
// `charset`, of raw_header.h's declared_charset_of_part().
[[nodiscard]] std::string downgrade_range(const Part& part,
                                          std::string_view octets,
                                          HeaderDowngrade style,
                                          ToALabels to_a_labels = nullptr,
                                          std::string_view charset = {});

// utf-8-addr-xtext (RFC 6533 3): an address outside US-ASCII where nothing else may stand, "zo\x{E9}@hamburger.example".
// What is embedded so already stays.
[[nodiscard]] std::string utf8_address_xtext(std::string_view address);

// A header block with its fields in US-ASCII.
[[nodiscard]] std::string downgrade_header(std::string_view header,
                                           HeaderDowngrade style,
                                           ToALabels to_a_labels = nullptr);

}  // namespace mime
