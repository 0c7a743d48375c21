// One part for a reader without internationalized mail: its header, its type (RFC 6532 3.7, RFC 6533) and the
// fields within a report.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mime/downgrade.h"
#include "mime/header.h"
#include "mime/header_writer.h"
#include "mime/raw_header.h"

namespace mime {
namespace {

// Far more than kDsnRecipientsMax need. A longer report stays as it came.
constexpr std::uint64_t kReportOctetsMax = std::uint64_t{4} << 20U;

struct GlobalType {
    std::string_view subtype;  // of "message"
    std::string_view type;     // what it is in US-ASCII
    std::string_view ascii_subtype;
    bool is_fields;  // its content is fields and nothing else
};

// RFC 6533 6 discourages the conversion, since the addresses that were are not there any more. Here they must
// be US-ASCII for the reader in any case, and then only the old types tell the truth and are widely known.
constexpr std::array<GlobalType, 4> kGlobalTypes = {{
    {"global", "message", "rfc822", false},
    {"global-headers", "text", "rfc822-headers", true},
    {"global-delivery-status", "message", "delivery-status", true},
    {"global-disposition-notification", "message", "disposition-notification", true},
}};

// Encoded, it bears US-ASCII already, and has no octets here to change.
bool is_plainly_there(const Part& part) {
    return part.encoding == Encoding::k7bit || part.encoding == Encoding::k8bit ||
           part.encoding == Encoding::kBinary;
}

const GlobalType* find_global_type(const Part& part) {
    const auto* const found =
        std::find_if(kGlobalTypes.begin(), kGlobalTypes.end(), [&part](const GlobalType& global) {
            return part.type.is("message", global.subtype);
        });
    return found == kGlobalTypes.end() ? nullptr : found;
}

// Fields that are to become US-ASCII are the part's content.
bool holds_fields(const Part& part) {
    const bool is_report =
        std::any_of(kGlobalTypes.begin(), kGlobalTypes.end(), [&part](const GlobalType& global) {
            return global.is_fields && (part.type.is("message", global.subtype) ||
                                        part.type.is(global.type, global.ascii_subtype));
        });
    return is_report && part.children.empty() && part.body_octets.has_8bit &&
           is_plainly_there(part) && part.body_octets_count() <= kReportOctetsMax;
}

// The type that the part has afterwards; null when it keeps its own.
const GlobalType* retyped(const Part& part) {
    const GlobalType* const global = find_global_type(part);
    if (global == nullptr || !is_plainly_there(part)) {
        return nullptr;
    }
    const bool is_done =
        global->is_fields ? holds_fields(part) || !part.body_octets.has_8bit : part.holds_message();
    return is_done ? global : nullptr;
}

std::string with_type(std::string_view header, const Part& part, const GlobalType& global) {
    std::string out;
    FieldIterator fields(header);
    while (const auto field = fields.next()) {
        if (base::iequals(field->name, "Content-Type")) {
            HeaderWriter writer;
            writer.with_parameters(
                field->name,
                std::string(global.type) + "/" + std::string(global.ascii_subtype),
                part.type.parameters);
            out += writer.text();
        } else {
            out.append(field->name.data(), field->body.data() + field->body.size()).append("\r\n");
        }
    }
    return out.append("\r\n");
}

// Groups of fields with empty lines between them, as RFC 3464 2.1 has them; the lines stay.
std::string downgrade_groups(std::string_view content, ToALabels to_a_labels) {
    std::string out;
    while (!content.empty()) {
        const std::size_t lines = std::min(content.find_first_not_of("\r\n"), content.size());
        out += content.substr(0, lines);
        content.remove_prefix(lines);
        FieldIterator fields(content);
        while (fields.next()) {
        }
        const std::string_view group = content.substr(0, fields.position());
        content.remove_prefix(group.size());
        if (base::is_ascii(group)) {
            out += group;
            continue;
        }
        // RFC 6858 would leave out whom the report is about.
        std::string ascii = downgrade_header(group, HeaderDowngrade::kRfc6857, to_a_labels);
        const bool has_empty_line = group.ends_with("\n\r\n") || group.ends_with("\n\n");
        ascii.resize(ascii.size() - (has_empty_line ? 0 : 2));
        out += ascii;
    }
    return out;
}

}  // namespace

std::optional<OctetRange> downgraded_range(const Part& part) {
    if (holds_fields(part)) {
        return OctetRange{part.header_begin, part.body_end};
    }
    if (part.header_octets.has_8bit || retyped(part) != nullptr) {
        return OctetRange{part.header_begin, part.body_begin};
    }
    return std::nullopt;
}

std::string downgrade_range(const Part& part,
                            std::string_view octets,
                            HeaderDowngrade style,
                            ToALabels to_a_labels,
                            std::string_view charset) {
    const std::size_t header_octets = part.header_octets_count();
    const std::string header = header_as_utf8(octets.substr(0, header_octets), charset);
    const std::string content =
        header_as_utf8(octets.substr(std::min(header_octets, octets.size())), charset);
    const GlobalType* const global = retyped(part);
    const std::string typed = global != nullptr ? with_type(header, part, *global) : header;
    return downgrade_header(typed, style, to_a_labels) + downgrade_groups(content, to_a_labels);
}

}  // namespace mime
