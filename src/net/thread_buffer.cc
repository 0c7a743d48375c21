#include "net/thread_buffer.h"

#include <array>

namespace net {

std::span<char, kThreadBufferOctets> thread_buffer() {
    // Aligned not for speed alone: mold 1.10 begins the protected segment at the first thread-local octet,
    // and when that stands in the last octets of a page, the program cannot be loaded.
    alignas(64) thread_local std::array<char, kThreadBufferOctets> buffer;
    return buffer;
}

}  // namespace net
