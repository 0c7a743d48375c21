// PROXY headers: an answer for every input, the same however much follows, "more" for every cut of a header,
// and never more octets than the bound.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/proxy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto parsed = net::parse_proxy_header(input);
    if (!parsed) {
        return 0;
    }
    if (!*parsed) {
        CHECK(size < net::kProxyHeaderOctetsMax);
        return 0;
    }
    const std::size_t octets = (*parsed)->octets;
    CHECK(octets <= size && octets <= net::kProxyHeaderOctetsMax);
    const auto longer = net::parse_proxy_header(std::string(input) + "PROXY \r\n");
    CHECK(longer && *longer && (*longer)->octets == octets);
    for (std::size_t cut = 0; cut < octets; ++cut) {
        const auto part = net::parse_proxy_header(input.substr(0, cut));
        CHECK(part && !*part);
    }
    return 0;
}
