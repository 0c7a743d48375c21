#include "app/own_addresses.h"

#include "net/address.h"
#include "net/interfaces.h"

namespace app {

std::vector<std::string> own_addresses(const std::vector<std::string>& listen, std::uint16_t port) {
    std::vector<std::string> own;
    const auto add_all = [&own](const std::vector<std::string>& more) {
        own.insert(own.end(), more.begin(), more.end());
    };
    for (const std::string& text : listen) {
        const auto endpoint = net::parse_endpoint(text);
        if (!endpoint || !endpoint->path.empty() || endpoint->port != port) {
            continue;
        }
        if (endpoint->address == "0.0.0.0") {
            add_all(net::interface_addresses(net::Family::kIpv4));
        } else if (endpoint->address == "::") {
            add_all(net::interface_addresses(net::Family::kIpv6));
        } else {
            own.push_back(endpoint->address);
        }
    }
    return own;
}

}  // namespace app
