// The ports: which service answers on which, and the words of a polite refusal.
#include <fmt/format.h>

#include <utility>

#include "app/control.h"
#include "app/process.h"
#include "app/server_parts.h"
#include "app/service_options.h"
#include "net/kernel_tls.h"
#include "net/network.h"

namespace app {
namespace {

constexpr unsigned kPrivateSocket = 0600;
constexpr std::uint16_t kFirstFreePort =
    1024;  // ip(7): those below are for who has the right to them

}  // namespace

base::Result<> MailServer::Parts::listen_on(const std::string& service,
                                            const std::vector<std::string>& addresses,
                                            net::ListenOptions options) {
    options.service = service;
    for (const std::string& address : addresses) {
        options.address = address;
        TRY(net::Endpoint endpoint, server->listen(options));
        log->info("listening", {{"service", service}, {"address", endpoint.to_string()}});
        bound.push_back({service, std::move(endpoint)});
    }
    return {};
}

void MailServer::Parts::set_smtp_settings(const smtp::RelayDomains& relay_domains) {
    for (const smtp::Port port : {smtp::Port::kRelay, smtp::Port::kSubmission, smtp::Port::kLmtp}) {
        smtp_settings.at(static_cast<std::size_t>(port))
            .set(smtp_options(config, port, relay_domains));
    }
}

net::Serve MailServer::Parts::serve_smtp(smtp::Port port) {
    return [this, &settings = smtp_settings.at(static_cast<std::size_t>(port))](
               std::unique_ptr<net::Stream> stream) {
        return smtp::serve(std::move(stream), settings.get(), *smtp);
    };
}

net::Serve MailServer::Parts::serve_pop3() {
    return [this, options = pop3_options(config)](std::unique_ptr<net::Stream> stream) {
        return pop3::serve(std::move(stream), options, *pop3);
    };
}

net::Serve MailServer::Parts::serve_imap() {
    return [this, options = imap_options(config)](std::unique_ptr<net::Stream> stream) {
        return imap::serve(std::move(stream), options, *imap);
    };
}

base::Result<> MailServer::Parts::listen() {
    net::ListenOptions common;
    common.tls = tls;
    common.handshake_max = config.tls.handshake_timeout;
    for (const std::string& proxy : config.listen.proxies) {
        TRY(const net::AddressBlock block, net::AddressBlock::parse(proxy));
        common.proxies.push_back(block);
    }
    TRY(const smtp::RelayDomains domains, relay_domains(config.queue));
    set_smtp_settings(domains);
    TRY_VOID(listen_smtp(common));
    TRY_VOID(listen_pop3(common));
    TRY_VOID(listen_imap(common));
    TRY_VOID(listen_ftp(common));
    return listen_inside();
}

base::Result<> MailServer::Parts::listen_smtp(net::ListenOptions options) {
    options.refusal = [host = config.hostname](net::Refusal) {
        return fmt::format("421 4.7.0 {} Too many connections, try again later\r\n", host);
    };
    options.serve = serve_smtp(smtp::Port::kRelay);
    TRY_VOID(listen_on("smtp", config.listen.smtp, options));
    options.serve = serve_smtp(smtp::Port::kLmtp);
    TRY_VOID(listen_on("lmtp", config.listen.lmtp, options));
    options.serve = serve_smtp(smtp::Port::kSubmission);
    TRY_VOID(listen_on("submission", config.listen.submission, options));
    options.implicit_tls = true;
    return listen_on("submissions", config.listen.submissions, options);
}

base::Result<> MailServer::Parts::listen_pop3(net::ListenOptions options) {
    options.refusal = [](net::Refusal) {
        return std::string("-ERR [SYS/TEMP] Too many connections, try again later\r\n");
    };
    options.serve = serve_pop3();
    TRY_VOID(listen_on("pop3", config.listen.pop3, options));
    options.implicit_tls = true;
    return listen_on("pop3s", config.listen.pop3s, options);
}

base::Result<> MailServer::Parts::listen_imap(net::ListenOptions options) {
    options.refusal = [](net::Refusal) {
        return std::string("* BYE [UNAVAILABLE] Too many connections, try again later\r\n");
    };
    options.serve = serve_imap();
    TRY_VOID(listen_on("imap", config.listen.imap, options));
    options.implicit_tls = true;
    return listen_on("imaps", config.listen.imaps, options);
}

// Ports are open; active mode opens connections from a port of its own each time (RFC 959 5.2).
base::Result<> MailServer::Parts::become_user() {
    const bool has_ftp = !(config.listen.ftp.empty() && config.listen.ftps.empty());
    const auto port = static_cast<std::uint16_t>(
        has_ftp && config.ftp.active ? config.ftp.active_source_port : 0);
    TRY_VOID(app::become_user(config.user, port != 0 && port < kFirstFreePort));
    const auto usable = net::expect_source_port(port);
    if (!usable && usable.error().code == base::Errc::kDenied) {
        return base::fail(base::Errc::kDenied,
                          fmt::format("[ftp] active_source_port: {}; ports below {} need root or "
                                      "CAP_NET_BIND_SERVICE, 0 is any port",
                                      usable.error().text,
                                      kFirstFreePort));
    }
    return {};
}

base::Result<> MailServer::Parts::listen_ftp(net::ListenOptions options) {
    TRY_VOID(check_ftp_networks(config));
    if (options.tls && !(config.listen.ftp.empty() && config.listen.ftps.empty())) {
        const net::KernelTls kernel = net::kernel_tls();
        log->info("kernel tls",
                  {{"ktls", kernel.offered ? "yes" : "no"}, {"reason", kernel.reason}});
        options.tls = options.tls->for_protocols({"ftp"});
    }
    options.refusal = [](net::Refusal) {
        return std::string("421 Too many connections, try again later\r\n");
    };
    // Whose ports they listen on, each on its own.
    options.loops_max = ftp::PortRange{config.ftp.passive_first, config.ftp.passive_last}.count();
    options.serve = [this](std::unique_ptr<net::Stream> stream) {
        return ftp->serve(std::move(stream), false);
    };
    TRY_VOID(listen_on("ftp", config.listen.ftp, options));
    options.implicit_tls = true;
    options.serve = [this](std::unique_ptr<net::Stream> stream) {
        return ftp->serve(std::move(stream), true);
    };
    return listen_on("ftps", config.listen.ftps, options);
}

// What the administrator alone is to reach.
base::Result<> MailServer::Parts::listen_inside() {
    net::ListenOptions options;
    options.serve = [this](std::unique_ptr<net::Stream> stream) {
        return serve_metrics(std::move(stream), metrics, refresh);
    };
    TRY_VOID(listen_on("metrics", config.listen.metrics, options));
    options.unix_mode = kPrivateSocket;
    options.serve = [this](std::unique_ptr<net::Stream> stream) {
        return serve_control(std::move(stream), *administration, *administration_pool, *log);
    };
    return listen_on("control", config.listen.control, options);
}

}  // namespace app
