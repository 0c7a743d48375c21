// SITE (RFC 959 4.1.3): CHMOD, COPY, HELP, IDLE, QUOTA, SYMLINK, UMASK, UTIME, WHO.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "ftp/grammar/names.h"
#include "ftp/grammar/time_val.h"
#include "ftp/server/session.h"

namespace ftp {

using base::Result;

Session::Answer Session::on_site(std::string arguments) {
    std::string_view rest = arguments;
    const std::string verb = base::to_upper(base::split_front(rest, ' '));
    const Command* const command = find_command(site_commands(), verb);
    if (command == nullptr) {
        co_return reply(500, "Unknown SITE command; SITE HELP lists them");
    }
    co_return co_await dispatch(*command, std::string(rest), "SITE ");
}

Session::Answer Session::on_site_help(std::string arguments) {
    const std::string verb = base::to_upper(base::trim(arguments));
    const Command* const command = find_command(site_commands(), verb);
    if (command != nullptr) {
        co_return reply(214, fmt::format("Syntax: SITE {}", command->syntax));
    }
    if (!verb.empty()) {
        co_return reply(501, "There is no such command");
    }
    std::string text = "SITE commands:\n";
    for (const Command& row : site_commands()) {
        text += fmt::format("SITE {}\n", row.syntax);
    }
    co_return reply(214, text + "Of two names, those with spaces stand in \"quotes\"\nEnd");
}

Session::Answer Session::on_site_chmod(std::string arguments) {
    std::string_view rest = arguments;
    const auto mode = parse_octal(base::split_front(rest, ' '));
    const auto path = resolve(rest);
    if (!mode || rest.empty() || !path) {
        co_return reply(501, "Usage: SITE CHMOD mode path");
    }
    const auto set = co_await tree().set_mode(loop_, *path, *mode);
    if (!set) {
        co_return reply(550, set.error().text);
    }
    const std::string now = co_await fact_now(*path, {.fact = kFactMode, .mode = *mode});
    const bool more = now != fmt::format("{:04o}", *mode);
    co_return reply(200,
                    more ? fmt::format("The mode is {}; its owner's rights stay", now)
                         : fmt::format("The mode is {}", now));
}

namespace {

constexpr std::size_t kToTheMinute = 12;

// "YYYYMMDDHHMM", as pure-ftpd and its clients have it, is the minute's beginning.
std::string with_seconds(std::string_view time) {
    return std::string(time) + (time.size() == kToTheMinute ? "00" : "");
}

}  // namespace

Session::Answer Session::on_site_utime(std::string arguments) {
    std::string_view rest = arguments;
    std::string time = with_seconds(base::split_front(rest, ' '));
    std::string path(rest);
    // "UTIME path atime mtime ctime UTC", as older clients have it.
    const auto words = parse_names(arguments);
    if (words && words->size() == 5 && base::iequals(words->back(), "UTC")) {
        time = with_seconds((*words)[2]);
        path = words->front();
    }
    if (path.empty() || !parse_time_val(time)) {
        co_return reply(501, "Usage: SITE UTIME YYYYMMDDHHMM[SS] path");
    }
    co_return co_await set_time(time + ' ' + path, kFactModify, 200);
}

// Three words are as often a name with a space as they are one too many: the usage tells of quotes.
Session::Answer Session::on_site_copy(std::string arguments) {
    const auto names = parse_names(arguments);
    if (!names || names->size() != 2) {
        co_return reply(501, R"(Usage: SITE COPY from to; names with spaces in "quotes")");
    }
    const auto from = resolve((*names)[0]);
    const auto to = resolve((*names)[1]);
    if (!from || !to) {
        co_return from ? reply(553, to.error().text) : reply(550, from.error().text);
    }
    const auto source = co_await tree().open(loop_, *from);
    if (!source) {
        co_return refuse(source.error(), Wish::kRead);
    }
    const auto work = begin_work("SITE COPY " + *from);
    if (!work) {
        co_return too_many();
    }
    const auto copied = co_await tree().copy(loop_, *from, *to, [this] { return is_awaited(); });
    co_return copied ? reply(200, "The file is copied") : refuse(copied.error(), Wish::kWrite);
}

Session::Answer Session::on_site_symlink(std::string arguments) {
    const auto names = parse_names(arguments);
    if (!names || names->size() != 2) {
        co_return reply(501, R"(Usage: SITE SYMLINK target path; names with spaces in "quotes")");
    }
    const auto path = resolve((*names)[1]);
    if (!path) {
        co_return reply(553, path.error().text);
    }
    const auto made = co_await tree().symlink(loop_, (*names)[0], *path);
    if (!made && made.error().code == base::Errc::kUnsupported) {
        co_return reply(504, made.error().text);
    }
    co_return made ? reply(200, "The link is made") : refuse(made.error(), Wish::kWrite);
}

Session::Answer Session::on_site_quota(std::string /*arguments*/) {
    const auto usage = co_await tree().usage(loop_, directory_);
    if (!usage) {
        co_return reply(550, usage.error().text);
    }
    const auto limit = [](std::uint64_t number) {
        return number == 0 ? std::string("no limit") : std::to_string(number);
    };
    co_return reply(200,
                    fmt::format("Quota:\nBytes: {} of {}\nFiles: {} of {}\nAvailable: {} bytes",
                                usage->octets,
                                limit(usage->octets_limit),
                                usage->files,
                                limit(usage->files_limit),
                                usage->available));
}

Session::Answer Session::on_site_idle(std::string arguments) {
    if (arguments.empty()) {
        co_return reply(200,
                        fmt::format("The idle limit is {} seconds, at most {}",
                                    idle_timeout_s_.count(),
                                    options_.idle_timeout_max_s.count()));
    }
    const auto seconds = base::parse_number<std::uint32_t>(arguments);
    if (!seconds || *seconds < 30 || std::chrono::seconds(*seconds) > options_.idle_timeout_max_s) {
        co_return reply(501,
                        fmt::format("The idle limit is from 30 to {} seconds",
                                    options_.idle_timeout_max_s.count()));
    }
    idle_timeout_s_ = std::chrono::seconds(*seconds);
    co_return reply(200, fmt::format("The idle limit is {} seconds", *seconds));
}

// The mode of what is stored from now on.
Session::Answer Session::on_site_umask(std::string arguments) {
    const auto mask = arguments.empty() ? settings_.umask : parse_octal(arguments);
    if (!mask) {
        co_return reply(501, "Usage: SITE UMASK mask, three octal digits");
    }
    settings_.umask = *mask;
    // Of a folder all of the owner's rights stay, so this is true of any mask that takes one.
    constexpr unsigned kOwnersRights = 0700;
    co_return reply(200,
                    (*mask & kOwnersRights) != 0
                        ? fmt::format("The mask is {:03o}; the owner's rights stay", *mask)
                        : fmt::format("The mask is {:03o}", *mask));
}

// A user sees the sessions of the same account; all are the administrator's, by `staffetta ftp who`.
Session::Answer Session::on_site_who(std::string /*arguments*/) {
    std::string text = "Your sessions:\n";
    for (const SessionView& view : services_.activity.sessions()) {
        if (view.account == user_->name && (!user_->anonymous || view.id == id_)) {
            text += fmt::format("{} {} {}\n", view.peer, view.tls ? "TLS" : "clear", view.doing);
        }
    }
    co_return reply(200, text + "End");
}

}  // namespace ftp
