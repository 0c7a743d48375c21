#include "mime/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mime/address.h"
#include "mime/charset.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/json_writer.h"
#include "mime/raw_header.h"
#include "mime/section.h"
#include "mime/text.h"
#include "mime/transfer.h"

namespace mime {
namespace {

constexpr std::array<std::string_view, 8> kShownFields = {
    "Date", "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Message-ID"};
constexpr std::size_t kIndentMax = 40;

// Text that a terminal may print.
std::string printable(std::string_view text) {
    std::string out = scrub_utf8(text);
    std::replace_if(out.begin(), out.end(), base::is_control, '?');
    return out;
}

bool is_address_field(std::string_view name) {
    return name == "From" || name == "Sender" || name == "Reply-To" || name == "To" || name == "Cc";
}

std::string decoded_field(std::string_view name, std::string_view body) {
    return is_address_field(name)
               ? format_address_list(parse_address_list(body).addresses, HeaderForm::kUtf8)
               : decode_unstructured(body);
}

void describe_fields(std::string_view envelope, std::string_view indent, std::string& out) {
    for (const std::string_view name : kShownFields) {
        const auto field = find_field(envelope, name);
        if (!field) {
            continue;
        }
        const std::string label = std::string(name) + ":";
        out += fmt::format(
            "{}{:<11} {}\n", indent, label, printable(decoded_field(name, field->body)));
        if (field->body.find("=?") != std::string_view::npos) {
            out +=
                fmt::format("{}{:<11} {}\n", indent, "  written", printable(unfold(field->body)));
        }
    }
}

std::string counted(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string shown_encoding(const Part& part) {
    return part.encoding_name.empty() ? "7bit" : part.encoding_name;
}

std::string describe_part(const Structure& structure, std::uint32_t index) {
    const Part& part = structure.parts[index];
    std::string line = part.type.type + "/" + part.type.subtype;
    for (const Parameter& parameter : part.type.parameters.list) {
        if (parameter.name != "boundary") {
            line += fmt::format("; {}={}", parameter.name, parameter.value);
        }
    }
    line += fmt::format(" ({}, {}, {})",
                        shown_encoding(part),
                        counted(part.body_octets_count(), "octet"),
                        counted(part.lines, "line"));
    if (part.disposition) {
        line += fmt::format(" {}", part.disposition->type);
    }
    if (const std::string_view name = file_name_of(part); !name.empty()) {
        line += fmt::format(" \"{}\"", name);
    }
    if (!part.description.empty()) {
        line += fmt::format(" - {}", description_of(structure, index));
    }
    return printable(line);
}

// What others belong to: the picture's page, and not the first part where start names another.
bool is_related_root(const Structure& structure, std::uint32_t index) {
    const std::uint32_t parent = structure.parts[index].parent;
    return parent != kNoPart && structure.parts[parent].type.is("multipart", "related") &&
           related_root(structure, structure.parts[parent]) == index;
}

void write_parameters(JsonWriter& json, const Parameters& parameters) {
    json.key("parameters");
    json.open_object(true);
    for (const Parameter& parameter : parameters.list) {
        json.member(parameter.name, parameter.value);
    }
    json.close();
}

void write_range(JsonWriter& json, std::string_view name, std::uint64_t begin, std::uint64_t end) {
    json.key(name);
    json.open_array(true);
    json.number(begin);
    json.number(end);
    json.close();
}

void write_text(JsonWriter& json, std::string_view name, std::string_view text) {
    if (!text.empty()) {
        json.member(name, text);
    }
}

void write_flags(JsonWriter& json, std::string_view name, const OctetFlags& flags) {
    if (flags == OctetFlags{}) {
        return;
    }
    json.key(name);
    json.open_array(true);
    const std::array<std::pair<bool, std::string_view>, 4> names = {
        {{flags.has_8bit, "8bit"},
         {flags.has_nul, "nul"},
         {flags.has_bare_lf, "bare-lf"},
         {flags.has_bare_cr, "bare-cr"}}};
    for (const auto& [is_set, flag] : names) {
        if (is_set) {
            json.string(flag);
        }
    }
    json.close();
}

void write_part(JsonWriter& json, const Structure& structure, std::uint32_t index) {
    const Part& part = structure.parts[index];
    json.open_object();
    json.member("part", format_part_path(part_path(structure, index)));
    json.member("type", part.type.type + "/" + part.type.subtype);
    if (!part.type.parameters.list.empty()) {
        write_parameters(json, part.type.parameters);
    }
    write_text(json, "encoding", part.encoding_name);
    if (part.disposition) {
        json.key("disposition");
        json.open_object();
        json.member("type", part.disposition->type);
        write_parameters(json, part.disposition->parameters);
        json.close();
    }
    write_text(json, "id", part.id);
    write_text(json, "description", description_of(structure, index));
    write_text(json, "location", part.location);
    write_text(json, "md5", part.md5);
    if (!part.languages.empty()) {
        json.key("languages");
        json.open_array(true);
        for (const std::string& language : part.languages) {
            json.string(language);
        }
        json.close();
    }
    write_range(json, "header", part.header_begin, part.body_begin);
    write_range(json, "body", part.body_begin, part.body_end);
    json.member("lines", part.lines);
    write_flags(json, "header_octets", part.header_octets);
    write_flags(json, "body_octets", part.body_octets);
    if (part.is_message) {
        json.key("message");
        json.open_object();
        const std::string envelope = envelope_as_utf8(structure, index);
        for (const std::string_view name : kShownFields) {
            if (const auto field = find_field(envelope, name)) {
                json.member(base::to_lower(name), decoded_field(name, field->body));
            }
        }
        json.close();
    }
    json.close();
}

}  // namespace

std::string describe_tree(std::string_view message, const Structure& structure) {
    std::string out;
    std::vector<std::size_t> depths(structure.parts.size(), 0);
    for (std::uint32_t index = 0; index < structure.parts.size(); ++index) {
        const Part& part = structure.parts[index];
        depths[index] = part.parent == kNoPart ? 0 : depths[part.parent] + 1;
        const std::string indent(std::min(depths[index] * 2, kIndentMax), ' ');
        if (part.is_message) {
            describe_fields(envelope_as_utf8(structure, index), indent, out);
        }
        const std::string number = format_part_path(part_path(structure, index));
        const bool is_numbered = !part.is_message && !number.empty();
        out += fmt::format("{}{}{}{}\n",
                           indent,
                           is_numbered ? number + "  " : "",
                           describe_part(structure, index),
                           is_related_root(structure, index) ? " [root]" : "");
    }
    out += fmt::format(
        "{}, {} in all\n", counted(message.size(), "octet"), counted(structure.lines, "line"));
    for (const Defect& defect : structure.defects) {
        out += fmt::format("defect: {} at octet {}\n", defect_name(defect.kind), defect.offset);
    }
    return out;
}

std::string describe_json(std::string_view message, const Structure& structure) {
    JsonWriter json;
    json.open_object();
    json.member("octets", message.size());
    json.member("lines", structure.lines);
    json.key("parts");
    json.open_array();
    for (std::uint32_t index = 0; index < structure.parts.size(); ++index) {
        write_part(json, structure, index);
    }
    json.close();
    json.key("defects");
    json.open_array();
    for (const Defect& defect : structure.defects) {
        json.open_object(true);
        json.member("name", defect_name(defect.kind));
        json.member("offset", defect.offset);
        json.close();
    }
    json.close();
    json.close();
    return json.take();
}

std::string describe_base64_groups(std::string_view octets, std::size_t groups_max) {
    std::string out;
    for (std::size_t group = 0; !octets.empty(); ++group) {
        if (group == groups_max) {
            return out + "...\n";
        }
        const std::string_view three = octets.substr(0, 3);
        octets.remove_prefix(three.size());
        std::string bits;
        for (const char c : three) {
            const unsigned octet = static_cast<unsigned char>(c);
            out += fmt::format("{:08b} ", octet);
            bits += fmt::format("{:08b}", octet);
        }
        bits.append(bits.size() % 6 == 0 ? 0 : 6 - bits.size() % 6, '0');
        out += "->";
        for (std::size_t at = 0; at < bits.size(); at += 6) {
            out.append(" ").append(bits, at, 6);
        }
        std::string characters = encode(Encoding::kBase64, three);
        std::erase_if(characters, [](char c) { return c == '\r' || c == '\n'; });
        out.append(" -> ").append(characters).append("\n");
    }
    return out;
}

}  // namespace mime
