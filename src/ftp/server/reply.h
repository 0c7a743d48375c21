// What a handler answers (RFC 959 4.2), and what happens when it has gone out.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace ftp {

struct Reply {
    enum class Then : std::uint8_t {
        kGoOn,
        kClose,     // hang up
        kStartTls,  // RFC 4217 4.2
        kStopTls,   // CCC (RFC 4217 5) and REIN (13)
        kTransfer,  // the job that the handler left begins
    };

    int code = 200;
    std::string text;  // lines separated by LF
    Then then = Then::kGoOn;

    [[nodiscard]] bool ok() const { return code < 400; }
};

[[nodiscard]] inline Reply reply(int code,
                                 std::string text,
                                 Reply::Then then = Reply::Then::kGoOn) {
    return Reply{.code = code, .text = std::move(text), .then = then};
}

}  // namespace ftp
