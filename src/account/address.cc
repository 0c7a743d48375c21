#include "account/address.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

#include "account/text.h"
#include "base/ascii.h"

namespace account {
namespace {

using base::Errc;
using base::fail;

// RFC 5321 4.5.3.1.1 obliges everybody to take local parts of 64 octets; senders of mailing lists
// write longer ones (VERP), and a path has room for 256.
constexpr std::size_t kLocalOctetsMax = 255;
constexpr std::size_t kDomainOctetsMax = 255;  // RFC 5321 4.5.3.1.2
constexpr std::size_t kNameOctetsMax = 253;    // RFC 1035 2.3.4, as text without the final dot
constexpr std::size_t kLabelOctetsMax = 63;

// atext = ALPHA / DIGIT / "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "/" / "=" / "?" /
//         "^" / "_" / "`" / "{" / "|" / "}" / "~"                       ; RFC 5322 3.2.3
// atext =/ UTF8-non-ascii                                               ; RFC 6531 3.3
bool is_atext(char c) {
    constexpr std::string_view kSpecials = "!#$%&'*+-/=?^_`{|}~";
    return base::is_alnum(c) || base::is_8bit(c) || kSpecials.find(c) != std::string_view::npos;
}

// Dot-string = Atom *("." Atom)                                         ; RFC 5321 4.1.2
bool is_dot_string(std::string_view text) {
    bool in_atom = false;
    for (const char c : text) {
        if (c == '.' ? !in_atom : !is_atext(c)) {
            return false;
        }
        in_atom = c != '.';
    }
    return in_atom;
}

// Quoted-string   = DQUOTE *QcontentSMTP DQUOTE
// QcontentSMTP    = qtextSMTP / quoted-pairSMTP
// quoted-pairSMTP = %d92 %d32-126
// qtextSMTP       = %d32-33 / %d35-91 / %d93-126                        ; RFC 5321 4.1.2
// qtextSMTP      =/ UTF8-non-ascii                                      ; RFC 6531 3.3
//
// Takes one off the front of `text`; nothing when there is none.
std::optional<std::string> take_quoted_string(std::string_view& text) {
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        char c = text[i];
        if (c == '"') {
            text.remove_prefix(i + 1);
            return value;
        }
        if (c == '\\') {
            if (++i == text.size()) {
                return std::nullopt;
            }
            c = text[i];
            if (base::is_8bit(c)) {
                return std::nullopt;
            }
        }
        if (base::is_control(c)) {
            return std::nullopt;
        }
        value.push_back(c);
    }
    return std::nullopt;
}

// sub-domain = Let-dig [Ldh-str]                                        ; RFC 5321 4.1.2
bool is_label(std::string_view label) {
    if (label.empty() || label.size() > kLabelOctetsMax || label.front() == '-' ||
        label.back() == '-') {
        return false;
    }
    for (const char c : label) {
        if (!base::is_alnum(c) && c != '-') {
            return false;
        }
    }
    return true;
}

// Domain = sub-domain *("." sub-domain)
bool is_domain_name(std::string_view name) {
    if (name.empty() || name.size() > kNameOctetsMax || name.back() == '.') {
        return false;
    }
    while (!name.empty()) {
        if (!is_label(base::split_front(name, '.'))) {
            return false;
        }
    }
    return true;
}

// U-labels to A-labels, mapped as UTS 46 says (upper case, full width), without the old reading of `ß`.
base::Result<std::string> to_a_labels(std::string_view domain) {
    struct Free {
        void operator()(char* text) const { idn2_free(text); }
    };

    const std::string input(domain);
    if (!base::is_utf8(domain) || input.find('\0') != std::string::npos) {
        return fail(Errc::kSyntax, "the domain is not UTF-8");
    }
    char* output = nullptr;
    const int code =
        idn2_to_ascii_8z(input.c_str(), &output, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, Free> owner(output);
    if (code != IDN2_OK) {
        return fail(Errc::kSyntax,
                    std::string("the domain is no internationalised name: ") + idn2_strerror(code));
    }
    return std::string(output);
}

// IPv4-address-literal = Snum 3("."  Snum)
// Snum                 = 1*3DIGIT  ; a decimal integer value in the range 0 through 255
std::optional<std::string> normalize_ipv4(std::string_view text) {
    std::string normal;
    for (int part = 0; part < 4; ++part) {
        if ((part < 3) != (text.find('.') != std::string_view::npos)) {
            return std::nullopt;
        }
        const std::string_view digits = base::split_front(text, '.');
        const auto value = base::parse_u64(digits, 255);
        if (!value || digits.size() > 3) {
            return std::nullopt;
        }
        normal += (part == 0 ? "" : ".") + std::to_string(*value);
    }
    return normal;
}

// The shortest form, RFC 5952.
std::optional<std::string> normalize_ipv6(std::string_view text) {
    in6_addr address{};
    if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) {
        return std::nullopt;
    }
    std::array<char, INET6_ADDRSTRLEN> normal{};
    inet_ntop(AF_INET6, &address, normal.data(), normal.size());
    return std::string(normal.data());
}

// address-literal      = "[" ( IPv4-address-literal / IPv6-address-literal /
//                              General-address-literal ) "]"            ; RFC 5321 4.1.3
// IPv6-address-literal = "IPv6:" IPv6-addr
//
// No tag but IPv6 was ever registered, so a General-address-literal has no reader.
base::Result<std::string> normalize_literal(std::string_view domain) {
    constexpr std::string_view kTag = "IPv6:";
    const std::string_view inside = domain.substr(1, domain.size() - 2);
    if (domain.back() != ']' || inside.find('\0') != std::string_view::npos) {
        return fail(Errc::kSyntax, "the address literal does not end with ]");
    }
    if (base::istarts_with(inside, kTag)) {
        if (const auto normal = normalize_ipv6(inside.substr(kTag.size()))) {
            return "[IPv6:" + *normal + "]";
        }
        return fail(Errc::kSyntax, "the address literal holds no IPv6 address");
    }
    if (const auto normal = normalize_ipv4(inside)) {
        return "[" + *normal + "]";
    }
    return fail(Errc::kSyntax, "the address literal holds no address");
}

}  // namespace

