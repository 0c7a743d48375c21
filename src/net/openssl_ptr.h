// OpenSSL's objects with an owner, and its error queue as text. For the .cc files that include OpenSSL.
#pragma once

#include <openssl/err.h>

#include <array>
#include <memory>
#include <string>

namespace net {

template <auto kFree>
struct OpensslFree {
    template <class T>
    void operator()(T* object) const {
        kFree(object);
    }
};

template <class T, auto kFree>
using OpensslPtr = std::unique_ptr<T, OpensslFree<kFree>>;

// Why the last call of this thread failed: the oldest reason, which is the cause. Empties the queue.
[[nodiscard]] inline std::string take_openssl_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) {
        return "no reason given";
    }
    if (const char* reason = ERR_reason_error_string(code)) {
        return reason;
    }
    std::array<char, 128> text{};
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

}  // namespace net
