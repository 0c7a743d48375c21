// Who comes and goes: USER, PASS, ACCT, REIN, QUIT (RFC 959 4.1.1) and HOST (RFC 7151).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "account/login_context.h"
#include "base/ascii.h"
#include "ftp/server/session.h"

namespace ftp {

using base::Errc;
using base::Result;

namespace {

constexpr std::string_view kAnonymous = "anonymous";

bool is_anonymous(std::string_view name) {
    return base::iequals(name, kAnonymous) || base::iequals(name, "ftp");
}

// hostname = domain / IPv4address-in-brackets / IP-literal    ; RFC 7151 3.1, as far as letters go
bool is_host(std::string_view name) {
    const bool literal = name.starts_with('[') && name.ends_with(']');
    if (literal) {
        name = name.substr(1, name.size() - 2);
    }
    return !name.empty() && std::all_of(name.begin(), name.end(), [literal](char c) {
        return base::is_alnum(c) || c == '-' || c == '.' || (literal && c == ':');
    });
}

}  // namespace

account::LoginContext Session::login_context() const {
    return account::login_context(lines_.stream(), "ftp");
}

// Every user name gets the same answer: it says nothing about whether there is such a user.
Session::Answer Session::on_user(std::string arguments) {
    forget_user();
    if (is_anonymous(arguments)) {
        user_name_ = kAnonymous;
        if (!options_.anonymous) {
            co_return reply(530, "There is no anonymous access here");
        }
        co_return reply(331, "Anonymous access; send your e-mail address as password");
    }
    if (!services_.authenticator.plaintext_allowed(login_context())) {
        co_return reply(530, "No password in clear on this connection; send AUTH TLS first");
    }
    user_name_ = std::move(arguments);
    co_return reply(331, "Now send PASS");
}

Session::Answer Session::on_pass(std::string arguments) {
    if (user_) {
        co_return reply(503, "You are logged in already");
    }
    const std::string name = std::exchange(user_name_, "");
    if (name.empty()) {
        co_return protest(reply(503, "Send USER first"));
    }
    if (name == kAnonymous) {
        auto tree = co_await services_.files.open_anonymous(loop_);
        if (!tree) {
            co_return reply(530, "There is no anonymous access here");
        }
        co_return co_await enter({.name = name,
                                  .tree = std::move(*tree),
                                  .anonymous = true,
                                  .password = std::move(arguments)});
    }
    // RFC 7151 3.2: the names of users are the virtual host's.
    const bool local = name.find('@') == std::string::npos && !host_.empty();
    auto identity = co_await services_.authenticator.check_password(
        loop_, login_context(), local ? name + '@' + host_ : name, std::move(arguments));
    if (!identity) {
        co_return login_failed(identity.error());
    }
    auto tree = co_await services_.files.open_tree(loop_, identity->account.id);
    if (!tree) {
        services_.log.error("no file tree", {{"session", id_}, {"error", tree.error().text}});
        co_return reply(
            421, "Your files cannot be reached now; come back later", Reply::Then::kClose);
    }
    co_return co_await enter({.name = identity->account.address.to_string(),
                              .tree = std::move(*tree),
                              .anonymous = false,
                              .password = {}});
}

Session::Answer Session::enter(User user) {
    if (!place_->log_in(user.name, user.anonymous)) {
        co_return reply(530,
                        user.anonymous
                            ? "There are as many anonymous users as there may be; come back later"
                            : "This account has as many sessions as it may have");
    }
    user.tree->set_actor({.session = id_,
                          .peer = fmt::format("{} by {}",
                                              lines_.stream().peer().address,
                                              lines_.stream().tls() != nullptr ? "FTPS" : "FTP")});
    user_ = std::move(user);
    standing_ = {};
    const auto& exempt = options_.session_reuse_exempt;
    // Programs with several sessions and one store of tickets (rclone) offer any of them.
    channel_.require_session_reuse(
        options_.require_session_reuse &&
            std::find(exempt.begin(), exempt.end(), user_->name) == exempt.end(),
        [this](std::string_view binding) { return place_->has_neighbour(binding); });
    directory_ = "/";
    place_->set_directory(directory_);
    services_.metrics
        .counter(
            "staffetta_logins_total", "Logins by result", {{"protocol", "ftp"}, {"result", "ok"}})
        .add();
    services_.log.info("logged in",
                       {{"session", id_},
                        {"peer", lines_.stream().peer().to_string()},
                        {"account", user_->name},
                        {"mechanism", user_->anonymous ? "none" : "USER"},
                        {"tls", lines_.stream().tls() != nullptr ? "yes" : "no"}});
    std::string text = options_.welcome;
    text += text.empty() ? "" : "\n";
    text += co_await folder_message();
    co_return reply(230, text + user_->name + " is logged in");
}

Reply Session::login_failed(const base::Error& error) {
    services_.metrics
        .counter("staffetta_logins_total",
                 "Logins by result",
                 {{"protocol", "ftp"}, {"result", std::string(base::errc_name(error.code))}})
        .add();
    services_.log.info(
        "login failed",
        {{"session", id_}, {"peer", lines_.stream().peer().to_string()}, {"error", error.text}});
    if (error.code != Errc::kDenied && error.code != Errc::kUnavailable) {
        return reply(421, "Logins cannot be checked now; come back later", Reply::Then::kClose);
    }
    if (++login_failures_ >= options_.login_failures_max) {
        return reply(421, "Too many failed logins; goodbye", Reply::Then::kClose);
    }
    return reply(530,
                 error.code == Errc::kDenied
                     ? "Wrong user name or password"
                     : "Too many failed logins from your address; come back later");
}

// RFC 959 4.1.1: accounts are files' owners here, so there is nothing more to say.
Session::Answer Session::on_acct(std::string /*arguments*/) {
    if (!user_) {
        co_return reply(503, "Log in with USER and PASS");
    }
    co_return reply(202, "No account is needed");
}

// RFC 959 4.1.1: everything as it was at the greeting. RFC 4217 13: behind its reply, what AUTH TLS began ends; where TLS
// was there before the greeting, it stays.
Session::Answer Session::on_rein(std::string /*arguments*/) {
    begin_anew();
    host_.clear();
    italian_ = false;
    const bool ends_tls = lines_.stream().tls() != nullptr && !options_.implicit_tls;
    co_return reply(220,
                    options_.hostname + " FTP server ready",
                    ends_tls ? Reply::Then::kStopTls : Reply::Then::kGoOn);
}

// RFC 959 4.1.1, USER: "all transfer parameters are unchanged".
// Who was logged in has the time of a stranger anew; to say USER or REIN again and again wins none.
void Session::forget_user() {
    nobody_since_ = user_ ? now() : nobody_since_;
    user_.reset();
    user_name_.clear();
    directory_ = "/";
    rename_from_.reset();
    restart_ = 0;
    range_.reset();
    announced_.reset();
    channel_.reset();
    place_->log_out();
}

void Session::begin_anew() {
    forget_user();
    representation_ = {};
    settings_ = {};
    idle_timeout_s_ = options_.idle_timeout_s;
    channel_.only_listen(false);
    buffer_size_given_ = false;
    is_cleared_ = false;
    channel_.protect(options_.implicit_tls);
}

Session::Answer Session::on_quit(std::string /*arguments*/) {
    co_return reply(221, "Goodbye", Reply::Then::kClose);
}

// RFC 7151 3.1: before the login, and again as often as one likes; a literal address stands in brackets.
Session::Answer Session::on_host(std::string arguments) {
    if (user_ || !user_name_.empty()) {
        co_return protest(reply(503, "HOST comes before USER"));
    }
    std::string name = base::to_lower(arguments);
    if (!is_host(name)) {
        co_return reply(501, "Usage: HOST name, or an address in brackets");
    }
    // RFC 6066 3: a client does not ask for a name other than its handshake's; the certificate it was shown
    // proved that one.
    const net::TlsInfo* const tls = lines_.stream().tls();
    if (tls != nullptr && !tls->server_name.empty() && !base::iequals(name, tls->server_name)) {
        co_return reply(504, "TLS was begun for another host; connect again for this one");
    }
    const std::string& local = lines_.stream().local().address;
    const bool here = base::iequals(name, options_.hostname) || name == '[' + local + ']';
    const bool known =
        std::any_of(options_.hosts.begin(), options_.hosts.end(), [&name](std::string_view host) {
            return base::iequals(host, name);
        });
    if (!here && !known) {
        co_return reply(504, "There is no such host here");
    }
    host_ = known ? std::move(name) : std::string();
    co_return reply(220, arguments + " FTP server ready");
}

}  // namespace ftp
