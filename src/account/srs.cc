#include "account/srs.h"

#include <fmt/format.h>

#include <algorithm>

#include "account/crypto.h"
#include "account/records.h"
#include "base/ascii.h"

namespace account {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kSrs0 = "SRS0";
constexpr std::string_view kSrs1 = "SRS1";
constexpr std::string_view kSeparators =
    "=+-";  // the first one may be any: mail programs had opinions
constexpr std::size_t kHashCharacters = 8;
constexpr unsigned kDays = 1024;
constexpr unsigned kDaysMax = 21;
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

unsigned day_of(base::WallTime now) {
    const auto days = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
    return static_cast<unsigned>(days) % kDays;
}

std::string day_text(unsigned day) {
    return {kBase32[day / 32], kBase32[day % 32]};
}

std::optional<unsigned> parse_day(std::string_view text) {
    unsigned day = 0;
    for (const char c : text) {
        const std::size_t digit = kBase32.find(base::to_upper(c));
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        day = day * 32 + static_cast<unsigned>(digit);
    }
    return text.size() == 2 ? std::optional(day) : std::nullopt;
}

bool begins_as(std::string_view local, std::string_view scheme) {
    return base::istarts_with(local, scheme) && local.size() > scheme.size() &&
           kSeparators.find(local[scheme.size()]) != std::string_view::npos;
}

// What stands before the next "=", which is taken off too; nothing when there is none.
std::optional<std::string_view> take_part(std::string_view& text) {
    const std::size_t end = text.find('=');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end + 1);
    return part;
}

}  // namespace

base::Result<std::string> Srs::load_key(store::Transaction& change, std::string_view drawn) {
    TRY(auto key, read(change, srs_key_key(), decode_text));
    if (key) {
        return std::move(*key);
    }
    change.put(srs_key_key(), encode_text(drawn));
    return std::string(drawn);
}

bool Srs::is_rewritten(const Address& address) {
    return begins_as(address.local, kSrs0) || begins_as(address.local, kSrs1);
}

std::string Srs::hash(std::string_view text) const {
    const std::string mac = hmac(Hash::kSha256, key_, base::to_lower(text));
    std::string characters;
    for (std::size_t i = 0; i < kHashCharacters; ++i) {
        characters.push_back(kBase32[static_cast<unsigned char>(mac[i]) % kBase32.size()]);
    }
    return characters;
}

Address Srs::forward(const Address& sender, const std::string& domain, base::WallTime now) const {
    std::string_view local = sender.local;
    if (begins_as(local, kSrs1)) {
        // A second forwarder: the first one's domain and words stay, the hash becomes ours.
        local.remove_prefix(kSrs1.size() + 1);
        const bool whole = take_part(local).has_value();
        const auto first = take_part(local);
        if (whole && first) {
            const std::string rest = fmt::format("{}={}", *first, local);
            return {fmt::format("{}={}={}", kSrs1, hash(rest), rest), domain};
        }
    } else if (begins_as(local, kSrs0)) {
        local.remove_prefix(kSrs0.size());
        const std::string rest = fmt::format("{}={}", sender.domain, local);
        return {fmt::format("{}={}={}", kSrs1, hash(rest), rest), domain};
    }
    const std::string rest =
        fmt::format("{}={}={}", day_text(day_of(now)), sender.domain, sender.local);
    return {fmt::format("{}={}={}", kSrs0, hash(rest), rest), domain};
}

base::Result<Address> Srs::reverse(const Address& address, base::WallTime now) const {
    if (!is_rewritten(address)) {
        return fail(Errc::kSyntax, "not a rewritten sender");
    }
    const bool once = begins_as(address.local, kSrs0);
    std::string_view rest = address.local;
    rest.remove_prefix(kSrs0.size() + 1);
    const auto given = take_part(rest);
    if (!given) {
        return fail(Errc::kSyntax, "a rewritten sender without its parts");
    }
    if (!equal_secretly(base::to_upper(*given), hash(rest))) {
        return fail(Errc::kDenied, "a rewritten sender that is not of our making");
    }
    if (once) {
        const auto day = parse_day(take_part(rest).value_or(""));
        if (!day || (kDays + day_of(now) - *day) % kDays > kDaysMax) {
            return fail(Errc::kTimeout, "a rewritten sender of long ago");
        }
    }
    const auto domain = take_part(rest);
    if (!domain || rest.empty()) {
        return fail(Errc::kSyntax, "a rewritten sender without its parts");
    }
    Address sender{once ? std::string(rest) : fmt::format("{}{}", kSrs0, rest), {}};
    TRY(sender.domain, normalize_domain(*domain));
    return sender;
}

}  // namespace account
