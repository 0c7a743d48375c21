#include "agent/ftp.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "agent/exit_status.h"
#include "agent/ftp_arguments.h"
#include "agent/ftp_copy.h"
#include "agent/glob.h"
#include "agent/listing_sink.h"
#include "agent/local_file.h"
#include "agent/mirror.h"
#include "agent/mirror_target.h"
#include "agent/segments.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "agent/twins.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

int complain(const base::Error& error) {
    fmt::print(stderr, "{}\n", wrapped("staffetta ftp: " + without_controls(error.text)));
    return ftp_exit_status(error.code);
}

// Of one of several files, where the sentence does not say which.
int complain_of(const std::string& name, base::Error error) {
    if (error.text.find(name) == std::string::npos) {
        error.text = fmt::format("{}: {}", name, error.text);
    }
    return complain(error);
}

int complain_usage(std::string_view sentence) {
    fmt::print(stderr, "staffetta ftp: {}\n", sentence);
    return kFtpUsage;
}

MeterStyle meter_style(const FtpArguments& arguments) {
    const bool shown = !arguments.quiet && is_shown(STDERR_FILENO);
    return {.kind = shown ? MeterStyle::Kind::kBar : MeterStyle::Kind::kNone};
}

std::string read_line_of_stdin() {
    std::string line;
    int c = 0;
    while ((c = std::getchar()) != EOF && c != '\n') {
        line += static_cast<char>(c);
    }
    return line;
}

