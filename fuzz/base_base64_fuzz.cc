// base::base64_decode takes only what base64_encode writes, and gives back what was encoded.
#include <cstdint>
#include <string_view>

#include "base/base64.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto again = base::base64_decode(base::base64_encode(input));
    CHECK(again.has_value() && *again == input);
    if (const auto decoded = base::base64_decode(input)) {
        CHECK(base::base64_encode(*decoded) == input);
    }
    const auto octets = base::hex_decode(base::hex_encode(input));
    CHECK(octets.has_value() && *octets == input);
    return 0;
}
