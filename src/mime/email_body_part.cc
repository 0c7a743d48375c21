#include "mime/email_body_part.h"

#include <algorithm>

#include "mime/msgid.h"
#include "mime/octet_stream.h"
#include "mime/section.h"
#include "mime/text.h"

namespace mime {
namespace {

std::optional<std::string> unless_empty(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::uint64_t decoded_octets(std::string_view body, Encoding encoding) {
    std::uint64_t octets = 0;
    TransferDecoder decoder(encoding);
    std::string out;
    while (!body.empty()) {
        const std::string_view step = body.substr(0, kStreamStepOctets);
        decoder.feed(step, out);
        octets += out.size();
        out.clear();
        body.remove_prefix(step.size());
    }
    decoder.finish(out);
    return octets + out.size();
}

// What stands in the field, or RFC 2045 5.2's default where there is no field.
std::optional<std::string> charset_of(const Part& part) {
    if (part.type.type != "text") {
        return std::nullopt;
    }
    return part.has_type ? unless_empty(part.type.parameters.get("charset"))
                         : std::optional<std::string>("us-ascii");
}

}  // namespace

EmailBodyPart email_body_part(std::string_view message,
                              const Structure& structure,
                              std::uint32_t index) {
    const Part& part = structure.parts[index];
    EmailBodyPart shown;
    const bool holds_parts = part.is_multipart() && !part.children.empty();
    if (holds_parts) {
        shown.sub_parts = part.children;
        shown.size = part.body_octets_count();
    } else {
        const std::string path = format_part_path(part_path(structure, index));
        shown.part_id = path.empty() ? "1" : path;
        const bool is_encoded = part.children.empty() && !part.is_multipart();
        shown.size =
            decoded_octets(body_of(message, part), is_encoded ? part.encoding : Encoding::kBinary);
    }
    shown.name = unless_empty(file_name_of(part));
    shown.type = part.type.type + "/" + part.type.subtype;
    shown.charset = charset_of(part);
    if (part.disposition) {
        shown.disposition = unless_empty(part.disposition->type);
    }
    shown.cid = unless_empty(without_brackets(part.id));
    if (!part.languages.empty()) {
        shown.language = part.languages;
    }
    shown.location = unless_empty(part.location);
    return shown;
}

}  // namespace mime
