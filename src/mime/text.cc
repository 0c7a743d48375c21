#include "mime/text.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii.h"
#include "mime/charset.h"
#include "mime/encoded_word.h"
#include "mime/flowed.h"
#include "mime/header.h"
#include "mime/html_text.h"
#include "mime/msgid.h"
#include "mime/raw_header.h"

namespace mime {
namespace {

constexpr std::size_t kStepOctets = std::size_t{16} * 1024;
constexpr std::size_t kLeastStepOctets = 512;
constexpr std::size_t kMetaOctetsMax = 1024;  // how far a browser looks for <meta charset>

// The charset that HTML names in itself: <meta charset=...> or <meta http-equiv ... charset=...>.
std::string_view html_charset(std::string_view html) {
    constexpr std::string_view kMark = "charset=";
    const std::string lower = base::to_lower(html.substr(0, kMetaOctetsMax));
    const std::size_t meta = lower.find("<meta");
    const std::size_t mark = meta == std::string::npos ? meta : lower.find(kMark, meta);
    if (mark == std::string::npos) {
        return {};
    }
    std::string_view value = html.substr(mark + kMark.size(), 40);
    value.remove_prefix(std::min(value.find_first_not_of("\"' "), value.size()));
    return value.substr(0, value.find_first_of("\"'; />"));
}

void drop_carriage_returns(std::string& text) {
    const auto find = [&text](std::size_t from) {
        return std::min(text.find('\r', from), text.size());
    };
    std::size_t to = find(0);
    for (std::size_t at = to; at < text.size();) {
        if (at + 1 == text.size() || text[at + 1] != '\n') {
            text[to++] = '\n';
        }
        const std::size_t next = find(at + 1);
        std::memmove(text.data() + to, text.data() + at + 1, next - at - 1);
        to += next - at - 1;
        at = next;
    }
    text.resize(to);
}

// RFC 8621 4.1.4 isInlineMediaType
bool is_inline_media(const Part& part) {
    return part.type.type == "image" || part.type.type == "audio" || part.type.type == "video";
}

bool is_attachment(const Part& part) {
    return part.disposition && part.disposition->type != "inline";
}

// RFC 8621 4.1.4 parseStructure, with a stack of its own. Where its textBody or htmlBody becomes null,
// takes_text or takes_html becomes false. The first part of a multipart/related is its root here, wherever
// it stands: RFC 8621 means the part that the others belong to, and knows no start parameter.
class BodyFinder {
  public:
    explicit BodyFinder(const Structure& structure) : structure_(structure) {}

    BodyParts run() {
        if (!structure_.root().is_multipart() || structure_.root().children.empty()) {
            visit_leaf(0, true);
            return std::move(found_);
        }
        open(0, false, true, true);
        while (!frames_.empty()) {
            Frame& frame = frames_.back();
            const Part& part = structure_.parts[frame.part];
            if (frame.next == part.children.size()) {
                close();
                continue;
            }
            const std::uint32_t index = part.children[frame.next++];
            if (structure_.parts[index].is_multipart() &&
                !structure_.parts[index].children.empty()) {
                open(index, frame.in_alternative, frame.takes_text, frame.takes_html);
            } else {
                visit_leaf(index, index == frame.first);
            }
        }
        return std::move(found_);
    }

  private:
    struct Frame {
        std::uint32_t part = 0;
        std::uint32_t first = 0;  // of its parts, the one that counts as such
        std::size_t next = 0;
        bool in_alternative = false;
        bool takes_text = true;
        bool takes_html = true;
        std::size_t texts_before = 0;
        std::size_t htmls_before = 0;
    };

    void open(std::uint32_t index, bool in_alternative, bool takes_text, bool takes_html) {
        const Part& part = structure_.parts[index];
        const bool is_alternative = part.type.subtype == "alternative";
        frames_.push_back({index,
                           related_root(structure_, part),
                           0,
                           in_alternative || is_alternative,
                           takes_text,
                           takes_html,
                           found_.text.size(),
                           found_.html.size()});
    }

    // An alternative with a text of one kind only gives it to both.
    void close() {
        const Frame frame = frames_.back();
        frames_.pop_back();
        if (structure_.parts[frame.part].type.subtype != "alternative" || !frame.takes_text ||
            !frame.takes_html) {
            return;
        }
        const bool no_text = frame.texts_before == found_.text.size();
        const bool no_html = frame.htmls_before == found_.html.size();
        if (no_text && !no_html) {
            const std::vector<std::uint32_t> more(
                found_.html.begin() + static_cast<std::ptrdiff_t>(frame.htmls_before),
                found_.html.end());
            found_.text.insert(found_.text.end(), more.begin(), more.end());
        } else if (no_html && !no_text) {
            const std::vector<std::uint32_t> more(
                found_.text.begin() + static_cast<std::ptrdiff_t>(frame.texts_before),
                found_.text.end());
            found_.html.insert(found_.html.end(), more.begin(), more.end());
        }
    }

