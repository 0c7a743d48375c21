#include "agent/ftp_site.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "agent/exit_status.h"
#include "agent/local_file.h"
#include "agent/netrc.h"
#include "agent/terminal.h"
#include "base/ascii.h"
#include "base/check.h"
#include "base/environment.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr base::Duration kInterruptPoll = std::chrono::milliseconds(100);
constexpr unsigned kPollsOfPatience = 15;

// 1: the user has had enough of the transfer; 2: of the server as well.
volatile std::sig_atomic_t g_interrupted = 0;  // NOLINT(*-non-const-global-variables): a signal

void on_interrupt(int /*signal*/) {
    g_interrupted = g_interrupted == 0 ? 1 : 2;
}

// RFC 1635 3: a mail address as the password. Nobody's own is given away.
FtpLogin anonymous(const FtpSettings& settings) {
    const std::string& password = settings.anonymous_password;
    return {.user = "anonymous",
            .password = password.empty() ? "ftp@" : password,
            .account = "",
            .guessed = true};
}

// Replies and commands as BSD's client shows them, with `trace` the time since the connection was made.
void show_dialogue(bool sent, std::string_view line, std::optional<base::Duration> since) {
    std::string time;
    if (since) {
        const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(*since);
        time = fmt::format("{:>8.3f} ", static_cast<double>(span.count()) / 1000);
    }
    clear_status_line();
    fmt::print(stderr, "{}{}{}\n", time, sent ? "---> " : "", without_controls(line));
}

// What is said on the way to what the user wants; BSD's client does not show it either.
bool is_incidental(std::string_view line) {
    constexpr std::array<std::string_view, 21> kVerbs{
        "AUTH", "EPRT", "EPSV", "FEAT", "HASH", "HOST", "MDTM", "MFMT", "MLSD", "NOOP",   "OPTS",
        "PASV", "PBSZ", "PORT", "PROT", "PWD",  "RANG", "REST", "SIZE", "TYPE", "XSHA256"};
    const std::string_view verb = base::split_front(line, ' ');
    return std::find(kVerbs.begin(), kVerbs.end(), verb) != kVerbs.end();
}

// Failures that another try may not meet: of the connection, and 4yz.
bool may_pass(Errc code) {
    using enum Errc;
    return code == kEof || code == kReset || code == kTimeout || code == kUnavailable ||
           code == kRefused || code == kUnreachable;
}

}  // namespace

std::string netrc_path(const FtpSettings& settings) {
    if (!settings.netrc.empty()) {
        return settings.netrc;
    }
    const std::string named = base::environment("NETRC");
    return named.empty() ? base::environment("HOME") + "/.netrc" : named;
}

bool take_interrupt() {
    const bool came = g_interrupted != 0;
    g_interrupted = 0;
    return came;
}

void catch_interrupts() {
    struct sigaction action {};

    action.sa_handler = on_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
}

base::Result<FtpLogin> find_login(const FtpUrl& url, const FtpSettings& settings) {
    if (!settings.netrc.empty() && !status_of(settings.netrc)) {
        return base::fail(Errc::kNotFound, settings.netrc + ": no such file");
    }
    if (url.user && url.password) {
        return FtpLogin{.user = *url.user, .password = *url.password, .account = ""};
    }
    if (settings.use_netrc) {
        TRY(const Netrc netrc, Netrc::load(netrc_path(settings)));
        for (const std::string& warning : netrc.warnings()) {
            fmt::print(stderr, "{}: {}\n", netrc_path(settings), without_controls(warning));
        }
        if (const NetrcEntry* entry = netrc.find(url.host, url.user)) {
            TRY_VOID(netrc.expect_private(*entry));
            return FtpLogin{.user = url.user.value_or(entry->login),
                            .password = entry->password,
                            .account = entry->account};
        }
    }
    if (url.user && *url.user != "anonymous" && *url.user != "ftp") {
        return FtpLogin{
            .user = *url.user, .password = base::environment("FTPPASSWORD"), .account = ""};
    }
    return anonymous(settings);
}

FtpSite::FtpSite(FtpSettings settings) : settings_(std::move(settings)) {
    limit_rate(settings_.rate_max);
}

FtpSite::~FtpSite() {
    close();
}

base::Result<> FtpSite::load_tls(const FtpUrl& url) {
    options_.tls = url.tls.value_or(settings_.tls);
    options_.tls_context = nullptr;
    if (options_.tls != ftp::ClientTls::kNever) {
        TRY(options_.tls_context,
            net::TlsClientContext::load({.authorities = settings_.authorities}));
    }
    return {};
}

