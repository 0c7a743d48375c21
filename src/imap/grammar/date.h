// IMAP's dates (RFC 9051 9 "date", "date-time").
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "imap/grammar/scanner.h"

namespace imap {

// "1-Feb-1994", with or without quotes.
[[nodiscard]] base::Result<std::chrono::sys_days> parse_date(Scanner& scanner);
// "\"17-Jul-1996 02:44:25 -0700\"" as seconds since 1970.
[[nodiscard]] base::Result<std::int64_t> parse_date_time(Scanner& scanner);

// Quoted, in UTC.
void append_date_time(std::string& out, std::int64_t seconds);

}  // namespace imap
