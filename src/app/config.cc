#include "app/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "base/ascii.h"

namespace app {
namespace {

// The address in its one canonical spelling, or nothing.
std::optional<std::string> canonical_address(int family, const std::string& text) {
    std::array<unsigned char, 16> octets{};
    std::array<char, INET6_ADDRSTRLEN> printed{};
    if (inet_pton(family, text.c_str(), octets.data()) != 1 ||
        inet_ntop(family, octets.data(), printed.data(), printed.size()) == nullptr) {
        return std::nullopt;
    }
    return std::string(printed.data());
}

// Levenshtein's distance; both words are short.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

base::Result<net::Endpoint> parse_endpoint(std::string_view text) {
    constexpr std::string_view kUnix = "unix:";
    constexpr std::size_t kPathMax = 107;  // sun_path
    if (text.starts_with(kUnix)) {
        const std::string_view path = text.substr(kUnix.size());
        if (!path.starts_with('/') || path.size() > kPathMax) {
            return base::fail(base::Errc::kInvalid,
                              "a unix socket is an absolute path of at most 107 octets");
        }
        return net::Endpoint{.address = {}, .port = 0, .path = std::string(path)};
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return base::fail(base::Errc::kInvalid, "the port is missing");
    }
    const auto port = base::parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!port) {
        return base::fail(base::Errc::kInvalid, "the port is no number up to 65535");
    }
    std::string host(text.substr(0, colon));
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    const auto address = canonical_address(bracketed ? AF_INET6 : AF_INET, host);
    if (!address) {
        return base::fail(base::Errc::kInvalid, "the host is no IP address");
    }
    return net::Endpoint{.address = *address, .port = *port, .path = {}};
}

std::string_view nearest(std::string_view wrong, const std::vector<std::string_view>& names) {
    constexpr std::size_t kWordMax = 64;
    if (wrong.size() > kWordMax) {
        return {};
    }
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, wrong.size() / 3) + 1;
    for (const std::string_view name : names) {
        if (const std::size_t far = distance(wrong, name); far < best_distance) {
            best = name;
            best_distance = far;
        }
    }
    return best;
}

}  // namespace app
