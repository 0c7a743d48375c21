// Addresses: what parses prints to itself again, and normal forms stay as they are.
#include <cstdint>
#include <string_view>

#include "account/address.h"
#include "account/text.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto address = account::parse_address(text)) {
        const auto again = account::parse_address(address->to_string());
        CHECK(again && *again == *address);
        CHECK(address->domain.size() <= 255);
    }
    if (const auto domain = account::normalize_domain(text)) {
        CHECK(account::normalize_domain(*domain).value() == *domain);
    }
    const std::string local = account::normalize_local(text);
    CHECK(account::normalize_local(local) == local);
    if (const auto prepared = account::saslprep(text)) {
        CHECK(account::saslprep(*prepared) == prepared);
    }
    return 0;
}
