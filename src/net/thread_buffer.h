// The buffer of a thread that every receive() of its streams reads into. An idle connection holds none
// of its own, and a view into it is good until the coroutine suspends.
#pragma once

#include <cstddef>
#include <span>

namespace net {

// A TLS record's worth.
inline constexpr std::size_t kThreadBufferOctets = std::size_t{16} * 1024;

[[nodiscard]] std::span<char, kThreadBufferOctets> thread_buffer();

}  // namespace net
