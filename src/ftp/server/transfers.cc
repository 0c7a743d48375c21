// What begins a transfer, and what is said before one: RETR, STOR, STOU, APPE, ALLO, REST, ABOR (RFC 959
// 4.1.3), REST in stream mode (RFC 3659 5), RANG; and COMB, which needs no data connection.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/ascii.h"
#include "ftp/grammar/names.h"
#include "ftp/server/session.h"

namespace ftp {

using base::Errc;
using base::Result;
using UploadMode = files::UploadOptions::Mode;

namespace {

std::string_view type_word(Type type) {
    return type == Type::kAscii ? "ASCII" : type == Type::kEbcdic ? "EBCDIC" : "BINARY";
}

bool is_same_file(const files::Entry& one, const files::Entry& other) {
    return one.inode == other.inode && one.device == other.device;
}

}  // namespace

Reply Session::start(Job job, std::string text, std::optional<std::uint64_t> size) {
    // RFC 959 4.1.3, REST: of the next transfer only, and a listing has no middle.
    restart_ = 0;
    range_.reset();
    if (!place_->begin_transfer(job.verb + ' ' + job.path, size, services_.clock.now())) {
        return too_many();
    }
    job.deflate_level = settings_.deflate_level;
    job_ = std::move(job);
    return reply(channel_.is_open() ? 125 : 150, std::move(text), Reply::Then::kTransfer);
}

// What REST and RANG left of the file.
Job::Send Session::cut(std::unique_ptr<files::OpenFile> file) {
    Job::Send send;
    const std::uint64_t size = file->entry().size;
    const std::uint64_t restart = std::exchange(restart_, 0);
    const auto range = std::exchange(range_, std::nullopt);
    send.last = size;
    // Of stream mode's text, octets of the wire are skipped; markers name octets of the file.
    if (representation_.is_text() && representation_.mode == Mode::kStream) {
        send.skipped = restart;
    } else {
        send.first = std::min(restart, size);
    }
    // draft-bryan-ftp-range 4.3: what lies behind the file's end is no error, and no octets.
    if (range) {
        send.first = std::min(range->first, size);
        send.last = range->second < size ? range->second + 1 : size;
    }
    send.file = std::move(file);
    return send;
}

Session::Answer Session::on_retr(std::string arguments) {
    const auto path = resolve_file(arguments);
    if (!path) {
        restart_ = 0;
        range_.reset();
        co_return reply(550, path.error().text);
    }
    auto file = co_await tree().open(loop_, *path);
    if (!file) {
        restart_ = 0;
        range_.reset();
        co_return refuse(file.error(), Wish::kRead);
    }
    if (range_ && !representation_.is_plain()) {
        range_.reset();
        co_return refuse_range(550);
    }
    const std::uint64_t size = (*file)->entry().size;
    // RFC 1123 4.1.2.12. Where text is skipped on the wire nobody knows its length yet.
    const bool skips_wire = representation_.is_text() && representation_.mode == Mode::kStream;
    if (restart_ > size && !skips_wire) {
        co_return reply(554,
                        fmt::format("The file has {} bytes: there is nothing to restart at {}",
                                    size,
                                    std::exchange(restart_, 0)));
    }
    Job job{.verb = "RETR", .path = *path, .representation = representation_, .what = {}};
    const bool ranged = range_.has_value();
    Job::Send send = cut(std::move(*file));
    // Behind REST clients know the number for the whole file's, behind RANG only what comes makes sense.
    const std::uint64_t told = ranged ? send.last - send.first : size;
    job.what = std::move(send);
    co_return start(std::move(job),
                    fmt::format("Opening {} mode data connection for {} ({} bytes)",
                                type_word(representation_.type),
                                arguments,
                                told),
                    told);
}

Session::Answer Session::store(std::string argument, UploadMode mode, std::string verb) {
    const std::uint64_t restart = std::exchange(restart_, 0);
    auto announced = std::exchange(announced_, std::nullopt);
    const auto range = std::exchange(range_, std::nullopt);
    const auto path = resolve_file(argument);
    if (!path) {
        co_return reply(553, path.error().text);
    }
    if (restart != 0 && representation_.is_text() && representation_.mode == Mode::kStream) {
        co_return reply(555, "Text in stream mode cannot be stored from the middle; use TYPE I");
    }
    if (range && !representation_.is_plain()) {
        co_return refuse_range(551);
    }
    if (restart != 0 && mode == UploadMode::kReplace) {
        mode = UploadMode::kResume;
    }
    files::UploadOptions options{.mode = mode,
                                 .offset = restart,
                                 .announced = announced,
                                 .permissions = 0666U & ~settings_.umask};
    // draft-bryan-ftp-range 4.3: nothing outside of it changes, and APPE does the same. A unique file has no middle.
    if (range && mode != UploadMode::kUnique) {
        options.mode = UploadMode::kPatch;
        options.offset = range->first;
        options.length = range->second - range->first + 1;
    }
    auto upload = co_await tree().upload(loop_, *path, options);
    if (!upload) {
        const Errc code = upload.error().code;
        const bool not_there = code == Errc::kInvalid || code == Errc::kNotFound;
        co_return options.offset != 0 && not_there ? reply(554, upload.error().text)
                                                   : refuse(upload.error(), Wish::kWrite);
    }
    // RFC 1123 4.1.2.9: the form of the reply to STOU, with the path as the client has it.
    std::string text = fmt::format("Ok to send data for {}", argument);
    if (mode == UploadMode::kUnique) {
        argument.replace(argument.rfind('/') + 1, std::string::npos, (*upload)->name());
        text = fmt::format("FILE: {}", argument);
    }
    Job job{.verb = std::move(verb),
            .path = (*upload)->path(),
            .representation = representation_,
            .what = {}};
    job.what = Job::Receive{.upload = std::move(*upload)};
    co_return start(std::move(job), std::move(text), announced);
}

Session::Answer Session::on_stor(std::string arguments) {
    return store(std::move(arguments), UploadMode::kReplace, "STOR");
}

// RFC 959 has no argument here; clients send the name they would like, or the folder.
Session::Answer Session::on_stou(std::string arguments) {
    if (arguments.empty() || arguments.ends_with('/')) {
        arguments += "file";
    }
    return store(std::move(arguments), UploadMode::kUnique, "STOU");
}

Session::Answer Session::on_appe(std::string arguments) {
    return store(std::move(arguments), UploadMode::kAppend, "APPE");
}

// ALLO octets [R octets]: room is made as data comes; what was announced is held against the quota at
// STOR, before a file is touched.
Session::Answer Session::on_allo(std::string arguments) {
    std::string_view rest = arguments;
    const auto octets = base::parse_u64(base::split_front(rest, ' '));
    const bool record = base::istarts_with(rest, "R ");
    if (!octets || (!rest.empty() && (!record || !base::parse_u64(rest.substr(2))))) {
        co_return reply(501, "Usage: ALLO octets [R octets]");
    }
    announced_ = *octets;
    co_return reply(200, "Announced");
}

// Our markers are octets of the file in every mode.
Session::Answer Session::on_rest(std::string arguments) {
    const auto octets =
        base::parse_u64(base::trim(arguments), std::numeric_limits<std::int64_t>::max());
    if (!octets) {
        co_return reply(501, "Usage: REST octets, or a marker from a 110 reply");
    }
    restart_ = *octets;
    range_.reset();
    co_return reply(350, fmt::format("Restarting at {}; send RETR or STOR", restart_));
}

// RANG first last, both included; "RANG 1 0" takes it back.    ; draft-bryan-ftp-range 3
Session::Answer Session::on_rang(std::string arguments) {
    std::string_view rest = arguments;
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const auto first = base::parse_u64(base::split_front(rest, ' '), kMax);
    const auto last = base::parse_u64(rest, kMax);
    if (!first || !last) {
        co_return reply(501, "Usage: RANG first last");
    }
    range_.reset();
    restart_ = 0;
    if (*first == 1 && *last == 0) {
        co_return reply(350, "No range is set");
    }
    if (*first > *last) {
        co_return reply(501, "The last octet comes before the first");
    }
    if (!representation_.is_plain()) {
        co_return refuse_range(551);
    }
    range_ = {*first, *last};
    co_return reply(350, fmt::format("Restarting at {}, ending at {}", *first, *last));
}

Reply Session::refuse_range(int code) {
    return reply(code, "Ranges are for TYPE I in MODE S");
}

// Beside a transfer there is nothing to say yet: its last reply comes first.
Session::Answer Session::on_abor(std::string /*arguments*/) {
    if (transfer_) {
        abort_asked_ = true;
        channel_.abort();
        co_return Reply{.code = 0, .text = {}};
    }
    const bool prepared = channel_.is_prepared();
    channel_.reset();
    co_return prepared ? reply(225, "No transfer is running; the data connection is closed")
                       : reply(226, "No transfer is running");
}

// COMB target part part ...: names with spaces stand in quotes.
Session::Answer Session::on_comb(std::string arguments) {
    const auto names = parse_names(arguments);
    if (!names || names->size() < 2) {
        co_return reply(501, "Usage: COMB target part ...");
    }
    std::vector<std::string> paths;
    for (const std::string& name : *names) {
        auto path = resolve(name);
        if (!path) {
            co_return reply(553, path.error().text);
        }
        paths.push_back(std::move(*path));
    }
    // The parts go in the end, so the whole must be none of them, by whatever name.
    const auto whole = co_await tree().stat(loop_, paths[0]);
    for (std::size_t i = 1; i < paths.size(); ++i) {
        const auto part = co_await tree().stat(loop_, paths[i]);
        if (paths[i] == paths[0] || (whole && part && is_same_file(*whole, *part))) {
            co_return reply(553, "The target is one of the parts; nothing was changed");
        }
    }
    const auto work = begin_work("COMB " + paths[0]);
    if (!work) {
        co_return too_many();
    }
    auto upload = co_await tree().upload(
        loop_, paths[0], {.mode = UploadMode::kAppend, .resumable = false, .announced = {}});
    if (!upload) {
        co_return refuse(upload.error(), Wish::kWrite);
    }
    std::vector<files::Entry> parts;
    for (std::size_t i = 1; i < paths.size(); ++i) {
        auto copied = co_await copy_into(**upload, paths[i]);
        if (!copied) {
            co_return refuse(copied.error(), Wish::kRead);
        }
        parts.push_back(std::move(*copied));
    }
    const auto committed = co_await (*upload)->commit(loop_);
    if (!committed) {
        co_return refuse(committed.error(), Wish::kWrite);
    }
    // The whole is safe: the parts may go, but no file that has come by the name of one meanwhile.
    std::size_t left = 0;
    for (std::size_t i = 1; i < paths.size(); ++i) {
        const auto removed = co_await tree().remove(loop_, paths[i], parts[i - 1]);
        left += !removed && removed.error().code != Errc::kNotFound ? 1 : 0;
    }
    const std::size_t count = paths.size() - 1;
    co_return reply(
        250,
        left == 0
            ? fmt::format("{} parts are one file", count)
            : fmt::format("{} parts are one file; {} of them cannot be removed", count, left));
}

base::Task<Result<files::Entry>> Session::copy_into(files::Upload& upload, std::string path) {
    CO_TRY(const auto part, co_await tree().open(loop_, std::move(path)));
    std::string room(std::size_t{256} * 1024, '\0');
    std::uint64_t offset = 0;
    while (true) {
        CO_TRY(const std::size_t read, co_await part->read(loop_, offset, room));
        if (read == 0) {
            co_return part->entry();
        }
        if (offset > 0 && !is_awaited()) {
            co_return base::fail(Errc::kUnavailable, "It was given up before its end.");
        }
        if (!part->may_be_read()) {
            co_return base::fail(Errc::kDenied, "Permission denied.");
        }
        CO_TRY_VOID(co_await upload.write(loop_, std::string_view(room).substr(0, read)));
        offset += read;
    }
}

}  // namespace ftp
