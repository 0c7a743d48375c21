// The queue's transport by SMTP and LMTP: from a destination's name to hosts (mx.h), to the first of them that
// answers (race.h), to a conversation (client.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/random.h"
#include "net/network.h"
#include "net/resolver.h"
#include "queue/transport.h"
#include "smtp/client/client.h"
#include "smtp/client/mx.h"

namespace smtp {

// What a destination's name means, to the configuration.
struct Way {
    enum class Kind { kMx, kSmtp, kSmtps, kLmtp };

    Kind kind = Kind::kMx;
    std::string host;  // of kMx the domain; else a name or an address
    std::uint16_t port = 25;
    std::string path;  // of a unix socket, instead of host and port
    TlsUse tls = TlsUse::kOpportunistic;
    std::optional<account::SaslCredentials> login = {};
    std::optional<net::Endpoint> source = {};
};

struct QueueTransportOptions {
    std::string hostname;
    MxOptions mx;
    std::uint16_t mx_port = 25;
    base::Duration connect_patience = std::chrono::seconds(30);  // for each address
    std::shared_ptr<net::TlsClientContext> tls_context;          // null: never TLS
    ClientTimeouts timeouts = {};
    // Nothing: a name that the configuration does not know (any more).
    std::function<std::optional<Way>(std::string_view destination)> find_way;
    // The policy step: what the domain itself asks of a connection to `host`, one of its MX hosts. DANE (RFC
    // 7672, by MailHost::secure and TLSA records) and MTA-STS (RFC 8461) belong here. It makes the way's
    // TLS stricter and never looser; a Verdict is why the host may not be used. Empty: the way's is all.
    std::function<base::Task<base::Result<TlsUse, Verdict>>(
        base::Loop& loop, std::string domain, MailHost host)>
        policy = {};
    // For --trace-peer; may be empty, and may return an empty watcher.
    std::function<net::LineStream::Watcher(const net::Endpoint& peer)> watch = {};
};

class QueueTransport final : public queue::Transport {
  public:
    // Keeps the references; used on one loop.
    QueueTransport(net::Network& network,
                   net::Resolver& resolver,
                   base::Random& random,
                   QueueTransportOptions options)
        : network_(network),
          resolver_(resolver),
          random_(random),
          options_(std::move(options)) {}

    base::Task<base::Result<std::unique_ptr<queue::Connection>, queue::Unreachable>> connect(
        base::Loop& loop, std::string destination) override;

    // Breaks every conversation: what they carry is deferred. On the loop's thread.
    void close_all();

  private:
    class Conversation;
    using Connected = base::Result<std::unique_ptr<queue::Connection>, queue::Unreachable>;
    using Hosts = base::Result<std::vector<MailHost>, Verdict>;

    [[nodiscard]] base::Task<Hosts> find_hosts(base::Loop& loop, Way way);
    [[nodiscard]] base::Task<base::Result<TlsUse, Verdict>> choose_tls(base::Loop& loop,
                                                                       Way way,
                                                                       MailHost host);
    [[nodiscard]] base::Task<Connected> call(base::Loop& loop, Way way, MailHost host, TlsUse tls);
    [[nodiscard]] ClientOptions client_options(const Way& way,
                                               const MailHost& host,
                                               TlsUse tls,
                                               const net::Endpoint& peer) const;

    net::Network& network_;
    net::Resolver& resolver_;
    base::Random& random_;
    QueueTransportOptions options_;
    std::set<net::Stream*> open_;
};

}  // namespace smtp
