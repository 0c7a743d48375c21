#include "app/list_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/ascii.h"
#include "mime/encoded_word.h"
#include "mime/header.h"

namespace app {
namespace {

using account::ListName;

constexpr std::string_view kDeliveredTo = "Delivered-To";
constexpr std::string_view kListId = "List-Id";

// What speaks of the list and the way so far. A list within a list replaces it (RFC 2919 8: one List-Id).
constexpr std::array<std::string_view, 10> kReplaced = {"Return-Path",
                                                        kListId,
                                                        "List-Post",
                                                        "List-Help",
                                                        "List-Owner",
                                                        "List-Archive",
                                                        "List-Subscribe",
                                                        "List-Unsubscribe",
                                                        "List-Unsubscribe-Post",
                                                        "Precedence"};

bool is_replaced(std::string_view name) {
    return std::any_of(kReplaced.begin(), kReplaced.end(), [name](std::string_view replaced) {
        return base::iequals(name, replaced);
    });
}

// A list's names need no percent-encoding (account::add_list), nor do A-labels.
std::string mailto(const account::Address& list, ListName name, std::string_view subject = {}) {
    return fmt::format("<mailto:{}{}{}>",
                       account::list_name(list, name).to_string(),
                       subject.empty() ? "" : "?subject=",
                       subject);
}

// list-id-header = "List-ID:" [phrase] "<" list-id ">" CRLF             ; RFC 2919 3
std::string list_id_field(const account::MailingList& list) {
    const std::string phrase = mime::encode_phrase(list.description);
    return fmt::format(
        "{}: {}{}<{}>\r\n", kListId, phrase, phrase.empty() ? "" : "\r\n ", list_id(list.address));
}

// RFC 2369 3: the commonest way first.
std::string list_fields(const account::MailingList& list) {
    const account::Address& address = list.address;
    std::string text = list_id_field(list);
    const auto out = std::back_inserter(text);
    // RFC 2369 3.4
    fmt::format_to(
        out,
        "List-Post: {}\r\n",
        list.posting == account::Posting::kOwners ? "NO" : mailto(address, ListName::kItself));
    fmt::format_to(out, "List-Owner: {}\r\n", mailto(address, ListName::kOwner));
    fmt::format_to(out, "List-Help: {}\r\n", mailto(address, ListName::kRequest, "help"));
    fmt::format_to(out, "List-Subscribe: {}\r\n", mailto(address, ListName::kRequest, "subscribe"));
    const std::string by_mail = mailto(address, ListName::kRequest, "unsubscribe");
    if (list.unsubscribe_url.empty()) {
        fmt::format_to(out, "List-Unsubscribe: {}\r\n", by_mail);
    } else {
        fmt::format_to(out, "List-Unsubscribe: <{}>,\r\n {}\r\n", list.unsubscribe_url, by_mail);
        text += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";  // RFC 8058 3.1
    }
    // No field of an RFC, and yet what keeps vacation programs quiet (RFC 3834 2 allows it).
    text += "Precedence: list\r\n";
    return text;
}

}  // namespace

std::string list_id(const account::Address& list) {
    return fmt::format("{}.{}", base::to_lower(list.local), list.domain);
}

bool has_been_through(std::string_view header, const account::Address& list) {
    const std::string id = fmt::format("<{}>", list_id(list));
    mime::FieldIterator fields(header);
    while (const auto field = fields.next()) {
        const std::string body = mime::unfold(field->body);
        if ((base::iequals(field->name, kListId) && base::iends_with(body, id)) ||
            (base::iequals(field->name, kDeliveredTo) && base::iequals(body, list.to_string()))) {
            return true;
        }
    }
    return false;
}

std::string make_list_header(std::string_view header, const account::MailingList& list) {
    std::string out = fmt::format("Return-Path: <{}>\r\n{}: {}\r\n",
                                  account::list_name(list.address, ListName::kBounces).to_string(),
                                  kDeliveredTo,
                                  list.address.to_string());
    mime::FieldIterator fields(header);
    auto field = fields.next();
    while (field) {
        auto next = fields.next();
        // With whatever stands between it and the next one.
        const std::size_t end = next ? next->offset : fields.position();
        if (!is_replaced(field->name)) {
            out += header.substr(field->offset, end - field->offset);
        }
        field = next;
    }
    // The iterator ends behind the empty line, where there is one.
    if (out.ends_with("\r\n\r\n")) {
        out.resize(out.size() - 2);
    } else if (!out.ends_with('\n')) {
        out += "\r\n";
    }
    out += list_fields(list) + "\r\n";
    return out.append(header.substr(fields.position()));
}

}  // namespace app
