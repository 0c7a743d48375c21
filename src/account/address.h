// Mail addresses as accounts are known by: a local part and a domain, normalised so that two spellings
// of one address are one key (RFC 5321 2.3.11, 2.4; RFC 6531; IDNA 2008 by libidn2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace account {

struct Address {
    std::string local;  // as written, without quoting: `fred bloggs`, not `"fred bloggs"`
    std::string
        domain;  // lower case, internationalised labels as A-labels; "[192.0.2.1]" for a literal

    // For printing and for the wire: quoted where RFC 5321 4.1.2 wants it.
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const Address&, const Address&) = default;
};

// `user@domain` as people and protocols write it, quoted local parts included. kSyntax says what is wrong.
[[nodiscard]] base::Result<Address> parse_address(std::string_view text);
// A domain in the form that keys have: lower case, A-labels, no final dot; kSyntax for what is no
// domain name.
[[nodiscard]] base::Result<std::string> normalize_domain(std::string_view domain);
// The same for mime::ToALabels: nothing for what is no domain name.
[[nodiscard]] std::optional<std::string> a_labels(std::string_view domain);
// A local part in the form that keys have: lower case (ASCII and UTF-8 by simple folding), NFC.
[[nodiscard]] std::string normalize_local(std::string_view local);

}  // namespace account
