#include "mime/envelope.h"

#include <array>
#include <iterator>
#include <utility>

#include "base/ascii.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "mime/nstring.h"

namespace mime {
namespace {

using AddressField = std::vector<Address> Envelope::*;
using TextField = std::string Envelope::*;

constexpr std::array<std::pair<std::string_view, AddressField>, 6> kAddressFields = {{
    {"From", &Envelope::from},
    {"Sender", &Envelope::sender},
    {"Reply-To", &Envelope::reply_to},
    {"To", &Envelope::to},
    {"Cc", &Envelope::cc},
    {"Bcc", &Envelope::bcc},
}};
constexpr std::array<std::pair<std::string_view, TextField>, 4> kTextFields = {{
    {"Date", &Envelope::date},
    {"Subject", &Envelope::subject},
    {"In-Reply-To", &Envelope::in_reply_to},
    {"Message-ID", &Envelope::message_id},
}};

void read_field(const Field& field, Envelope& envelope) {
    for (const auto& [name, member] : kAddressFields) {
        if (base::iequals(field.name, name)) {
            auto read = parse_address_list(field.body).addresses;
            auto& list = envelope.*member;
            list.insert(list.end(),
                        std::make_move_iterator(read.begin()),
                        std::make_move_iterator(read.end()));
            return;
        }
    }
    for (const auto& [name, member] : kTextFields) {
        if (base::iequals(field.name, name) && (envelope.*member).empty()) {
            envelope.*member =
                member == &Envelope::subject ? decode_unstructured(field.body) : unfold(field.body);
            return;
        }
    }
}

// Text for one string of the envelope.
std::string for_header(std::string_view text, HeaderForm form) {
    return form == HeaderForm::kUtf8 ? scrub_utf8(text) : encode_unstructured(text);
}

//  address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
// A host of NIL means a group, so a mailbox without a domain has an empty one.
void append_mailbox(std::string& out, const Mailbox& mailbox, HeaderForm form) {
    out += '(';
    append_nstring(out, for_header(mailbox.name, form), form);
    out += ' ';
    append_nstring(out, mailbox.route, form);
    out += ' ';
    append_string(out, mailbox.local, form);
    out += ' ';
    append_string(out, mailbox.domain, form);
    out += ')';
}

void append_address(std::string& out, const Address& address, HeaderForm form) {
    if (const auto* mailbox = std::get_if<Mailbox>(&address)) {
        append_mailbox(out, *mailbox, form);
        return;
    }
    const Group& group = std::get<Group>(address);
    out += "(NIL NIL ";
    append_string(out, for_header(group.name, form), form);
    out += " NIL)";
    for (const Mailbox& member : group.members) {
        append_mailbox(out, member, form);
    }
    out += "(NIL NIL NIL NIL)";
}

void append_addresses(std::string& out, const std::vector<Address>& addresses, HeaderForm form) {
    if (addresses.empty()) {
        out += "NIL";
        return;
    }
    out += '(';
    for (const Address& address : addresses) {
        append_address(out, address, form);
    }
    out += ')';
}

}  // namespace

Envelope parse_envelope(std::string_view header) {
    Envelope envelope;
    FieldIterator fields(header);
    while (const auto field = fields.next()) {
        read_field(*field, envelope);
    }
    if (envelope.sender.empty()) {
        envelope.sender = envelope.from;
    }
    if (envelope.reply_to.empty()) {
        envelope.reply_to = envelope.from;
    }
    return envelope;
}

std::string format_envelope(const Envelope& envelope, HeaderForm form) {
    std::string out = "(";
    append_nstring(out, envelope.date, form);
    out += ' ';
    append_nstring(out, for_header(envelope.subject, form), form);
    for (const auto& [name, member] : kAddressFields) {
        out += ' ';
        append_addresses(out, envelope.*member, form);
    }
    out += ' ';
    append_nstring(out, envelope.in_reply_to, form);
    out += ' ';
    append_nstring(out, envelope.message_id, form);
    return out += ')';
}

}  // namespace mime
