#include "net/thread_buffer.h"

#include <array>

namespace net {

std::span<char, kThreadBufferOctets> thread_buffer() {
    thread_local std::array<char, kThreadBufferOctets> buffer;
    return buffer;
}

}  // namespace net
