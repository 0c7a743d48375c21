#include "mime/envelope.h"

#include <algorithm>
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

std::string text_of(std::string_view body, bool is_subject, EncodedWords words) {
    return is_subject && words == EncodedWords::kDecode ? decode_unstructured(body) : unfold(body);
}

void read_field(const Field& field, EncodedWords words, Envelope& envelope) {
    for (const auto& [name, member] : kAddressFields) {
        if (base::iequals(field.name, name)) {
            auto read = parse_address_list(field.body, kAddressesMax, words).addresses;
            auto& list = envelope.*member;
            list.insert(list.end(),
                        std::make_move_iterator(read.begin()),
                        std::make_move_iterator(read.end()));
            return;
        }
    }
    for (const auto& [name, member] : kTextFields) {
        if (base::iequals(field.name, name) && (envelope.*member).empty()) {
            envelope.*member = text_of(field.body, member == &Envelope::subject, words);
            return;
        }
    }
}

Envelope read_envelope(std::string_view header, EncodedWords words) {
    Envelope envelope;
    FieldIterator fields(header);
    while (const auto field = fields.next()) {
        read_field(*field, words, envelope);
    }
    if (envelope.sender.empty()) {
        envelope.sender = envelope.from;
    }
    if (envelope.reply_to.empty()) {
        envelope.reply_to = envelope.from;
    }
    return envelope;
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

// Text for one string of the envelope: decoded for kUtf8, with its encoded words for kAscii.
std::string for_header(std::string_view text, HeaderForm form) {
    if (form == HeaderForm::kUtf8) {
        return scrub_utf8(text);
    }
    return is_printable(text) ? std::string(text) : encode_unstructured(decode_unstructured(text));
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
    return read_envelope(header, EncodedWords::kDecode);
}

std::string format_envelope(std::string_view header, HeaderForm form) {
    const Envelope envelope = read_envelope(
        header, form == HeaderForm::kUtf8 ? EncodedWords::kDecode : EncodedWords::kKeep);
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
