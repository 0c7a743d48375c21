// The line scans: fast ones and the plain one stop at the same places with the same totals, over all of an
// input.
#include <array>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "mime/line_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    constexpr std::array kFast = {&mime::scan_to_dash_line, &mime::scan_to_dash_line_octets16};
    char before = '\0';
    for (std::size_t at = 0; at < input.size();) {
        mime::OctetTotals plain;
        const std::string_view rest = input.substr(at);
        const std::size_t consumed = mime::scan_to_dash_line_plain(rest, before, plain);
        for (const auto scan : kFast) {
            mime::OctetTotals fast;
            CHECK(scan(rest, before, fast) == consumed && fast == plain);
        }
        at += consumed;
        before = input[at - 1];
    }
    return 0;
}
