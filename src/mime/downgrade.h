// Messages made fit for a peer that takes less: bodies for one without 8BITMIME or BINARYMIME (RFC 6152 3,
// RFC 3030 3), headers for a reader without internationalized mail (RFC 6857, RFC 6858).
//
// BUGS: a header that changes is held in memory. A signature over a part that had to change (multipart/signed,
// DKIM) does not hold afterwards; nothing else is possible but to return the message. Domains are not
// turned into A-labels: an address with such a domain counts as internationalized.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mime/octet_stream.h"
#include "mime/structure.h"

namespace mime {

enum class Transport : std::uint8_t { k7bit, k8bit, kBinary };

enum class HeaderDowngrade : std::uint8_t {
    kKeep,
    kRfc6857,  // an internationalized address becomes an empty group that tells it
    kRfc6858,  // ... an address that leads nowhere, and fields without an ASCII form are left out
};

struct DowngradeOptions {
    Transport transport = Transport::kBinary;  // what the way can bear
    HeaderDowngrade headers = HeaderDowngrade::kKeep;
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

// A header block with its fields in US-ASCII.
[[nodiscard]] std::string downgrade_header(std::string_view header, HeaderDowngrade style);

}  // namespace mime
