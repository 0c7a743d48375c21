// Internationalized header fields in US-ASCII: RFC 6857 3 and RFC 6858 2.
#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "mime/address.h"
#include "mime/downgrade.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/header_writer.h"
#include "mime/parameters.h"

namespace mime {
namespace {

// RFC 6857 3.2.1
constexpr std::array<std::string_view, 13> kAddressFields = {"From",
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
                                                             "Disposition-Notification-To"};
// RFC 6857 3.2.6, 3.2.7: fields whose value has no other form in US-ASCII.
constexpr std::array<std::string_view, 7> kIdFields = {"Message-ID",
                                                       "Resent-Message-ID",
                                                       "In-Reply-To",
                                                       "References",
                                                       "Content-ID",
                                                       "Original-Recipient",
                                                       "Final-Recipient"};

template <std::size_t kSize>
bool is_one_of(std::string_view name, const std::array<std::string_view, kSize>& names) {
    return std::any_of(names.begin(), names.end(), [name](std::string_view other) {
        return base::iequals(name, other);
    });
}

bool is_international(const Mailbox& mailbox) {
    return !base::is_ascii(mailbox.local) || !base::is_ascii(mailbox.domain);
}

// RFC 6857 3.1.8: [display-name] "Internationalized Address" Encoded-Word "Removed:;". RFC 6858 2.1: an
// address that cannot be anybody's.
Address surrogate(const Mailbox& mailbox, HeaderDowngrade style) {
    const std::string address = mailbox.address();
    if (style == HeaderDowngrade::kRfc6858) {
        return Mailbox{mailbox.name.empty() ? address : mailbox.name,
                       "invalid",
                       "internationalized-address.invalid"};
    }
    const std::string name = mailbox.name.empty() ? "" : mailbox.name + " ";
    return Group{name + "Internationalized Address " + address + " Removed", {}};
}

std::vector<Address> downgrade_addresses(std::string_view body, HeaderDowngrade style) {
    std::vector<Address> list;
    for (Address& address : parse_address_list(body).addresses) {
        if (auto* mailbox = std::get_if<Mailbox>(&address)) {
            list.push_back(is_international(*mailbox) ? surrogate(*mailbox, style)
                                                      : std::move(address));
            continue;
        }
        // A group cannot stand within a group: what is taken out follows behind it.
        Group& group = std::get<Group>(address);
        const auto moved = std::stable_partition(
            group.members.begin(), group.members.end(), [](const Mailbox& member) {
                return !is_international(member);
            });
        std::vector<Address> behind;
        std::for_each(moved, group.members.end(), [&](const Mailbox& member) {
            behind.push_back(surrogate(member, style));
        });
        group.members.erase(moved, group.members.end());
        list.push_back(std::move(address));
        std::move(behind.begin(), behind.end(), std::back_inserter(list));
    }
    return list;
}

std::string in_ascii(std::string_view text) {
    std::string ascii(text);
    std::replace_if(ascii.begin(), ascii.end(), base::is_8bit, '?');
    return ascii;
}

// RFC 6857 3.1.9: a "for" or "id" that is not US-ASCII is taken out; what else is not becomes "?".
std::string downgrade_received(std::string_view body) {
    const std::string text = unfold(body);
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view word = base::split_front(rest, ' ');
        const std::string_view value = rest.substr(0, rest.find(' '));
        const bool is_clause = base::iequals(word, "for") || base::iequals(word, "id");
        if (!is_clause || base::is_ascii(value)) {
            out.append(out.empty() ? "" : " ").append(word);
            continue;
        }
        out.append(value.ends_with(';') ? ";" : "");  // which ends all clauses
        rest.remove_prefix(std::min(value.size() + 1, rest.size()));
    }
    return in_ascii(out);
}

void downgrade_field(const Field& field, HeaderDowngrade style, HeaderWriter& writer) {
    if (is_one_of(field.name, kAddressFields)) {
        writer.addresses(field.name, downgrade_addresses(field.body, style));
    } else if (base::iequals(field.name, "Content-Type")) {
        if (const auto type = parse_content_type(field.body)) {
            writer.with_parameters(
                field.name, in_ascii(type->type + "/" + type->subtype), type->parameters);
        }
    } else if (base::iequals(field.name, "Content-Disposition")) {
        const Disposition disposition = parse_disposition(field.body);
        writer.with_parameters(field.name, in_ascii(disposition.type), disposition.parameters);
    } else if (is_one_of(field.name, kIdFields)) {
        if (style == HeaderDowngrade::kRfc6857) {
            writer.unstructured("Downgraded-" + std::string(field.name), unfold(field.body));
        }
    } else if (base::iequals(field.name, "Received")) {
        writer.structured(field.name, downgrade_received(field.body));
    } else {
        writer.unstructured(in_ascii(field.name), decode_unstructured(field.body));
    }
}

}  // namespace

std::string downgrade_header(std::string_view header, HeaderDowngrade style) {
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
        HeaderWriter writer;
        downgrade_field(*field, style, writer);
        out += writer.text();
    }
    return out.append("\r\n");
}

}  // namespace mime
