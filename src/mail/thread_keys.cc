#include "mail/thread_keys.h"

#include <algorithm>
#include <string>

#include "mime/header.h"
#include "mime/msgid.h"

namespace mail {
namespace {

constexpr std::size_t kReferencesMax = 8;

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
    const auto own = mime::find_field(header, "Message-ID");
    const auto own_id = own ? mime::parse_message_id(own->body) : std::nullopt;
    keys.push_back(own_id ? message_id_hash(*own_id) : 0);

    // RFC 5256 2.2: In-Reply-To where there are no References.
    if (const auto field = mime::find_field(header, "References")) {
        const auto ids = mime::parse_message_ids(field->body, kReferencesMax);
        if (!ids.empty()) {
            add(ids.front());
        }
        std::for_each(ids.rbegin(), ids.rend(), add);
    }
    if (keys.size() == 1) {
        const auto field = mime::find_field(header, "In-Reply-To");
        if (const auto id = field ? mime::parse_message_id(field->body) : std::nullopt) {
            add(*id);
        }
    }
    return keys;
}

}  // namespace mail