std::string Address::to_string() const {
    std::string text;
    if (is_dot_string(local)) {
        text = local;
    } else {
        text = "\"";
        for (const char c : local) {
            if (c == '"' || c == '\\') {
                text.push_back('\\');
            }
            text.push_back(c);
        }
        text.push_back('"');
    }
    return domain.empty() ? text : text + "@" + domain;
}

// Mailbox    = Local-part "@" ( Domain / address-literal )              ; RFC 5321 4.1.2
// Local-part = Dot-string / Quoted-string
base::Result<Address> parse_address(std::string_view text) {
    Address address;
    if (text.size() > kLocalOctetsMax * 2 + kDomainOctetsMax * 4) {
        return fail(Errc::kSyntax, "the address is too long");
    }
    if (text.starts_with('"')) {
        auto local = take_quoted_string(text);
        if (!local) {
            return fail(Errc::kSyntax, "the quoted local part does not end or holds a control");
        }
        if (!text.starts_with('@')) {
            return fail(Errc::kSyntax, "no @ behind the quoted local part");
        }
        address.local = std::move(*local);
        text.remove_prefix(1);
    } else {
        const std::size_t at = text.find('@');
        if (at == std::string_view::npos) {
            return fail(Errc::kSyntax, "no @ in the address");
        }
        address.local = text.substr(0, at);
        text.remove_prefix(at + 1);
        if (!is_dot_string(address.local)) {
            return fail(Errc::kSyntax, "the local part is neither words with dots nor quoted");
        }
    }
    if (address.local.size() > kLocalOctetsMax) {
        return fail(Errc::kSyntax, "the local part is too long");
    }
    if (!base::is_utf8(address.local)) {
        return fail(Errc::kSyntax, "the local part is not UTF-8");
    }
    TRY(address.domain, normalize_domain(text));
    return address;
}

base::Result<std::string> normalize_domain(std::string_view domain) {
    if (domain.starts_with('[')) {
        return normalize_literal(domain);
    }
    // A bound before any work; an A-label may be shorter than its U-label.
    if (domain.size() > kDomainOctetsMax * 4) {
        return fail(Errc::kSyntax, "the domain is too long");
    }
    std::string name(domain);
    if (!base::is_ascii(name)) {
        TRY(name, to_a_labels(name));
    }
    if (name.ends_with('.')) {
        name.pop_back();
    }
    if (!is_domain_name(name)) {
        return fail(Errc::kSyntax, "the domain is not made of letters, digits, hyphens and dots");
    }
    return base::to_lower(name);
}

std::optional<std::string> a_labels(std::string_view domain) {
    auto name = normalize_domain(domain);
    return name ? std::optional(std::move(*name)) : std::nullopt;
}

std::string normalize_local(std::string_view local) {
    return fold(local);
}

}  // namespace account
