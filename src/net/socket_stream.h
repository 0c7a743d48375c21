// net::Stream over a connected socket, in clear or inside TLS on the descriptor itself. Idle, it holds no
// buffer: it waits for readiness, then reads into the buffer of its thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_set>

#include "net/attempt.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/unique_fd.h"
#include "net/wakeup.h"

namespace net {

class SocketStream;
struct FileAttempt;
class TlsContext;
class TlsSession;

// The streams of one loop that are open, for whoever has to speak to all of them.
using Roster = std::unordered_set<SocketStream*>;

// A connected, non-blocking socket with set_connection_options(), and what is known of it.
struct Connection {
    UniqueFd fd;
    Endpoint local;
    Endpoint peer;
    std::shared_ptr<TlsContext> tls;  // null: start_tls() is not offered
    std::shared_ptr<void> permit;     // kept until the descriptor is closed, lingering included
    Roster* roster = nullptr;         // outlives the stream
    // Whether close() waits for the peer's end, where TLS does not ask for it anyway. Where only one side has something
    // to say, as in FTP's data connections, nothing comes that a reset could answer.
    bool lingers = true;
};

class SocketStream final : public Stream, private IoLoop::Watcher {
  public:
    // The kernel watches the descriptor from the first wait on: much of what is short never waits. Where it cannot, the
    // wait is over at once, in kTimeout.
    SocketStream(IoLoop& loop, Connection connection);
    SocketStream(const SocketStream&) = delete;
    SocketStream& operator=(const SocketStream&) = delete;
    ~SocketStream() override;

    base::Task<base::Result<std::string_view>> receive(base::SteadyTime deadline) override;
    // `deadline` is for the peer to take something; each time it does, the same span starts again.
    base::Task<base::Result<>> write(std::string_view octets, base::SteadyTime deadline) override;
    base::Task<base::Result<>> start_tls(base::SteadyTime deadline) override;
    [[nodiscard]] bool can_start_tls() const override;
    [[nodiscard]] const TlsInfo* tls() const override;
    void offer_tls(const std::shared_ptr<TlsContext>& context) override;
    base::Task<base::Result<>> start_tls_client(TlsClientOptions options,
                                                base::SteadyTime deadline) override;
    [[nodiscard]] std::shared_ptr<TlsTicket> tls_ticket() const override;
    base::Task<base::Result<>> start_tls_bound(Stream& control,
                                               AcceptsBinding accepts,
                                               base::SteadyTime deadline) override;
    [[nodiscard]] std::string tls_binding() const override;
    void send_tls_ticket() override;
    base::Task<base::Result<>> stop_tls(base::SteadyTime deadline) override;
    [[nodiscard]] std::function<Traffic()> traffic() const override;
    // socket_files.cc
    base::Task<base::Result<std::uint64_t>> send_file(int fd,
                                                      std::uint64_t offset,
                                                      std::uint64_t count,
                                                      base::Duration stall) override;
    base::Task<base::Result<std::uint64_t>> receive_file(int fd,
                                                         std::uint64_t offset,
                                                         std::uint64_t count_max,
                                                         base::Duration stall) override;
    base::Task<base::Result<std::size_t>> receive_into(std::span<char> room,
                                                       base::SteadyTime deadline) override;
    base::Task<base::Result<>> shut_down_write(base::SteadyTime deadline) override;
    void interrupt() override;

    [[nodiscard]] bool stopping() const override { return stopping_; }

    void wake() override;
    // close_notify, FIN, and a short wait for the peer's (linger.h) where it lingers. When it took nothing: a reset.
    void close() override;
    void abort() override;

    // Reads the PROXY header that the peer begins with, and takes over the addresses it names. Nothing
    // behind it is touched. Before anything else; any failure means a peer to be closed.
    [[nodiscard]] base::Task<base::Result<>> read_proxy_header(base::SteadyTime deadline);

    [[nodiscard]] const Endpoint& local() const override { return connection_.local; }

    [[nodiscard]] const Endpoint& peer() const override { return connection_.peer; }

    [[nodiscard]] base::Loop& loop() override { return loop_; }

  private:
    void on_ready(IoLoop::Readiness ready) override;

    // The octets that have come, at least one more than `known`; they stay unread.
    [[nodiscard]] base::Task<base::Result<std::string_view>> look_ahead(std::size_t known,
                                                                        base::SteadyTime deadline);
    // The handshake of `tls_`, null when there was no memory for it.
    [[nodiscard]] base::Task<base::Result<>> shake_hands(base::SteadyTime deadline);
    // Whether the peer, who was told that TLS is over, has its say in clear.
    [[nodiscard]] base::Task<base::Result<bool>> goes_on_in_clear(base::SteadyTime deadline);
    [[nodiscard]] Attempt try_read(std::span<char> room);
    [[nodiscard]] Attempt try_write(std::string_view octets);
    [[nodiscard]] FileAttempt try_send_file(int fd, std::uint64_t offset, std::size_t count);
    // Suspends until the file's octets are in memory, or the disk took too long.
    [[nodiscard]] static base::Task<> await_file(base::Loop& loop,
                                                 int fd,
                                                 std::uint64_t offset,
                                                 std::size_t count);
    void note_waiting(Attempt::Kind what);
    [[nodiscard]] Wakeup::Wait wait_for(Attempt::Kind what, base::SteadyTime deadline);

    // What a session that never has to wait owes the others of its loop, by operations and by time: what is written may
    // have taken long to make.
    [[nodiscard]] bool must_give_way();
    [[nodiscard]] Wakeup::Wait give_way();
    [[nodiscard]] tl::unexpected<base::Error> break_with(base::Errc code, std::string text);
    [[nodiscard]] tl::unexpected<base::Error> break_with(const Attempt& attempt);
    [[nodiscard]] tl::unexpected<base::Error> break_with(const FileAttempt& failed);

    static constexpr unsigned kBurstMax = 32;
    static constexpr base::Duration kBurstSpan = std::chrono::milliseconds(2);

    IoLoop& loop_;
    Connection connection_;
    std::unique_ptr<TlsSession> tls_;
    Wakeup wakeup_;
    Attempt::Kind waits_for_ = Attempt::Kind::kDone;
    unsigned burst_ = 0;            // operations since the last wait
    base::SteadyTime burst_begun_;  // when the first of them was
    // Readiness as far as the kernel told, edge by edge: false only after EAGAIN or a short read.
    bool watched_ = false;
    bool readable_ = false;
    bool writable_ = true;
    bool ended_ = false;
    bool interrupted_ = false;  // by wake() or interrupt(), and receive() has not said so yet
    bool stopping_ = false;
    bool urgent_ = false;  // a short read may have stopped at the urgent octet
    bool broken_ = false;  // only to be closed
    bool stuck_ = false;   // the peer took nothing, or abort(): not to be waited for
    bool closed_ = false;
    bool write_ended_ = false;  // by shut_down_write()
};

}  // namespace net
