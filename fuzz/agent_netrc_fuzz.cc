// .netrc, whatever stands in it: it is read or refused, and what is found is what was written there.
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/netrc.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto netrc = agent::Netrc::parse(text);
    if (!netrc) {
        CHECK(!netrc.error().text.empty());
        return 0;
    }
    const agent::NetrcEntry* entry = netrc->find("hamburger.example", std::nullopt);
    if (entry != nullptr) {
        CHECK(netrc->find("HAMBURGER.example", std::nullopt) == entry);
        CHECK(entry->login.size() + entry->password.size() <= size);
        for (const auto& [name, lines] : entry->macros) {
            for (const std::string& line : lines) {
                CHECK(!line.empty() && text.find(line) != std::string_view::npos);
            }
        }
    }
    return 0;
}
