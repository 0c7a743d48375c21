#include "net/resolver.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>

namespace net {

std::string_view record_type_name(RecordType type) {
    switch (type) {
        case RecordType::kA:
            return "A";
        case RecordType::kAaaa:
            return "AAAA";
        case RecordType::kMx:
            return "MX";
        case RecordType::kTxt:
            return "TXT";
        case RecordType::kTlsa:
            return "TLSA";
        case RecordType::kPtr:
            return "PTR";
        case RecordType::kCname:
            return "CNAME";
    }
    return "?";
}

std::string reverse_name(std::string_view address) {
    const std::string text(address);
    std::array<unsigned char, 16> octets{};
    std::string name;
    if (::inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
        for (std::size_t i = 4; i-- > 0;) {
            name += fmt::format("{}.", octets[i]);
        }
        return name + "in-addr.arpa";
    }
    if (::inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) {
        for (std::size_t i = 16; i-- > 0;) {
            name += fmt::format("{:x}.{:x}.", octets[i] & 0xfU, octets[i] >> 4U);
        }
        return name + "ip6.arpa";
    }
    return {};
}

}  // namespace net
