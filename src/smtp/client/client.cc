// The conversation but for the messages: lines, greeting, EHLO, STARTTLS, AUTH, QUIT.
#include "smtp/client/client.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/base64.h"

namespace smtp {

using base::Errc;
using Kind = Verdict::Kind;

namespace {

bool is_accepted(const Reply& reply) {
    return reply.code / 100 == 2;
}

// Whom TLS is to ask for: a literal's address, a host's name; nobody for a unix socket.
std::string certified_name(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) {
        std::string_view address = host.substr(1, host.size() - 2);
        if (base::iequals(address.substr(0, 5), "IPv6:")) {
            address.remove_prefix(5);
        }
        return std::string(address);
    }
    return host.starts_with('/') ? std::string() : std::string(host);
}

}  // namespace

Client::Client(net::Stream& stream, ClientOptions options, base::Random& random)
    : lines_(stream),
      options_(std::move(options)),
      random_(random) {
    if (options_.watch) {
        // What LineStream receives is the server's.
        lines_.watch([watch = options_.watch](char side, std::string_view octets) {
            if (side == 'C') {
                watch('S', octets);
            }
        });
    }
}

Client::~Client() = default;

base::SteadyTime Client::in(base::Duration span) {
    return lines_.stream().loop().clock().steady() + span;
}

void Client::tell(std::string_view line) const {
    if (options_.watch) {
        options_.watch('C', line);
    }
}

void Client::put(std::string_view line) {
    lines_.put(line);
    lines_.put("\r\n");
    tell(fmt::format("{}\r\n", line));
}

void Client::put_secret(std::string_view before, std::string_view secret) {
    lines_.put(before);
    lines_.put(secret);
    lines_.put("\r\n");
    tell(fmt::format("{}*** ({} octets)\r\n", before, secret.size()));
}

base::Task<base::Result<Reply>> Client::read_reply(base::Duration patience) {
    const base::SteadyTime deadline = in(patience);
    while (true) {
        const auto line = co_await lines_.read_line(kPeerReplyLineOctetsMax, deadline);
        if (!line) {
            lost_ = true;
            co_return base::fail(line.error().code, line.error().text);
        }
        const auto ended = parser_.feed(line->text);
        if (!ended) {
            lost_ = true;  // whose answer the next line would be, nobody knows
            co_return base::fail(ended.error().code, std::string(ended.error().what));
        }
        if (*ended) {
            Reply reply = parser_.take();
            lost_ |= reply.code == 421;  // RFC 5321 3.8: it closes behind that
            co_return reply;
        }
    }
}

base::Task<base::Result<Reply>> Client::ask(std::string line, base::Duration patience) {
    put(line);
    co_return co_await read_reply(patience);
}

base::Task<base::Result<Capabilities, Verdict>> Client::open() {
    using Step = base::Task<Failed> (Client::*)();
    constexpr Step kSteps[] = {
        &Client::greet, &Client::say_hello, &Client::negotiate_tls, &Client::log_in};
    for (const Step step : kSteps) {
        auto failed = co_await (this->*step)();
        if (failed) {
            co_return tl::unexpected<Verdict>(std::move(*failed));
        }
    }
    co_return capabilities_;
}

base::Task<Client::Failed> Client::greet() {
    if (options_.tls_at_once) {
        auto failed = co_await shake_hands();
        if (failed) {
            co_return failed;
        }
    }
    const auto reply = co_await read_reply(options_.timeouts.greeting);
    if (!reply) {
        co_return blame_connection(reply.error(), "connection");
    }
    if (!is_accepted(*reply)) {
        co_return judge(*reply, "connection");
    }
    co_return std::nullopt;
}

// RFC 5321 3.2, 4.1.4: HELO only where EHLO was not understood.
base::Task<Client::Failed> Client::say_hello() {
    std::string command = options_.lmtp ? "LHLO" : "EHLO";
    auto reply = co_await ask(command + " " + options_.hostname, options_.timeouts.hello);
    const bool old = reply && !options_.lmtp && reply->code >= 500 && !lost_;
    if (old) {
        command = "HELO";
        reply = co_await ask("HELO " + options_.hostname, options_.timeouts.hello);
    }
    if (!reply) {
        co_return blame_connection(reply.error(), command);
    }
    if (!is_accepted(*reply)) {
        co_return judge(*reply, command);
    }
    capabilities_ = old ? Capabilities() : parse_capabilities(*reply);
    peer_name_ = server_name(*reply);
    if (options_.detect_loop && !options_.lmtp && base::iequals(peer_name_, options_.hostname)) {
        co_return refuse(Kind::kPermanent,
                         {5, 4, 6},
                         fmt::format("{} greets with our own name: mail would go in circles",
                                     lines_.stream().peer().to_string()),
                         command);
    }
    co_return std::nullopt;
}

