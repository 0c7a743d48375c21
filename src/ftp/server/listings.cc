// LIST, NLST, STAT (RFC 959 4.1.3), MLSD, MLST (RFC 3659 7).
#include <fmt/format.h>

#include "base/ascii.h"
#include "ftp/grammar/command.h"
#include "ftp/server/listing_lines.h"
#include "ftp/server/session.h"

namespace ftp {

using base::Errc;
using base::Result;
using base::Task;
using Shape = ListingStyle::Shape;

namespace {

// What STAT says on the control connection is whole in memory.
constexpr std::size_t kStatusOctetsMax = std::size_t{256} * 1024;

// As ls has it; what asks for other columns, or for none (-U, -n, -h), is passed over, since clients send them.
void take_option(char option, ListingStyle& style) {
    switch (option) {
        case 'R':
            style.recursive = true;
            return;
        case 'd':
            style.itself = true;
            return;
        case 'a':
            style.dots = true;
            return;
        case 'A':
            style.dots = false;
            return;
        case 'F':
            style.marks = true;
            return;
        case 't':
            style.order = ListingStyle::Order::kTime;
            return;
        case 'S':
            style.order = ListingStyle::Order::kSize;
            return;
        case 'r':
            style.reversed = true;
            return;
        default:
            return;
    }
}

// "-la path": no options of RFC 959's, but vsftpd's, ProFTPD's and those of whoever types `ls -ltr`. The rest is the path;
// "--" ends them.
std::string_view take_options(std::string_view argument, ListingStyle& style) {
    std::string letters;
    while (argument.starts_with('-')) {
        std::string_view rest = argument;
        const std::string_view options = base::split_front(rest, ' ');
        argument = base::trim(rest);
        if (options == "--") {
            break;
        }
        letters += options.substr(1);
    }
    for (const char letter : letters) {
        take_option(letter, style);
    }
    const bool names = letters.find('1') != std::string::npos;
    if (letters.find('l') != std::string::npos) {
        style.shape = Shape::kLong;
    } else if (names) {
        style.shape = Shape::kNames;
    }
    style.recursive = style.recursive && style.shape == Shape::kLong;
    return argument;
}

}  // namespace

// A listing's lines end in CRLF already: they go out as an image, whatever TYPE says (RFC 1123 4.1.2.7);
// as EBCDIC they are text.
Representation Session::listing_representation() const {
    Representation listing;
    listing.type = representation_.type == Type::kEbcdic ? Type::kEbcdic : Type::kImage;
    listing.mode = representation_.mode;
    return listing;
}

ListingStyle Session::listing_style(ListingStyle::Shape shape) const {
    ListingStyle style;
    style.shape = shape;
    style.facts = settings_.facts;
    style.entries_max = options_.recursion_max;
    style.sorted_max = options_.sorted_max;
    style.line_end = representation_.type == Type::kEbcdic ? "\n" : "\r\n";
    style.now = services_.clock.now();
    return style;
}

// A folder's lines, one line for a file, or those of a folder that match the pattern in the last name.
Task<Result<std::unique_ptr<LineSource>>> Session::open_lines(std::string argument,
                                                              ListingStyle style) {
    CO_TRY(const std::string path, resolve(argument));
    auto entry = co_await tree().stat(loop_, path);
    const bool by_name = style.by_path;
    if (entry && entry->kind == files::Kind::kDirectory && !style.itself) {
        const bool slash = argument.empty() || argument.ends_with('/');
        style.prefix = by_name && !argument.empty() ? argument + (slash ? "" : "/") : "";
        co_return co_await open_folder_lines(tree(), loop_, path, std::move(style));
    }
    if (entry) {
        std::string line;
        append_line(line, *entry, argument.empty() ? "." : argument, style);
        line += style.line_end;
        co_return make_lines(std::move(line));
    }
    const std::size_t name_at = argument.rfind('/') + 1;
    style.pattern = argument.substr(name_at);
    if (!is_pattern(style.pattern)) {
        co_return base::forward_error(entry);
    }
    style.prefix = by_name ? argument.substr(0, name_at) : "";
    const std::string folder(files::split(path).parent);
    co_return co_await open_folder_lines(tree(), loop_, folder, std::move(style));
}

Session::Answer Session::list(std::string verb, std::string argument, ListingStyle style) {
    auto lines = co_await open_lines(std::move(argument), std::move(style));
    if (!lines) {
        co_return refuse(lines.error(), Wish::kList);
    }
    co_return start_listing(std::move(verb), std::move(*lines));
}

Reply Session::start_listing(std::string verb, std::unique_ptr<LineSource> lines) {
    Job job{.verb = std::move(verb),
            .path = directory_,
            .representation = listing_representation(),
            .what = {}};
    job.what = Job::SendLines{.lines = std::move(lines)};
    return start(std::move(job), "Opening ASCII mode data connection for a listing", std::nullopt);
}

Session::Answer Session::on_list(std::string arguments) {
    ListingStyle style = listing_style(Shape::kLong);
    std::string argument(take_options(arguments, style));
    co_return co_await list("LIST", std::move(argument), std::move(style));
}

Session::Answer Session::on_nlst(std::string arguments) {
    ListingStyle style = listing_style(Shape::kNames);
    std::string argument(take_options(arguments, style));
    style.by_path = style.shape == Shape::kNames;
    co_return co_await list("NLST", std::move(argument), std::move(style));
}

// RFC 3659 7.2.1: a folder, and nothing else; no options, no patterns.
Session::Answer Session::on_mlsd(std::string arguments) {
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(501, path.error().text);
    }
    auto lines = co_await open_folder_lines(tree(), loop_, *path, listing_style(Shape::kFacts));
    if (!lines && lines.error().code == Errc::kInvalid) {
        co_return reply(501, "MLSD lists folders; MLST tells of a file");
    }
    if (!lines) {
        co_return refuse(lines.error(), Wish::kRead);
    }
    co_return start_listing("MLSD", std::move(*lines));
}

