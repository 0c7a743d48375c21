// The data of resource records (RFC 1035 3.3, RFC 3596 2.2, RFC 6698 2.1) as values, from the uncompressed
// form in which a resolver hands it out. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/resolver.h"

namespace net {

// Reads a domain name off the front of `octets`, which loses it: labels of at most 63 octets, 255 in all, no
// compression. In lower case, without the last dot, "" for the root; an octet that no host name has is
// written \DDD (RFC 1035 5.1), and so is a dot inside a label. Nothing when it is malformed.
[[nodiscard]] std::optional<std::string> take_domain_name(std::string_view& octets);

// Adds one record's data to `answer`. False when it is malformed; then nothing was added.
[[nodiscard]] bool add_record(RecordType type, std::string_view octets, Answer& answer);

// A name that may be asked for: at most 253 octets, labels of 1-63 letters, digits, hyphens and
// underscores (RFC 2181 11 allows more, no mail needs it). Lower case, without the last dot.
[[nodiscard]] std::optional<std::string> to_question(std::string_view name);

}  // namespace net
