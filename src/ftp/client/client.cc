#include "ftp/client/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "ftp/client/data_channel.h"
#include "ftp/grammar/command.h"
#include "net/tls_client_context.h"

namespace ftp {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kReplyLineOctetsMax = std::size_t{16} * 1024;
constexpr int kSecurityDone = 234;  // RFC 4217 4.1
// RFC 959 4.2: another reply follows a 1yz. More than any server has to say.
constexpr int kPreliminariesMax = 100;

bool is_one_line(std::string_view line) {
    return line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// What may lead elsewhere: another folder, another user, another tree. RFC 959 4.1.1, RFC 1123 4.1.3.1, RFC 7151.
bool moves(std::string_view line) {
    constexpr std::array<std::string_view, 9> kVerbs{
        "CWD", "CDUP", "XCWD", "XCUP", "USER", "ACCT", "REIN", "SMNT", "HOST"};
    const std::string verb = base::to_upper(base::split_front(line, ' '));
    return std::find(kVerbs.begin(), kVerbs.end(), verb) != kVerbs.end();
}

// Behind it only the server knows the type. RFC 959 4.1.1, 4.1.2.
bool may_change_type(std::string_view line) {
    const std::string_view verb = base::split_front(line, ' ');
    return base::iequals(verb, "TYPE") || base::iequals(verb, "REIN");
}

constexpr char kIac = '\xff';

// RFC 854: on the control connection, which is a Telnet one (RFC 959 5.3.1), an octet 255 of a name is said twice.
std::string doubled(std::string_view line) {
    std::string text;
    for (const char c : line) {
        text.append(c == kIac ? 2 : 1, c);
    }
    return text;
}

std::string undoubled(std::string_view line) {
    std::string text;
    for (std::size_t at = 0; at < line.size(); ++at) {
        text += line[at];
        at += line.substr(at).starts_with("\xff\xff") ? 1 : 0;
    }
    return text;
}

// RFC 7151 3.1: what HOST may name. An address is no choice among names: it is left unsaid.
bool is_domain_name(std::string_view host) {
    const bool spelled = std::all_of(
        host.begin(), host.end(), [](char c) { return base::is_alnum(c) || c == '-' || c == '.'; });
    return spelled && std::any_of(host.begin(), host.end(), base::is_alpha);
}

}  // namespace

std::string ServerReply::to_string() const {
    return fmt::format("{} {}", code, lines.empty() ? "" : lines.back());
}

// RFC 959 4.2.1, RFC 4217 for 522 and the 53x.
base::Error error_of(const ServerReply& reply) {
    Errc code = Errc::kInvalid;
    switch (reply.code) {
        case 452:
            code = Errc::kNoSpace;
            break;
        case 552:
            code = Errc::kOverQuota;
            break;
        case 430:
        case 530:
        case 532:
        case 533:
        case 534:
            code = Errc::kDenied;
            break;
        case 550:
            code = Errc::kNotFound;
            break;
        case 553:
            code = Errc::kDenied;
            break;
        case 500:
        case 502:
        case 504:
            code = Errc::kUnsupported;
            break;
        case 501:
            code = Errc::kSyntax;
            break;
        default:
            code = reply.code / 100 == 4 ? Errc::kUnavailable : Errc::kInvalid;
    }
    return {.code = code, .text = reply.to_string()};
}

Client::Client(net::Network& network, base::Loop& loop, ClientOptions options)
    : network_(network),
      loop_(loop),
      options_(std::move(options)) {}

Client::~Client() {
    close();
}

void Client::close() {
    abor_.reset();
    lines_.reset();
    if (stream_) {
        stream_->close();
        stream_.reset();
    }
    lost_ = false;
    logged_in_ = false;
    data_protected_ = false;
    features_.clear();
    representation_ = {};
    type_said_ = false;
    directory_.reset();
    knows_all_.reset();
}

base::SteadyTime Client::deadline() const {
    return loop_.clock().steady() + options_.patience;
}

Client::Async<void> Client::connect() {
    close();
    CO_TRY_VOID(co_await dial());
    if (options_.tls == ClientTls::kImplicit) {
        CO_TRY_VOID(co_await start_tls());
    }
    CO_TRY_VOID(co_await greet());
    co_return co_await secure();
}

Client::Async<void> Client::dial() {
    base::Error last{.code = Errc::kUnreachable,
                     .text = fmt::format("{} has no address", options_.host)};
    for (const net::Endpoint& address : options_.addresses) {
        auto stream = co_await network_.connect(loop_, {.peer = address, .deadline = deadline()});
        if (stream) {
            stream_ = std::move(*stream);
            server_ = address;
            lines_.emplace(*stream_);
            co_return base::Result<>();
        }
        last = stream.error();
    }
    co_return tl::unexpected(std::move(last));
}

// RFC 959 5.4: 120 says when, 220 says now.
Client::Async<void> Client::greet() {
    CO_TRY(ServerReply reply, co_await read_reply());
    CO_TRY(reply, co_await settle(std::move(reply)));
    if (!reply.is_done()) {
        co_return tl::unexpected(error_of(reply));
    }
    co_return base::Result<>();
}

// RFC 4217 4: before anything else is said, so that a passer-by learns no name.
Client::Async<void> Client::secure() {
    const bool wanted = options_.tls == ClientTls::kOffered || options_.tls == ClientTls::kRequired;
    if (wanted && options_.tls_context) {
        CO_TRY(const ServerReply reply, co_await command("AUTH TLS"));
        if (reply.code == kSecurityDone) {
            CO_TRY_VOID(co_await start_tls());
        } else if (options_.tls == ClientTls::kRequired) {
            co_return fail(Errc::kUnsupported,
                           fmt::format("{} offers no TLS: {}", options_.host, reply.to_string()));
        }
    }
    co_return base::Result<>();
}

Client::Async<void> Client::start_tls() {
    auto done = co_await lines_->start_tls_client({.context = options_.tls_context,
                                                   .server_name = options_.host,
                                                   .verify = options_.verify && !options_.knows,
                                                   .resume = {},
                                                   .alpn = {"ftp"}},
                                                  deadline());
    if (done) {
        done = judge(*stream_->tls());
    }
    if (!done) {
        lost_ = true;
    }
    co_return done;
}

// A handshake that was to go on whatever comes of it.
base::Result<> Client::judge(const net::TlsInfo& tls) const {
    const bool proven = tls.distrust.empty() || !options_.verify;
    if (proven || (options_.knows && options_.knows(tls))) {
        return {};
    }
    return fail(Errc::kDenied, "TLS handshake: " + tls.distrust);
}

// RFC 4217 8 and 9: PBSZ before PROT. A server may refuse to protect data: then clear data is as good as it gets,
// unless TLS was required.
Client::Async<void> Client::protect() {
    CO_TRY(const ServerReply size, co_await command("PBSZ 0"));
    const auto done = co_await set_protection(options_.protect_data);
    const bool insist = options_.tls != ClientTls::kOffered && options_.protect_data;
    if (!is_connected() || (insist && !done)) {
        co_return done;
    }
    co_return base::Result<>();
}

Client::Async<void> Client::set_protection(bool protect) {
    CO_TRY(const ServerReply reply, co_await command(protect ? "PROT P" : "PROT C"));
    if (!reply.is_done()) {
        co_return tl::unexpected(error_of(reply));
    }
    data_protected_ = protect;
    co_return base::Result<>();
}

// RFC 959 5.4: USER, PASS and ACCT, each as far as the server asks.
Client::Async<void> Client::login(std::string user, std::string password, std::string account) {
    CO_TRY_VOID(co_await name_host());
    CO_TRY(ServerReply reply, co_await command("USER " + user));
    if (reply.code == 331) {
        CO_TRY(reply, co_await command("PASS " + password));
    }
    const bool asked = reply.code == 332;
    if (asked) {
        if (account.empty()) {
            co_return fail(Errc::kDenied, "the server asks for an account: " + reply.to_string());
        }
        CO_TRY(reply, co_await command("ACCT " + account));
    }
    if (!reply.is_done()) {
        base::Error refused = error_of(reply);
        // ProFTPD says 550 where it wants TLS first: that is no file that is not there.
        refused.code = refused.code == Errc::kNotFound ? Errc::kDenied : refused.code;
        co_return tl::unexpected(std::move(refused));
    }
    // Who names one to a server that did not ask has a use for it there: RFC 959 4.1.1 has ACCT at any time. 202 is fine.
    if (!asked && !account.empty()) {
        CO_TRY_VOID(co_await command("ACCT " + account));
    }
    logged_in_ = true;
    moved_ = false;
    // After the login: servers exist that forget PROT there.
    if (stream_->tls() != nullptr) {
        CO_TRY_VOID(co_await protect());
    }
    CO_TRY_VOID(co_await learn_features());
    if (has("UTF8")) {
        // RFC 2640 wants no switch, yet some servers (IIS) stay with their code page without it.
        CO_TRY_VOID(co_await command("OPTS UTF8 ON"));
    }
    co_return base::Result<>();
}

// RFC 2389 3.2: each feature on a line of its own, indented; its parameters behind a space.
Client::Async<void> Client::learn_features() {
    CO_TRY(const ServerReply reply, co_await command("FEAT"));
    features_.clear();
    if (!reply.is_done() || reply.lines.size() < 2) {
        co_return base::Result<>();
    }
    for (std::size_t i = 1; i + 1 < reply.lines.size(); ++i) {
        std::string_view line = base::trim(reply.lines[i]);
        const std::string name = base::to_upper(base::split_front(line, ' '));
        features_.insert_or_assign(name, std::string(line));
    }
    co_return base::Result<>();
}

// RFC 7151 3: which of the server's names is meant, before anybody logs in there. A server that does not know the name
// (504) serves whom it serves: its other clients say no name either.
Client::Async<void> Client::name_host() {
    if (!is_domain_name(options_.host)) {
        co_return base::Result<>();
    }
    CO_TRY_VOID(co_await learn_features());
    if (has("HOST")) {
        CO_TRY_VOID(co_await command("HOST " + options_.host));
    }
    co_return base::Result<>();
}

Client::Async<void> Client::quit() {
    if (is_connected()) {
        static_cast<void>(co_await command("QUIT"));
    }
    close();
    co_return base::Result<>();
}

// RFC 959 5.3: a line end inside would be a second command.
Client::Async<void> Client::send(std::string line) {
    if (!is_connected()) {
        co_return fail(Errc::kUnavailable, "not connected");
    }
    if (!is_one_line(line)) {
        co_return fail(Errc::kInvalid, "a name with a line end in it cannot be sent");
    }
    if (options_.on_dialogue) {
        options_.on_dialogue(true, redact(line));
    }
    if (moves(line)) {
        directory_.reset();
        moved_ = true;
    }
    type_said_ = type_said_ && !may_change_type(line);
    lines_->put(doubled(line) + "\r\n");
    auto done = co_await lines_->flush(deadline());
    lost_ = lost_ || !done;
    co_return done;
}

Client::Async<ServerReply> Client::read_reply(base::SteadyTime deadline) {
    ReplyParser parser;
    bool whole = false;
    while (!whole) {
        const auto line = co_await lines_->read_line(kReplyLineOctetsMax, deadline);
        const bool too_long = !line && line.error().code == Errc::kTooLong;
        if (!line && !too_long) {
            lost_ = true;
            co_return fail(line.error().code, "the server hung up: " + line.error().text);
        }
        // Of a banner without line ends the beginning has the code: the session need not end over the rest.
        const std::string_view text = too_long ? lines_->long_line_begin() : line->text;
        if (options_.on_dialogue) {
            options_.on_dialogue(false, text);
        }
        const auto fed = parser.feed(undoubled(text));
        lost_ = lost_ || !fed;
        CO_TRY(whole, fed);
    }
    last_reply_ = {.code = parser.code(), .lines = parser.lines()};
    lost_ = last_reply_.code == 421;
    co_return last_reply_;
}

Client::Async<ServerReply> Client::command(std::string line) {
    CO_TRY_VOID(co_await send(std::move(line)));
    co_return co_await read_reply();
}

Client::Async<ServerReply> Client::settle(ServerReply reply, bool for_ever) {
    for (int i = 0; reply.is_preliminary(); ++i) {
        if (i == kPreliminariesMax) {
            lost_ = true;
            co_return fail(Errc::kSyntax, "the server never comes to an end: " + reply.to_string());
        }
        CO_TRY(reply, co_await read_reply(for_ever ? base::SteadyTime::max() : deadline()));
    }
    co_return reply;
}

Client::Async<ServerReply> Client::conclude() {
    CO_TRY(ServerReply reply, co_await settle(last_reply_, true));
    if (!reply.is_done()) {
        co_return tl::unexpected(error_of(reply));
    }
    co_return reply;
}

Client::Async<ServerReply> Client::perform(std::string line, int patiences) {
    CO_TRY_VOID(co_await send(std::move(line)));
    CO_TRY(ServerReply reply,
           co_await read_reply(loop_.clock().steady() + options_.patience * patiences));
    CO_TRY(reply, co_await settle(std::move(reply)));
    if (!reply.is_done()) {
        co_return tl::unexpected(error_of(reply));
    }
    co_return reply;
}

}  // namespace ftp
