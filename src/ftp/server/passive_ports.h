// The ports that clients are told to connect to (PASV, EPSV). A small range serves many: one port listens for
// several sessions at once, whose clients come from different addresses. A connection from elsewhere is
// closed at once, so that nobody takes what was meant for another (RFC 2577 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/random.h"
#include "net/network.h"
#include "net/wakeup.h"

namespace ftp {

struct PortRange {
    std::uint16_t first = 0;  // both 0: the dynamic ports, 49152 to 65535
    std::uint16_t last = 0;

    // How many ports.
    [[nodiscard]] std::size_t count() const;
};

// One a server, thread-safe. A port is listened on by one loop at a time, and shared by the sessions of that loop; so
// that the sessions of one address never have them all, each loop has one that no other takes.
class PassivePorts {
    struct Port;

  public:
    // For sessions on so many `loops`, or on as many as there are ports.
    PassivePorts(net::Network& network,
                 base::Random& random,
                 PortRange range,
                 std::size_t loops = 1);
    PassivePorts(const PassivePorts&) = delete;
    PassivePorts& operator=(const PassivePorts&) = delete;
    ~PassivePorts();

    // One session's claim on a port; the port closes with the last of them. On the session's loop. It is good for one
    // connection, and then for another one each time that it is renewed: to open a port takes longer than to move a
    // small file.
    class Claim {
      public:
        Claim(PassivePorts& ports, std::shared_ptr<Port> port, std::string client);
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;
        ~Claim();

        [[nodiscard]] std::uint16_t port() const;

        // Whose connection it waits for; empty: anybody's.
        [[nodiscard]] const std::string& client() const { return client_; }

        // Whether it waits for a connection: what comes otherwise is turned away.
        [[nodiscard]] bool is_expecting() const { return expecting_; }

        // The connection is there already, for accept() to take.
        [[nodiscard]] bool has_arrived() const { return stream_ != nullptr; }

        // Whether it may wait for one more connection at the same port. Not when somebody came who was not expected,
        // when the port was told often enough, or where others need it.
        [[nodiscard]] bool may_renew() const;
        // Waits for it, where it may.
        [[nodiscard]] bool renew();
        // The connection of this session's client. kTimeout; kReset after close(); kUnavailable.
        [[nodiscard]] base::Task<base::Result<std::unique_ptr<net::Stream>>> accept(
            base::SteadyTime deadline);
        // Ends a waiting accept().
        void close();

      private:
        friend class PassivePorts;

        PassivePorts& ports_;
        std::shared_ptr<Port> port_;
        const std::string client_;
        net::Wakeup arrived_;
        std::unique_ptr<net::Stream> stream_;
        bool expecting_ = true;
        bool closed_ = false;
        unsigned told_ = 1;  // how often the port was
    };

    // Listens on `local`, the address of the control connection, for connections from `client`; an empty
    // client is anybody (FXP). kUnavailable when every port of the range is taken; kDenied ....
    [[nodiscard]] base::Result<std::unique_ptr<Claim>> claim(base::Loop& loop,
                                                             const std::string& local,
                                                             const std::string& client);

  private:
    using Key = std::pair<std::string, std::uint16_t>;  // local address and number

    // A port that is listened on.
    struct Port {
        const Key key;
        base::Loop& loop;
        std::unique_ptr<net::Acceptor> acceptor;
        std::map<std::string, Claim*> claims;  // by client; touched on `loop` only
        bool accepting = false;
        bool probed = false;  // somebody came who was not expected
    };

    [[nodiscard]] base::Result<std::unique_ptr<Claim>> claim_at(base::Loop& loop,
                                                                const net::Endpoint& local,
                                                                const std::string& client);
    [[nodiscard]] bool may_take(const base::Loop& loop, std::size_t place);
    [[nodiscard]] bool has_room();
    [[nodiscard]] std::unique_ptr<Claim> make_claim(std::shared_ptr<Port> port,
                                                    const std::string& client);
    void give_back(const Claim& claim);
    static base::Task<> accept_for_all(std::shared_ptr<Port> port);
    static void hand_over(Port& port, std::unique_ptr<net::Stream> stream);

    net::Network& network_;
    base::Random& random_;
    const PortRange range_;
    const std::size_t loops_;  // and the first ports, each for one of them alone
    std::mutex mutex_;
    std::map<const base::Loop*, std::size_t> places_;  // of the loops' own ports; guarded by mutex_
    std::map<Key, std::shared_ptr<Port>> ports_;       // guarded by mutex_
};

}  // namespace ftp
