// `staffetta mime show`: a message's structure as people read it, and its parts.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "app/commands.h"
#include "app/exit_status.h"
#include "app/mapped_file.h"
#include "mime/charset.h"
#include "mime/describe.h"
#include "mime/parser.h"
#include "mime/section.h"
#include "mime/text.h"
#include "mime/transfer.h"

namespace app {
namespace {

constexpr std::size_t kGroupsOctetsMax = 64;  // more than are shown
constexpr std::size_t kStepOctets = 64UL * 1024;

void print(std::string_view octets) {
    std::fwrite(octets.data(), 1, octets.size(), stdout);
}

// As a reader shows it: text in UTF-8, anything else as its octets. Piece by piece: a part may be larger
// than memory.
void print_decoded(const mime::Part& part, std::string_view body) {
    mime::TransferDecoder decoder(part.encoding);
    mime::CharsetDecoder charset(part.type.parameters.get("charset"));
    const bool is_text = part.type.type == "text";
    std::string octets;
    std::string text;
    const auto print_piece = [&] {
        if (is_text) {
            charset.feed(octets, text);
        }
        print(is_text ? text : octets);
        octets.clear();
        text.clear();
    };
    while (!body.empty()) {
        const std::string_view step = body.substr(0, kStepOctets);
        decoder.feed(step, octets);
        print_piece();
        body.remove_prefix(step.size());
    }
    decoder.finish(octets);
    print_piece();
    charset.finish(text);
    print(text);
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
        print(mime::describe_base64_groups(
            is_body ? mime::decoded_content(message, structure.parts[*part], kGroupsOctetsMax)
                    : std::string(body.substr(0, kGroupsOctetsMax))));
    } else if (options.decode && is_body) {
        print_decoded(structure.parts[*part], body);
    } else {
        print(body);
    }
    return {};
}

base::Result<> show(const MimeShowOptions& options) {
    TRY(const MappedFile file, MappedFile::open(options.file));
    const std::string_view message = file.octets();
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
