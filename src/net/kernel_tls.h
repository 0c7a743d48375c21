// Whether this machine can leave the encryption of what is sent to its kernel (kTLS), so that files in TLS go by
// sendfile too. Found out at run time: the kernel of the machine that built the program says nothing of it.
#pragma once

#include <string_view>

namespace net {

struct KernelTls {
    bool offered = false;
    std::string_view reason;  // one sentence, either way
};

// Asks the kernel; loads its module where it may. A connection still decides by its cipher.
[[nodiscard]] KernelTls kernel_tls();

}  // namespace net
