// Internationalized header fields in US-ASCII: RFC 6857 3 and RFC 6858 2.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "mime/address.h"
#include "mime/downgrade.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/header_writer.h"
#include "mime/parameters.h"
#include "mime/utf8.h"

namespace mime {
namespace {

// RFC 6857 3.2.1. The last two are none of RFC 6858 2.1.
constexpr std::array<std::string_view, 14> kAddressFields = {"From",
                                                             "Sender",
                                                             "Reply-To",
                                                             "To",
                                                             "Cc",
                                                             "Bcc",
                                                             "Resent-From",
                                                             "Resent-Sender",
                                                             "Resent-To",
                                                             "Resent-Cc",
                                                             "Resent-Bcc",
                                                             "Return-Path",
                                                             "Resent-Reply-To",
                                                             "Disposition-Notification-To"};
constexpr std::size_t kAddressFields6858 = 12;
// RFC 6857 3.2.3; Content-ID has no other form either.
constexpr std::array<std::string_view, 5> kIdFields = {
    "Message-ID", "Resent-Message-ID", "In-Reply-To", "References", "Content-ID"};
// RFC 6857 4.2, and RFC 8098 2.3
constexpr std::array<std::string_view, 2> kTypedAddressFields = {"Original-Recipient",
                                                                 "Final-Recipient"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
    return std::any_of(names.begin(), names.end(), [name](std::string_view other) {
        return base::iequals(name, other);
    });
}

// RFC 6857 3.1.6, 3.1.8. Whether the address is in US-ASCII now.
bool downgrade_domain(Mailbox& mailbox, ToALabels to_a_labels) {
    if (!base::is_ascii(mailbox.local)) {
        return false;
    }
    if (to_a_labels != nullptr && !base::is_ascii(mailbox.domain)) {
        mailbox.domain = to_a_labels(mailbox.domain).value_or(mailbox.domain);
    }
    return base::is_ascii(mailbox.domain);
}

// RFC 6857 3.1.7, 3.1.8: [display-name] ENCODED-WORD " :;", the encoded words being all that was addresses.
Group empty_group(std::string_view name, const std::string& addresses) {
    return Group{name.empty() ? addresses : std::string(name) + " " + addresses, {}};
}

Address downgrade_address_6857(Address address, ToALabels to_a_labels) {
    if (auto* mailbox = std::get_if<Mailbox>(&address)) {
        if (downgrade_domain(*mailbox, to_a_labels)) {
            return address;
        }
        return empty_group(mailbox->name, mailbox->address());
    }
    auto& group = std::get<Group>(address);
    bool is_ascii = true;
    for (Mailbox& member : group.members) {
        is_ascii = downgrade_domain(member, to_a_labels) && is_ascii;
    }
    if (is_ascii) {
        return address;
    }
    const std::vector<Address> members(group.members.begin(), group.members.end());
    return empty_group(group.name, format_address_list(members, HeaderForm::kUtf8));
}

// RFC 6858 2.1: an address that cannot be anybody's.
void downgrade_mailbox_6858(Mailbox& mailbox) {
    const std::string address = mailbox.address();
    if (!base::is_ascii(address)) {
        mailbox = {mailbox.name.empty() ? address : mailbox.name,
                   "invalid",
                   "internationalized-address.invalid"};
    }
}

Address downgrade_address_6858(Address address) {
    if (auto* mailbox = std::get_if<Mailbox>(&address)) {
        downgrade_mailbox_6858(*mailbox);
    } else {
        for (Mailbox& member : std::get<Group>(address).members) {
            downgrade_mailbox_6858(member);
        }
    }
    return address;
}

std::string in_ascii(std::string_view text) {
    std::string ascii(text);
    std::replace_if(ascii.begin(), ascii.end(), base::is_8bit, '?');
    return ascii;
}

// A word of Received with the domain in it as A-labels: "bücher.example", "<a@bücher.example>;".
std::string with_a_labels(std::string_view word, ToALabels to_a_labels) {
    constexpr std::string_view kAround = "<>();,";
    std::string out(word);
    const std::size_t first = word.find_first_not_of(kAround);
    if (to_a_labels == nullptr || base::is_ascii(word) || first == std::string_view::npos) {
        return out;
    }
    const std::size_t end = word.find_last_not_of(kAround) + 1;
    const std::size_t at = word.rfind('@', end - 1);
    const std::size_t begin = at == std::string_view::npos ? first : at + 1;
    if (const auto domain = to_a_labels(word.substr(begin, end - begin))) {
        out.replace(begin, end - begin, *domain);
    }
    return out;
}

// RFC 6857 3.2.4: domains as A-labels; then a "for" or "id" that is not US-ASCII is taken out, and what
// else is not becomes "?".
std::string downgrade_received(std::string_view body, ToALabels to_a_labels) {
    const std::string text = unfold(body);
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view word = base::split_front(rest, ' ');
        const std::string_view value = rest.substr(0, rest.find(' '));
        const bool is_clause = base::iequals(word, "for") || base::iequals(word, "id");
        if (!is_clause || base::is_ascii(with_a_labels(value, to_a_labels))) {
            out.append(out.empty() ? "" : " ").append(with_a_labels(word, to_a_labels));
            continue;
        }
        out.append(value.ends_with(';') ? ";" : "");  // which ends all clauses
        rest.remove_prefix(std::min(value.size() + 1, rest.size()));
    }
    return in_ascii(out);
}

// utf-8-addr-xtext = 1*(QCHAR / EmbeddedUnicodeChar); EmbeddedUnicodeChar = "\x{" HEXPOINT "}"
//                                                                                    RFC 6533 3
std::string utf8_address_xtext(std::string_view address) {
    std::string out;
    while (!address.empty()) {
        const char32_t c = take_utf8(address);
        const bool is_qchar = c > U' ' && c < U'\x7f' && c != U'+' && c != U'=' && c != U'\\';
        if (is_qchar) {
            out += static_cast<char>(c);
        } else {
            out += fmt::format("\\x{{{:02X}}}", static_cast<std::uint32_t>(c));
        }
    }
    return out;
}

class HeaderDowngrader {
  public:
    HeaderDowngrader(HeaderDowngrade style, ToALabels to_a_labels)
        : style_(style),
          to_a_labels_(to_a_labels) {}

