#include "mail/search_text.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mail/search_fold.h"
#include "mime/address.h"
#include "mime/encoded_word.h"
#include "mime/raw_header.h"
#include "mime/text.h"

namespace mail {
namespace {

bool is_file(const mime::Part& part) {
    return part.disposition && part.disposition->type == "attachment";
}

// Plain US-ASCII needs no decoder: unfolding is part of folding white space. With an ESC in it it may be
// ISO-2022-JP as it stands, which old Japanese mail has in its fields.
bool is_plain(std::string_view body) {
    return base::is_ascii(body) && body.find("=?") == std::string_view::npos &&
           body.find_first_of(std::string_view("\0\x1b", 2)) == std::string_view::npos;
}

void append_value(std::string& out, std::string_view body) {
    if (!is_plain(body)) {
        append_folded(out, mime::decode_unstructured(body));
        return;
    }
    const std::size_t begin = body.find_first_not_of(" \t\r\n");
    const std::size_t end = body.find_last_not_of(" \t\r\n");
    if (begin != std::string_view::npos) {
        append_folded(out, body.substr(begin, end - begin + 1));
    }
}

bool is_address_field(std::string_view name) {
    constexpr std::array<std::string_view, 4> kNames = {"From", "To", "Cc", "Bcc"};
    return std::ranges::any_of(kNames,
                               [name](std::string_view one) { return base::iequals(one, name); });
}

// Whether an address may have white space or a comment around its "@".
bool is_spaced_out(std::string_view body) {
    constexpr std::string_view kSpace = " \t\r\n()";
    for (std::size_t at = body.find('@'); at != std::string_view::npos;
         at = body.find('@', at + 1)) {
        if ((at > 0 && kSpace.find(body[at - 1]) != std::string_view::npos) ||
            (at + 1 < body.size() && kSpace.find(body[at + 1]) != std::string_view::npos)) {
            return true;
        }
    }
    return false;
}

void append_piece(std::string& out, std::string_view utf8) {
    if (utf8.empty()) {
        return;
    }
    append_folded(out, utf8);
    out += kSearchPieceEnd;
}

}  // namespace

std::vector<TextRange> text_ranges(const mime::Structure& structure) {
    std::vector<TextRange> ranges;
    std::vector<bool> in_file(structure.parts.size());
    std::size_t left = kSearchBodyOctetsMax;
    const auto add = [&](std::uint32_t part, std::uint64_t begin, std::uint64_t end, bool header) {
        const std::uint64_t octets = std::min<std::uint64_t>(end - begin, left);
        if (octets > 0) {
            ranges.push_back({{begin, begin + octets}, part, header, in_file[part]});
            left -= octets;
        }
    };
    for (std::uint32_t i = 0; i < structure.parts.size(); ++i) {
        const mime::Part& part = structure.parts[i];
        const bool is_root = part.parent == mime::kNoPart;
        // The root is the message itself (RFC 9051 6.4.4), whatever it says of how to show it.
        in_file[i] = !is_root && (in_file[part.parent] || is_file(part));
        if (part.is_message && !is_root) {
            add(i, part.header_begin, part.body_begin, true);
        }
        // A multipart in which no part was found is shown as text (BODYSTRUCTURE).
        if ((part.type.type == "text" || part.is_multipart()) && part.children.empty()) {
            add(i, part.body_begin, part.body_end, false);
        }
    }
    return ranges;
}

void append_text(std::string& out,
                 const mime::Structure& structure,
                 const TextRange& range,
                 std::string_view octets) {
    if (range.is_header) {
        append_header_text(
            out, mime::header_as_utf8(octets, mime::declared_charset(structure, range.part)));
        return;
    }
    mime::Part part = structure.parts[range.part];
    part.header_begin = 0;
    part.body_begin = 0;
    part.body_end = octets.size();
    append_piece(out, mime::readable_text(octets, part));
}

void append_part_names(std::string& out, const mime::Structure& structure) {
    for (std::uint32_t i = 0; i < structure.parts.size(); ++i) {
        const mime::Part& part = structure.parts[i];
        if (part.parent == mime::kNoPart) {
            continue;
        }
        append_piece(out, mime::file_name_of(part));
        if (!part.description.empty()) {
            append_piece(out, mime::description_of(structure, i));
        }
    }
}

std::string folded_value(const mime::Field& field) {
    std::string value;
    append_value(value, field.body);
    if (is_address_field(field.name) && is_spaced_out(field.body)) {
        for (const mime::Mailbox& mailbox : mime::mailboxes(mime::parse_address_list(field.body))) {
            value += kSearchPieceEnd;
            append_folded(value, mailbox.address());
        }
    }
    return value;
}

void append_header_text(std::string& out, std::string_view header) {
    mime::FieldIterator fields(header);
    while (const auto field = fields.next()) {
        append_folded(out, field->name);
        out += ": ";
        append_value(out, field->body);
        out += kSearchPieceEnd;
    }
}

std::string body_search_text(std::string_view message,
                             const mime::Structure& structure,
                             bool in_attachments) {
    std::string out;
    append_part_names(out, structure);
    for (const TextRange& range : text_ranges(structure)) {
        if (in_attachments || !range.is_attachment) {
            append_text(
                out, structure, range, mime::slice(message, range.octets.begin, range.octets.end));
        }
    }
    return out;
}

}  // namespace mail
