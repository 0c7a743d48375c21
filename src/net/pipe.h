// An in-memory pair of Streams, the network of tests and of the simulator. Everything a peer can do to
// a server is an option or a call here: dribble, stall, never read, cut off, reset.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/stream.h"

namespace net {

struct PipeOptions {
    // The most that one receive() returns, at either end. 1 shows whether input may be cut anywhere.
    std::size_t receive_octets_max = std::size_t{16} * 1024;
    // What fits between the two ends, in each direction, as a kernel's socket buffers: a peer that does
    // not read stops the writer there.
    std::size_t buffer_octets = std::size_t{256} * 1024;
    // From write() to receive().
    base::Duration latency{0};
    // The server's end offers start_tls(). It is a fake: both ends go on in clear.
    bool can_start_tls = true;
    // Implicit TLS, fake as well: tls() is set from the start.
    bool implicit_tls = false;
    // What send_file() says of a file whose disk fails; without it, that files are not for it.
    std::optional<base::Error> file_error = {};
    // What tls() says then. With `distrust` a client that verifies fails.
    TlsInfo tls{.version = "TLSv1.3",
                .cipher = "TLS_AES_256_GCM_SHA384",
                .bits = 256,
                .server_name = "",
                .client_names = {},
                .unique = "",
                .exporter = std::string(32, 'e'),
                .end_point = std::string(32, 'p')};
    Endpoint server{.address = "192.0.2.25", .port = 25, .path = ""};
    Endpoint client{.address = "192.0.2.1", .port = 49152, .path = ""};
};

// One end. Destroying it closes it.
class PipeStream final : public Stream {
  public:
    struct Pipe;  // what both ends share

    PipeStream(std::shared_ptr<Pipe> pipe, bool is_server);
    PipeStream(const PipeStream&) = delete;
    PipeStream& operator=(const PipeStream&) = delete;
    ~PipeStream() override;

    base::Task<base::Result<std::string_view>> receive(base::SteadyTime deadline) override;
    base::Task<base::Result<>> write(std::string_view octets, base::SteadyTime deadline) override;
    base::Task<base::Result<std::uint64_t>> send_file(int fd,
                                                      std::uint64_t offset,
                                                      std::uint64_t count,
                                                      base::Duration stall) override;
    // Input that is still on its way was sent in clear, and is lost as in a failed handshake.
    base::Task<base::Result<>> start_tls(base::SteadyTime deadline) override;
    [[nodiscard]] bool can_start_tls() const override;
    [[nodiscard]] const TlsInfo* tls() const override;
    void offer_tls(const std::shared_ptr<TlsContext>& context) override;
    // Waits until the other end has called start_tls(), or grant_tls().
    base::Task<base::Result<>> start_tls_client(TlsClientOptions options,
                                                base::SteadyTime deadline) override;
    [[nodiscard]] std::shared_ptr<TlsTicket> tls_ticket() const override;
    base::Task<base::Result<>> shut_down_write(base::SteadyTime deadline) override;
    [[nodiscard]] std::function<Traffic()> traffic() const override;
    void interrupt() override;

    [[nodiscard]] bool stopping() const override { return stopping_; }

    void wake() override;
    void close() override;
    void abort() override;
    [[nodiscard]] const Endpoint& local() const override;
    [[nodiscard]] const Endpoint& peer() const override;
    [[nodiscard]] base::Loop& loop() override;

    // What a test's client does without being a coroutine.

    // Sends `octets` whatever the buffer's bound. False when the other end is gone.
    bool push(std::string_view octets);
    // All that has arrived and was not received yet; nothing when nothing has.
    [[nodiscard]] std::string take();
    // True when the other end has closed and everything it sent was received or taken, or after a
    // reset.
    [[nodiscard]] bool ended() const;
    // Ends this direction only: the other end reads kEof and may go on writing, as after shutdown(2).
    void end_writing();
    // start_tls() of a server that is no coroutine.
    void grant_tls();
    // Tears the connection down: what is on its way is lost, both ends see kReset.
    void reset();

  private:
    struct Direction;

    [[nodiscard]] Direction& in() const;
    [[nodiscard]] Direction& out() const;

    std::shared_ptr<Pipe> pipe_;
    bool is_server_;
    bool closed_ = false;
    bool interrupted_ = false;  // by wake() or interrupt(), and receive() has not said so yet
    bool stopping_ = false;
};

// The server's end, then the client's, on one loop.
[[nodiscard]] std::pair<std::unique_ptr<PipeStream>, std::unique_ptr<PipeStream>> make_pipe(
    base::Loop& loop, PipeOptions options = {});

}  // namespace net
