// A conversation over a local socket for those who may wait: the command line asking a running server, the
// demo sending its first message. Sessions never use it.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/stream.h"
#include "net/unique_fd.h"

namespace app {

class Dialogue {
  public:
    // kUnavailable: nobody listens there. `patience` is for each operation.
    [[nodiscard]] static base::Result<Dialogue> connect(const net::Endpoint& endpoint,
                                                        base::Duration patience);

    void set_patience(base::Duration patience) const;
    [[nodiscard]] base::Result<> send(std::string_view octets) const;
    // The next line without its LF or CRLF. kTooLong past 64 KiB.
    [[nodiscard]] base::Result<std::string> read_line();
    // What is left, up to the end; kTooLong past 256 MiB.
    [[nodiscard]] base::Result<std::string> read_to_end();

  private:
    explicit Dialogue(net::UniqueFd fd) : fd_(std::move(fd)) {}

    // False at the end of the stream.
    [[nodiscard]] base::Result<bool> receive();

    net::UniqueFd fd_;
    std::string input_;
};

}  // namespace app
