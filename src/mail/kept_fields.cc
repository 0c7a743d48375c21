#include "mail/kept_fields.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"

namespace mail {
namespace {

// What a listing needs of a header, and what the common clients ask for by name. In lower case, by length.
constexpr std::array kKeptFields = std::to_array<std::string_view>({
    "to",
    "cc",
    "bcc",
    "date",
    "from",
    "lines",
    "x-spam",
    "x-tuid",
    "list-id",
    "subject",
    "sender",
    "x-label",
    "keywords",
    "priority",
    "reply-to",
    "comments",
    "list-post",
    "list-help",
    "references",
    "importance",
    "message-id",
    "newsgroups",
    "precedence",
    "return-path",
    "in-reply-to",
    "resent-to",
    "resent-from",
    "resent-date",
    "sensitivity",
    "x-priority",
    "x-spam-flag",
    "content-type",
    "mime-version",
    "delivered-to",
    "mail-reply-to",
    "x-original-to",
    "x-spam-status",
    "auto-submitted",
    "list-subscribe",
    "mail-followup-to",
    "resent-message-id",
    "list-unsubscribe",
    "x-msmail-priority",
    "content-language",
    "x-offlineimap",
    "content-disposition",
    "content-description",
    "list-unsubscribe-post",
    "content-transfer-encoding",
    "disposition-notification-to",
    "x-uniform-type-identifier",
    "x-universally-unique-identifier",
    "user-agent",
    "x-mailer",
    "organization",
    "list-archive",
    "list-owner",
    "archived-at",
});

constexpr std::size_t kNameOctetsMax = 32;

// Indexes into kKeptFields by a name's length, so that most names are compared with two or three.
struct NamesByLength {
    std::array<std::array<std::uint8_t, 12>, kNameOctetsMax> indexes{};
    std::array<std::uint8_t, kNameOctetsMax> counts{};
};

constexpr NamesByLength names_by_length() {
    NamesByLength names;
    for (std::size_t i = 0; i < kKeptFields.size(); ++i) {
        const std::size_t length = kKeptFields[i].size();
        names.indexes[length][names.counts[length]++] = static_cast<std::uint8_t>(i);
    }
    return names;
}

constexpr NamesByLength kNames = names_by_length();

// Where the first of the kept fields ends, behind its line end: at a line that is no continuation.
std::size_t field_end(std::string_view fields) {
    std::size_t end = fields.find('\n');
    while (end != std::string_view::npos && end + 1 < fields.size() &&
           base::is_space(fields[end + 1])) {
        end = fields.find('\n', end + 1);
    }
    return end == std::string_view::npos ? fields.size() : end + 1;
}

}  // namespace

bool is_kept_field(std::string_view name) {
    if (name.size() >= kNameOctetsMax) {
        return false;
    }
    const auto& indexes = kNames.indexes[name.size()];
    const auto* const end = indexes.begin() + kNames.counts[name.size()];
    return std::any_of(indexes.begin(), end, [name](std::uint8_t index) {
        return base::iequals(name, kKeptFields[index]);
    });
}

// FNV-1a over it in lower case.
std::uint64_t filter_bit(std::string_view name) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : name) {
        hash = (hash ^ static_cast<unsigned char>(base::to_lower(c))) * 1099511628211ULL;
    }
    return std::uint64_t{1} << (hash >> 58U);
}

FieldChoice::FieldChoice(std::span<const std::string> names) {
    for (const std::string& name : names) {
        if (is_kept_field(name)) {
            const bool is_new = std::none_of(names_.begin(), names_.end(), [&](const auto& known) {
                return base::iequals(known, name);
            });
            if (is_new) {  // so that there are no more than fields that are kept
                names_.push_back(name);
            }
        } else {
            others_ |= filter_bit(name);
        }
    }
}

std::optional<std::string> FieldChoice::of(const Summary& summary) const {
    if (!summary.has_all_fields() || (summary.other_names_ & others_) != 0) {
        return std::nullopt;
    }
    std::string_view left = summary.fields();
    std::string chosen;
    chosen.reserve(left.size() + 2);
    while (!left.empty()) {
        const std::string_view field = left.substr(0, field_end(left));
        left.remove_prefix(field.size());
        if (has(field)) {
            chosen += field;
        }
    }
    chosen += "\r\n";
    return chosen;
}

// Kept fields need no mime::FieldIterator, which looks for what may be wrong with a field as well: that is
// half of what an answer cost.
bool FieldChoice::has(std::string_view field) const {
    return std::any_of(names_.begin(), names_.end(), [field](std::string_view name) {
        if (!base::istarts_with(field, name)) {
            return false;
        }
        const std::size_t colon = field.find_first_not_of(" \t", name.size());
        return colon != std::string_view::npos && field[colon] == ':';
    });
}

}  // namespace mail