std::string name_of(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

std::string folder_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return std::string(path.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
}

// One run of get, put, ls or mirror.
class OneShot {
  public:
    explicit OneShot(FtpArguments& arguments)
        : arguments_(arguments),
          site_(arguments.settings),
          meter_(site_.loop(), meter_style(arguments)) {
        copy_ = {.resume = arguments.resume,
                 .keep_time = arguments.keep_time,
                 .type = arguments.type,
                 .append = arguments.append};
    }

    int run() {
        if (arguments_.verb == "get") {
            return get();
        }
        if (arguments_.verb == "put") {
            return put();
        }
        return arguments_.verb == "ls" ? list() : copy_tree();
    }

  private:
    // Opens the URL's server, unless it is open already.
    int open(const FtpUrl& url) {
        const std::string key =
            fmt::format("{}@{}:{}", url.user.value_or(""), url.host, url.port_or_default());
        if (key == open_ && site_.is_open()) {
            return kFtpOk;
        }
        auto login = login_for(url);
        if (!login) {
            return complain(login.error());
        }
        if (const auto opened = site_.open(url, *login); !opened) {
            complain(opened.error());
            return site_.status_of_opening(opened.error());
        }
        open_ = key;
        return kFtpOk;
    }

    base::Result<FtpLogin> login_for(FtpUrl url) {
        if (arguments_.anonymous) {
            url.user = "anonymous";
        }
        if (!arguments_.user.empty()) {
            std::string_view password = arguments_.user;
            url.user = base::split_front(password, ':');
            if (arguments_.user.find(':') != std::string::npos) {
                url.password = password;
            }
        }
        if (arguments_.password_from_stdin) {
            if (password_.empty()) {
                password_ = read_line_of_stdin();
            }
            url.password = password_;
        }
        return find_login(url, arguments_.settings);
    }

    int get() {
        if (arguments_.operands.empty()) {
            return complain_usage("get wants a URL");
        }
        const bool to_folder = status_of(arguments_.output).value_or(LocalStatus()).is_directory;
        if (arguments_.operands.size() > 1 && !arguments_.output.empty() && !to_folder &&
            arguments_.output != "-") {
            return complain_usage("several URLs go into a folder or to -, not into one file");
        }
        // All of them are read before one is fetched: a mistake costs nothing then.
        std::vector<FtpUrl> urls;
        for (const std::string& operand : arguments_.operands) {
            const auto url = parse_ftp_url(operand);
            if (!url) {
                return complain_usage(url.error().text);
            }
            urls.push_back(*url);
        }
        int first = kFtpOk;
        for (const FtpUrl& url : urls) {
            const int status = get_one(url, to_folder);
            first = first == kFtpOk ? status : first;
        }
        return first;
    }

    int get_one(const FtpUrl& url, bool to_folder) {
        if (url.names && to_folder) {
            return complain_usage("a list of names has no name of its own: -o wants a file or -");
        }
        if (const int status = open(url); status != kFtpOk) {
            return status;
        }
        if (url.names) {
            return list_into(url, arguments_.output.empty() ? "-" : arguments_.output);
        }
        auto paths = expand(url.path);
        if (!paths) {
            return complain(paths.error());
        }
        int first = kFtpOk;
        for (const std::string& path : *paths) {
            const std::string name = name_of(path);
            if (!ftp::is_plain_name(name) && (arguments_.output.empty() || to_folder)) {
                return complain_usage(
                    fmt::format("/{} names no file; -o says where to put it", path));
            }
            // "./": a server's file may be called "-".
            const std::string local = to_folder                   ? arguments_.output + "/" + name
                                      : arguments_.output.empty() ? "./" + name
                                                                  : arguments_.output;
            CopyOptions copy = copy_;
            copy.type = url.ascii ? ftp::Type::kAscii : copy.type;
            const auto moved = fetch(path, local, copy);
            if (!moved) {
                const int status = complain_of(path, moved.error());
                first = first == kFtpOk ? status : first;
            }
            if (!site_.is_open()) {
                break;
            }
        }
        return first;
    }

    base::Result<std::uint64_t> fetch(const std::string& path,
                                      const std::string& local,
                                      const CopyOptions& copy) {
        if (arguments_.segments > 1 && local != "-") {
            return get_in_segments(site_, {path, local}, arguments_.segments, copy, meter_);
        }
        return site_.run(download(site_, site_.client(), {path, local}, copy, meter_));
    }

    // The paths that a glob in the last component stands for.
    base::Result<std::vector<std::string>> expand(const std::string& path) {
        if (!arguments_.globbing || !is_glob(name_of(path))) {
            return std::vector<std::string>{path};
        }
        std::vector<std::string> paths;
        for (const std::string& alternative : expand_braces(path)) {
            TRY(const auto entries, site_.run(site_.client().list(folder_of(alternative))));
            for (const ftp::RemoteEntry& entry : entries) {
                if (!entry.is_directory() && glob_matches(name_of(alternative), entry.name)) {
                    paths.push_back(folder_of(alternative) + entry.name);
                }
            }
        }
        if (paths.empty()) {
            return fail(Errc::kNotFound, fmt::format("{}: nothing matches", path));
        }
        return paths;
    }

    int put() {
        if (arguments_.operands.size() < 2) {
            return complain_usage("put wants a file and a URL");
        }
        const auto url = parse_ftp_url(arguments_.operands.back());
        if (!url) {
            return complain_usage(url.error().text);
        }
        if (url->names) {
            return complain_usage("what ends with ;type=d is listed: no file goes there");
        }
        if (const int status = open(*url); status != kFtpOk) {
            return status;
        }
        const bool to_folder = url->path.empty() || url->path.ends_with('/');
        if (arguments_.operands.size() > 2 && !to_folder) {
            return complain_usage("several files go into a folder: end the URL with /");
        }
        int first = kFtpOk;
        SentNames sent;
        for (std::size_t i = 0; i + 1 < arguments_.operands.size() && site_.is_open(); ++i) {
            const std::string& local = arguments_.operands[i];
            if (to_folder && local == "-") {
                return complain_usage("standard input has no name: end the URL with one");
            }
            const std::string remote = to_folder ? url->path + name_of(local) : url->path;
            CopyOptions copy = copy_;
            copy.type = url->ascii ? ftp::Type::kAscii : copy.type;
            const auto moved = send_new(remote, local, copy, sent);
            if (!moved) {
                const int status = complain_of(local == "-" ? remote : local, moved.error());
                first = first == kFtpOk ? status : first;
            }
        }
        return first;
    }

    base::Result<> send_new(const std::string& remote,
                            const std::string& local,
                            const CopyOptions& copy,
                            SentNames& sent) {
        if (const std::string other = sent.other_source(remote, local); !other.empty()) {
            return fail(Errc::kExists,
                        fmt::format("not sent, since /{} is what came from {}", remote, other));
        }
        TRY_VOID(site_.run(send(remote, local, copy, sent.take(remote))));
        sent.note(remote, local);
        return {};
    }

    base::Task<base::Result<>> send(std::string remote,
                                    std::string local,
                                    CopyOptions copy,
                                    std::string twin) {
        if (!twin.empty()) {
            CO_TRY_VOID(co_await expect_no_twin(site_.client(), remote, twin));
        }
        CO_TRY_VOID(co_await upload(site_, site_.client(), {remote, local}, copy, meter_));
        co_return base::Result<>();
    }

    int list() {
        if (arguments_.operands.size() != 1) {
            return complain_usage("ls wants one URL");
        }
        const auto url = parse_ftp_url(arguments_.operands[0]);
        if (!url) {
            return complain_usage(url.error().text);
        }
        if (const int status = open(*url); status != kFtpOk) {
            return status;
        }
        return list_into(*url, "-");
    }

    // RFC 1738 3.2.2: ";type=d" wants names, as --names does. A list that is refused leaves the old file at `place`.
    int list_into(const FtpUrl& url, const std::string& place) {
        const std::string verb = arguments_.names_only || url.names ? "NLST" : "LIST";
        LateSink file(place);
        ListingSink sink(file, place == "-" && is_shown(STDOUT_FILENO));
        auto outcome = site_.run(
            site_.client().listing_into(url.path.empty() ? verb : verb + " " + url.path, sink));
        if (outcome) {
            outcome = sink.finish();
        }
        const auto closed = file.finish(std::nullopt, outcome.has_value());
        outcome = outcome ? closed : outcome;
        return outcome ? int{kFtpOk} : complain(outcome.error());
    }

    int copy_tree() {
        if (arguments_.operands.size() != 2) {
            return complain_usage("mirror wants a URL and a folder");
        }
        MirrorOptions options = arguments_.mirror;
        options.copy = copy_;
        options.segments = arguments_.segments;
        const std::string& url_text = arguments_.operands[options.reverse ? 1 : 0];
        const std::string& local = arguments_.operands[options.reverse ? 0 : 1];
        const auto url = parse_ftp_url(url_text);
        if (!url) {
            return complain_usage(url.error().text);
        }
        const auto target =
            options.reverse ? mirror_target(local, url->path) : mirror_target(url->path, local);
        if (!target) {
            return complain_usage(target.error().text);
        }
        if (const int status = open(*url); status != kFtpOk) {
            return status;
        }
        const auto report = mirror(site_,
                                   options.reverse ? *target : url->path,
                                   options.reverse ? local : *target,
                                   options,
                                   meter_style(arguments_));
        return report ? tell(*report, options.dry_run) : complain(report.error());
    }

    int tell(const MirrorReport& report, bool dry_run) const {
        if (dry_run || arguments_.settings.verbose) {
            for (const std::string& action : report.actions) {
                fmt::print("{}\n", is_shown(STDOUT_FILENO) ? on_one_line(action) : action);
            }
        }
        for (const std::string& failure : report.failures) {
            fmt::print(stderr, "staffetta ftp: {}\n", without_controls(failure));
        }
        if (!arguments_.quiet) {
            fmt::print("{}\n", format_report(report, dry_run));
        }
        return report.failures.empty() ? kFtpOk : kFtpIo;
    }

    FtpArguments& arguments_;
    FtpSite site_;
    Meter meter_;
    CopyOptions copy_;
    std::string open_;
    std::string password_;
};

}  // namespace

int run_ftp(const std::vector<std::string>& words) {
    speak_utf8();
    auto arguments = parse_ftp_arguments(words);
    if (!arguments) {
        return complain_usage(arguments.error().text);
    }
    if (arguments->wants_help) {
        fmt::print("{}", ftp_usage());
        return kFtpOk;
    }
    if (arguments->verb.empty()) {
        return run_shell(*arguments);
    }
    return OneShot(*arguments).run();
}

}  // namespace agent