    // The field's form in US-ASCII; nothing when it has none.
    std::string run(const Field& field) {
        if (is_address_field(field.name)) {
            writer_.addresses(field.name, addresses(field.body));
        } else if (base::iequals(field.name, "Content-Type")) {
            if (const auto type = parse_content_type(field.body)) {
                put(field.name, type->type + "/" + type->subtype, type->parameters);
            }
        } else if (base::iequals(field.name, "Content-Disposition")) {
            const Disposition disposition = parse_disposition(field.body);
            put(field.name, disposition.type, disposition.parameters);
        } else if (style_ == HeaderDowngrade::kRfc6857) {
            put_other_6857(field);
        } else if (base::iequals(field.name, "Subject")) {  // RFC 6858 2.3; all others go, 2.4
            writer_.unstructured(field.name, decode_unstructured(field.body));
        }
        return writer_.text();
    }

  private:
    [[nodiscard]] bool is_address_field(std::string_view name) const {
        const std::span<const std::string_view> fields(kAddressFields);
        return is_one_of(
            name, style_ == HeaderDowngrade::kRfc6857 ? fields : fields.first(kAddressFields6858));
    }

    [[nodiscard]] std::vector<Address> addresses(std::string_view body) const {
        std::vector<Address> list;
        for (Address& address : parse_address_list(body).addresses) {
            list.push_back(style_ == HeaderDowngrade::kRfc6857
                               ? downgrade_address_6857(std::move(address), to_a_labels_)
                               : downgrade_address_6858(std::move(address)));
        }
        return list;
    }

    // RFC 6857 3.1.4 by RFC 2231; RFC 6858 2.2 leaves out what is not US-ASCII.
    void put(std::string_view name, const std::string& value, Parameters parameters) {
        if (style_ == HeaderDowngrade::kRfc6858) {
            std::erase_if(parameters.list, [](const Parameter& parameter) {
                return !base::is_ascii(parameter.value);
            });
        }
        writer_.with_parameters(name, in_ascii(value), parameters);
    }

    void put_other_6857(const Field& field) {
        if (is_one_of(field.name, kIdFields)) {
            encapsulate(field);
        } else if (is_one_of(field.name, kTypedAddressFields)) {
            put_typed_address(field);
        } else if (base::iequals(field.name, "Received")) {
            writer_.structured(field.name, downgrade_received(field.body, to_a_labels_));
        } else {
            writer_.unstructured(in_ascii(field.name), decode_unstructured(field.body));
        }
    }

    // RFC 6857 3.1.9
    void put_typed_address(const Field& field) {
        const std::string text = unfold(field.body);
        std::string_view address = text;
        const std::string_view type = base::trim(base::split_front(address, ';'));
        if (base::iequals(type, "utf-8")) {
            writer_.structured(field.name, "utf-8; " + utf8_address_xtext(base::trim(address)));
        } else {
            encapsulate(field);
        }
    }

    // RFC 6857 3.1.10
    void encapsulate(const Field& field) {
        writer_.unstructured("Downgraded-" + std::string(field.name), unfold(field.body));
    }

    HeaderDowngrade style_;
    ToALabels to_a_labels_;
    HeaderWriter writer_;
};

}  // namespace

std::string downgrade_header(std::string_view header,
                             HeaderDowngrade style,
                             ToALabels to_a_labels) {
    std::string out;
    FieldIterator fields(header);
    while (const auto field = fields.next()) {
        const char* const end = field->body.data() + field->body.size();
        const std::string_view raw(field->name.data(),
                                   static_cast<std::size_t>(end - field->name.data()));
        if (style == HeaderDowngrade::kKeep || base::is_ascii(raw)) {
            out.append(raw).append("\r\n");
            continue;
        }
        out += HeaderDowngrader(style, to_a_labels).run(*field);
    }
    return out.append("\r\n");
}

}  // namespace mime
