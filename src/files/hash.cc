#include "files/hash.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/base64.h"
#include "base/check.h"
#include "files/beneath.h"

namespace files {
namespace {

constexpr std::uint64_t kSliceOctets = 16U << 20U;
constexpr std::size_t kBufferOctets = 256U << 10U;

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};

const EVP_MD* digest(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::kMd5:
            return ::EVP_md5();
        case HashAlgorithm::kSha1:
            return ::EVP_sha1();
        case HashAlgorithm::kSha512:
            return ::EVP_sha512();
        case HashAlgorithm::kCrc32:
        case HashAlgorithm::kSha256:
            break;
    }
    return ::EVP_sha256();
}

// ISO 3309, as XCRC, zip and Ethernet have it: reflected, polynomial 04C11DB7. Eight tables make eight
// octets a step.
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr CrcTables make_tables() {
    constexpr std::uint32_t kReflected = 0xEDB88320;
    CrcTables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kReflected : 0);
        }
        tables[0][i] = crc;
    }
    for (std::size_t table = 1; table < tables.size(); ++table) {
        for (std::size_t i = 0; i < 256; ++i) {
            const std::uint32_t before = tables[table - 1][i];
            tables[table][i] = (before >> 8U) ^ tables[0][before & 0xFFU];
        }
    }
    return tables;
}

constexpr CrcTables kTables = make_tables();

std::uint32_t octet_at(std::string_view octets, std::size_t at) {
    return static_cast<unsigned char>(octets[at]);
}

std::uint32_t crc32(std::uint32_t crc, std::string_view octets) {
    while (octets.size() >= 8) {
        crc ^= octet_at(octets, 0) | octet_at(octets, 1) << 8U | octet_at(octets, 2) << 16U |
               octet_at(octets, 3) << 24U;
        crc = kTables[7][crc & 0xFFU] ^ kTables[6][(crc >> 8U) & 0xFFU] ^
              kTables[5][(crc >> 16U) & 0xFFU] ^ kTables[4][crc >> 24U] ^
              kTables[3][octet_at(octets, 4)] ^ kTables[2][octet_at(octets, 5)] ^
              kTables[1][octet_at(octets, 6)] ^ kTables[0][octet_at(octets, 7)];
        octets.remove_prefix(8);
    }
    for (std::size_t i = 0; i < octets.size(); ++i) {
        crc = (crc >> 8U) ^ kTables[0][(crc ^ octet_at(octets, i)) & 0xFFU];
    }
    return crc;
}

}  // namespace

struct Hasher::State {
    HashAlgorithm algorithm = HashAlgorithm::kCrc32;
    std::uint32_t crc = 0xFFFFFFFF;
    std::unique_ptr<EVP_MD_CTX, FreeContext> context;
};

Hasher::Hasher(HashAlgorithm algorithm) : state_(std::make_unique<State>()) {
    state_->algorithm = algorithm;
    if (algorithm != HashAlgorithm::kCrc32) {
        state_->context.reset(::EVP_MD_CTX_new());
        CHECK(::EVP_DigestInit_ex(state_->context.get(), digest(algorithm), nullptr) == 1);
    }
}

Hasher::~Hasher() = default;

void Hasher::update(std::string_view octets) {
    if (state_->context) {
        CHECK(::EVP_DigestUpdate(state_->context.get(), octets.data(), octets.size()) == 1);
    } else {
        state_->crc = crc32(state_->crc, octets);
    }
}

std::string Hasher::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> octets = {};
    unsigned count = 0;
    if (state_->context) {
        CHECK(::EVP_DigestFinal_ex(state_->context.get(), octets.data(), &count) == 1);
    } else {
        const std::uint32_t crc = ~state_->crc;
        for (; count < 4; ++count) {
            octets[count] = static_cast<unsigned char>(crc >> (24U - 8U * count));
        }
    }
    return base::hex_encode({reinterpret_cast<const char*>(octets.data()), count});
}

base::Result<bool> hash_slice(HashState& state, std::uint64_t last) {
    std::vector<char> buffer(kBufferOctets);
    const std::uint64_t end = std::min(last, state.position + kSliceOctets);
    while (state.position < end) {
        const std::uint64_t octets = std::min<std::uint64_t>(buffer.size(), end - state.position);
        const ssize_t got =
            ::pread(state.file->fd(), buffer.data(), octets, static_cast<off_t>(state.position));
        if (got < 0 && errno != EINTR) {
            return fail_errno(errno);
        }
        if (got == 0) {
            return false;
        }
        if (got > 0) {
            state.hasher.update({buffer.data(), static_cast<std::size_t>(got)});
            state.position += static_cast<std::uint64_t>(got);
        }
    }
    return state.position < last;
}

}  // namespace files