base::Result<> FtpSite::open(const FtpUrl& url, const std::optional<FtpLogin>& login) {
    close();
    opened_ = loop_.clock().steady();
    host_ = url.host;
    is_another_ = false;
    login_ = login;
    options_.host = url.host;
    options_.verify = settings_.verify;
    options_.knows = nullptr;
    if (settings_.known) {
        options_.knows = [this, server = fmt::format("{}:{}", url.host, url.port_or_default())](
                             const net::TlsInfo& tls) { return knows(server, tls); };
    }
    options_.protect_data = settings_.protect_data;
    options_.passive = settings_.passive;
    options_.extended = settings_.extended;
    options_.use_mlsd = settings_.use_mlsd;
    options_.list_hidden = settings_.list_hidden;
    options_.keep_returns = settings_.keep_returns;
    options_.patience = settings_.patience;
    options_.on_dialogue = [this](bool sent, std::string_view line) { follow(sent, line); };
    auto addresses = net::look_up_host(url.host, url.port_or_default(), settings_.family);
    host_is_unknown_ = !addresses && addresses.error().code == Errc::kNotFound;
    TRY(options_.addresses, std::move(addresses));
    TRY_VOID(load_tls(url));
    client_ = make_client();
    auto connected = run(client_->connect());
    if (!connected) {
        connected.error().text += remedy_for(connected.error());
    }
    if (!connected || !login) {
        return connected;
    }
    TRY_VOID(run(client_->login(login->user, login->password, login->account)));
    return run(represent(*client_));
}

int FtpSite::status_of_opening(const base::Error& error) const {
    if (host_is_unknown_) {
        return kFtpNoHost;
    }
    return error.code == Errc::kUnsupported ? int{kFtpUnavailable} : ftp_exit_status(error.code);
}

base::Task<base::Result<>> FtpSite::represent(ftp::Client& client) {
    if (settings_.mode != ftp::Mode::kStream) {
        CO_TRY_VOID(co_await client.set_mode(settings_.mode));
    }
    if (settings_.structure != ftp::Structure::kFile) {
        CO_TRY_VOID(co_await client.set_structure(settings_.structure));
    }
    co_return base::Result<>();
}

// Without a fingerprint (an Ed25519 certificate has none by RFC 5929) nobody could be recognised.
bool FtpSite::knows(const std::string& server, const net::TlsInfo& tls) {
    const Stranger stranger{.server = server,
                            .distrust = tls.distrust,
                            .fingerprint = format_fingerprint(tls.end_point)};
    if (stranger.fingerprint.empty()) {
        return false;
    }
    auto standing = settings_.known->judge(server, stranger.fingerprint);
    if (standing == KnownServers::Standing::kStranger && settings_.on_stranger) {
        settings_.on_stranger(*settings_.known, stranger);
        standing = settings_.known->judge(server, stranger.fingerprint);
    }
    is_another_ = standing == KnownServers::Standing::kChanged;
    return standing == KnownServers::Standing::kKnown;
}

namespace {

// OpenSSL's words for why a certificate proves nothing (X509_verify_cert_error_string) to what helps.
struct Remedy {
    std::string_view distrust;
    std::string_view sentence;
};

constexpr std::array kRemedies{
    Remedy{"mismatch", "Call the server by the name that its certificate bears"},
    Remedy{"has expired", "Its owner must renew it, unless this machine's clock is wrong"},
    Remedy{"not yet valid", "Is this machine's clock right?"},
    Remedy{"", "--cacert FILE trusts the authority in FILE"},
};

std::string_view remedy_of(std::string_view distrust) {
    return std::find_if(kRemedies.begin(),
                        kRemedies.end(),
                        [&](const Remedy& remedy) {
                            return distrust.find(remedy.distrust) != std::string_view::npos;
                        })
        ->sentence;
}

}  // namespace

// What may be done about a connection that was not made.
std::string FtpSite::remedy_for(const base::Error& error) const {
    if (error.code == Errc::kDenied && is_another_) {
        return fmt::format(
            "; THIS IS NOT THE CERTIFICATE THAT WAS TRUSTED. Either the server has a new one, or "
            "somebody stands between. "
            "Where its owner confirms the new one, remove the line of {} from {} and start again",
            options_.host,
            settings_.known->path());
    }
    // "530 too many" of a greeting says nothing of a certificate.
    if (error.code == Errc::kDenied && options_.verify && error.text.starts_with("TLS handshake")) {
        return fmt::format(
            "; the certificate does not prove {}. {}; --insecure (`set verify off` at the prompt) "
            "goes on without proof",
            options_.host,
            remedy_of(error.text));
    }
    if (options_.tls == ftp::ClientTls::kImplicit && error.text.find("TLS") != std::string::npos) {
        return "; ftps:// is TLS from the first octet. ftpes:// asks for TLS in the dialogue";
    }
    return "";
}

