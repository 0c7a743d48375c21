// One try to move octets between a file and a socket or a TLS session, without a copy where the kernel can.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/attempt.h"

namespace net {

class TlsSession;

// Attempt::text of a failure that is the file's, not the network's.
enum class Fault : std::uint8_t { kNone, kNetwork, kFile, kFileFull };

struct FileAttempt {
    Attempt attempt;
    Fault fault = Fault::kNone;
};

// Whether the octets at both ends of the piece are in memory: a read would not wait for the disk. If not, they
// are asked for. File systems that cannot tell are taken at their word that they are quick.
[[nodiscard]] bool is_in_memory(int fd, std::uint64_t offset, std::size_t count);

inline constexpr std::size_t kSmallOctets = std::size_t{16} * 1024;

// Copies `count` octets, kSmallOctets at most, and lets the kernel hold the last segment back for
// what follows, the FIN as a rule: a small file then is one segment. Nothing when they are not all in memory.
[[nodiscard]] std::optional<FileAttempt> send_small(int socket,
                                                    int fd,
                                                    std::uint64_t offset,
                                                    std::size_t count);

// sendfile(2). kEof: the file ends here.
[[nodiscard]] FileAttempt send_from_file(int socket,
                                         int fd,
                                         std::uint64_t offset,
                                         std::size_t count);
// Through the thread's file buffer, several records a system call; by SSL_sendfile where the kernel encrypts. What the
// socket did not take of octets that count as moved goes first next time, alone when `count` is zero (has_rest()).
[[nodiscard]] FileAttempt send_from_file(TlsSession& tls,
                                         int fd,
                                         std::uint64_t offset,
                                         std::size_t count);
// splice(2), by a pipe of the thread. kEof: the peer ended.
[[nodiscard]] FileAttempt receive_to_file(int socket,
                                          int fd,
                                          std::uint64_t offset,
                                          std::size_t count);
[[nodiscard]] FileAttempt receive_to_file(TlsSession& tls,
                                          int fd,
                                          std::uint64_t offset,
                                          std::size_t count);

}  // namespace net
