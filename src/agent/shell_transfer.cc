// The interactive client's transfers of one file, in whole or in parts, and of trees.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "agent/child_process.h"
#include "agent/exit_status.h"
#include "agent/listing_sink.h"
#include "agent/local_file.h"
#include "agent/mirror_target.h"
#include "agent/remote_tree.h"
#include "agent/segments.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "agent/transfer_words.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// What a file stands on disk as: "name", "name.1", "name.2" ...
std::string unused_name(const std::string& name) {
    std::string candidate = name;
    for (int i = 1; status_of(candidate) && i < 10000; ++i) {
        candidate = fmt::format("{}.{}", name, i);
    }
    return candidate;
}

// Puts aside what a job's standard output is.
class TextSink final : public ftp::ByteSink {
  public:
    base::Result<> write(std::string_view octets) override {
        constexpr std::size_t kOctetsMax = std::size_t{1} << 20;
        const std::string_view piece =
            octets.substr(0, kOctetsMax - std::min(kOctetsMax, text_.size()));
        text_ += piece;
        is_cut_ = is_cut_ || piece.size() < octets.size();
        return {};
    }

    // Whether text() is all that was written.
    [[nodiscard]] base::Result<> expect_all() const {
        return is_cut_ ? fail(Errc::kTooLong, "it is more than a job keeps of its output")
                       : base::Result<>();
    }

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
    bool is_cut_ = false;
};

class CountingSink final : public ftp::ByteSink {
  public:
    explicit CountingSink(ftp::ByteSink& below) : below_(below) {}

    base::Result<> write(std::string_view octets) override {
        octets_ += octets.size();
        return below_.write(octets);
    }

    [[nodiscard]] std::uint64_t octets() const { return octets_; }

  private:
    ftp::ByteSink& below_;
    std::uint64_t octets_ = 0;
};

}  // namespace

CopyOptions Shell::copy_options() const {
    return {.resume = false,
            .keep_time = switches_.keep_time,
            .type = type_,
            .form = form_,
            .append = false,
            .unique = switches_.send_unique};
}

MeterStyle Shell::meter_style() const {
    using enum MeterStyle::Kind;
    const bool shown = captured_ == nullptr;
    return {.kind = shown && switches_.marks   ? kMarks
                    : shown && switches_.meter ? kBar
                                               : kNone,
            .mark_octets = mark_octets_,
            .counter = counter_};
}

// A server may call its files "-" and "|rm": here they are files, too.
std::string Shell::local_name(const std::string& remote, const std::string& folder) const {
    std::string name = join_path(folder, rename_by(names_, file_name_of(remote)));
    if (name.starts_with('-') || name.starts_with('|')) {
        name.insert(0, "./");
    }
    return switches_.receive_unique ? unused_name(name) : name;
}

std::string Shell::remote_name(const std::string& local) const {
    NameMap names = names_;
    names.lower_case = false;  // case is about what comes
    return rename_by(names, file_name_of(local));
}

namespace {

// Of "|COMMAND". A shell without a command would take what the server sends for its own.
base::Result<std::unique_ptr<ProcessSink>> start_pipe(const std::string& place) {
    const std::string command = place.substr(1);
    if (base::trim(command).empty()) {
        return fail(Errc::kSyntax, "no command stands behind |");
    }
    return ProcessSink::start(shell_words(command));
}

}  // namespace

base::Result<> Shell::write_to(const std::string& place,
                               const std::function<base::Result<>(ftp::ByteSink& out)>& write) {
    const auto write_lines = [&write](ftp::ByteSink& below, bool clean) -> base::Result<> {
        ListingSink lines(below, clean);
        TRY_VOID(write(lines));
        return lines.finish();
    };
    const bool on_screen = place.empty() || place == "-";
    if (place.starts_with('|')) {
        TRY(const auto sink, start_pipe(place));
        const auto written = write_lines(*sink, false);
        TRY_VOID(sink->finish());
        static_cast<void>(take_interrupt());
        return sink->wants_no_more() ? base::Result<>() : written;
    }
    if (on_screen && captured_ != nullptr) {
        TextSink sink;
        auto written = write_lines(sink, true);
        say(sink.text());
        return written;
    }
    LateSink sink(on_screen ? "-" : expand_home(place));
    TRY_VOID(sink.prepare());
    auto written = write_lines(sink, on_screen && is_shown(STDOUT_FILENO));
    TRY_VOID(sink.finish(std::nullopt, written.has_value()));
    return written;
}

