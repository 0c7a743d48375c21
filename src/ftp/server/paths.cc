// Paths as commands name them, and what to say when something cannot be done with one.
#include <algorithm>

#include "ftp/server/session.h"

namespace ftp {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kMessageOctetsMax = 4096;

}  // namespace

Result<std::string> Session::resolve(std::string_view argument) const {
    return files::join(directory_, argument);
}

// POSIX: a name with a slash behind it is a folder's.
Result<std::string> Session::resolve_file(std::string_view argument) const {
    if (argument.ends_with('/')) {
        return base::fail(Errc::kInvalid, "A slash ends the names of folders only.");
    }
    return resolve(argument);
}

// RFC 959 5.4's tables: reading ends in 450 or 550, storing in 450, 452, 552 or 553, LIST in 450. What can never be
// listed is 550 all the same: to 450 "try again later" clients listen (lftp for ever). Of what is not there 450 stays.
Reply Session::refuse(const base::Error& error, Wish wish) const {
    note_disk(error);
    const bool writes = wish == Wish::kWrite;
    switch (error.code) {
        case Errc::kNoSpace:
            return reply(452, error.text);
        case Errc::kOverQuota:
            return reply(552, error.text);
        case Errc::kInUse:
        case Errc::kIo:
        case Errc::kUnavailable:
            return reply(450, error.text);
        default:
            return reply(writes                                                 ? 553
                         : wish == Wish::kList && error.code == Errc::kNotFound ? 450
                                                                                : 550,
                         error.text);
    }
}

void Session::note_disk(const base::Error& error) const {
    if (error.code == Errc::kIo) {
        services_.log.error("the disk failed ftp", {{"session", id_}, {"error", error.text}});
    }
}

// The folder's message, each line with an LF behind it; empty where there is none.
Task<std::string> Session::folder_message() {
    if (options_.folder_message.empty()) {
        co_return std::string();
    }
    const auto path = resolve(options_.folder_message);
    if (!path) {
        co_return std::string();
    }
    auto file = co_await tree().open(loop_, *path);
    if (!file) {
        co_return std::string();
    }
    std::string text(std::min<std::uint64_t>(kMessageOctetsMax, (*file)->entry().size), '\0');
    const auto read = co_await (*file)->read(loop_, 0, text);
    text.resize(read.value_or(0));
    std::erase_if(text, [](char c) { return c == '\r' || c == '\0' || c == '\xff'; });
    if (!text.empty() && text.back() != '\n') {
        text += '\n';
    }
    co_return text;
}

}  // namespace ftp
