// The interactive client's transfers: one file, many, trees, parts.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "agent/glob.h"
#include "agent/local_file.h"
#include "agent/segments.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

// "|less": what is fetched goes into a command's standard input.
base::Result<> pipe_into(const std::string& command, const std::string& text) {
    FILE* pipe = ::popen(command.c_str(), "w");
    if (pipe == nullptr) {
        return fail(Errc::kIo, fmt::format("{} cannot be started", command));
    }
    std::fwrite(text.data(), 1, text.size(), pipe);
    ::pclose(pipe);
    return {};
}

class StringSink final : public ftp::ByteSink {
  public:
    explicit StringSink(std::string& text) : text_(text) {}

    base::Result<> write(std::string_view octets) override {
        constexpr std::size_t kOctetsMax = std::size_t{64} << 20;
        if (text_.size() + octets.size() > kOctetsMax) {
            return fail(Errc::kTooLong, "more than 64 MiB; fetch it into a file");
        }
        text_ += octets;
        return {};
    }

  private:
    std::string& text_;
};

// What a file stands on disk as: "name", "name.1", "name.2" ...
std::string unused_name(const std::string& name) {
    std::string candidate = name;
    for (int i = 1; status_of(candidate) && i < 10000; ++i) {
        candidate = fmt::format("{}.{}", name, i);
    }
    return candidate;
}

}  // namespace

CopyOptions Shell::copy_options() const {
    return {.resume = false,
            .keep_time = switches_.keep_time,
            .ascii = ascii_,
            .rate_max = site_.rate_max(),
            .append = false,
            .unique = switches_.send_unique};
}

bool Shell::agrees(const std::string& verb, const std::string& name) {
    if (!switches_.ask_each || all_agreed_ || !is_interactive()) {
        return !none_agreed_;
    }
    if (none_agreed_) {
        return false;
    }
    const std::string answer = ask(fmt::format("{} {} [y/n/a/q]? ", verb, name)).value_or("q");
    all_agreed_ = answer.starts_with('a');
    none_agreed_ = answer.starts_with('q') || take_interrupt();
    return !none_agreed_ && !answer.starts_with('n');
}

std::string Shell::local_name(const std::string& remote) const {
    std::string name = name_of(remote);
    const bool shouts = std::none_of(name.begin(), name.end(), base::is_lower);
    if (switches_.lower_case && shouts) {
        name = base::to_lower(name);
    }
    return switches_.receive_unique ? unused_name(name) : name;
}

base::Result<Shell::Words> Shell::expand_remote(const std::string& pattern) {
    if (!switches_.globbing || !is_glob(pattern)) {
        return Words{pattern};
    }
    const std::string folder = pattern.substr(0, pattern.rfind('/') + 1);
    TRY(const auto entries, site_.run(client().list(folder)));
    Words paths;
    for (const ftp::RemoteEntry& entry : entries) {
        if (!entry.is_directory() && glob_matches(name_of(pattern), entry.name)) {
            paths.push_back(folder + entry.name);
        }
    }
    return paths;
}

base::Result<> Shell::fetch_text(const std::string& remote, std::string& text) {
    StringSink sink(text);
    TRY_VOID(site_.run(client().set_type(ascii_ ? ftp::Type::kAscii : ftp::Type::kImage)));
    TRY_VOID(site_.run(client().retrieve(remote, {.rate_max = site_.rate_max()}, sink)));
    return {};
}

base::Result<> Shell::write_text(const std::string& text, const std::string& local) {
    if (local.starts_with('|')) {
        return pipe_into(local.substr(1), text);
    }
    if (local.empty() || local == "-") {
        say(text);
        return {};
    }
    TRY(const auto sink, FileSink::open(local, 0));
    TRY_VOID(sink->write(text));
    return sink->finish(std::nullopt);
}

base::Result<> Shell::fetch(const std::string& remote, const std::string& local, CopyOptions copy) {
    if (local == "-" || local.starts_with('|')) {
        std::string text;
        TRY_VOID(fetch_text(remote, text));
        return write_text(text, local);
    }
    Meter meter(site_.loop().clock(), switches_.meter);
    TRY_VOID(site_.run(download(client(), remote, local, copy, meter)));
    return {};
}

base::Result<> Shell::send(const std::string& local, const std::string& remote, CopyOptions copy) {
    Meter meter(site_.loop().clock(), switches_.meter);
    TRY_VOID(site_.run(upload(client(), local, remote, copy, meter)));
    return {};
}

// get, recv, reget, newer
base::Result<> Shell::on_get(const Words& words) {
    const std::string& remote = words[1];
    std::string local = words.size() > 2 ? words[2] : local_name(remote);
    if (words.size() == 2 && !ftp::is_plain_name(local)) {
        return fail(Errc::kInvalid, fmt::format("{} names no file; say where to put it", remote));
    }
    if (status_of(local).value_or(LocalStatus()).is_directory) {
        local += "/" + local_name(remote);
    }
    CopyOptions copy = copy_options();
    copy.resume = words[0] == "reget";
    if (words[0] == "newer") {
        const auto here = status_of(local);
        const auto there = site_.run(client().modified(remote));
        if (here && there && *there <= here->modified) {
            say(fmt::format("{} is as new here\n", local));
            return {};
        }
    }
    if (restart_ > 0) {
        const std::uint64_t offset = std::exchange(restart_, 0);
        TRY(auto sink, FileSink::open(local, offset, true));
        TRY_VOID(site_.run(client().set_type(ftp::Type::kImage)));
        TRY_VOID(site_.run(client().retrieve(remote, {.restart = offset}, *sink)));
        return sink->finish(std::nullopt);
    }
    return fetch(remote, local, copy);
}

