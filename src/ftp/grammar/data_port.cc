#include "ftp/grammar/data_port.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace ftp {
namespace {

using base::Errc;
using base::fail;

constexpr unsigned kPort = 65535;

// `address` as inet_ntop writes it, or nothing when it is none of that family.
std::optional<std::string> normal_form(int family, std::string_view address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    std::array<unsigned char, 16> octets{};
    const std::string terminated(address);
    if (terminated.size() != address.size() || address.size() >= text.size() ||
        ::inet_pton(family, terminated.c_str(), octets.data()) != 1 ||
        ::inet_ntop(family, octets.data(), text.data(), text.size()) == nullptr) {
        return std::nullopt;
    }
    return std::string(text.data());
}

// number = 1*3DIGIT, 1 to 255 in RFC 959 5.3.2; 0 is needed for ports below 256 and networks such as 10.0.0.1
base::Result<unsigned> take_number(std::string_view& text, bool last) {
    const std::string_view digits = last ? text : base::split_front(text, ',');
    const auto number = base::parse_number<unsigned>(digits, 255);
    if (!number || digits.size() > 3) {
        return fail(Errc::kSyntax, "six numbers from 0 to 255, separated by commas, are expected");
    }
    return *number;
}

}  // namespace

bool is_ipv4(std::string_view address) {
    return normal_form(AF_INET, address).has_value();
}

bool is_ipv6(std::string_view address) {
    return normal_form(AF_INET6, address).has_value();
}

// host-port = host-number "," port-number; host-number = number,number,number,number    ; RFC 959 5.3.2
base::Result<DataPort> parse_port(std::string_view arguments) {
    std::array<unsigned, 6> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const bool last = i + 1 == numbers.size();
        if (!last && arguments.find(',') == std::string_view::npos) {
            return fail(Errc::kSyntax, "six numbers, separated by commas, are expected");
        }
        TRY(numbers[i], take_number(arguments, last));
    }
    return DataPort{fmt::format("{}.{}.{}.{}", numbers[0], numbers[1], numbers[2], numbers[3]),
                    static_cast<std::uint16_t>(numbers[4] * 256 + numbers[5])};
}

std::string format_port(const DataPort& where) {
    if (!is_ipv4(where.address)) {
        return {};
    }
    std::string text = fmt::format("{},{},{}", where.address, where.port / 256, where.port % 256);
    std::replace(text.begin(), text.end(), '.', ',');
    return text;
}

// "EPRT" SP d net-prt d net-addr d tcp-port d    ; RFC 2428 2, d is any of ASCII 33-126
base::Result<DataPort> parse_eprt(std::string_view arguments) {
    if (arguments.size() < 2 || arguments.front() != arguments.back() || arguments[0] < '!' ||
        arguments[0] > '~' || base::is_digit(arguments[0])) {
        return fail(Errc::kSyntax, "|protocol|address|port| is expected");
    }
    const char delimiter = arguments[0];
    arguments = arguments.substr(1, arguments.size() - 2);
    const std::string_view protocol = base::split_front(arguments, delimiter);
    const std::string_view address = base::split_front(arguments, delimiter);
    const auto number = base::parse_number<unsigned>(protocol);
    const auto port = base::parse_number<unsigned>(arguments, kPort);
    if (!number || !port) {
        return fail(Errc::kSyntax, "|protocol|address|port| is expected");
    }
    if (*number != 1 && *number != 2) {
        return fail(Errc::kUnsupported, "the protocols are 1 (IPv4) and 2 (IPv6)");
    }
    auto normal = normal_form(*number == 1 ? AF_INET : AF_INET6, address);
    if (!normal) {
        return fail(Errc::kSyntax, "the address is none of that protocol");
    }
    return DataPort{std::move(*normal), static_cast<std::uint16_t>(*port)};
}

std::string format_eprt(const DataPort& where) {
    return fmt::format("|{}|{}|{}|", is_ipv6(where.address) ? 2 : 1, where.address, where.port);
}

base::Result<EpsvRequest> parse_epsv(std::string_view arguments) {
    arguments = base::trim(arguments);
    if (arguments.empty()) {
        return EpsvRequest::kAny;
    }
    if (base::iequals(arguments, "ALL")) {
        return EpsvRequest::kAll;
    }
    const auto number = base::parse_number<unsigned>(arguments);
    if (!number) {
        return fail(Errc::kSyntax, "1, 2 or ALL is expected");
    }
    if (*number != 1 && *number != 2) {
        return fail(Errc::kUnsupported, "the protocols are 1 (IPv4) and 2 (IPv6)");
    }
    return *number == 1 ? EpsvRequest::kIpv4 : EpsvRequest::kIpv6;
}

base::Result<DataPort> parse_227(std::string_view text) {
    while (!text.empty()) {
        const std::size_t first = text.find_first_of("0123456789");
        text.remove_prefix(std::min(first, text.size()));
        const std::size_t end = std::min(text.find_first_not_of("0123456789,"), text.size());
        std::string_view numbers = text.substr(0, end);
        while (numbers.ends_with(',')) {
            numbers.remove_suffix(1);
        }
        if (auto found = parse_port(numbers)) {
            return found;
        }
        text.remove_prefix(end);
    }
    return fail(Errc::kSyntax, "no address in the reply");
}

// "(" d d d tcp-port d ")"    ; RFC 2428 3
base::Result<DataPort> parse_229(std::string_view text) {
    const std::size_t open = text.rfind('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 6) {
        return fail(Errc::kSyntax, "no port in the reply");
    }
    text = text.substr(open + 1, close - open - 1);
    const std::string_view digits = text.substr(3, text.size() - 4);
    const auto port = base::parse_number<unsigned>(digits, kPort);
    if (text[0] != text[1] || text[0] != text[2] || text[0] != text.back() || !port || *port == 0) {
        return fail(Errc::kSyntax, "no port in the reply");
    }
    return DataPort{"", static_cast<std::uint16_t>(*port)};
}

}  // namespace ftp
