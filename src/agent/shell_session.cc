// The interactive client's connections: open, user, bookmarks, gateways.
#include <fmt/format.h>

#include "agent/bookmarks.h"
#include "agent/exit_status.h"
#include "agent/netrc.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "base/ascii.h"
#include "base/environment.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// The words of open, with lftp's flags.
struct OpenWords {
    std::string target;
    std::string port;
    std::string user;      // USER, USER,PASSWORD or USER:PASSWORD
    std::string commands;  // once logged in
};

std::optional<OpenWords> read_open_words(const Shell::Words& words) {
    OpenWords read;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        std::string* named = word == "-u"   ? &read.user
                             : word == "-p" ? &read.port
                             : word == "-e" ? &read.commands
                                            : nullptr;
        if (named != nullptr && ++i == words.size()) {
            return std::nullopt;
        }
        std::string& place =
            named != nullptr ? *named : (read.target.empty() ? read.target : read.port);
        if (!place.empty() || (named == nullptr && word.starts_with('-'))) {
            return std::nullopt;
        }
        place = words[i];
    }
    return read.target.empty() ? std::nullopt : std::optional(std::move(read));
}

// kDenied: given up, by ^C or the end of the input. None is sent then: a server counts wrong ones.
base::Result<std::string> ask_needed_secret(std::string_view what) {
    auto secret = ask_secret(fmt::format("{}: ", what));
    return secret ? base::Result<std::string>(std::move(*secret))
                  : fail(Errc::kDenied, fmt::format("no {} was given", base::to_lower(what)));
}

}  // namespace

// open [-u USER[,PASSWORD]] [-p PORT] [-e COMMANDS] HOST|URL|BOOKMARK [PORT]
base::Result<> Shell::on_open(const Words& words) {
    const auto read = read_open_words(words);
    if (!read) {
        return tl::unexpected(usage_of(words[0]));
    }
    const auto bookmarks = read_bookmarks();
    const auto bookmark = bookmarks.find(read->target);
    TRY(FtpUrl url, parse_ftp_url(bookmark == bookmarks.end() ? read->target : bookmark->second));
    if (!read->port.empty()) {
        const auto port = base::parse_number<std::uint16_t>(read->port);
        if (!port || *port == 0) {
            return fail(Errc::kSyntax, fmt::format("{} is no port", read->port));
        }
        url.port = *port;
    }
    if (!read->user.empty()) {
        const std::size_t end = std::min(read->user.find_first_of(",:"), read->user.size());
        url.user = read->user.substr(0, end);
        if (end < read->user.size()) {
            url.password = read->user.substr(end + 1);
        }
    }
    TRY_VOID(open(std::move(url)));
    return read->commands.empty() || run_line(read->commands) == kFtpOk ? base::Result<>()
                                                                        : already_said();
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
    if (arguments_.password_from_stdin && !url.password) {
        TRY(url.password, ask_needed_secret("Password"));
    }
    TRY(const FtpUrl first, through_gate(url));
    forget_macros();
    here_.where = url;
    here_.login.reset();
    here_.folder_before.clear();
    site().settings().mode = ftp::Mode::kStream;
    site().settings().structure = ftp::Structure::kFile;
    TRY_VOID(connect(first, std::nullopt));
    apply_settings();
    if (const net::TlsInfo* tls = client().tls()) {
        say_foreign(fmt::format("{} with {}{}\n",
                                tls->version,
                                tls->cipher,
                                tls->distrust.empty()      ? ""
                                : site().settings().verify ? "; trusted by its fingerprint"
                                                           : "; NOT PROVEN: " + tls->distrust));
    } else {
        say("No TLS: everything can be read on the way.\n");
    }
    if (!arguments_.auto_login) {
        return {};
    }
    TRY_VOID(log_in(url));
    if (!url.path.empty()) {
        TRY_VOID(site().run(client().change_directory(url.path)));
    }
    run_init_macro();
    return {};
}

base::Result<> Shell::log_in(const FtpUrl& url) {
    TRY(FtpLogin login, login_for(url));
    if (switches_.gate) {
        login.user += "@" + url.host;
    }
    TRY_VOID(log_in_as(std::move(login)));
    if (type_ != ftp::Type::kImage || form_ != ftp::Form::kNonPrint) {
        TRY_VOID(site().run(client().set_type(type_, form_)));
    }
    return {};
}

// An account that the server wants is asked for: where there is nobody, its reply says so.
base::Result<> Shell::log_in_as(FtpLogin login) {
    const auto enter = [&] {
        return site().run(client().login(login.user, login.password, login.account));
    };
    auto entered = enter();
    constexpr int kAccountWanted = 332;  // RFC 959 4.2.2
    if (!entered && client().is_connected() && client().last_reply().code == kAccountWanted &&
        is_interactive()) {
        TRY(login.account, ask_needed_secret("Account"));
        entered = enter();
    }
    TRY_VOID(std::move(entered));
    here_.login = login;
    site().remember(std::move(login));
    return {};
}

// A gateway is logged in to as user@host and goes there itself.
base::Result<FtpUrl> Shell::through_gate(const FtpUrl& url) const {
    if (!switches_.gate) {
        return url;
    }
    TRY(FtpUrl gate, parse_ftp_url("ftp://" + texts_.gate + "/"));
    gate.tls = url.tls;
    return gate;
}

