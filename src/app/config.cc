#include "app/config.h"

#include <algorithm>
#include <numeric>

#include "net/address.h"

namespace app {
namespace {

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

base::Result<> parse_listen_address(std::string_view text) {
    constexpr std::string_view kSystemd = "systemd:";
    if (text.starts_with(kSystemd) && text.size() > kSystemd.size()) {
        return {};
    }
    TRY(const net::Endpoint endpoint, net::parse_endpoint(text));
    TRY_VOID(net::to_socket_address(endpoint));
    return {};
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
