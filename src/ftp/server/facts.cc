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
    if (entry.error().code == Errc::kNotFound && kept && *kept) {
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
            co_return co_await set_time(std::move(arguments), 213);
        }
        co_return reply(550, entry.error().text);
    }
    co_return reply(213, format_time_val(entry->modified));
}

// Modify=time; path    ; draft-somers-ftp-mfxx 4
Session::Answer Session::set_time(std::string arguments, int code) {
    std::string_view argument = arguments;
    const auto time = parse_time_val(base::split_front(argument, ' '));
    if (!time || argument.empty()) {
        co_return reply(501, "Usage: MFMT YYYYMMDDHHMMSS path");
    }
    const auto path = resolve(argument);
    if (!path) {
        co_return reply(550, path.error().text);
    }
    const auto set = co_await tree().set_modified(loop_, *path, *time);
    if (!set) {
        co_return reply(550, set.error().text);
    }
    co_return reply(code, fmt::format("Modify={}; {}", format_time_val(*time), argument));
}

Session::Answer Session::on_mfmt(std::string arguments) {
    return set_time(std::move(arguments), 213);
}

// File systems of this kernel let nobody change when a file was made.
Session::Answer Session::on_mfct(std::string arguments) {
    std::string_view argument = arguments;
    const auto time = parse_time_val(base::split_front(argument, ' '));
    if (!time || argument.empty()) {
        co_return reply(501, "Usage: MFCT YYYYMMDDHHMMSS path");
    }
    co_return reply(504, "The time of creation cannot be changed here");
}

// mff = "MFF" SP [ *( fact "=" value ";" ) ] SP pathname    ; draft-somers-ftp-mfxx 6
Session::Answer Session::on_mff(std::string arguments) {
    std::string_view argument = arguments;
    std::string_view facts = base::split_front(argument, ' ');
    const auto path = resolve(argument);
    if (argument.empty() || !path) {
        co_return reply(501, "Usage: MFF fact=value;... path");
    }
    std::string changed;
    while (!facts.empty()) {
        std::string_view value = base::split_front(facts, ';');
        const std::string_view name = base::split_front(value, '=');
        CO_TRY(const Reply done, co_await set_fact(*path, std::string(name), std::string(value)));
        if (!done.ok()) {
            co_return done;
        }
        changed += done.text;
    }
    co_return reply(213, fmt::format("{} {}", changed, argument));
}

Session::Answer Session::set_fact(std::string path, std::string name, std::string value) {
    Result<> set;
    if (base::iequals(name, "modify")) {
        const auto time = parse_time_val(value);
        if (!time) {
            co_return reply(501, "A time is YYYYMMDDHHMMSS");
        }
        set = co_await tree().set_modified(loop_, path, *time);
    } else if (base::iequals(name, "UNIX.mode")) {
        const auto mode = parse_octal(value);
        if (!mode) {
            co_return reply(501, "A mode is three octal digits");
        }
        set = co_await tree().set_mode(loop_, path, *mode);
    } else {
        co_return reply(504, "Only Modify and UNIX.mode can be changed");
    }
    co_return set ? reply(200, fmt::format("{}={};", name, value)) : reply(550, set.error().text);
}

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
    return value & 0777U;
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
    const auto usage = co_await tree().usage(loop_, *path);
    if (!usage) {
        co_return reply(550, usage.error().text);
    }
    co_return reply(213, std::to_string(usage->available));
}

}  // namespace ftp
