#include "mail/thread_keys.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/ascii.h"
#include "mime/header.h"
#include "mime/msgid.h"

namespace mail {
namespace {

constexpr std::size_t kReferencesMax = 8;

// The first of each.
struct ThreadFields {
    std::optional<std::string_view> message_id;
    std::optional<std::string_view> references;
    std::optional<std::string_view> in_reply_to;
};

ThreadFields find_fields(std::string_view header) {
    ThreadFields found;
    const auto take = [](const mime::Field& field, std::string_view name, auto& place) {
        if (!place && base::iequals(field.name, name)) {
            place = field.body;
        }
    };
    mime::FieldIterator fields(header);
    while (const auto field = fields.next()) {
        take(*field, "Message-ID", found.message_id);
        take(*field, "References", found.references);
        take(*field, "In-Reply-To", found.in_reply_to);
    }
    return found;
}

}  // namespace

// FNV-1a, then a mixing step (MurmurHash3's), since neighbouring identifiers differ in their last octets.
std::uint64_t message_id_hash(std::string_view id) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : id) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdULL;
    hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
    hash ^= hash >> 33U;
    return std::max<std::uint64_t>(hash, 1);
}

std::vector<std::uint64_t> thread_keys(std::string_view header) {
    std::vector<std::uint64_t> keys;
    const auto add = [&keys](std::string_view id) {
        const std::uint64_t hash = message_id_hash(id);
        if (keys.size() <= kReferencesMax &&
            std::find(keys.begin(), keys.end(), hash) == keys.end()) {
            keys.push_back(hash);
        }
    };
    const ThreadFields fields = find_fields(header);
    const auto own_id =
        fields.message_id ? mime::parse_message_id(*fields.message_id) : std::nullopt;
    keys.push_back(own_id ? message_id_hash(*own_id) : 0);

    // RFC 5256 2.2: In-Reply-To where there are no References.
    if (fields.references) {
        const auto ids = mime::parse_message_ids(*fields.references, kReferencesMax);
        if (!ids.empty()) {
            add(ids.front());
        }
        std::for_each(ids.rbegin(), ids.rend(), add);
    }
    if (keys.size() == 1 && fields.in_reply_to) {
        if (const auto id = mime::parse_message_id(*fields.in_reply_to)) {
            add(*id);
        }
    }
    return keys;
}

}  // namespace mail
