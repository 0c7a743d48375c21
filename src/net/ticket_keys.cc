#include "net/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "base/random.h"

namespace net {
namespace {

TicketKeys::Key new_key() {
    base::SystemRandom random;
    TicketKeys::Key key;
    random.fill(key.name);
    random.fill(key.cipher);
    random.fill(key.mac);
    return key;
}

bool set_mac(EVP_MAC_CTX* mac, TicketKeys::Key& key) {
    std::array<char, 7> digest{"SHA256"};
    const std::array<OSSL_PARAM, 3> parameters = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 no such key, 1 done, 2 done and the ticket is to be renewed.
int on_ticket(SSL* ssl,  // NOLINT(readability-function-size): OpenSSL's signature
              unsigned char* name,
              unsigned char* iv,
              EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac,
              int encrypt) {
    auto& keys = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    if (encrypt != 0) {
        TicketKeys::Key key = keys.current();
        std::copy(key.name.begin(), key.name.end(), name);
        const bool done =
            RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
            EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) == 1 &&
            set_mac(mac, key);
        return done ? 1 : -1;
    }
    auto found = keys.find(name);
    if (!found) {
        return 0;
    }
    const bool done =
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, found->key.cipher.data(), iv) == 1 &&
        set_mac(mac, found->key);
    return done ? (found->renew ? 2 : 1) : -1;
}

}  // namespace

TicketKeys::TicketKeys()
    : current_(new_key()),
      previous_(new_key()),
      next_rotation_(std::chrono::steady_clock::now() + kLifetime) {}

void TicketKeys::install(ssl_ctx_st* context) {
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

void TicketKeys::rotate_if_due() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_rotation_) {
        return;
    }
    // After a day of rest the last key is too old as well.
    previous_ = now < next_rotation_ + kLifetime ? current_ : new_key();
    current_ = new_key();
    next_rotation_ = now + kLifetime;
}

TicketKeys::Key TicketKeys::current() {
    const std::scoped_lock lock(mutex_);
    rotate_if_due();
    return current_;
}

std::optional<TicketKeys::Found> TicketKeys::find(const unsigned char* name) {
    const std::scoped_lock lock(mutex_);
    rotate_if_due();
    if (std::equal(current_.name.begin(), current_.name.end(), name)) {
        return Found{.key = current_, .renew = false};
    }
    if (std::equal(previous_.name.begin(), previous_.name.end(), name)) {
        return Found{.key = previous_, .renew = true};
    }
    return std::nullopt;
}

}  // namespace net
