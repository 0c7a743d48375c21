#include "mime/section.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace mime {
namespace {

// A place on the way down a path. `is_body` means part 1 of a message that is no multipart: the same
// entity, seen as what the message holds.
struct Place {
    std::uint32_t part = 0;
    bool is_body = false;
};

std::optional<Place> child_of_message(const Structure& structure,
                                      std::uint32_t message,
                                      std::uint32_t number) {
    const Part& part = structure.parts[message];
    if (part.is_multipart() && !part.children.empty()) {
        return number <= part.children.size()
                   ? std::optional(Place{part.children[number - 1], false})
                   : std::nullopt;
    }
    return number == 1 ? std::optional(Place{message, true}) : std::nullopt;
}

std::optional<Place> step(const Structure& structure, Place place, std::uint32_t number) {
    const Part& part = structure.parts[place.part];
    if (part.is_message && !place.is_body) {
        return child_of_message(structure, place.part, number);
    }
    if (part.holds_message()) {
        return child_of_message(structure, part.children.front(), number);
    }
    if (number > part.children.size()) {
        return std::nullopt;
    }
    return Place{part.children[number - 1], false};
}

std::optional<Place> walk(const Structure& structure, const PartPath& path) {
    std::optional<Place> place = Place{};
    for (const std::uint32_t number : path) {
        place = number == 0 ? std::nullopt : step(structure, *place, number);
        if (!place) {
            break;
        }
    }
    return place;
}

}  // namespace

//  section-spec = section-msgtext / (section-part ["." section-text])
//  section-part = nz-number *("." nz-number)          RFC 9051 9
base::Result<Section> parse_section(std::string_view text) {
    Section section;
    while (!text.empty()) {
        const bool is_last = text.find('.') == std::string_view::npos;
        const std::string_view word = base::split_front(text, '.');
        if (const auto number = base::parse_number<std::uint32_t>(word)) {
            if (*number == 0 || (!is_last && text.empty())) {
                return base::fail(base::Errc::kSyntax, "part numbers begin with 1");
            }
            if (section.path.size() == kPartPathMax) {
                return base::fail(base::Errc::kTooLong, "part number too deep");
            }
            section.path.push_back(*number);
            continue;
        }
        const bool is_mime = base::iequals(word, "MIME") && !section.path.empty();
        if (!is_last ||
            !(is_mime || base::iequals(word, "HEADER") || base::iequals(word, "TEXT"))) {
            return base::fail(base::Errc::kSyntax, "no section of a message");
        }
        section.text = is_mime                       ? SectionText::kMime
                       : base::iequals(word, "TEXT") ? SectionText::kText
                                                     : SectionText::kHeader;
    }
    return section;
}

std::optional<std::uint32_t> find_part(const Structure& structure, const PartPath& path) {
    const std::optional<Place> place = walk(structure, path);
    return place ? std::optional(place->part) : std::nullopt;
}

std::optional<OctetRange> find_section(const Structure& structure, const Section& section) {
    const std::optional<Place> place = walk(structure, section.path);
    if (!place) {
        return std::nullopt;
    }
    const Part* part = &structure.parts[place->part];
    switch (section.text) {
        case SectionText::kAll:
            return OctetRange{section.path.empty() ? part->header_begin : part->body_begin,
                              part->body_end};
        case SectionText::kMime:
            return OctetRange{part->header_begin, part->body_begin};
        case SectionText::kHeader:
        case SectionText::kText:
            break;
    }
    if (!section.path.empty()) {
        if (!part->holds_message()) {
            return std::nullopt;
        }
        part = &structure.parts[part->children.front()];
    }
    return section.text == SectionText::kHeader ? OctetRange{part->header_begin, part->body_begin}
                                                : OctetRange{part->body_begin, part->body_end};
}

PartPath part_path(const Structure& structure, std::uint32_t part) {
    PartPath path;
    bool is_body = false;  // `part` is looked at as the one body of its message
    if (structure.parts[part].is_message && structure.parts[part].parent != kNoPart) {
        part = structure.parts[part].parent;
        is_body = true;
    }
    for (const Part* self = &structure.parts[part];; self = &structure.parts[part]) {
        if (self->is_message && is_body && !self->is_multipart()) {
            path.push_back(1);
        }
        if (self->parent == kNoPart) {
            break;
        }
        if (!self->is_message) {
            // Parts are listed in order of appearance, so brothers are sorted.
            const std::vector<std::uint32_t>& brothers = structure.parts[self->parent].children;
            const auto found = std::lower_bound(brothers.begin(), brothers.end(), part);
            path.push_back(static_cast<std::uint32_t>(found - brothers.begin()) + 1);
        }
        part = self->parent;
        is_body = true;
    }
    std::reverse(path.begin(), path.end());
    return path;
}

std::string format_part_path(const PartPath& path) {
    std::string text;
    for (const std::uint32_t number : path) {
        text.append(text.empty() ? "" : ".").append(std::to_string(number));
    }
    return text;
}

FieldSelection::FieldSelection(std::string_view header,
                               const std::vector<std::string>& names,
                               bool others)
    : fields_(header),
      others_(others) {
    for (const std::string& name : names) {
        names_.insert(base::to_lower(name));
    }
}

bool FieldSelection::advance() {
    constexpr int kFields = 256;
    for (int i = 0; i < kFields; ++i) {
        const auto field = fields_.next();
        if (!field) {
            return false;
        }
        if (names_.contains(base::to_lower(field->name)) != others_) {
            const char* const begin = field->name.data();
            const char* const end = field->body.data() + field->body.size();
            selected_.append(begin, end).append("\r\n");
        }
    }
    return true;
}

std::string FieldSelection::take() {
    return std::move(selected_.append("\r\n"));
}

std::string select_fields(std::string_view header,
                          const std::vector<std::string>& names,
                          bool others) {
    FieldSelection selection(header, names, others);
    while (selection.advance()) {
    }
    return selection.take();
}

}  // namespace mime
