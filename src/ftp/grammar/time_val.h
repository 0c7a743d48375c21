// time-val of RFC 3659 2.3: "19990929003355.237", always UTC. For MDTM, MFMT, MFCT and the facts.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace ftp {

// With milliseconds only where there are any.
[[nodiscard]] std::string format_time_val(base::WallTime time);
// kSyntax for anything else, a date that is none included; a leap second counts as the one before.
[[nodiscard]] base::Result<base::WallTime> parse_time_val(std::string_view text);

}  // namespace ftp