// What is to be removed behind it is fetched whole: a server may say 226 of a transfer that it cut.
base::Result<> Shell::fetch_one(const std::string& remote, ftp::ByteSink& sink, bool whole) {
    std::optional<std::uint64_t> total;
    if (whole && copy_options().keeps_octets() &&
        client().representation().structure == ftp::Structure::kFile) {
        const auto size = site().run(client().size(remote));
        if (!size && !site().is_open()) {
            return fail(size.error().code, size.error().text);
        }
        total = size ? std::optional(*size) : std::nullopt;
    }
    CountingSink counting(sink);
    TRY_VOID(site().run(client().retrieve(remote, {}, counting)));
    if (total && counting.octets() < *total) {
        return fail(
            Errc::kEof,
            fmt::format("{}: the server sent {} of {} octets", remote, counting.octets(), *total));
    }
    return {};
}

// To "-" or "|COMMAND", one behind the other, as they come.
base::Result<> Shell::fetch_into(const Words& remotes, const std::string& place, bool whole) {
    TRY_VOID(site().run(client().set_type(type_, form_)));
    const auto fetch_all = [&](ftp::ByteSink& sink) -> base::Result<> {
        for (const std::string& remote : remotes) {
            TRY_VOID(fetch_one(remote, sink, whole));
        }
        return {};
    };
    if (place == "-" && captured_ != nullptr) {
        TextSink sink;
        auto fetched = fetch_all(sink);
        say(sink.text());
        return fetched && whole ? sink.expect_all() : fetched;
    }
    if (place == "-") {
        std::fflush(stdout);
        return fetch_all(*FileSink::standard());
    }
    TRY(const auto sink, start_pipe(place));
    auto fetched = fetch_all(*sink);
    TRY(const int status, sink->finish());
    static_cast<void>(take_interrupt());
    if (whole && fetched && status != 0) {
        return fail(Errc::kIo, fmt::format("the command ended with status {}", status));
    }
    return sink->wants_no_more() && !whole ? base::Result<>() : std::move(fetched);
}

base::Result<> Shell::fetch(const std::string& remote, const std::string& local, CopyOptions copy) {
    Meter meter(site().loop(), meter_style());
    TRY_VOID(site().run(download(site(), client(), {remote, local}, copy, meter)));
    return {};
}

base::Result<> Shell::send(const std::string& local, const std::string& remote, CopyOptions copy) {
    Meter meter(site().loop(), meter_style());
    TRY_VOID(site().run(upload(site(), client(), {remote, local}, copy, meter)));
    return {};
}

// get, recv, reget, newer
base::Result<> Shell::on_get(const Words& line) {
    const auto read = read_transfer_words(line);
    if (!read || read->words.size() < 2 || read->words.size() > 3) {
        return tl::unexpected(usage_of(line[0]));
    }
    const Words& words = read->words;
    CopyOptions copy = copy_options();
    copy.resume = read->resume || line[0] == "reget";
    const bool piped = words.size() > 2 && (words[2] == "-" || words[2].starts_with('|'));
    TRY_VOID(piped ? fetch_into({words[1]}, words[2], read->remove_source)
                   : fetch_as_named(words, copy, read->folder));
    return read->remove_source ? site().run(client().remove(words[1])) : base::Result<>();
}

base::Result<> Shell::fetch_as_named(const Words& words,
                                     CopyOptions copy,
                                     const std::string& folder) {
    const std::string& remote = words[1];
    if (words.size() == 2 && !ftp::is_plain_name(file_name_of(remote))) {
        return fail(Errc::kInvalid, fmt::format("{} names no file; say where to put it", remote));
    }
    std::string local = words.size() > 2 ? join_path(expand_home(folder), expand_home(words[2]))
                                         : local_name(remote, expand_home(folder));
    if (status_of(local).value_or(LocalStatus()).is_directory) {
        local = local_name(remote, local);
    }
    if (words[0] == "newer") {
        const auto here = status_of(local);
        const auto there = site().run(client().modified(remote));
        if (here && there && *there <= here->modified) {
            say(fmt::format("{} is as new here\n", local));
            return {};
        }
    }
    return restart_ > 0 ? fetch_from_restart(remote, local) : fetch(remote, local, copy);
}

