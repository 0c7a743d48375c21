// What a handler answers: the status line, and what follows it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "mail/message_store.h"

namespace pop3 {

// RFC 2449 8, RFC 3206: what programs read, without brackets.
inline constexpr std::string_view kNoCode;
inline constexpr std::string_view kAuthCode = "AUTH";
inline constexpr std::string_view kInUseCode = "IN-USE";
inline constexpr std::string_view kLoginDelayCode = "LOGIN-DELAY";
inline constexpr std::string_view kSystemTemporary = "SYS/TEMP";
inline constexpr std::string_view kSystemPermanent = "SYS/PERM";

struct Reply {
    // Nothing follows.
    struct None {};

    // Lines with their CRLF, none of which begins with a dot; the final dot is added.
    struct Lines {
        std::string text;
    };

    // A line for each message of the maildrop: LIST's or UIDL's.
    enum class Listing : std::uint8_t { kSizes, kUniqueIds };

    // A message, or its top: streamed from the store.
    struct Content {
        std::uint32_t number = 0;
        std::optional<std::uint32_t> body_lines;  // TOP's n
        std::string first;                        // its first octets
        std::unique_ptr<store::BlobReader> octets;
    };

    enum class Then : std::uint8_t { kGoOn, kClose, kStartTls };

    bool ok = true;
    std::string_view code = kNoCode;
    std::string text;
    std::variant<None, Lines, Listing, Content> body;
    Then then = Then::kGoOn;
};

[[nodiscard]] inline Reply ok_reply(std::string text) {
    return Reply{.ok = true, .code = kNoCode, .text = std::move(text), .body = {}};
}

[[nodiscard]] inline Reply error_reply(std::string text, std::string_view code = kNoCode) {
    return Reply{.ok = false, .code = code, .text = std::move(text), .body = {}};
}

}  // namespace pop3