void FtpSite::follow(bool sent, std::string_view line) {
    if (sent) {
        incidental_ = is_incidental(line);
    }
    shown_ = settings_.debug || (settings_.verbose && !sent && !incidental_);
    if (shown_) {
        const auto since = loop_.clock().steady() - opened_;
        show_dialogue(sent, line, settings_.trace ? std::optional(since) : std::nullopt);
    }
}

void FtpSite::close() {
    client_.reset();
}

void FtpSite::stop_from_any_thread() {
    stopped_ = true;
}

ftp::Client& FtpSite::client() {
    CHECK(client_ != nullptr);
    return *client_;
}

std::unique_ptr<ftp::Client> FtpSite::make_client() {
    return std::make_unique<ftp::Client>(network_, loop_, options_);
}

base::Task<base::Result<std::shared_ptr<ftp::Client>>> FtpSite::another(std::string directory) {
    std::shared_ptr<ftp::Client> client = make_client();
    if (!settings_.debug) {
        client->options().on_dialogue = {};  // several at once are no dialogue
    }
    std::erase_if(others_, [](const auto& other) { return other.expired(); });
    others_.push_back(client);
    CO_TRY_VOID(co_await enter(*client, std::move(directory)));
    co_return client;
}

base::Task<base::Result<>> FtpSite::enter(ftp::Client& client, std::string directory) {
    CO_TRY_VOID(co_await client.connect());
    if (login_) {
        CO_TRY_VOID(co_await client.login(login_->user, login_->password, login_->account));
        CO_TRY_VOID(co_await represent(client));
    }
    if (!directory.empty()) {
        CO_TRY_VOID(co_await client.change_directory(std::move(directory)));
    }
    co_return base::Result<>();
}

base::Task<bool> FtpSite::try_again(ftp::Client& client,
                                    base::Errc failure,
                                    unsigned& tries,
                                    std::string directory) {
    while (may_pass(failure) && tries < settings_.retries && !is_interrupted()) {
        const auto delay = settings_.retry_delay * (1U << std::min(tries, 6U));
        ++tries;
        co_await rest(delay);
        if (is_interrupted()) {
            co_return false;
        }
        if (client.is_connected()) {
            co_return true;
        }
        const auto entered = co_await enter(client, directory);
        if (entered) {
            co_return true;
        }
        failure = entered.error().code;
    }
    co_return false;
}

// A signal and other threads may not touch the loop: it looks.
base::Task<> FtpSite::rest(base::Duration span) {
    const base::SteadyTime end = loop_.clock().steady() + span;
    while (!is_interrupted() && loop_.clock().steady() < end) {
        co_await base::sleep_until(loop_, std::min(end, loop_.clock().steady() + kInterruptPoll));
    }
}

bool FtpSite::is_interrupted() const {
    return stopped_ || (settings_.heeds_interrupts && g_interrupted != 0);
}

void FtpSite::limit_rate(std::uint64_t octets_per_second) {
    settings_.rate_max = octets_per_second;
    options_.pace =
        octets_per_second == 0 ? nullptr : std::make_shared<ftp::Pace>(octets_per_second);
    if (client_) {
        client_->options().pace = options_.pace;
    }
}

// Somebody who sits there is asked first; a job that was killed has nobody.
void FtpSite::abort_transfers() {
    ++polls_interrupted_;
    const bool asked_twice = settings_.heeds_interrupts && g_interrupted > 1;
    const bool impatient = asked_twice || (stopped_ && polls_interrupted_ > kPollsOfPatience);
    const auto end = [impatient](ftp::Client& client) {
        if (impatient) {
            client.hang_up();
        } else {
            client.abort();
        }
    };
    if (client_) {
        end(*client_);
    }
    for (const auto& other : others_) {
        if (const auto client = other.lock()) {
            end(*client);
        }
    }
}

// A signal handler may not touch the loop, so the loop asks.
void FtpSite::watch_for_interrupt() {
    timer_ = loop_.call_at(loop_.clock().steady() + kInterruptPoll, [this] {
        if (is_interrupted()) {
            abort_transfers();
            tell_how_to_end();
        }
        watch_for_interrupt();
    });
}

// To whoever waits in vain.
void FtpSite::tell_how_to_end() {
    if (settings_.heeds_interrupts && polls_interrupted_ == kPollsOfPatience) {
        clear_status_line();
        fmt::print(stderr, "The server does not answer; ^C once more hangs up\n");
    }
}

}  // namespace agent