base::Task<Client::Failed> Client::negotiate_tls() {
    const bool wanted = options_.tls != TlsUse::kNever && options_.tls_context != nullptr;
    const bool needed = options_.tls == TlsUse::kRequired || options_.tls == TlsUse::kVerified;
    if (lines_.stream().tls() != nullptr || (!wanted && !needed)) {
        co_return std::nullopt;
    }
    if (!wanted || !capabilities_.starttls) {
        co_return needed ? Failed(refuse(Kind::kTemporary,
                                         {4, 7, 4},
                                         "TLS is required here, and the peer does not offer it",
                                         "EHLO"))
                         : std::nullopt;
    }
    const auto reply = co_await ask("STARTTLS", options_.timeouts.hello);
    if (!reply) {
        tls_failed_ = !needed;
        co_return blame_connection(reply.error(), "STARTTLS");
    }
    if (!is_accepted(*reply)) {
        // It offered what it cannot do now; it goes on in clear where that is enough for us.
        co_return needed || lost_ ? Failed(judge(*reply, "STARTTLS")) : std::nullopt;
    }
    auto failed = co_await shake_hands();
    if (failed) {
        tls_failed_ = !needed;
        co_return failed;
    }
    capabilities_ = Capabilities();  // RFC 3207 4.2: whatever was said in clear
    co_return co_await say_hello();
}

base::Task<Client::Failed> Client::shake_hands() {
    const bool verify = options_.tls == TlsUse::kVerified;
    const auto agreed =
        co_await lines_.start_tls_client({.context = options_.tls_context,
                                          .server_name = certified_name(options_.tls_name),
                                          .verify = verify,
                                          .resume = options_.tls_ticket},
                                         in(options_.timeouts.handshake));
    if (agreed) {
        tell(fmt::format(
            "({} {})\r\n", lines_.stream().tls()->version, lines_.stream().tls()->cipher));
        co_return std::nullopt;
    }
    lost_ = true;
    // RFC 3463 X.7.5: cryptographic failure.
    co_return refuse(Kind::kTemporary, {4, 7, 5}, agreed.error().text, "STARTTLS");
}

base::Task<Client::Failed> Client::log_in() {
    if (!options_.login) {
        co_return std::nullopt;
    }
    const net::TlsInfo* tls = lines_.stream().tls();
    const auto sasl =
        account::make_sasl_client(capabilities_.auth,
                                  *options_.login,
                                  {.may_tell_password = tls != nullptr || options_.login_in_clear,
                                   .exporter = tls == nullptr ? std::string() : tls->exporter},
                                  random_);
    if (!sasl) {
        co_return refuse(Kind::kTemporary, {4, 7, 0}, sasl.error().text, "AUTH");
    }
    auto reply = co_await exchange(**sasl);
    if (!reply) {
        co_return blame_connection(reply.error(), "AUTH");
    }
    if (!is_accepted(*reply)) {
        co_return judge(std::move(*reply), "AUTH");
    }
    if (!(*sasl)->is_satisfied()) {
        lost_ = true;
        co_return refuse(Kind::kTemporary,
                         {4, 7, 0},
                         "the server did not prove that it knows the password",
                         "AUTH");
    }
    co_return std::nullopt;
}

// RFC 4954 4: the last reply, not a challenge any more. A challenge that makes no sense is answered "*".
base::Task<base::Result<Reply>> Client::exchange(account::SaslClient& sasl) {
    constexpr int kChallengesMax = 8;
    std::string command = fmt::format("AUTH {}", sasl.mechanism());
    if (sasl.client_first()) {
        CO_TRY(const std::string first, sasl.step({}));
        put_secret(command + " ", first.empty() ? "=" : base::base64_encode(first));
    } else {
        put(command);
    }
    std::optional<base::Error> given_up;
    for (int i = 0; i < kChallengesMax; ++i) {
        CO_TRY(Reply reply, co_await read_reply(options_.timeouts.login));
        if (given_up) {
            co_return base::fail(given_up->code, given_up->text);
        }
        if (reply.code != 334) {
            co_return reply;
        }
        base::Result<std::string> response =
            base::fail(Errc::kSyntax, "the challenge is no base64");
        if (const auto challenge = base::base64_decode(reply.text)) {
            response = sasl.step(*challenge);
        }
        if (response) {
            put_secret("", base::base64_encode(*response));
        } else {
            given_up = response.error();
            put("*");
        }
    }
    co_return base::fail(Errc::kSyntax, "the server goes on asking");
}

base::Task<> Client::quit() {
    if (!lost_) {
        static_cast<void>(co_await ask("QUIT", options_.timeouts.quit));
    }
    lost_ = true;
    lines_.stream().close();
}

}  // namespace smtp
