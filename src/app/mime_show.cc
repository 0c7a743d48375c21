// `staffetta mime show`: a message's structure as people read it, and its parts.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "app/commands.h"
#include "app/exit_status.h"
#include "app/files.h"
#include "mime/charset.h"
#include "mime/describe.h"
#include "mime/parser.h"
#include "mime/section.h"
#include "mime/transfer.h"

namespace app {
namespace {

constexpr std::size_t kMessageOctetsMax = 1ULL << 30;

void print(std::string_view octets) {
    std::fwrite(octets.data(), 1, octets.size(), stdout);
}

std::string decode_transfer(const mime::Part& part, std::string_view body) {
    std::string octets;
    mime::TransferDecoder decoder(part.encoding);
    decoder.feed(body, octets);
    decoder.finish(octets);
    return octets;
}

// As a reader shows it: text in UTF-8, anything else as its octets.
std::string decode(const mime::Part& part, std::string_view body) {
    std::string octets = decode_transfer(part, body);
    if (part.type.type != "text") {
        return octets;
    }
    return mime::to_utf8(octets, part.type.parameters.get("charset"));
}

base::Result<> show_part(const MimeShowOptions& options,
                         std::string_view message,
                         const mime::Structure& structure) {
    TRY(const mime::Section section, mime::parse_section(options.part));
    const auto range = mime::find_section(structure, section);
    if (!range) {
        return base::fail(base::Errc::kNotFound,
                          fmt::format("{}: there is no part {}", options.file, options.part));
    }
    const std::string_view body = message.substr(range->begin, range->end - range->begin);
    const auto part = mime::find_part(structure, section.path);
    const bool is_body = part && section.text == mime::SectionText::kAll;
    if (options.groups) {
        print(mime::describe_base64_groups(is_body ? decode_transfer(structure.parts[*part], body)
                                                   : std::string(body)));
    } else if (options.decode && is_body) {
        print(decode(structure.parts[*part], body));
    } else {
        print(body);
    }
    return {};
}

base::Result<> show(const MimeShowOptions& options) {
    TRY(const std::string message, read_file(options.file, kMessageOctetsMax));
    if (options.groups && options.part.empty()) {
        print(mime::describe_base64_groups(message));
        return {};
    }
    mime::Parser parser;
    parser.feed(message);
    const mime::Structure structure = parser.finish();
    if (!options.part.empty()) {
        return show_part(options, message, structure);
    }
    print(options.json ? mime::describe_json(message, structure)
                       : mime::describe_tree(message, structure));
    return {};
}

}  // namespace

int mime_show_command(const MimeShowOptions& options) {
    const auto shown = show(options);
    return shown ? int{kExitOk} : report(shown.error());
}

}  // namespace app
