// Where a session's next data connection goes, and the connection itself (RFC 959 3.2 and 3.3, RFC 2428,
// RFC 4217 10): opened for a transfer, kept between transfers in block and compressed mode.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ftp/server/passive_ports.h"
#include "ftp/server/server.h"
#include "net/network.h"
#include "net/stream.h"
#include "net/wakeup.h"

namespace ftp {

class DataChannel {
  public:
    // Of the session on `control`. All of them must outlive it.
    DataChannel(net::Stream& control, const ServerOptions& options, Services& services);
    DataChannel(const DataChannel&) = delete;
    DataChannel& operator=(const DataChannel&) = delete;
    ~DataChannel();

    // PASV and EPSV: the port to tell, the one of the last transfer if that was a moment ago and ended well. With
    // `anybody` the other end need not be the control connection's. Who neither connects nor begins a transfer within
    // connect_timeout_s finds it closed, and open() is kTimeout.
    [[nodiscard]] base::Result<std::uint16_t> listen(bool anybody);
    // PORT and EPRT.
    void connect_to(net::Endpoint where);
    // EPSV ALL (RFC 2428 4): whether the server is never to connect, nor where it was told before.
    void only_listen(bool on);

    [[nodiscard]] bool only_listens() const { return only_listens_; }

    // Back to the default data port (RFC 959 3.3); ends what is there.
    void reset();

    // PROT P (RFC 4217 9). What is connected already is ended.
    void protect(bool on);

    // Whether the control connection's TLS session must go on in the data connection's, or that of another control
    // connection of which `is_neighbour` says that it will do as well.
    void require_session_reuse(bool on, net::Stream::AcceptsBinding is_neighbour) {
        require_reuse_ = on;
        is_neighbour_ = std::move(is_neighbour);
    }

    [[nodiscard]] bool is_protected() const { return protect_; }

    // The client has said where, or is connected.
    [[nodiscard]] bool is_prepared() const { return is_passive() || where_ || stream_; }

    [[nodiscard]] bool is_open() const { return stream_ != nullptr; }

    // The connection, TLS included; the same one while it is kept. kTimeout, kRefused ..., kDenied (it
    // is not the control connection's TLS session), kReset after abort().
    [[nodiscard]] base::Task<base::Result<net::Stream*>> open();
    // Ends the connection in good order. What told its other end is told for one connection only.
    void close();
    // Ends at once what is connected or waited for. open() may be called again afterwards.
    void abort();

    // See net::Stream::traffic(): of the control connection.
    [[nodiscard]] std::function<net::Stream::Traffic()> control_traffic() const {
        return control_.traffic();
    }

    // Whether abort() was called since the last open().
    [[nodiscard]] bool aborted() const { return aborted_; }

  private:
    [[nodiscard]] bool is_passive() const { return claim_ && claim_->is_expecting(); }

    void close_stream();
    void keep_port();
    void look_at(base::SteadyTime when);
    void give_back_in_time();
    void give_port_back();
    [[nodiscard]] base::Task<base::Result<std::unique_ptr<net::Stream>>> connect();
    [[nodiscard]] base::Task<base::Result<>> start_tls();
    // The connection, or kReset as soon as abort() is called.
    [[nodiscard]] base::Task<base::Result<std::unique_ptr<net::Stream>>> unless_aborted(
        base::Task<base::Result<std::unique_ptr<net::Stream>>> attempt);

    net::Stream& control_;
    const ServerOptions& options_;
    Services& services_;
    net::Wakeup wakeup_;
    std::unique_ptr<PassivePorts::Claim> claim_;  // expecting, or kept for the next transfer
    base::Loop::TimerId timer_ = 0;               // gives the port back
    base::SteadyTime timer_at_{};
    base::SteadyTime told_at_{};
    base::SteadyTime kept_since_{};
    bool opening_ = false;
    bool expired_ = false;  // the port was told, and given back since nobody came
    std::optional<net::Endpoint> where_;
    bool only_listens_ = false;
    std::unique_ptr<net::Stream> stream_;
    bool protect_ = false;
    bool require_reuse_ = true;
    net::Stream::AcceptsBinding is_neighbour_;
    bool aborted_ = false;
};

}  // namespace ftp
