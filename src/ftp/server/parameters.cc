// How and where data goes: TYPE, STRU, MODE, PORT, PASV (RFC 959 4.1.2), EPRT, EPSV (RFC 2428), OPTS
// (RFC 2389 4).
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/ascii.h"
#include "ftp/grammar/data_port.h"
#include "ftp/server/session.h"

namespace ftp {

using base::Errc;
using base::Result;

namespace {

constexpr std::uint16_t kPrivilegedPorts = 1024;

using Blocks = std::vector<net::AddressBlock>;

Blocks parse_blocks(std::initializer_list<const char*> texts) {
    Blocks blocks;
    for (const char* text : texts) {
        blocks.push_back(net::AddressBlock::parse(text).value());
    }
    return blocks;
}

bool is_in(const Blocks& blocks, std::string_view address) {
    return std::any_of(blocks.begin(), blocks.end(), [address](const net::AddressBlock& block) {
        return block.contains(address);
    });
}

// Clients of these networks see us under our own address (RFC 1918, RFC 6598, loopback, link-local).
bool is_private(std::string_view address) {
    static const Blocks blocks = parse_blocks({"10.0.0.0/8",
                                               "172.16.0.0/12",
                                               "192.168.0.0/16",
                                               "100.64.0.0/10",
                                               "127.0.0.0/8",
                                               "169.254.0.0/16"});
    return is_in(blocks, address);
}

// Nobody's, or many hosts' (RFC 4291 2.5.2 and 2.7, and their like in IPv4).
bool is_no_host(std::string_view address) {
    static const Blocks blocks = parse_blocks({"0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8"});
    return is_in(blocks, address);
}

bool is_loopback(std::string_view address) {
    static const Blocks blocks = parse_blocks({"127.0.0.0/8", "::1/128"});
    return is_in(blocks, address);
}

}  // namespace

Session::Answer Session::on_type(std::string arguments) {
    Representation chosen = representation_;
    const auto parsed = parse_type(arguments, chosen);
    if (!parsed && parsed.error().code == Errc::kUnsupported) {
        co_return reply(504, "Bytes have 8 bits here: TYPE L 8");
    }
    if (!parsed) {
        co_return reply(501, "Usage: TYPE A [N / T / C], E [N / T / C], I or L 8");
    }
    if (chosen.is_text() && chosen.structure == Structure::kPage) {
        co_return reply(504, "Pages are of TYPE I or L 8");
    }
    representation_ = chosen;
    co_return reply(200, "Type is " + type_name(chosen));
}

Session::Answer Session::on_stru(std::string arguments) {
    const auto structure = parse_structure(arguments);
    if (!structure) {
        co_return reply(501, "Usage: STRU F, R or P");
    }
    if (*structure == Structure::kPage && representation_.is_text()) {
        co_return reply(504, "Pages want TYPE I or L 8 first");
    }
    representation_.structure = *structure;
    co_return reply(200, fmt::format("Structure is {}", structure_letter(*structure)));
}

Session::Answer Session::on_mode(std::string arguments) {
    const auto mode = parse_mode(arguments);
    if (!mode) {
        co_return reply(501, "Usage: MODE S, B, C or Z");
    }
    representation_.mode = *mode;
    co_return reply(200, fmt::format("Mode is {}", mode_letter(*mode)));
}

bool Session::may_fxp() const {
    const auto& accounts = options_.fxp_accounts;
    const auto& networks = options_.fxp_networks;
    const std::string& peer = lines_.stream().peer().address;
    const bool listed = std::find(accounts.begin(), accounts.end(), user_->name) != accounts.end();
    return listed || std::any_of(networks.begin(), networks.end(), [&](const auto& block) {
               return block.contains(peer);
           });
}

// RFC 2577 3: no bounce. The address is the client's own, unless FXP is allowed, and the port is none of
// those that servers have.
std::optional<Reply> Session::check_target(const DataPort& where) const {
    if (channel_.only_listens()) {
        return reply(503, "After EPSV ALL only EPSV opens data connections");
    }
    if (!options_.active) {
        return reply(502, "Active mode is off here; use EPSV or PASV");
    }
    if (where.port < kPrivilegedPorts) {
        return reply(501, fmt::format("Ports below {} are refused", kPrivilegedPorts));
    }
    const std::string& peer = lines_.stream().peer().address;
    if (where.address == peer) {
        return std::nullopt;
    }
    if (!may_fxp()) {
        return reply(501, "The address must be your own");
    }
    // What listens on loopback trusts whoever is there: this server's other services, and others'.
    if (is_no_host(where.address) || (is_loopback(where.address) && !is_loopback(peer))) {
        return reply(501, "The address must be another host's");
    }
    return std::nullopt;
}

Session::Answer Session::on_port(std::string arguments) {
    const auto where = parse_port(arguments);
    if (!where) {
        co_return reply(501, "Usage: PORT h1,h2,h3,h4,p1,p2, each from 0 to 255");
    }
    if (auto refusal = check_target(*where)) {
        co_return std::move(*refusal);
    }
    channel_.connect_to({.address = where->address, .port = where->port, .path = {}});
    renew_ticket();
    co_return reply(200, fmt::format("Data goes to port {}", where->port));
}

Session::Answer Session::on_eprt(std::string arguments) {
    const auto where = parse_eprt(arguments);
    if (!where && where.error().code == Errc::kUnsupported) {
        co_return reply(522, "Network protocol not supported, use (1,2)");
    }
    if (!where) {
        co_return reply(501, "Usage: EPRT |protocol|address|port|");
    }
    if (auto refusal = check_target(*where)) {
        co_return std::move(*refusal);
    }
    channel_.connect_to({.address = where->address, .port = where->port, .path = {}});
    renew_ticket();
    co_return reply(200, fmt::format("Data goes to port {}", where->port));
}

std::string Session::external_name() const {
    const std::string& own = lines_.stream().local().address;
    const std::string& peer = lines_.stream().peer().address;
    for (const ExternalAddress::Rule& rule : options_.external.rules) {
        if (rule.clients.contains(peer)) {
            return rule.address;
        }
    }
    return options_.external.address.empty() || is_private(peer) ? own : options_.external.address;
}

// The resolver keeps what it has learnt as long as that holds.
base::Task<Result<std::string>> Session::external_address() {
    std::string name = external_name();
    if (is_ipv4(name) || services_.resolver == nullptr) {
        co_return name;
    }
    const net::Answer answer =
        co_await services_.resolver->lookup(loop_, name, net::RecordType::kA);
    if (!answer.found() || answer.records.empty()) {
        services_.log.warning("the external address is not known",
                              {{"session", id_}, {"name", name}, {"error", answer.why}});
        co_return base::fail(Errc::kUnavailable,
                             "The address of this server is not known now; use EPSV");
    }
    co_return answer.records.front();
}

Session::Answer Session::on_pasv(std::string /*arguments*/) {
    if (channel_.only_listens()) {
        co_return reply(503, "After EPSV ALL only EPSV opens data connections");
    }
    if (!is_ipv4(lines_.stream().local().address)) {
        co_return reply(502, "PASV is for IPv4; use EPSV");
    }
    const auto address = co_await external_address();
    if (!address) {
        co_return reply(425, address.error().text);
    }
    const auto port = channel_.listen(may_fxp());
    if (!port) {
        co_return reply(425, "No data port is free: " + port.error().text);
    }
    renew_ticket();
    co_return reply(227, fmt::format("Entering Passive Mode ({})", format_port({*address, *port})));
}

Session::Answer Session::on_epsv(std::string arguments) {
    const auto request = parse_epsv(arguments);
    if (!request && request.error().code == Errc::kSyntax) {
        co_return reply(501, "Usage: EPSV [1 / 2 / ALL]");
    }
    const bool ipv4 = is_ipv4(lines_.stream().local().address);
    if (!request || (*request == EpsvRequest::kIpv4 && !ipv4) ||
        (*request == EpsvRequest::kIpv6 && ipv4)) {
        co_return reply(522, fmt::format("Network protocol not supported, use ({})", ipv4 ? 1 : 2));
    }
    if (*request == EpsvRequest::kAll) {
        channel_.only_listen(true);
        co_return reply(200, "Only EPSV opens data connections from now on");
    }
    const auto port = channel_.listen(may_fxp());
    if (!port) {
        co_return reply(425, "No data port is free: " + port.error().text);
    }
    renew_ticket();
    co_return reply(229, fmt::format("Entering Extended Passive Mode (|||{}|)", *port));
}

// A ticket of TLS 1.3 is good for one connection, so the client gets one before each.
void Session::renew_ticket() {
    if (channel_.is_protected()) {
        lines_.stream().send_tls_ticket();
    }
}

// Pairs of a name and a value, of which only LEVEL leaves a choice here; none asks what is set. One that is not offered
// changes nothing.    ; draft-preston-ftpext-deflate 3
Reply Session::set_deflate(std::string_view options) {
    std::string_view rest = options;
    std::string said;
    auto level = static_cast<unsigned>(settings_.deflate_level);
    while (!rest.empty()) {
        const std::string name = base::to_upper(base::split_front(rest, ' '));
        const std::string value = base::to_upper(base::split_front(rest, ' '));
        const auto number = base::parse_number<unsigned>(value, 9);
        if (name == "LEVEL" && number.value_or(0) != 0) {
            level = *number;
        } else if (!(name == "ENGINE" && value == "ZLIB") && !(name == "METHOD" && value == "8") &&
                   !(name == "EXTRA" && value == "OFF")) {
            return reply(501, "Usage: OPTS MODE Z [ENGINE ZLIB] [METHOD 8] [LEVEL 1 to 9]");
        }
        said += said.empty() ? name : " and more";
        rest = base::trim(rest);
    }
    settings_.deflate_level = static_cast<int>(level);
    return said == "LEVEL" ? reply(200, fmt::format("MODE Z LEVEL set to {}", level))
                           : reply(200, fmt::format("MODE Z ENGINE ZLIB METHOD 8 LEVEL {}", level));
}

// OPTS command [options]    ; RFC 2389 4
Session::Answer Session::on_opts(std::string arguments) {
    std::string_view options = arguments;
    const std::string command = base::to_upper(base::split_front(options, ' '));
    options = base::trim(options);
    if (command == "UTF8" || command == "UTF-8") {
        co_return base::iequals(options, "OFF") ? reply(504, "Names are in UTF-8 always")
                                                : reply(200, "Names are in UTF-8 always");
    }
    if (command == "MLST") {
        settings_.facts = parse_facts(options);
        co_return reply(
            200, "MLST OPTS" + (settings_.facts == 0 ? "" : " " + name_facts(settings_.facts)));
    }
    if (command == "HASH") {
        co_return choose_hash(options);
    }
    if (command == "MODE" && base::iequals(base::split_front(options, ' '), "Z")) {
        co_return set_deflate(base::trim(options));
    }
    co_return reply(501, "OPTS takes MLST, HASH, UTF8 and MODE Z LEVEL");
}

}  // namespace ftp
