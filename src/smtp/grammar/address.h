// Mailboxes and paths of the SMTP envelope: RFC 5321 4.1.2 and 4.1.3, UTF-8 as RFC 6531 3.3 adds it.
#pragma once

#include <string>
#include <string_view>

#include "smtp/grammar/fault.h"

namespace smtp {

// RFC 5321 4.5.3.1.1 obliges to take 64 octets and asks not to stop there: lists and forwarders write longer
// ones (VERP, SRS). What fits into a path is taken.
inline constexpr std::size_t kLocalPartOctetsMax = 252;
inline constexpr std::size_t kDomainOctetsMax = 255;  // RFC 5321 4.5.3.1.2
inline constexpr std::size_t kPathOctetsMax = 256;    // RFC 5321 4.5.3.1.3, brackets included

// A reverse-path or forward-path.
struct Path {
    std::string local;   // without quoting: `fred bloggs`, not `"fred bloggs"`
    std::string domain;  // as written; "[192.0.2.1]" for a literal; empty for <> and <Postmaster>
    bool bracketed =
        true;  // false: an address without angle brackets, as people at a keyboard type it

    // RFC 5321 4.5.5: the sender of a notification.
    [[nodiscard]] bool is_null() const { return local.empty() && domain.empty(); }

    // Only a peer that said SMTPUTF8 may use it.
    [[nodiscard]] bool is_ascii() const;
    // The mailbox, quoted where it must be; empty for the null path.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const Path&, const Path&) = default;
};

// Each takes a path off the front of `text` and leaves what follows it. kSyntax, kTooLong; `text` is
// then unspecified. Addresses without brackets are parsed too and marked: the session decides.
[[nodiscard]] Parsed<Path> parse_reverse_path(std::string_view& text);
[[nodiscard]] Parsed<Path> parse_forward_path(std::string_view& text);

// All of `text` is a Domain (RFC 5321 4.1.2, 2.3.5) ...
[[nodiscard]] bool is_domain(std::string_view text);
// ... or an address literal in its brackets (RFC 5321 4.1.3).
[[nodiscard]] bool is_address_literal(std::string_view text);

// A local part as it must be written: bare where a Dot-string can say it, else quoted.
[[nodiscard]] std::string quote_local_part(std::string_view local);

// RFC 5321 4.1.1.1: what a client may call itself. More than Domain allows, since refusing mail for a
// bad name is not ours to do (4.1.4): any printable word.
[[nodiscard]] bool is_hello_name(std::string_view text);

}  // namespace smtp