// control-response = "250-" text CRLF SP entry CRLF "250" text    ; RFC 3659 7.2
Session::Answer Session::on_mlst(std::string arguments) {
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(501, path.error().text);
    }
    const ListingStyle style = listing_style(Shape::kFacts);
    const auto entry = co_await tree().stat(loop_, *path, style.creation());
    if (!entry) {
        co_return refuse(entry.error(), Wish::kRead);
    }
    std::string line;
    append_line(line, *entry, *path, style);
    co_return reply(250, fmt::format("Listing {}\n{}\nEnd", *path, line));
}

Session::Answer Session::on_stat(std::string arguments) {
    if (arguments.empty()) {
        co_return reply(211, status());
    }
    ListingStyle style = listing_style(Shape::kLong);
    style.line_end = "\n";
    const std::string argument(take_options(arguments, style));
    const auto path = resolve(argument);
    bool file = false;
    if (path) {
        const auto entry = co_await tree().stat(loop_, *path);
        file = entry && entry->kind != files::Kind::kDirectory;
    }
    auto lines = co_await open_lines(argument, std::move(style));
    if (!lines) {
        co_return refuse(lines.error(), Wish::kList);
    }
    std::string text = fmt::format("Status of {}:\n", argument.empty() ? directory_ : argument);
    bool more = true;
    while (more && text.size() < kStatusOctetsMax) {
        auto made = co_await (*lines)->next(loop_, text);
        if (!made) {
            co_return refuse(made.error(), Wish::kList);
        }
        more = *made;
    }
    co_return reply(file ? 213 : 212, text + (more ? "... and more; use LIST" : "End of status"));
}

// RFC 959 4.1.3: "the status of the operation in progress", or the parameters.
std::string Session::status() const {
    const net::Stream& stream = lines_.stream();
    std::string text = fmt::format(
        "{} FTP server status:\n"
        "Connected from {}, logged in as {}\n"
        "TYPE {}, STRU {}, MODE {}\n"
        "Control connection {}, data connections {}\n",
        options_.hostname,
        stream.peer().address,
        user_->name,
        type_name(representation_),
        structure_letter(representation_.structure),
        mode_letter(representation_.mode),
        stream.tls() != nullptr ? "in TLS" : "in clear",
        channel_.is_protected() ? "in TLS" : "in clear");
    if (transfer_) {
        text += fmt::format("{} {}: {} bytes transferred\n",
                            transfer_->job().verb,
                            transfer_->job().path,
                            transfer_->octets());
    } else {
        text += channel_.is_prepared() ? "A data connection is prepared\n" : "No data connection\n";
    }
    return text + "End of status";
}

}  // namespace ftp
