// A line of the transfer log in the form of wu-ftpd, xferlog(5), which log analysers read.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace ftp {

struct TransferRecord {
    base::WallTime ended;
    std::chrono::seconds utc_offset{};  // of local time from UTC at that moment
    std::int64_t took_s = 0;
    std::string_view peer;
    std::uint64_t octets = 0;
    std::string_view path;
    bool text = false;
    bool incoming = false;
    bool anonymous = false;
    std::string_view user;  // what an anonymous user gave as password
    bool complete = false;
};

// With its LF; in local time, as xferlog(5) has it, which names no zone. Spaces and controls in names become underscores, as the format has no quotes.
[[nodiscard]] std::string format_xferlog(const TransferRecord& record);

}  // namespace ftp