    void visit_leaf(std::uint32_t index, bool is_first) {
        const Part& part = structure_.parts[index];
        Frame outermost;
        Frame& frame = frames_.empty() ? outermost : frames_.back();
        const std::string_view kind =
            frames_.empty() ? "" : std::string_view(structure_.parts[frame.part].type.subtype);
        const bool is_plain = part.type.is("text", "plain");
        const bool is_html = part.type.is("text", "html");
        const bool is_shown =
            !is_attachment(part) && (is_plain || is_html || is_inline_media(part)) &&
            (is_first ||
             (kind != "related" && (is_inline_media(part) || file_name_of(part).empty())));
        if (!is_shown) {
            found_.attachments.push_back(index);
            return;
        }
        if (kind == "alternative") {
            (is_plain ? found_.text : is_html ? found_.html : found_.attachments).push_back(index);
            return;
        }
        if (frame.in_alternative) {
            frame.takes_html = frame.takes_html && !is_plain;
            frame.takes_text = frame.takes_text && !is_html;
        }
        if (frame.takes_text) {
            found_.text.push_back(index);
        }
        if (frame.takes_html) {
            found_.html.push_back(index);
        }
        if ((!frame.takes_text || !frame.takes_html) && is_inline_media(part)) {
            found_.attachments.push_back(index);
        }
    }

    const Structure& structure_;
    BodyParts found_;
    std::vector<Frame> frames_;
};

// Text by its type only: nobody reads an invitation or a card as it is written.
bool is_for_programs(const Part& part) {
    constexpr std::array<std::string_view, 6> kSubtypes = {
        "calendar", "directory", "rtf", "vcard", "x-vcalendar", "x-vcard"};
    return std::ranges::find(kSubtypes, part.type.subtype) != kSubtypes.end();
}

std::size_t room_left(const std::string& text, std::size_t octets_max) {
    return octets_max - std::min(octets_max, text.size());
}

}  // namespace

std::string decoded_content(std::string_view message, const Part& part, std::size_t octets_max) {
    std::string_view body = body_of(message, part);
    std::string content;
    TransferDecoder decoder(part.is_multipart() ? Encoding::k7bit : part.encoding);
    // No more than is asked for: of a long message most often only its beginning is.
    const std::size_t step_octets = octets_max == kAllOctets
                                        ? kAllOctets
                                        : std::clamp(octets_max, kLeastStepOctets, kStepOctets);
    while (!body.empty() && content.size() < octets_max) {
        const std::string_view step = body.substr(0, step_octets);
        decoder.feed(step, content);
        body.remove_prefix(step.size());
    }
    if (body.empty()) {
        decoder.finish(content);
    }
    content.resize(std::min(content.size(), octets_max));
    return content;
}

std::string decoded_text(std::string_view message, const Part& part, std::size_t octets_max) {
    const std::string content = decoded_content(message, part, octets_max);
    std::string_view charset = part.type.parameters.get("charset");
    if (charset.empty() && part.type.subtype == "html") {
        charset = html_charset(content);
    }
    std::string text = to_utf8(content, charset);
    drop_carriage_returns(text);
    return text;
}

std::string readable_text(std::string_view message, const Part& part, std::size_t octets_max) {
    std::string text = decoded_text(message, part, octets_max);
    if (part.type.is("text", "html")) {
        return html_to_text(text, {.octets_max = octets_max});
    }
    if (base::iequals(part.type.parameters.get("format"), "flowed")) {
        const bool delsp = base::iequals(part.type.parameters.get("delsp"), "yes");
        return to_plain_text(parse_flowed(text, delsp));
    }
    return text;
}

std::uint32_t related_root(const Structure& structure, const Part& related) {
    if (related.children.empty()) {
        return kNoPart;
    }
    const std::string_view start = without_brackets(related.type.parameters.get("start"));
    const auto root =
        std::find_if(related.children.begin(), related.children.end(), [&](std::uint32_t child) {
            return !start.empty() && without_brackets(structure.parts[child].id) == start;
        });
    return related.type.subtype == "related" && root != related.children.end()
               ? *root
               : related.children.front();
}

BodyParts body_parts(const Structure& structure) {
    return BodyFinder(structure).run();
}

std::vector<std::uint32_t> read_parts(const Structure& structure) {
    const Part& root = structure.root();
    const bool is_leaf = root.children.empty();
    if (is_leaf && (root.is_multipart() || (root.type.type == "text" && !is_for_programs(root)))) {
        return {0};
    }
    std::vector<std::uint32_t> parts = body_parts(structure).text;
    std::erase_if(parts,
                  [&](std::uint32_t index) { return structure.parts[index].type.type != "text"; });
    return parts;
}

std::string body_text(std::string_view message,
                      const Structure& structure,
                      std::size_t octets_max) {
    std::string text;
    for (const std::uint32_t index : read_parts(structure)) {
        if (text.size() >= octets_max) {
            break;
        }
        const Part& part = structure.parts[index];
        if (!text.empty() && !text.ends_with('\n')) {
            text += '\n';
        }
        text += readable_text(message, part, room_left(text, octets_max));
    }
    return text;
}

std::string_view file_name_of(const Part& part) {
    const std::string_view name =
        part.disposition ? part.disposition->parameters.get("filename") : std::string_view{};
    return name.empty() ? part.type.parameters.get("name") : name;
}

std::string search_text(std::string_view message,
                        const Structure& structure,
                        std::size_t octets_max) {
    std::string text;
    for (std::uint32_t i = 0; i < structure.parts.size() && text.size() < octets_max; ++i) {
        const Part& part = structure.parts[i];
        if (part.is_message && part.parent != kNoPart) {
            const std::string envelope = envelope_as_utf8(structure, i);
            if (const auto subject = find_field(envelope, "Subject")) {
                text.append(decode_unstructured(subject->body)).append("\n");
            }
        }
        if (const std::string_view name = file_name_of(part); !name.empty()) {
            text.append(name).append("\n");
        }
        if (part.type.type == "text" && part.children.empty()) {
            text.append(readable_text(message, part, room_left(text, octets_max))).append("\n");
        }
    }
    return text;
}

}  // namespace mime
