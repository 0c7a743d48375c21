// CRC-32C (Castagnoli): the checksum of journal records. It finds torn and rotten
// octets, not forged ones.
#pragma once

#include <cstdint>
#include <string_view>

namespace store {

// Of `octets`; with the checksum of what stands before them as `seed`, of both together.
[[nodiscard]] std::uint32_t crc32c(std::string_view octets, std::uint32_t seed = 0);

// The same without the processor's instruction; for tests.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view octets, std::uint32_t seed = 0);

}  // namespace store
