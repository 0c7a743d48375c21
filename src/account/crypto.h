// The hashes that logins are made of, over OpenSSL: digests, HMAC (RFC 2104), PBKDF2 (RFC 8018).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"

namespace account {

// kMd5 is for CRAM-MD5 and APOP alone.
enum class Hash { kMd5, kSha1, kSha256 };

[[nodiscard]] std::string digest(Hash hash, std::string_view octets);
[[nodiscard]] std::string hmac(Hash hash, std::string_view key, std::string_view octets);
// As many octets as the hash has.
[[nodiscard]] std::string pbkdf2(Hash hash,
                                 std::string_view password,
                                 std::string_view salt,
                                 std::uint32_t iterations);
// Equality in a time that depends on the lengths only.
[[nodiscard]] bool equal_secretly(std::string_view a, std::string_view b);
[[nodiscard]] std::string random_octets(base::Random& random, std::size_t count);
// Overwrites what the text held, then empties it.
void wipe(std::string& secret);

}  // namespace account
