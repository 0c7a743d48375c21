#include "mime/downgrade_address.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "base/ascii.h"
#include "mime/address.h"
#include "mime/downgrade_comment.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/lexer.h"

namespace mime {
namespace {

// Of one element; more are lost. Each is looked for among the names of a whole group.
constexpr std::size_t kCommentsMax = 16;

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

Address downgrade_6857(Address address, ToALabels to_a_labels) {
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

Address downgrade_6858(Address address) {
    if (auto* mailbox = std::get_if<Mailbox>(&address)) {
        downgrade_mailbox_6858(*mailbox);
    } else {
        for (Mailbox& member : std::get<Group>(address).members) {
            downgrade_mailbox_6858(member);
        }
    }
    return address;
}

// Where a list is cut: at commas that belong to no group and no route.
class ElementReader {
  public:
    explicit ElementReader(std::string_view text) : lexer_(text) {}

    // The next element, without white space at both ends; empty at the end.
    std::string_view next() {
        std::string_view element;
        while (element.empty() && !lexer_.at_end()) {
            const std::size_t begin = lexer_.position();
            skip_element();
            element = base::trim(lexer_.text().substr(begin, lexer_.position() - begin));
            lexer_.consume(',');
        }
        return element;
    }

  private:
    void skip_element() {
        bool in_angle = false;
        bool in_group = false;
        while (!lexer_.at_end()) {
            if (lexer_.comment() || lexer_.quoted_string() || lexer_.domain_literal()) {
                continue;
            }
            const char c = lexer_.peek();
            if (c == ',' && !in_angle && !in_group) {
                return;
            }
            lexer_.advance();
            in_angle = c == '<' || (in_angle && c != '>');
            if (c == ';' && in_group) {
                return;
            }
            in_group = in_group || (c == ':' && !in_angle);
        }
    }

    Lexer lexer_;
};

std::string comment_text(std::string_view comment) {
    EncodedText text;
    text.add_mixed(unescape(comment.substr(1, comment.size() - 2)));
    return text.take();
}

// Whether the reader took a comment for a display name, as old mail wants it.
bool is_name(std::string_view text, const Address& address) {
    const auto holds = [text](const Mailbox& mailbox) {
        return mailbox.name.find(base::trim(text)) != std::string::npos;
    };
    if (const auto* const mailbox = std::get_if<Mailbox>(&address)) {
        return holds(*mailbox);
    }
    const auto& members = std::get<Group>(address).members;
    return std::any_of(members.begin(), members.end(), holds);
}

std::string downgrade_element(std::string_view element,
                              HeaderDowngrade style,
                              ToALabels to_a_labels) {
    std::string behind;
    std::vector<Address> addresses = parse_address_list(element).addresses;
    std::vector<std::string_view> comments = comments_of(element);
    comments.resize(std::min(comments.size(), kCommentsMax));
    for (const std::string_view comment : comments) {
        const std::string text = comment_text(comment);
        if (std::none_of(addresses.begin(), addresses.end(), [&](const Address& address) {
                return is_name(text, address);
            })) {
            behind.append(" ").append(encode_comments(comment));
        }
    }
    for (Address& address : addresses) {
        address = style == HeaderDowngrade::kRfc6857
                      ? downgrade_6857(std::move(address), to_a_labels)
                      : downgrade_6858(std::move(address));
    }
    return addresses.empty() ? "" : format_address_list(addresses) + behind;
}

// `downgrade` of each element that is not US-ASCII.
template <class Downgrade>
std::string downgrade_list(std::string_view text, Downgrade downgrade) {
    std::string out;
    ElementReader elements(text);
    for (std::string_view element = elements.next(); !element.empty(); element = elements.next()) {
        const std::string ascii =
            base::is_ascii(element) ? std::string(element) : downgrade(element);
        out.append(out.empty() || ascii.empty() ? "" : ", ").append(ascii);
    }
    return out;
}

}  // namespace

std::string downgrade_addresses(std::string_view body,
                                HeaderDowngrade style,
                                ToALabels to_a_labels) {
    return downgrade_list(encode_comments(unfold(body)), [&](std::string_view element) {
        return downgrade_element(element, style, to_a_labels);
    });
}

std::string downgrade_phrases(std::string_view body) {
    return downgrade_list(encode_comments(unfold(body)), [](std::string_view element) {
        return encode_phrase(decode_phrase(element));
    });
}

}  // namespace mime
