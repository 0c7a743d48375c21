#include "mail/summarizer.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "mail/kept_fields.h"
#include "mime/bodystructure.h"
#include "mime/date.h"
#include "mime/envelope.h"
#include "mime/header.h"
#include "mime/packed_structure.h"
#include "mime/preview.h"
#include "mime/raw_header.h"
#include "mime/text.h"

namespace mail {
namespace {

struct Header {
    std::string kept;
    bool has_all = true;
    std::uint64_t other_names = 0;
    std::optional<mime::Date> sent;
};

Header read_header(std::string_view block) {
    Header header;
    mime::FieldIterator fields(block);
    while (const auto field = fields.next()) {
        if (!is_kept_field(field->name)) {
            header.other_names |= filter_bit(field->name);
            continue;
        }
        const char* const begin = field->name.data();
        const std::string_view raw(
            begin, static_cast<std::size_t>(field->body.data() + field->body.size() - begin));
        if (header.kept.size() + raw.size() + 2 > kSummaryFieldsOctetsMax) {
            header.has_all = false;
            continue;
        }
        header.kept.append(raw).append("\r\n");
        if (!header.sent && field->name.size() == 4 && base::iequals(field->name, "Date")) {
            header.sent = mime::parse_date(field->body);
        }
    }
    return header;
}

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

// The preview of a message whose beginning is at hand; nothing when more of it is needed.
std::optional<std::string> preview_of(std::string_view held, const mime::Structure& structure) {
    constexpr std::size_t kFirstLook = 1024;  // most often enough, and decoding costs time
    if (mime::is_encrypted(structure)) {
        return std::string();
    }
    std::string preview;
    for (const std::size_t octets_max : {kFirstLook, kSummaryHeldOctetsMax}) {
        preview = mime::preview_of_text(mime::body_text(held, structure, octets_max));
        if (characters(preview) >= mime::kPreviewCharactersWanted) {
            return preview;
        }
    }
    const std::vector<std::uint32_t> parts = mime::read_parts(structure);
    const bool is_whole = std::all_of(parts.begin(), parts.end(), [&](std::uint32_t index) {
        return structure.parts[index].body_end <= held.size();
    });
    if (!is_whole) {
        return std::nullopt;
    }
    return preview.empty() ? mime::preview_without_text(structure) : std::move(preview);
}

// The root's envelope is made of kept fields: they are not kept twice.
std::string pack_without_envelope(mime::Structure structure) {
    structure.parts.front().envelope.clear();
    return mime::pack(structure);
}

// Empty for one that is too long to be kept.
std::string keepable(std::string answer) {
    return answer.size() <= kSummaryAnswerOctetsMax ? std::move(answer) : std::string();
}

}  // namespace

Summarizer::Summarizer() = default;

void Summarizer::feed(std::string_view octets) {
    if (!is_parsing_ && octets.size() > kSummaryHeldOctetsMax - held_.size()) {
        parser_.feed(held_);
        is_parsing_ = true;
    }
    if (is_parsing_) {
        parser_.feed(octets);
    }
    held_.append(octets.substr(0, kSummaryHeldOctetsMax - held_.size()));
}

Summary Summarizer::finish() {
    if (!is_parsing_) {
        parser_.feed(held_);
    }
    mime::Structure structure = parser_.finish();
    const std::uint64_t header_octets = structure.root().header_octets_count();
    Header header = read_header(std::string_view(held_).substr(0, header_octets));
    header.has_all = header.has_all && header_octets <= held_.size();
    if (!header.has_all) {
        header.other_names = ~std::uint64_t{0};
    }
    const std::optional<std::string> preview = preview_of(held_, structure);
    // These two are asked for again and again, and copying them takes a tenth of making them.
    const std::string envelope =
        header.has_all ? keepable(mime::format_envelope(
                             mime::header_as_utf8(header.kept, mime::declared_charset(structure)),
                             mime::HeaderForm::kAscii))
                       : std::string();
    const std::string body = keepable(
        mime::format_body(structure, mime::BodyForm::kBodyStructure, mime::HeaderForm::kAscii));
    const std::string packed = pack_without_envelope(std::move(structure));

    return Summary::pack({.fields = header.kept,
                          .has_all_fields = header.has_all,
                          .other_names = header.other_names,
                          .header_octets = header_octets,
                          .sent = header.sent,
                          .preview = preview,
                          .structure = packed,
                          .envelope = envelope,
                          .body_structure = body});
}

Summary summarize(std::string_view message) {
    Summarizer summarizer;
    summarizer.feed(message);
    return summarizer.finish();
}

}  // namespace mail
