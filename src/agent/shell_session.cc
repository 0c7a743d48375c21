// The interactive client's connections: open, user, bookmarks.
#include <fmt/format.h>

#include <cstdlib>

#include "agent/local_file.h"
#include "agent/netrc.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kBookmarksOctetsMax = std::size_t{1} << 20;

std::string home_file(std::string_view name) {
    const char* home = std::getenv("HOME");
    return std::string(home == nullptr ? "." : home) + "/" + std::string(name);
}

// "NAME URL", a line each. Passwords belong into .netrc, and are not kept here.
std::map<std::string, std::string> read_bookmarks() {
    std::map<std::string, std::string> bookmarks;
    const auto text = read_file(home_file(".staffetta-ftp-bookmarks"), kBookmarksOctetsMax);
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
        std::string_view line = base::split_front(rest, '\n');
        const std::string name(base::split_front(line, ' '));
        if (!name.empty() && !line.empty()) {
            bookmarks[name] = line;
        }
    }
    return bookmarks;
}

base::Result<> write_bookmarks(const std::map<std::string, std::string>& bookmarks) {
    std::string text;
    for (const auto& [name, url] : bookmarks) {
        text += fmt::format("{} {}\n", name, url);
    }
    TRY(const auto sink, FileSink::open(home_file(".staffetta-ftp-bookmarks"), 0));
    TRY_VOID(sink->write(text));
    return sink->finish(std::nullopt);
}

std::string to_text(const FtpUrl& url) {
    const std::string_view scheme = url.tls == ftp::ClientTls::kImplicit   ? "ftps"
                                    : url.tls == ftp::ClientTls::kRequired ? "ftpes"
                                                                           : "ftp";
    const bool ipv6 = url.host.find(':') != std::string::npos;
    return fmt::format("{}://{}{}:{}/{}",
                       scheme,
                       url.user ? *url.user + "@" : "",
                       ipv6 ? "[" + url.host + "]" : url.host,
                       url.port_or_default(),
                       url.path);
}

}  // namespace

base::Result<> Shell::on_open(const Words& words) {
    std::string target = words[1];
    const auto bookmarks = read_bookmarks();
    if (const auto bookmark = bookmarks.find(target); bookmark != bookmarks.end()) {
        target = bookmark->second;
    }
    TRY(FtpUrl url, parse_ftp_url(target));
    if (words.size() > 2) {
        const auto port = base::parse_number<std::uint16_t>(words[2]);
        if (!port || *port == 0) {
            return fail(Errc::kSyntax, fmt::format("{} is no port", words[2]));
        }
        url.port = *port;
    }
    return open(std::move(url));
}

base::Result<> Shell::open(FtpUrl url) {
    if (arguments_.anonymous) {
        url.user = "anonymous";
    }
    if (!arguments_.user.empty() && !url.user) {
        std::string_view password = arguments_.user;
        const bool has_password = password.find(':') != std::string_view::npos;
        url.user = base::split_front(password, ':');
        if (has_password) {
            url.password = password;
        }
    }
    where_ = url;
    login_.reset();
    TRY_VOID(site_.open(url, std::nullopt));
    if (const net::TlsInfo* tls = client().tls()) {
        say(fmt::format("{} with {}{}\n",
                        tls->version,
                        tls->cipher,
                        tls->distrust.empty() ? "" : "; NOT PROVEN: " + tls->distrust));
    } else {
        say("No TLS: everything can be read on the way.\n");
    }
    if (!arguments_.auto_login) {
        return {};
    }
    TRY(login_, login_for(url));
    if (auto in = site_.run(client().login(login_->user, login_->password, login_->account)); !in) {
        login_.reset();
        return in;
    }
    site_.remember(*login_);
    if (!url.path.empty()) {
        TRY_VOID(site_.run(client().change_directory(url.path)));
    }
    run_init_macro();
    return {};
}

// What the command line and .netrc leave open is asked for.
base::Result<FtpLogin> Shell::login_for(const FtpUrl& url) {
    TRY(FtpLogin login, find_login(url, site_.settings()));
    if (login.guessed && !arguments_.anonymous && is_interactive()) {
        const char* self = std::getenv("USER");
        const auto name = ask(fmt::format("Name ({}): ", self == nullptr ? "anonymous" : self));
        if (!name) {
            return fail(Errc::kDenied, "no name");
        }
        login.user = !name->empty() ? *name : (self == nullptr ? "anonymous" : self);
        login.password.clear();
    }
    if (login.password.empty() && is_interactive()) {
        login.password = ask_secret("Password: ").value_or("");
    }
    return login;
}

void Shell::run_init_macro() {
    if (!site_.settings().use_netrc || !where_) {
        return;
    }
    if (const auto netrc = Netrc::load(netrc_path(site_.settings()))) {
        const NetrcEntry* entry = netrc->find(where_->host, login_->user);
        if (entry != nullptr && !entry->macros.empty()) {
            macros_.insert(entry->macros.begin(), entry->macros.end());
        }
        if (entry != nullptr && entry->macros.contains("init")) {
            static_cast<void>(on_macro({"$", "init"}));
        }
    }
}

base::Result<> Shell::prepare(const JobSetup& setup) {
    where_ = setup.where;
    login_ = setup.login;
    TRY_VOID(site_.open(setup.where, setup.login));
    return site_.run(client().change_directory(setup.directory));
}

base::Result<> Shell::on_close(const Words& /*words*/) {
    if (site_.is_open()) {
        TRY_VOID(site_.run(client().quit()));
    }
    site_.close();
    return {};
}

base::Result<> Shell::on_quit(const Words& words) {
    done_ = true;
    return on_close(words);
}

base::Result<> Shell::on_user(const Words& words) {
    FtpLogin login{.user = words[1],
                   .password = words.size() > 2 ? words[2] : "",
                   .account = words.size() > 3 ? words[3] : ""};
    if (words.size() == 2) {
        login.password = ask_secret("Password: ").value_or("");
    }
    TRY_VOID(site_.run(client().login(login.user, login.password, login.account)));
    login_ = login;
    site_.remember(login);
    return {};
}

// Whatever replies are on their way belong to what was asked before NOOP.
base::Result<> Shell::on_reset(const Words& /*words*/) {
    TRY_VOID(site_.run(client().perform("NOOP")));
    return {};
}

base::Result<> Shell::on_bookmark(const Words& words) {
    auto bookmarks = read_bookmarks();
    const std::string verb = words.size() > 1 ? words[1] : "list";
    if (verb == "list") {
        for (const auto& [name, url] : bookmarks) {
            say(fmt::format("{:16} {}\n", name, url));
        }
        return {};
    }
    if (words.size() < 3 || (verb != "add" && verb != "remove")) {
        return fail(Errc::kSyntax, "usage: bookmark [add NAME [URL] | remove NAME | list]");
    }
    if (verb == "remove") {
        if (bookmarks.erase(words[2]) == 0) {
            return fail(Errc::kNotFound, fmt::format("{}: no such bookmark", words[2]));
        }
        return write_bookmarks(bookmarks);
    }
    if (words.size() == 3 && !where_) {
        return fail(Errc::kInvalid, "no server is open; say which URL");
    }
    FtpUrl url = where_.value_or(FtpUrl());
    if (words.size() > 3) {
        TRY(url, parse_ftp_url(words[3]));
    }
    bookmarks[words[2]] = to_text(url);
    return write_bookmarks(bookmarks);
}

}  // namespace agent
