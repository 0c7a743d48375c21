#include "account/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <span>

#include "base/check.h"

namespace account {
namespace {

const EVP_MD* algorithm(Hash hash) {
    switch (hash) {
        case Hash::kMd5:
            return EVP_md5();
        case Hash::kSha1:
            return EVP_sha1();
        case Hash::kSha256:
            return EVP_sha256();
    }
    return nullptr;
}

const unsigned char* octets_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const std::array<unsigned char, EVP_MAX_MD_SIZE>& octets, unsigned count) {
    return {reinterpret_cast<const char*>(octets.data()), count};
}

}  // namespace

std::string digest(Hash hash, std::string_view octets) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned count = 0;
    CHECK(EVP_Digest(octets.data(), octets.size(), out.data(), &count, algorithm(hash), nullptr) ==
          1);
    return text_of(out, count);
}

std::string hmac(Hash hash, std::string_view key, std::string_view octets) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned count = 0;
    // OpenSSL takes a null key for "the one of last time".
    const char* key_octets = key.empty() ? "" : key.data();
    CHECK(HMAC(algorithm(hash),
               key_octets,
               static_cast<int>(key.size()),
               octets_of(octets),
               octets.size(),
               out.data(),
               &count) != nullptr);
    return text_of(out, count);
}

std::string pbkdf2(Hash hash,
                   std::string_view password,
                   std::string_view salt,
                   std::uint32_t iterations) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    const int count = EVP_MD_get_size(algorithm(hash));
    CHECK(PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(),
                            static_cast<int>(password.size()),
                            octets_of(salt),
                            static_cast<int>(salt.size()),
                            static_cast<int>(iterations),
                            algorithm(hash),
                            count,
                            out.data()) == 1);
    return text_of(out, static_cast<unsigned>(count));
}

bool equal_secretly(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_octets(base::Random& random, std::size_t count) {
    std::string octets(count, '\0');
    random.fill(std::span(reinterpret_cast<unsigned char*>(octets.data()), count));
    return octets;
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

}  // namespace account
