// Mailboxes, groups and lists of them: RFC 5322 sections 3.4 and 4.4, RFC 6532, and what the world
// sends in From, To, Cc and their kin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mime/encoded_word.h"

namespace mime {

struct Mailbox {
    std::string name;   // the display name, or the comment that old mail has in its place; UTF-8
    std::string local;  // the local part without quotes and quoted pairs; UTF-8 or as sent
    std::string
        domain;  // as written, without comments and white space; a literal with its brackets
    std::string route = {};  // "@a,@b" of <@a,@b:joe@c>: obsolete, and never written

    // local@domain without quoting: a key to compare, not a thing to send. Without a domain the
    // local part alone.
    [[nodiscard]] std::string address() const;

    // By whatever route.
    friend bool operator==(const Mailbox& a, const Mailbox& b) {
        return a.name == b.name && a.local == b.local && a.domain == b.domain;
    }
};

struct Group {
    std::string name;
    std::vector<Mailbox> members;

    friend bool operator==(const Group&, const Group&) = default;
};

using Address = std::variant<Mailbox, Group>;

// What was wrong or obsolete in a list; a set of bits.
enum AddressDefect : std::uint32_t {
    kAddressEmptyElement = 1U << 0U,  // two commas with nothing between them
    kAddressRoute = 1U << 1U,         // <@a,@b:joe@c>
    kAddressUnclosed = 1U << 2U,      // a group, angle bracket, quote or comment without its end
    kAddressNoDomain = 1U << 3U,      // a mailbox without a domain
    kAddressStray = 1U << 4U,         // characters that fit nowhere
    kAddressTooMany = 1U << 5U,       // more than the limit: the rest was not read
};

struct AddressList {
    std::vector<Address> addresses;
    std::uint32_t defects = 0;
};

inline constexpr std::size_t kAddressesMax = 100'000;

// The addresses of a field body, folded or not. Never fails: this is the best reading there is. A
// text without any address in it (From: undisclosed) is a mailbox with that local part and no
// domain. With kKeep, names hold encoded words as they are written.
[[nodiscard]] AddressList parse_address_list(std::string_view body,
                                             std::size_t addresses_max = kAddressesMax,
                                             EncodedWords words = EncodedWords::kDecode);

// All mailboxes, those in groups included, in order.
[[nodiscard]] std::vector<Mailbox> mailboxes(const AddressList& list);

// addr-spec for a header or an envelope: the local part quoted where it must be. Empty for an empty
// mailbox.
[[nodiscard]] std::string format_addr_spec(const Mailbox& mailbox);
// "Name <local@domain>", the name as atoms, a quoted string or encoded words.
[[nodiscard]] std::string format_mailbox(const Mailbox& mailbox,
                                         HeaderForm form = HeaderForm::kAscii);
// Elements separated by ", ", for the caller to fold.
[[nodiscard]] std::string format_address_list(const std::vector<Address>& addresses,
                                              HeaderForm form = HeaderForm::kAscii);

}  // namespace mime
