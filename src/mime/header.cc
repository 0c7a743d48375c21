#include "mime/header.h"

#include <algorithm>

#include "base/ascii.h"

namespace mime {
namespace {

// field-name = 1*ftext ; %d33-57 / %d59-126      RFC 5322 3.6.8; octets above 127 are tolerated.
bool is_field_name(std::string_view name) {
    return !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
        return c == ' ' || base::is_control(c);
    });
}

}  // namespace

std::string unfold(std::string_view body) {
    std::string line;
    line.reserve(body.size());
    for (const char c : body) {
        if (c != '\r' && c != '\n') {
            line += c;
        }
    }
    const std::string_view trimmed = base::trim(line);
    if (trimmed.size() == line.size()) {
        return line;
    }
    return std::string(trimmed);
}

std::size_t FieldIterator::line_end(std::size_t begin, std::size_t& length) {
    const std::size_t lf = block_.find('\n', begin);
    if (lf == std::string_view::npos) {
        length = block_.size() - begin;
        return block_.size();
    }
    length = lf - begin;
    if (length > 0 && block_[lf - 1] == '\r') {
        --length;
    } else {
        defects_ |= kHeaderBareLf;
    }
    return lf + 1;
}

std::optional<Field> FieldIterator::next() {
    while (!done_ && at_ < block_.size()) {
        const std::size_t begin = at_;
        std::size_t length = 0;
        at_ = line_end(begin, length);
        if (length == 0) {
            break;
        }
        std::size_t body_end = begin + length;
        while (at_ < block_.size() && base::is_space(block_[at_])) {
            const std::size_t fold = at_;
            at_ = line_end(fold, length);
            body_end = fold + length;
        }
        const std::string_view raw = block_.substr(begin, body_end - begin);
        if (base::is_space(raw.front())) {
            defects_ |= kHeaderOrphanFold;
            continue;
        }
        const std::size_t colon = raw.find(':');
        if (colon == std::string_view::npos) {
            defects_ |= kHeaderNoColon;
            continue;
        }
        const std::string_view name = base::trim(raw.substr(0, colon));
        if (!is_field_name(name)) {
            defects_ |= kHeaderBadName;
            continue;
        }
        defects_ |= name.size() != colon ? kHeaderSpaceInName : 0U;
        defects_ |= raw.find('\0') != std::string_view::npos ? kHeaderNul : 0U;
        return Field{name, raw.substr(colon + 1), static_cast<std::uint32_t>(begin)};
    }
    done_ = true;
    return std::nullopt;
}

std::optional<Field> find_field(std::string_view block, std::string_view name) {
    FieldIterator fields(block);
    while (auto field = fields.next()) {
        if (base::iequals(field->name, name)) {
            return field;
        }
    }
    return std::nullopt;
}

}  // namespace mime
