#include "smtp/grammar/capabilities.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace smtp {
namespace {

constexpr std::size_t kMechanismsMax = 64;

constexpr std::array<std::pair<std::string_view, bool Capabilities::*>, 9> kFlags = {{
    {"PIPELINING", &Capabilities::pipelining},
    {"CHUNKING", &Capabilities::chunking},
    {"BINARYMIME", &Capabilities::binary_mime},
    {"8BITMIME", &Capabilities::eight_bit_mime},
    {"SMTPUTF8", &Capabilities::smtputf8},
    {"DSN", &Capabilities::dsn},
    {"STARTTLS", &Capabilities::starttls},
    {"ENHANCEDSTATUSCODES", &Capabilities::enhanced_codes},
    {"SIZE", &Capabilities::size},
}};

void add_mechanisms(std::string_view words, Capabilities& found) {
    while (!words.empty() && found.auth.size() < kMechanismsMax) {
        std::string word = base::to_upper(base::split_front(words, ' '));
        if (!word.empty() && !found.offers_auth(word)) {
            found.auth.push_back(std::move(word));
        }
    }
}

// LIMITS *( SP name "=" value ); zero stands for none here.
void add_limits(std::string_view words, Capabilities& found) {
    while (!words.empty()) {
        std::string_view value = base::split_front(words, ' ');
        const std::string_view name = base::split_front(value, '=');
        const auto number = base::parse_u64(value);
        if (!number || *number == 0) {
            continue;
        }
        if (base::iequals(name, "MAILMAX")) {
            found.messages_max = *number;
        } else if (base::iequals(name, "RCPTMAX")) {
            found.recipients_max = *number;
        }
    }
}

// ehlo-line = ehlo-keyword *( SP ehlo-param )
void add_line(std::string_view line, Capabilities& found) {
    std::string_view parameters = line;
    const std::string_view keyword = base::split_front(parameters, ' ');
    for (const auto& [name, flag] : kFlags) {
        found.*flag |= base::iequals(keyword, name);
    }
    if (base::iequals(keyword, "SIZE")) {
        found.octets_max = base::parse_u64(base::split_front(parameters, ' ')).value_or(0);
    } else if (base::iequals(keyword, "AUTH")) {
        add_mechanisms(parameters, found);
    } else if (base::iequals(keyword.substr(0, 5), "AUTH=")) {
        // Before there was a standard some wrote it with "=", and a few do still, for old programs.
        add_mechanisms(line.substr(5), found);
    } else if (base::iequals(keyword, "LIMITS")) {
        add_limits(parameters, found);
    }
}

}  // namespace

bool Capabilities::offers_auth(std::string_view mechanism) const {
    return std::find(auth.begin(), auth.end(), mechanism) != auth.end();
}

// ehlo-ok-rsp = ( "250" SP Domain [ SP ehlo-greet ] CRLF ) / ( "250-" ... *( "250-" ehlo-line CRLF ) ... )
Capabilities parse_capabilities(const Reply& reply) {
    Capabilities found{.extended = true};
    std::string_view text = reply.text;
    static_cast<void>(base::split_front(text, '\n'));
    while (!text.empty()) {
        add_line(base::split_front(text, '\n'), found);
    }
    found.binary_mime &= found.chunking;  // RFC 3030 3
    return found;
}

std::string_view server_name(const Reply& reply) {
    std::string_view text = reply.text;
    std::string_view line = base::split_front(text, '\n');
    return base::split_front(line, ' ');
}

}  // namespace smtp