// A connection that was lost, with all that was said on it, is made again by the next command.
base::Result<> Shell::reopen() {
    if (!site().has_client() || !here_.where || !here_.login) {
        return fail(Errc::kUnavailable, "not connected; `open HOST` first");
    }
    say("The connection was lost; connecting again\n");
    const std::string folder =
        client().has_moved() ? site().run(client().working_directory()).value_or("") : "";
    TRY(const FtpUrl first, through_gate(*here_.where));
    TRY_VOID(connect(first, here_.login));
    apply_settings();
    const std::string& path = folder.empty() ? here_.where->path : folder;
    return path.empty() ? base::Result<>() : site().run(client().change_directory(path));
}

base::Result<> Shell::connect(const FtpUrl& url, const std::optional<FtpLogin>& login) {
    const auto opened = site().open(url, login);
    if (opened) {
        return {};
    }
    show_error(opened.error());
    status_ = site().status_of_opening(opened.error());
    return already_said();
}

// What the command line and .netrc leave open is asked for.
base::Result<FtpLogin> Shell::login_for(const FtpUrl& url) {
    TRY(FtpLogin login, find_login(url, site().settings()));
    if (login.guessed && !arguments_.anonymous && is_interactive()) {
        const std::string user = base::environment("USER");
        const std::string self = user.empty() ? "anonymous" : user;
        const auto name = ask(fmt::format("Name ({}): ", self));
        if (!name) {
            return fail(Errc::kDenied, "no name");
        }
        login.user = name->empty() ? self : *name;
        login.password.clear();
    }
    if (login.password.empty() && is_interactive()) {
        TRY(login.password, ask_needed_secret("Password"));
    }
    return login;
}

void Shell::run_init_macro() {
    if (!site().settings().use_netrc || !here_.where) {
        return;
    }
    if (const auto netrc = Netrc::load(netrc_path(site().settings()))) {
        const NetrcEntry* entry = netrc->find(here_.where->host, here_.login->user);
        if (entry != nullptr && !entry->macros.empty()) {
            for (const auto& [name, lines] : entry->macros) {
                macros_.insert_or_assign(name, lines);  // another server's may still be there
            }
        }
        if (entry != nullptr && entry->macros.contains("init")) {
            static_cast<void>(on_macro({"$", "init"}));
            has_failed_ = false;  // the session is open, whatever the macro did
        }
    }
}

base::Result<> Shell::prepare(const JobSetup& setup) {
    here_.where = setup.where;
    here_.login = setup.login;
    form_ = setup.form;
    names_ = setup.names;
    switches_.receive_unique = setup.receive_unique;
    switches_.send_unique = setup.send_unique;
    segments_ = setup.segments;
    TRY(const FtpUrl first, through_gate(setup.where));
    TRY_VOID(connect(first, setup.login));
    apply_settings();
    return site().run(client().change_directory(setup.directory));
}

// As with BSD's client, macros last as long as the session.
void Shell::forget_macros() {
    if (site().is_open()) {
        macros_.clear();
    }
}

base::Result<> Shell::on_close(const Words& /*words*/) {
    forget_macros();
    if (site().is_open()) {
        TRY_VOID(site().run(client().quit()));
    }
    site().close();
    return {};
}

base::Result<> Shell::on_quit(const Words& words) {
    if (words.size() > 1) {
        const auto status = base::parse_number<unsigned>(words[1], 255U);
        if (!status) {
            return fail(Errc::kSyntax, words[1] + " is no exit status, 0 to 255");
        }
        exit_status_ = static_cast<int>(*status);
    }
    done_ = true;
    return on_close(words);
}

base::Result<> Shell::on_user(const Words& words) {
    FtpLogin login{.user = words[1],
                   .password = words.size() > 2 ? words[2] : "",
                   .account = words.size() > 3 ? words[3] : ""};
    if (words.size() == 2) {
        TRY(login.password, ask_needed_secret("Password"));
    }
    return log_in_as(std::move(login));
}

// Whatever replies are on their way belong to what was asked before NOOP.
base::Result<> Shell::on_reset(const Words& /*words*/) {
    TRY_VOID(site().run(client().perform("NOOP")));
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
    // The file has NAME and URL on a line, with a blank between the two.
    if (words[2].empty() || words[2].find_first_of(" \t\r\n") != std::string::npos) {
        return fail(Errc::kSyntax, "a bookmark's name is one word without blanks");
    }
    if (words.size() == 3 && !here_.where) {
        return fail(Errc::kInvalid, "no server is open; say which URL");
    }
    FtpUrl url = here_.where.value_or(FtpUrl());
    if (words.size() > 3) {
        TRY(url, parse_ftp_url(words[3]));
    } else if (here_.login && site().is_open()) {
        // Where we are, and who; an anonymous need not be named.
        if (here_.login->user != "anonymous") {
            url.user = here_.login->user;
        }
        if (client().has_moved()) {
            TRY(url.path, site().run(client().working_directory()));
        }
    }
    bookmarks[words[2]] = format_ftp_url(url);
    return write_bookmarks(bookmarks);
}

// gate [on|off | HOST[:PORT]]
base::Result<> Shell::on_gate(const Words& words) {
    if (words.size() > 1 && words[1] != "on" && words[1] != "off") {
        texts_.gate = words[1] + (words.size() > 2 ? ":" + words[2] : "");
        switches_.gate = true;
    } else if (words.size() > 1) {
        switches_.gate = words[1] == "on";
    } else {
        switches_.gate = !switches_.gate;
    }
    if (switches_.gate && texts_.gate.empty()) {
        switches_.gate = false;
        return fail(Errc::kInvalid, "which gateway? `gate HOST` says, or $FTPSERVER");
    }
    say(switches_.gate ? fmt::format("gate is on: through {}\n", texts_.gate) : "gate is off\n");
    return {};
}

}  // namespace agent
