// What the interactive client does to files of the server.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/shell.h"
#include "base/ascii.h"
#include "ftp/grammar/names.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// Verbs that are one command of FTP's with the words behind it.
struct Passed {
    std::string_view verb;
    std::string_view command;
};

constexpr std::array kPassed{Passed{"account", "ACCT"},
                             Passed{"chmod", "SITE CHMOD"},
                             Passed{"idle", "SITE IDLE"},
                             Passed{"ln", "SITE SYMLINK"},
                             Passed{"mlst", "MLST"},
                             Passed{"quote", ""},
                             Passed{"remopts", "OPTS"},
                             Passed{"rhelp", "HELP"},
                             Passed{"rstatus", "STAT"},
                             Passed{"site", "SITE"},
                             Passed{"symlink", "SITE SYMLINK"},
                             Passed{"system", "SYST"},
                             Passed{"umask", "SITE UMASK"}};

}  // namespace

// Where that leads is asked at once: a connection that is lost later comes back to it.
// `cd -` goes to where the last cd came from.
base::Result<> Shell::on_cd(const Words& words) {
    const bool back = words.size() > 1 && words[1] == "-";
    if (back && here_.folder_before.empty()) {
        return fail(Errc::kInvalid, "no folder to go back to; `cd ./-` goes to one of that name");
    }
    std::string before = site().run(client().working_directory()).value_or("");
    TRY_VOID(site().run(client().change_directory(back               ? here_.folder_before
                                                  : words.size() > 1 ? words[1]
                                                                     : "/")));
    here_.folder_before = std::move(before);
    static_cast<void>(site().run(client().working_directory()));
    return back ? on_pwd(words) : base::Result<>();
}

base::Result<> Shell::on_cdup(const Words& /*words*/) {
    return on_cd({"cd", ".."});
}

base::Result<> Shell::on_pwd(const Words& /*words*/) {
    TRY(const std::string path, site().run(client().working_directory()));
    say_foreign(path + "\n");
    return {};
}

base::Result<> Shell::on_delete(const Words& words) {
    return site().run(client().remove(words[1]));
}

base::Result<> Shell::on_rename(const Words& words) {
    const std::string& target = words[2];
    return site().run(client().rename(
        words[1], target.ends_with('/') ? target + file_name_of(words[1]) : target));
}

// mkdir [-p] FOLDER...
base::Result<> Shell::on_mkdir(const Words& words) {
    const bool with_parents = words[1] == "-p";
    if (with_parents && words.size() == 2) {
        return tl::unexpected(usage_of(words[0]));
    }
    for (std::size_t i = with_parents ? 2 : 1; i < words.size(); ++i) {
        TRY_VOID(with_parents ? make_with_parents(words[i])
                              : site().run(client().make_directory(words[i])));
    }
    return {};
}

// From the top down. Servers refuse a folder that is there in many ways: to go there tells.
base::Result<> Shell::make_with_parents(const std::string& path) {
    const FtpSite::Silence silence(site());
    for (std::size_t slash = path.find('/', 1); slash < path.size();
         slash = path.find('/', slash + 1)) {
        static_cast<void>(site().run(client().make_directory(path.substr(0, slash))));
    }
    TRY(const std::string where, site().run(client().working_directory()));
    auto made = site().run(client().make_directory(path));
    if (made || !site().run(client().change_directory(path))) {
        return made;
    }
    return site().run(client().change_directory(where));
}

base::Result<> Shell::on_rmdir(const Words& words) {
    return site().run(client().remove_directory(words[1]));
}

// What it is as it stands on the disk: in type A many servers refuse to count.
base::Result<> Shell::on_size(const Words& words) {
    TRY_VOID(site().run(client().set_type(ftp::Type::kImage)));
    TRY(const std::uint64_t octets, site().run(client().size(words[1])));
    say(fmt::format("{} {}\n", octets, words[1]));
    return {};
}

base::Result<> Shell::on_modtime(const Words& words) {
    TRY(const base::WallTime time, site().run(client().modified(words[1])));
    // fmt's own format of a time point is this machine's zone.
    const std::tm utc = fmt::gmtime(std::chrono::system_clock::to_time_t(time));
    say(fmt::format("{:%Y-%m-%d %H:%M:%S} UTC {}\n", utc, words[1]));
    return {};
}

base::Result<> Shell::on_hash_of(const Words& words) {
    TRY(const std::string digest, site().run(client().sha256(words[1], std::nullopt)));
    say(fmt::format("{}  {}\n", digest, words[1]));
    return {};
}

// account, chmod, idle, ln, mlst, quote, rhelp, rstatus, site, symlink, system, umask
base::Result<> Shell::on_command(const Words& words) {
    const auto* passed = std::find_if(
        kPassed.begin(), kPassed.end(), [&](const Passed& row) { return row.verb == words[0]; });
    CHECK(passed != kPassed.end());
    std::string line(passed->command);
    const bool two_names = words[0] == "symlink" || words[0] == "ln";
    const bool has_flag = words[0] == "ln" && words[1] == "-s";
    if (words[0] == "ln" && words.size() != (has_flag ? 4U : 3U)) {
        return tl::unexpected(usage_of(words[0]));
    }
    for (std::size_t i = has_flag ? 2 : 1; i < words.size(); ++i) {
        line += (line.empty() ? "" : " ") + (two_names ? ftp::quote_name(words[i]) : words[i]);
    }
    TRY(const ftp::ServerReply reply, site().run(client().command(line)));
    // A failure's last line is the error's.
    const std::size_t told =
        reply.code < 400 ? reply.lines.size() : std::max<std::size_t>(1, reply.lines.size()) - 1;
    for (std::size_t i = 0; i < told && !site().reply_was_shown(); ++i) {
        const char joint = i + 1 < reply.lines.size() ? '-' : ' ';
        const bool in_full = words[0] == "quote";  // whoever speaks FTP wants it back
        say_foreign((in_full ? fmt::format("{}{}", reply.code, joint) : "") + reply.lines[i] +
                    "\n");
    }
    return reply.code < 400 ? base::Result<>()
                            : base::Result<>(tl::unexpected(ftp::error_of(reply)));
}

base::Result<> Shell::on_features(const Words& /*words*/) {
    for (const auto& [name, parameters] : client().features()) {
        say_foreign(fmt::format("{}{}{}\n", name, parameters.empty() ? "" : " ", parameters));
    }
    return {};
}

}  // namespace agent
