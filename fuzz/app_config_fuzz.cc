// Configuration files: whatever the text, a configuration or one sentence; sizes and durations that are
// read print as themselves.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "app/config.h"
#include "app/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = app::parse_config(text, "fuzz.toml");
    if (!config && config.error().text.find("fuzz.toml") != 0) {
        std::abort();
    }
    if (const auto octets = app::parse_size(text)) {
        if (app::parse_size(app::format_size(*octets)) != octets) {
            std::abort();
        }
    }
    if (const auto duration = app::parse_duration(text)) {
        if (app::parse_duration(app::format_duration(*duration)) != duration) {
            std::abort();
        }
    }
    static_cast<void>(app::parse_listen_address(text));
    return 0;
}
