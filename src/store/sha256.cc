#include "store/sha256.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace store {
namespace {

// Fetched once for the process: OpenSSL 3.0 takes a lock for each implicit fetch.
const EVP_MD* algorithm() {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    CHECK(fetched != nullptr);
    return fetched;
}

}  // namespace

struct Sha256::Context {
    EVP_MD_CTX* digest = EVP_MD_CTX_new();
    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    ~Context() { EVP_MD_CTX_free(digest); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    CHECK(context_->digest != nullptr);
    CHECK(EVP_DigestInit_ex2(context_->digest, algorithm(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::append(std::string_view octets) {
    CHECK(EVP_DigestUpdate(context_->digest, octets.data(), octets.size()) == 1);
}

BlobId Sha256::finish() {
    BlobId id;
    unsigned length = 0;
    CHECK(EVP_DigestFinal_ex(context_->digest, id.sha256.data(), &length) == 1);
    CHECK(length == id.sha256.size());
    return id;
}

BlobId Sha256::of(std::string_view octets) {
    Sha256 digest;
    digest.append(octets);
    return digest.finish();
}

}  // namespace store
