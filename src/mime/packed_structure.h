// What can be told of a structure in its packed form (structure.h) without unpacking it.
#pragma once

#include <string_view>

namespace mime {

// Whether the whole message is US-ASCII. False for octets that pack() did not make.
[[nodiscard]] bool packed_is_ascii(std::string_view octets);

}  // namespace mime
