// One try to read, write or shake hands on a non-blocking descriptor, and what came of it.
#pragma once

#include <cerrno>
#include <cstddef>
#include <string>

namespace net {

struct Attempt {
    enum class Kind {
        kDone,       // `octets` were moved
        kWantRead,   // try again when the descriptor is readable
        kWantWrite,  // try again when it is writable
        kEof,        // the peer ended in good order
        kFailed,     // `text` says why; the descriptor is only good for closing
    };

    Kind kind = Kind::kFailed;
    std::size_t octets = 0;
    std::string text;

    [[nodiscard]] bool must_wait() const {
        return kind == Kind::kWantRead || kind == Kind::kWantWrite;
    }
};

// What errno says after a try that may be made again.
[[nodiscard]] inline bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace net
