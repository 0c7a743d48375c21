#include "mail/search_text.h"

#include <algorithm>

#include "base/ascii.h"
#include "mail/search_fold.h"
#include "mime/encoded_word.h"
#include "mime/text.h"

namespace mail {
namespace {

bool is_file(const mime::Part& part) {
    return part.disposition && part.disposition->type == "attachment";
}

// Plain US-ASCII needs no decoder: unfolding is part of folding white space.
bool is_plain(std::string_view body) {
    return base::is_ascii(body) && body.find("=?") == std::string_view::npos &&
           body.find('\0') == std::string_view::npos;
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
        in_file[i] = (!is_root && in_file[part.parent]) || is_file(part);
        if (part.is_message && !is_root) {
            add(i, part.header_begin, part.body_begin, true);
        }
        if (part.type.type == "text" && part.children.empty()) {
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
        append_header_text(out, octets);
        return;
    }
    mime::Part part = structure.parts[range.part];
    part.header_begin = 0;
    part.body_begin = 0;
    part.body_end = octets.size();
    append_piece(out, mime::readable_text(octets, part));
}

void append_part_names(std::string& out, const mime::Structure& structure) {
    for (const mime::Part& part : structure.parts) {
        if (part.parent == mime::kNoPart) {
            continue;
        }
        append_piece(out, mime::file_name_of(part));
        if (!part.description.empty()) {
            append_piece(out, mime::decode_unstructured(part.description));
        }
    }
}

std::string folded_value(const mime::Field& field) {
    std::string value;
    append_value(value, field.body);
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
