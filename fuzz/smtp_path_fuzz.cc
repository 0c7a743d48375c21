// A path: what parses keeps the limits, and its printed form parses to the same path.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "smtp/grammar/address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    std::string_view rest = input;
    auto path = smtp::parse_forward_path(rest);
    static_cast<void>(smtp::is_hello_name(input));
    if (!path) {
        return 0;
    }
    CHECK(path->local.size() <= smtp::kLocalPartOctetsMax);
    CHECK(path->domain.size() <= smtp::kDomainOctetsMax);
    CHECK(path->domain.empty() || smtp::is_domain(path->domain) ||
          smtp::is_address_literal(path->domain));
    const std::string printed = '<' + path->to_string() + '>';
    std::string_view again_rest = printed;
    const auto again = smtp::parse_forward_path(again_rest);
    path->bracketed = true;
    CHECK(again && *again == *path && again_rest.empty());
    return 0;
}
