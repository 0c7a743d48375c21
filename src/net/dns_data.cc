#include "net/dns_data.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"

namespace net {
namespace {

constexpr std::size_t kLabelOctetsMax = 63;
constexpr std::size_t kNameOctetsMax = 255;  // with the lengths and the root's zero
constexpr std::size_t kTextOctetsMax = 253;  // what is left of that in writing

bool is_host_octet(char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_';
}

void append_label(std::string& name, std::string_view label) {
    for (const char c : label) {
        if (is_host_octet(c)) {
            name += base::to_lower(c);
        } else {
            name += fmt::format("\\{:03}", static_cast<unsigned char>(c));
        }
    }
}

std::optional<std::string> whole_name(std::string_view octets) {
    auto name = take_domain_name(octets);
    return octets.empty() ? name : std::nullopt;
}

std::optional<std::string> address_text(int family, std::string_view octets) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (octets.size() != (family == AF_INET ? 4U : 16U)) {
        return std::nullopt;
    }
    return ::inet_ntop(family, octets.data(), text.data(), text.size());
}

// RFC 1035 3.3.14: one or more <character-string>s, whose borders mean nothing to who reads them today
// (RFC 7208 3.3).
std::optional<std::string> joined_text(std::string_view octets) {
    if (octets.empty()) {
        return std::nullopt;
    }
    std::string text;
    while (!octets.empty()) {
        const std::size_t length = static_cast<unsigned char>(octets.front());
        if (octets.size() <= length) {
            return std::nullopt;
        }
        text += octets.substr(1, length);
        octets.remove_prefix(1 + length);
    }
    return text;
}

// RFC 1035 3.3.9: PREFERENCE EXCHANGE.
bool add_mx(std::string_view octets, Answer& answer) {
    if (octets.size() < 3) {
        return false;
    }
    const auto high = static_cast<unsigned char>(octets[0]);
    const auto low = static_cast<unsigned char>(octets[1]);
    auto host = whole_name(octets.substr(2));
    if (!host) {
        return false;
    }
    answer.mx.push_back(
        {.preference = static_cast<std::uint16_t>(high << 8U | low), .host = std::move(*host)});
    return true;
}

std::optional<std::string> record_text(RecordType type, std::string_view octets) {
    switch (type) {
        case RecordType::kA:
            return address_text(AF_INET, octets);
        case RecordType::kAaaa:
            return address_text(AF_INET6, octets);
        case RecordType::kTxt:
            return joined_text(octets);
        case RecordType::kTlsa:  // usage, selector, matching type, and at least an octet to match
            return octets.size() > 3 ? std::optional(std::string(octets)) : std::nullopt;
        default:
            return whole_name(octets);
    }
}

}  // namespace

std::optional<std::string> take_domain_name(std::string_view& octets) {
    std::string name;
    std::size_t taken = 0;
    while (taken < octets.size()) {
        const std::size_t length = static_cast<unsigned char>(octets[taken]);
        ++taken;
        if (length == 0) {
            octets.remove_prefix(taken);
            return name;
        }
        if (length > kLabelOctetsMax || taken + length > octets.size() ||
            taken + length >= kNameOctetsMax) {
            return std::nullopt;
        }
        if (!name.empty()) {
            name += '.';
        }
        append_label(name, octets.substr(taken, length));
        taken += length;
    }
    return std::nullopt;
}

bool add_record(RecordType type, std::string_view octets, Answer& answer) {
    if (type == RecordType::kMx) {
        return add_mx(octets, answer);
    }
    auto text = record_text(type, octets);
    if (text) {
        answer.records.push_back(std::move(*text));
    }
    return text.has_value();
}

std::optional<std::string> to_question(std::string_view name) {
    if (name.ends_with('.')) {
        name.remove_suffix(1);
    }
    if (name.empty() || name.size() > kTextOctetsMax) {
        return std::nullopt;
    }
    std::size_t label = 0;
    for (const char c : name) {
        const bool good = c == '.' ? label > 0 : is_host_octet(c) && label < kLabelOctetsMax;
        if (!good) {
            return std::nullopt;
        }
        label = c == '.' ? 0 : label + 1;
    }
    return label == 0 ? std::nullopt : std::optional(base::to_lower(name));
}

}  // namespace net
