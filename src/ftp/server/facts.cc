// What is known of files, and set: SIZE, MDTM (RFC 3659 3 and 4), MFMT, MFCT, MFF, AVBL.
#include <fmt/format.h>

#include "base/ascii.h"
#include "ftp/grammar/time_val.h"
#include "ftp/server/session.h"

namespace ftp {

using base::Errc;
using base::Result;

// RFC 3659 4: the octets that would be transferred. In text that means to read the whole file, for whoever
// asks: refused, as others do.
Session::Answer Session::on_size(std::string arguments) {
    if (representation_.is_text() || representation_.structure != Structure::kFile) {
        co_return reply(550, "SIZE is known for TYPE I and STRU F only");
    }
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto entry = co_await tree().stat(loop_, *path);
    if (entry) {
        co_return entry->kind == files::Kind::kFile ? reply(213, std::to_string(entry->size))
                                                    : reply(550, "That is no file");
    }
    // What was kept of an upload that was cut off: whoever stored it asks where to go on.
    const auto kept = co_await tree().partial(loop_, *path);
    if (is_unseen(entry.error()) && kept && *kept) {
        co_return reply(213, std::to_string(**kept));
    }
    co_return reply(550, entry.error().text);
}

Session::Answer Session::on_mdtm(std::string arguments) {
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto entry = co_await tree().stat(loop_, *path);
    if (!entry) {
        // "MDTM time path" sets the time with some clients; a file that begins so is the first choice.
        const std::size_t space = arguments.find(' ');
        const bool sets = space != std::string::npos && parse_time_val(arguments.substr(0, space));
        if (sets) {
            co_return co_await set_time(std::move(arguments), kFactModify, 213);
        }
        co_return reply(550, entry.error().text);
    }
    co_return reply(213, format_time_val(entry->modified));
}

// Refused by the file's system, or for who asks.
Reply Session::refuse_change(const base::Error& error) const {
    note_disk(error);
    switch (error.code) {
        case Errc::kUnsupported:
            return reply(504, error.text);
        case Errc::kSyntax:
            return reply(501, error.text);
        default:
            return reply(550, error.text);
    }
}

base::Task<Result<>> Session::set_fact(std::string path, FactChange change) {
    switch (change.fact) {
        case kFactCreate:
            return tree().set_created(loop_, std::move(path), change.time);
        case kFactMode:
            return tree().set_mode(loop_, std::move(path), change.mode);
        default:
            return tree().set_modified(loop_, std::move(path), change.time);
    }
}

// What the file has now, which may be less than was asked for: disks keep times between two years and to some digit, and a
// mode leaves its owner in. Who may set it and not see it is told what was asked for.
base::Task<std::string> Session::fact_now(std::string path, FactChange change) {
    const bool create = change.fact == kFactCreate;
    const auto entry = co_await tree().stat(
        loop_, std::move(path), create ? files::Creation::kAsSet : files::Creation::kOfDisk);
    if (change.fact == kFactMode) {
        co_return fmt::format("{:04o}", entry ? entry->mode & 0777U : change.mode);
    }
    co_return format_time_val(!entry ? change.time : create ? entry->created : entry->modified);
}

// "213" SP ( "Modify" / "Create" ) "=" time-val ";" SP path    ; draft-somers-ftp-mfxx 4 and 5
Session::Answer Session::set_time(std::string arguments, Fact fact, int code) {
    std::string_view argument = arguments;
    const auto time = parse_time_val(base::split_front(argument, ' '));
    const bool create = fact == kFactCreate;
    if (!time || argument.empty()) {
        co_return reply(
            501, create ? "Usage: MFCT YYYYMMDDHHMMSS path" : "Usage: MFMT YYYYMMDDHHMMSS path");
    }
    const auto path = resolve(argument);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const FactChange change{.fact = fact, .time = *time};
    const auto set = co_await set_fact(*path, change);
    if (!set) {
        co_return refuse_change(set.error());
    }
    const std::string now = co_await fact_now(*path, change);
    co_return reply(code, fmt::format("{}={}; {}", create ? "Create" : "Modify", now, argument));
}

Session::Answer Session::on_mfmt(std::string arguments) {
    return set_time(std::move(arguments), kFactModify, 213);
}

Session::Answer Session::on_mfct(std::string arguments) {
    return set_time(std::move(arguments), kFactCreate, 213);
}

// kUnsupported: a fact that nobody can change. kSyntax: no value for it.
Result<Session::FactChange> Session::parse_change(std::string_view name, std::string_view value) {
    if (base::iequals(name, "UNIX.mode")) {
        const auto mode = parse_octal(value);
        if (!mode) {
            return base::fail(Errc::kSyntax, "A mode is three octal digits");
        }
        return FactChange{.fact = kFactMode, .mode = *mode};
    }
    const bool create = base::iequals(name, "create");
    if (!create && !base::iequals(name, "modify")) {
        return base::fail(Errc::kUnsupported, "Only Create, Modify and UNIX.mode can be changed");
    }
    const auto time = parse_time_val(value);
    if (!time) {
        return base::fail(Errc::kSyntax, "A time is YYYYMMDDHHMMSS");
    }
    return FactChange{.fact = create ? kFactCreate : kFactModify, .time = *time};
}

// mff = "MFF" SP [ *( fact "=" value ";" ) ] SP pathname    ; draft-somers-ftp-mfxx 6
// All of them are read before any is set: a list that is wrong changes nothing.
Session::Answer Session::on_mff(std::string arguments) {
    std::string_view argument = arguments;
    const std::string_view facts = base::split_front(argument, ' ');
    const auto path = resolve(argument);
    if (argument.empty() || !path) {
        co_return reply(501, "Usage: MFF fact=value;... path");
    }
    std::vector<FactChange> changes;
    std::vector<std::string_view> names;
    std::string_view rest = facts;
    while (!rest.empty()) {
        std::string_view value = base::split_front(rest, ';');
        names.push_back(base::split_front(value, '='));
        const auto change = parse_change(names.back(), value);
        if (!change) {
            co_return refuse_change(change.error());
        }
        changes.push_back(*change);
    }
    for (const FactChange& change : changes) {
        const auto set = co_await set_fact(*path, change);
        if (!set) {
            co_return refuse_change(set.error());
        }
    }
    std::string done;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        done += fmt::format("{}={};", names[i], co_await fact_now(*path, changes[i]));
    }
    co_return reply(213, fmt::format("{} {}", done, argument));
}

// Permissions and nothing else: whoever asks for set-user-id is told that there is none.
std::optional<unsigned> Session::parse_octal(std::string_view digits) {
    unsigned value = 0;
    if (digits.empty() || digits.size() > 4) {
        return std::nullopt;
    }
    for (const char c : digits) {
        if (c < '0' || c > '7') {
            return std::nullopt;
        }
        value = value * 8 + static_cast<unsigned>(c - '0');
    }
    return value <= 0777 ? std::optional(value) : std::nullopt;
}

Session::Answer Session::on_avbl(std::string arguments) {
    const auto path = resolve(arguments);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto entry = co_await tree().stat(loop_, *path);
    if (!entry) {
        co_return refuse(entry.error(), Wish::kRead);
    }
    // draft-peterson-streamlined-ftp-command-extensions 4: of folders.
    if (entry->kind != files::Kind::kDirectory) {
        co_return reply(550, "That is no folder");
    }
    const auto usage = co_await tree().usage(loop_, *path);
    if (!usage) {
        co_return reply(550, usage.error().text);
    }
    co_return reply(213, std::to_string(usage->available));
}

}  // namespace ftp
