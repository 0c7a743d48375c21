#include "mail/thread_keys.h"

#include <algorithm>

#include "mime/thread.h"

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
    const mime::ThreadKeys named = mime::thread_keys(header);
    std::vector<std::uint64_t> keys;
    keys.push_back(named.message_id.empty() ? 0 : message_id_hash(named.message_id));
    const auto add = [&keys](const std::string& id) {
        const std::uint64_t hash = message_id_hash(id);
        if (std::find(keys.begin(), keys.end(), hash) == keys.end()) {
            keys.push_back(hash);
        }
    };
    if (!named.references.empty()) {
        add(named.references.front());
    }
    for (auto id = named.references.rbegin();
         id != named.references.rend() && keys.size() <= kReferencesMax;
         ++id) {
        add(*id);
    }
    return keys;
}

}  // namespace mail
