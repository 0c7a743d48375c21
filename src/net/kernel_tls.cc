#include "net/kernel_tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>

#include "base/unique_fd.h"

namespace net {
namespace {

// The kernel takes a connected socket only, and says so once it knows the name "tls".
int ask_kernel() {
    static constexpr std::string_view kName = "tls";
    const base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) {
        return errno;
    }
    const int set = ::setsockopt(socket.get(), IPPROTO_TCP, TCP_ULP, kName.data(), kName.size());
    return set == 0 ? 0 : errno;
}

}  // namespace

KernelTls kernel_tls() {
#ifdef OPENSSL_NO_KTLS
    return {.offered = false, .reason = "this OpenSSL was built without it"};
#else
    switch (ask_kernel()) {
        case 0:
        case ENOTCONN:
            return {.offered = true, .reason = "the kernel encrypts what is sent"};
        case ENOENT:
            return {.offered = false, .reason = "the kernel has no module tls"};
        case ENOPROTOOPT:
            return {.offered = false, .reason = "the kernel knows no TCP_ULP"};
        default:
            return {.offered = false, .reason = "the kernel does not let this process use it"};
    }
#endif
}

}  // namespace net
