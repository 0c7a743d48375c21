// SMTP replies: RFC 5321 4.2, enhanced status codes of RFC 2034 and 3463.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace smtp {

inline constexpr std::size_t kReplyLineOctetsMax = 512;  // RFC 5321 4.5.3.1.5, CRLF included

// RFC 3463 2: class "." subject "." detail; class 0 is none.
struct EnhancedCode {
    std::uint16_t kind = 0;  // 2, 4 or 5
    std::uint16_t subject = 0;
    std::uint16_t detail = 0;

    friend bool operator==(const EnhancedCode&, const EnhancedCode&) = default;
};

// What the session does once the reply is written.
enum class After { kGoOn, kStartTls, kClose };

struct Reply {
    int code = 250;
    EnhancedCode enhanced;
    std::string text;  // lines separated by '\n'; printable, no CR
    After after = After::kGoOn;

    [[nodiscard]] bool is_positive() const { return code < 400; }

    friend bool operator==(const Reply&, const Reply&) = default;
};

// Appends the reply's lines. A line that would pass 512 octets is cut there: texts may hold what a peer
// sent, and a reply must stay readable for it.
void append_reply(std::string& out, const Reply& reply);
[[nodiscard]] std::string format_reply(const Reply& reply);

}  // namespace smtp