// put, send, reput, append
base::Result<> Shell::on_put(const Words& words) {
    CopyOptions copy = copy_options();
    copy.resume = words[0] == "reput";
    copy.append = words[0] == "append";
    if (words[1] == "-" && words.size() == 2) {
        return fail(Errc::kInvalid, "standard input has no name; say one");
    }
    return send(words[1], words.size() > 2 ? words[2] : name_of(words[1]), copy);
}

// mget, mreget. What fails is said, and the next file follows.
base::Result<> Shell::on_mget(const Words& words) {
    CopyOptions copy = copy_options();
    copy.resume = words[0] == "mreget";
    for (std::size_t i = 1; i < words.size(); ++i) {
        TRY(const Words paths, expand_remote(words[i]));
        if (paths.empty()) {
            show_error({.code = Errc::kNotFound, .text = words[i] + ": nothing matches"});
        }
        for (const std::string& path : paths) {
            const std::string local = local_name(path);
            if (!ftp::is_plain_name(local) || !agrees("mget", path)) {
                continue;
            }
            if (const auto done = fetch(path, local, copy); !done) {
                show_error(done.error());
            }
            if (!site_.is_open()) {
                return {};
            }
        }
    }
    return {};
}

// mput, msend
base::Result<> Shell::on_mput(const Words& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string folder = words[i].substr(0, words[i].rfind('/') + 1);
        Words paths;
        std::error_code failed;
        const bool glob = switches_.globbing && is_glob(words[i]);
        const std::string where = folder.empty() ? "." : folder;
        for (const auto& item : std::filesystem::directory_iterator(where, failed)) {
            const std::string name = item.path().filename().string();
            if (glob && item.is_regular_file(failed) && glob_matches(name_of(words[i]), name)) {
                paths.push_back(folder + name);
            }
        }
        if (!glob) {
            paths = {words[i]};
        }
        std::sort(paths.begin(), paths.end());
        for (const std::string& path : paths) {
            if (!agrees("mput", path)) {
                continue;
            }
            if (const auto done = send(path, name_of(path), copy_options()); !done) {
                show_error(done.error());
            }
        }
    }
    return {};
}

base::Result<> Shell::on_mirror(const Words& words) {
    std::vector<std::string> arguments = words;  // "mirror" first, as on the command line
    TRY(const FtpArguments parsed, parse_ftp_arguments(arguments));
    MirrorOptions options = parsed.mirror;
    options.copy = copy_options();
    const Words& tops = parsed.operands;
    if (tops.size() > 2) {
        return fail(Errc::kSyntax, "usage: mirror [OPTIONS] [FROM [TO]]");
    }
    const std::string from = tops.empty() ? "." : tops[0];
    std::string to = tops.size() > 1 ? tops[1] : (from == "." ? "." : name_of(from));
    const auto report = mirror(
        site_, options.reverse ? to : from, options.reverse ? from : to, options, switches_.meter);
    if (!report) {
        return fail(report.error().code, report.error().text);
    }
    for (const std::string& action : report->actions) {
        say(options.dry_run ? action + "\n" : "");
    }
    for (const std::string& failure : report->failures) {
        show_error({.code = Errc::kIo, .text = failure});
    }
    say(fmt::format("{} copied ({}), {} unchanged, {} removed, {} failed\n",
                    report->copied,
                    format_octets(report->octets),
                    report->unchanged,
                    report->removed,
                    report->failures.size()));
    return {};
}

base::Result<> Shell::on_pget(const Words& words) {
    Words rest(words.begin() + 1, words.end());
    unsigned segments = 4;
    if (rest.size() > 2 && rest[0] == "-n") {
        const auto number = base::parse_number<unsigned>(rest[1], 16U);
        if (!number || *number == 0) {
            return fail(Errc::kSyntax, "pget -n wants a number, 1 to 16");
        }
        segments = *number;
        rest.erase(rest.begin(), rest.begin() + 2);
    }
    const std::string local = rest.size() > 1 ? rest[1] : local_name(rest[0]);
    if (!ftp::is_plain_name(name_of(local))) {
        return fail(Errc::kInvalid, fmt::format("{} names no file", rest[0]));
    }
    Meter meter(site_.loop().clock(), switches_.meter);
    TRY_VOID(get_in_segments(site_, rest[0], local, segments, copy_options(), meter));
    return {};
}

// page, less, more: with $PAGER; cat: as it is.
base::Result<> Shell::on_page(const Words& words) {
    const char* pager = std::getenv("PAGER");
    const bool paged = words[0] != "cat" && is_interactive();
    for (std::size_t i = 1; i < words.size(); ++i) {
        std::string text;
        TRY_VOID(fetch_text(words[i], text));
        TRY_VOID(
            write_text(text, paged ? "|" + std::string(pager == nullptr ? "less" : pager) : "-"));
    }
    return {};
}

base::Result<> Shell::on_edit(const Words& words) {
    const char* editor = std::getenv("EDITOR");
    std::string name = (std::filesystem::temp_directory_path() / "staffetta-XXXXXX").string();
    const base::UniqueFd made(::mkstemp(name.data()));
    if (!made) {
        return fail(Errc::kIo, "no room for a temporary file");
    }
    CopyOptions copy = copy_options();
    copy.keep_time = false;
    auto done = fetch(words[1], name, copy);
    const auto before = local_sha256(name, std::nullopt);
    if (done) {
        const int status =
            std::system(fmt::format("{} {}", editor == nullptr ? "vi" : editor, name).c_str());
        const auto after = local_sha256(name, std::nullopt);
        if (status == 0 && before && after && *before != *after) {
            done = send(name, words[1], copy);
        }
    }
    ::unlink(name.c_str());
    return done;
}

}  // namespace agent
