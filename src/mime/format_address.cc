// The writing half of address.h.
#include "mime/address.h"
#include "mime/lexer.h"

namespace mime {

std::string format_addr_spec(const Mailbox& mailbox) {
    if (mailbox.local.empty() && mailbox.domain.empty()) {
        return {};
    }
    // "=?" could be taken for an encoded word.
    const bool plain = is_dot_atom(mailbox.local) && mailbox.local.find("=?") == std::string::npos;
    std::string spec = plain ? mailbox.local : quote(mailbox.local);
    if (!mailbox.domain.empty()) {
        spec += "@" + mailbox.domain;
    }
    return spec;
}

std::string format_mailbox(const Mailbox& mailbox, HeaderForm form) {
    const std::string spec = format_addr_spec(mailbox);
    if (!mailbox.name.empty()) {
        return encode_phrase(mailbox.name, form) + " <" + spec + ">";
    }
    // A quoted string without a domain would be read as a display name.
    return mailbox.domain.empty() && spec.starts_with('"') ? "<" + spec + ">" : spec;
}

std::string format_address_list(const std::vector<Address>& addresses, HeaderForm form) {
    std::string text;
    for (const Address& address : addresses) {
        text += text.empty() ? "" : ", ";
        if (const auto* const mailbox = std::get_if<Mailbox>(&address)) {
            text += format_mailbox(*mailbox, form);
            continue;
        }
        const auto& group = std::get<Group>(address);
        text += group.name.empty() ? "\"\"" : encode_phrase(group.name, form);
        text +=
            text.ends_with("?=") ? " :" : ":";  // RFC 2047 5 (3): no special beside an encoded word
        const char* separator = " ";
        for (const Mailbox& member : group.members) {
            text += separator + format_mailbox(member, form);
            separator = ", ";
        }
        text += ";";
    }
    return text;
}

}  // namespace mime
