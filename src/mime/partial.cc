#include "mime/partial.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mime/header.h"
#include "mime/parser.h"

namespace mime {
namespace {

// RFC 2046 5.2.2.1 (1) and (2); "Encrypted" is RFC 822's.
bool describes_content(std::string_view name) {
    static constexpr std::array<std::string_view, 4> kNames = {
        "Subject", "Message-ID", "Encrypted", "MIME-Version"};
    return base::istarts_with(name, "Content-") ||
           std::any_of(kNames.begin(), kNames.end(), [name](std::string_view other) {
               return base::iequals(name, other);
           });
}

// Appends the fields that describe content, or the others, as they stand. Returns where the header ends.
std::size_t copy_fields(std::string_view header, bool describing, std::string& out) {
    FieldIterator fields(header);
    while (const auto field = fields.next()) {
        if (describes_content(field->name) == describing) {
            const char* const end = field->body.data() + field->body.size();
            out.append(field->name.data(), end).append("\r\n");
        }
    }
    return fields.position();
}

}  // namespace

std::optional<Fragment> fragment_of(const Structure& structure) {
    const Part& part = structure.root();
    const std::string_view id = part.type.parameters.get("id");
    const auto number =
        base::parse_number<std::uint32_t>(part.type.parameters.get("number"), kFragmentsMax);
    if (!part.type.is("message", "partial") || id.empty() || !number || *number == 0) {
        return std::nullopt;
    }
    const auto total =
        base::parse_number<std::uint32_t>(part.type.parameters.get("total"), kFragmentsMax);
    return Fragment{std::string(id), *number, total.value_or(0), {part.body_begin, part.body_end}};
}

base::Result<std::vector<std::size_t>> order_fragments(const std::vector<Fragment>& fragments) {
    std::uint32_t total = 0;
    for (const Fragment& fragment : fragments) {
        if (fragment.id != fragments.front().id) {
            return base::fail(base::Errc::kInvalid, "fragments of different messages");
        }
        total = std::max(total, fragment.total);
    }
    constexpr std::size_t kMissing = ~std::size_t{0};
    std::vector<std::size_t> places(total, kMissing);
    for (std::size_t i = fragments.size(); i-- > 0;) {
        const std::uint32_t number = fragments[i].number;
        if (number >= 1 && number <= total) {
            places[number - 1] = i;
        }
    }
    if (total == 0 || std::ranges::find(places, kMissing) != places.end()) {
        return base::fail(base::Errc::kNotFound, "not all fragments of the message are there");
    }
    return places;
}

JoinedHeader join_headers(std::string_view enclosing_header, std::string_view body) {
    JoinedHeader header;
    copy_fields(enclosing_header, false, header.text);
    header.inner_octets = copy_fields(body, true, header.text);
    header.text += "\r\n";
    return header;
}

base::Result<std::string> join_fragments(const std::vector<std::string_view>& messages) {
    std::vector<Structure> structures;
    std::vector<Fragment> fragments;
    for (const std::string_view message : messages) {
        structures.push_back(parse(message));
        const auto fragment = fragment_of(structures.back());
        if (!fragment) {
            return base::fail(base::Errc::kInvalid, "a message that is no fragment of one");
        }
        fragments.push_back(*fragment);
    }
    TRY(const std::vector<std::size_t> order, order_fragments(fragments));
    const std::size_t first = order.front();
    const std::string_view first_body = body_of(messages[first], structures[first].root());
    const JoinedHeader header =
        join_headers(header_of(messages[first], structures[first].root()), first_body);
    std::string whole = header.text;
    whole += first_body.substr(header.inner_octets);
    for (auto at = order.begin() + 1; at != order.end(); ++at) {
        whole += body_of(messages[*at], structures[*at].root());
    }
    return whole;
}

}  // namespace mime