base::Result<> Shell::fetch_from_restart(const std::string& remote, const std::string& local) {
    const std::uint64_t offset = std::exchange(restart_, 0);
    const auto here = status_of(local);
    if (!here || (here->is_file && here->size < offset)) {
        return fail(Errc::kNotFound,
                    fmt::format("{} has not the {} octets that restart leaves out", local, offset));
    }
    TRY(auto sink, FileSink::open(local, offset, true));
    TRY_VOID(site().run(client().set_type(ftp::Type::kImage)));
    TRY_VOID(site().run(client().retrieve(remote, {.restart = offset}, *sink)));
    return sink->finish(std::nullopt);
}

// put, send, reput, append
base::Result<> Shell::on_put(const Words& line) {
    const auto read = read_transfer_words(line);
    if (!read || read->words.size() < 2 || read->words.size() > 3) {
        return tl::unexpected(usage_of(line[0]));
    }
    const Words& words = read->words;
    CopyOptions copy = copy_options();
    copy.resume = read->resume || line[0] == "reput";
    copy.append = line[0] == "append";
    if (words[1] == "-" && words.size() == 2) {
        return fail(Errc::kInvalid, "standard input has no name; say one");
    }
    const std::string local = expand_home(words[1]);
    const std::string remote = words.size() > 2 ? words[2] : remote_name(local);
    TRY_VOID(send(local, join_path(read->folder, remote), copy));
    return read->remove_source ? remove_here(local) : base::Result<>();
}

base::Result<> Shell::remove_here(const std::string& local) {
    std::error_code failed;
    std::filesystem::remove(local, failed);
    return failed ? base::Result<>(fail(Errc::kIo, fmt::format("{}: {}", local, failed.message())))
                  : base::Result<>();
}

base::Result<> Shell::on_mirror(const Words& words) {
    TRY(const FtpArguments parsed,
        parse_ftp_arguments(words));  // "mirror" first, as on the command line
    MirrorOptions options = parsed.mirror;
    options.copy = copy_options();
    options.copy.unique = false;
    options.copy.resume = parsed.resume;
    options.segments = parsed.segments;
    const Words& tops = parsed.operands;
    if (tops.size() > 2) {
        return fail(Errc::kSyntax, "usage: mirror [OPTIONS] [FROM [TO]]");
    }
    const std::string from = tops.empty() ? "." : options.reverse ? expand_home(tops[0]) : tops[0];
    TRY(const std::string to,
        mirror_target(from,
                      tops.size() > 1 && !tops[1].empty() ? std::optional<std::string_view>(tops[1])
                                                          : std::nullopt));
    const FtpSite::Silence silence(site());
    const auto report = mirror(site(),
                               options.reverse ? to : from,
                               options.reverse ? from : expand_home(to),
                               options,
                               meter_style());
    if (!report) {
        return fail(report.error().code, report.error().text);
    }
    for (const std::string& action : report->actions) {
        say_foreign(options.dry_run ? action + "\n" : "");
    }
    for (const std::string& failure : report->failures) {
        show_error({.code = Errc::kIo, .text = failure});
    }
    say(format_report(*report, options.dry_run) + "\n");
    return report->failures.empty()
               ? base::Result<>()
               : base::Result<>(fail(Errc::kIo, "the copy is not whole; see above"));
}

// pget [-n N] REMOTE [LOCAL]
base::Result<> Shell::on_pget(const Words& words) {
    Words rest(words.begin() + 1, words.end());
    unsigned segments = segments_;
    std::erase(rest, "-c");  // lftp's word for what is always done here
    if (rest.empty()) {
        return tl::unexpected(usage_of(words[0]));
    }
    if (rest.size() > 2 && rest[0] == "-n") {
        const auto number = base::parse_number<unsigned>(rest[1], 16U);
        if (!number || *number == 0) {
            return fail(Errc::kSyntax, "pget -n wants a number, 1 to 16");
        }
        segments = *number;
        rest.erase(rest.begin(), rest.begin() + 2);
    }
    std::string local = rest.size() > 1 ? expand_home(rest[1]) : local_name(rest[0]);
    if (rest.size() == 1 && !ftp::is_plain_name(file_name_of(rest[0]))) {
        return fail(Errc::kInvalid, fmt::format("{} names no file; say where to put it", rest[0]));
    }
    if (status_of(local).value_or(LocalStatus()).is_directory) {
        local = local_name(rest[0], local);
    }
    Meter meter(site().loop(), meter_style());
    TRY_VOID(get_in_segments(site(), {rest[0], local}, segments, copy_options(), meter));
    return {};
}

}  // namespace agent
