// A conversation for those who may wait: the command line asking a running server, the demo sending its
// first message. It runs a loop of its own for as long as each step takes; sessions never use it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/stream.h"

namespace app {

class Dialogue {
  public:
    // kUnavailable: nobody listens there. `patience` is for each operation.
    [[nodiscard]] static base::Result<Dialogue> connect(const net::Endpoint& endpoint,
                                                        base::Duration patience);

    void set_patience(base::Duration patience) { patience_ = patience; }

    [[nodiscard]] base::Result<> send(std::string_view octets);
    // The next line without its LF or CRLF. kTooLong past 64 KiB.
    [[nodiscard]] base::Result<std::string> read_line();
    // So many octets; kEof when the stream ends before them.
    [[nodiscard]] base::Result<std::string> read_octets(std::size_t count);
    // What is left, up to the end; kTooLong past 256 MiB.
    [[nodiscard]] base::Result<std::string> read_to_end();

  private:
    Dialogue(std::unique_ptr<net::IoLoop> loop,
             std::unique_ptr<net::Stream> stream,
             base::Duration patience)
        : loop_(std::move(loop)),
          stream_(std::move(stream)),
          patience_(patience) {}

    [[nodiscard]] base::SteadyTime deadline() const { return loop_->clock().steady() + patience_; }

    // False at the end of the stream.
    [[nodiscard]] base::Result<bool> receive();

    std::unique_ptr<net::IoLoop> loop_;
    std::unique_ptr<net::Stream> stream_;
    base::Duration patience_;
    std::string input_;
};

}  // namespace app
