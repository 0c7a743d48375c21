// What servers list, in any format: LIST's lines and MLSD's facts. Properties: an entry has a name of one line, no line
// makes two, times have a precision, and what may be a local file's name leads nowhere else.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "ftp/client/remote_entry.h"

namespace {

void check(const std::vector<ftp::RemoteEntry>& entries, std::string_view text) {
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    CHECK(entries.size() <= lines);
    for (const ftp::RemoteEntry& entry : entries) {
        CHECK(!entry.name.empty() && entry.name.find('\n') == std::string::npos);
        CHECK(entry.precision.count() > 0);
        CHECK(!entry.mode || *entry.mode <= 07777U);
        CHECK(!ftp::is_plain_name(entry.name) || entry.name.find('/') == std::string::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const ftp::ListingClock clock{.now = base::WallTime(std::chrono::seconds(1'768'478'400)),
                                  .zone = std::chrono::minutes(size % 3 == 0 ? 60 : 0)};
    check(ftp::parse_listing(text, clock), text);
    check(ftp::parse_fact_listing(text), text);
    return 0;
}
