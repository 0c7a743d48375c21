#include <fmt/format.h>

#include "net/stream.h"

namespace net {

bool Endpoint::is_loopback() const {
    return is_unix() || address.starts_with("127.") || address == "::1";
}

std::string Endpoint::to_string() const {
    if (is_unix()) {
        return "unix:" + path;
    }
    return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                  : fmt::format("[{}]:{}", address, port);
}

}  // namespace net
