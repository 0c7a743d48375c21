// The interactive client's transfers of many files: globs of both sides, lists of names, and a question before each.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "agent/glob.h"
#include "agent/local_file.h"
#include "agent/remote_tree.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "agent/transfer_words.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kNamesOctetsMax = std::size_t{16} << 20;
constexpr std::size_t kGlobOctetsMax = std::size_t{256} << 20;  // the server says what matches

}  // namespace

// BSD's answers.
namespace {

// Whoever types ahead has answered nothing: a line that was meant as a command is no yes to a deletion.
char read_answer(std::string_view line) {
    if (line.empty()) {
        return 'y';
    }
    return line.size() == 1 || line == "yes" || line == "no" ? line[0] : '?';
}

}  // namespace

bool Shell::agrees(const std::string& verb, const std::string& name) {
    if (!switches_.ask_each || all_agreed_ || none_agreed_ || !is_interactive() ||
        captured_ != nullptr) {
        return !none_agreed_;
    }
    while (true) {
        const auto answer = ask(fmt::format("{} {} [y/n/a/p/q/?] ", verb, without_controls(name)));
        const char letter = answer ? read_answer(base::to_lower(*answer)) : 'q';
        if (take_interrupt() || letter == 'q') {
            none_agreed_ = true;
            return false;
        }
        if (std::string_view("ynap").find(letter) == std::string_view::npos) {
            say("y this one, n not this one, a this and all others, p the same and never ask "
                "again, q no more\n");
            continue;
        }
        all_agreed_ = letter == 'a' || letter == 'p';
        switches_.ask_each = letter != 'p';
        return letter != 'n';
    }
}

// What `part`, one name or glob between slashes, stands for in `folder`: of no more than `left` octets, which it takes away.
base::Result<Shell::Words> Shell::expand_in(const std::string& folder,
                                            const std::string& part,
                                            Wanted wanted,
                                            std::size_t& left) {
    const bool only_folders = wanted == Wanted::kFolders;
    const std::string end = only_folders ? "/" : "";
    if (!is_glob(part)) {
        return Words{folder + unescape_glob(part) + end};
    }
    Words paths;
    TRY(const auto entries, site().run(client().list(folder)));
    for (const ftp::RemoteEntry& entry : entries) {
        const bool hidden = entry.name.starts_with('.') && !part.starts_with('.');
        const bool fits = wanted == Wanted::kBoth || entry.is_directory() == only_folders;
        if (hidden || !fits || !glob_matches(part, entry.name)) {
            continue;
        }
        const std::size_t octets = folder.size() + entry.name.size() + end.size();
        if (octets > left) {
            return fail(Errc::kTooLong, part + " stands for more names than fit here");
        }
        left -= octets;
        paths.push_back(std::string(folder).append(entry.name).append(end));
    }
    return paths;
}

// Folder by folder: "*/menu/*.txt" lists each folder that the part before stands for.
base::Result<Shell::Words> Shell::expand_glob(const std::string& pattern, Wanted last) {
    std::string_view rest = pattern;
    Words found{pattern.starts_with('/') ? "/" : ""};
    std::size_t left = kGlobOctetsMax;
    while (!rest.empty()) {
        const std::string part(base::split_front(rest, '/'));
        if (part.empty()) {
            continue;
        }
        Words next;
        for (const std::string& folder : found) {
            TRY(Words paths, expand_in(folder, part, rest.empty() ? last : Wanted::kFolders, left));
            std::move(paths.begin(), paths.end(), std::back_inserter(next));
        }
        found = std::move(next);
    }
    std::sort(found.begin(), found.end());
    return found;
}

base::Result<Shell::Words> Shell::expand_remote(const std::string& pattern, Wanted last) {
    if (!switches_.globbing || !is_glob(pattern)) {
        return Words{pattern};
    }
    Words paths;
    for (const std::string& alternative : expand_braces(pattern)) {
        TRY(Words found, expand_glob(alternative, last));
        std::move(found.begin(), found.end(), std::back_inserter(paths));
    }
    return paths;
}

base::Result<Shell::Words> Shell::expand_local(const std::string& word) const {
    const std::string pattern = expand_home(word);
    if (!switches_.globbing || !is_glob(pattern)) {
        return Words{pattern};
    }
    Words paths;
    for (const std::string& alternative : expand_braces(pattern)) {
        const std::string folder = alternative.substr(0, alternative.rfind('/') + 1);
        const std::string last = file_name_of(alternative);
        const std::size_t before = paths.size();
        std::error_code failed;
        const std::string where = folder.empty() ? "." : folder;
        for (const auto& item : std::filesystem::directory_iterator(where, failed)) {
            const std::string name = item.path().filename().string();
            const bool hidden = name.starts_with('.') && !last.starts_with('.');
            if (!hidden && item.is_regular_file(failed) && glob_matches(last, name)) {
                paths.push_back(folder + name);
            }
        }
        if (failed) {
            return fail(Errc::kNotFound, fmt::format("{}: {}", where, failed.message()));
        }
        std::sort(paths.begin() + static_cast<std::ptrdiff_t>(before), paths.end());
    }
    return paths;
}

base::Result<> Shell::for_each_remote(
    const Words& words,
    const std::function<base::Result<>(const std::string& path)>& step,
    Wanted wanted) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        TRY(const Words paths, expand_remote(words[i], wanted));
        if (paths.empty()) {
            show_error({.code = Errc::kNotFound, .text = words[i] + ": nothing matches"});
        }
        for (const std::string& path : paths) {
            if (!agrees(words[0], path)) {
                continue;
            }
            if (const auto done = step(path); !done) {
                show_error(done.error());
            }
            if (!site().is_open() || site().is_interrupted()) {
                return {};
            }
        }
    }
    return {};
}

// mget, mreget
base::Result<> Shell::on_mget(const Words& line) {
    const auto read = read_transfer_words(line);
    if (!read || read->words.size() < 2) {
        return tl::unexpected(usage_of(line[0]));
    }
    CopyOptions copy = copy_options();
    copy.resume = read->resume || line[0] == "mreget";
    const std::string folder = expand_home(read->folder);
    std::map<std::string, std::string> origins;  // of what came, by its name here
    return for_each_remote(read->words, [&](const std::string& path) -> base::Result<> {
        if (!ftp::is_plain_name(file_name_of(path))) {
            return fail(Errc::kInvalid, path + " is no name for a file here");
        }
        const std::string local = local_name(path, folder);
        if (const auto other = origins.find(local);
            other != origins.end() && other->second != path) {
            return fail(Errc::kExists,
                        fmt::format("{}: {} is what came from {}; `runique on` keeps both",
                                    path,
                                    local,
                                    other->second));
        }
        TRY_VOID(fetch(path, local, copy));
        origins.insert_or_assign(local, path);
        return read->remove_source ? site().run(client().remove(path)) : base::Result<>();
    });
}

// mmv REMOTE... FOLDER
base::Result<> Shell::on_mmv(const Words& words) {
    const Words sources(words.begin(), words.end() - 1);
    all_agreed_ = true;  // nothing is lost by it
    return for_each_remote(
        sources,
        [&](const std::string& path) {
            return site().run(client().rename(path, join_path(words.back(), file_name_of(path))));
        },
        Wanted::kBoth);
}

// glob [on|off]; glob [-a|-d] VERB WORD...: the verb with what the words stand for.
base::Result<> Shell::on_glob(const Words& words) {
    if (words.size() == 1 || words[1] == "on" || words[1] == "off") {
        return on_switch(words);
    }
    const bool both = words[1] == "-a";
    const bool folders = words[1] == "-d";
    const std::size_t verb_at = both || folders || words[1] == "-f" ? 2 : 1;
    if (verb_at == words.size()) {
        return tl::unexpected(usage_of(words[0]));
    }
    // Whose words go on to a shell, or are read as commands again, must not get them from a server.
    TRY(const Command* verb, find(words[verb_at]));
    if ((verb->flags & kRemoteNames) == 0 && verb->name != "echo") {
        return fail(Errc::kInvalid, fmt::format("{} takes no names of the server", verb->name));
    }
    Words line{words[verb_at]};
    for (std::size_t i = verb_at + 1; i < words.size(); ++i) {
        const Wanted wanted = both ? Wanted::kBoth : (folders ? Wanted::kFolders : Wanted::kFiles);
        TRY(const Words paths, expand_remote(words[i], wanted));
        for (const std::string& path : paths) {
            // What a server calls "|rm", "-r" or "&" is a file of it.
            const bool misread = path.starts_with('|') || path.starts_with('-') || path == "&";
            line.push_back(misread && path != words[i] ? "./" + path : path);
        }
    }
    return dispatch(line);
}

base::Result<> Shell::on_mdelete(const Words& words) {
    return for_each_remote(
        words, [&](const std::string& path) { return site().run(client().remove(path)); });
}

// STOU's names are the server's choice: none takes another's place.
base::Result<> Shell::send_one_of_many(const std::string& local,
                                       const std::string& remote,
                                       CopyOptions copy,
                                       SentNames& sent) {
    if (copy.unique) {
        return send(local, remote, copy);
    }
    if (const std::string other = sent.other_source(remote, local); !other.empty()) {
        return fail(
            Errc::kExists,
            fmt::format(
                "{}: {} is what came from {}; `sunique on` keeps both", local, remote, other));
    }
    const std::string twin = sent.take(remote);
    if (!twin.empty()) {
        TRY_VOID(site().run(expect_no_twin(client(), remote, twin)));
    }
    TRY_VOID(send(local, remote, copy));
    sent.note(remote, local);
    return {};
}

// mput, msend
base::Result<> Shell::on_mput(const Words& line) {
    const auto read = read_transfer_words(line);
    if (!read || read->words.size() < 2) {
        return tl::unexpected(usage_of(line[0]));
    }
    const Words& words = read->words;
    CopyOptions copy = copy_options();
    copy.resume = read->resume;
    SentNames sent;
    for (std::size_t i = 1; i < words.size(); ++i) {
        TRY(const Words paths, expand_local(words[i]));
        if (paths.empty()) {
            show_error({.code = Errc::kNotFound, .text = words[i] + ": nothing matches"});
        }
        for (const std::string& path : paths) {
            if (!agrees(words[0], path)) {
                continue;
            }
            auto done =
                send_one_of_many(path, join_path(read->folder, remote_name(path)), copy, sent);
            if (done && read->remove_source) {
                done = remove_here(path);
            }
            if (!done) {
                show_error(done.error());
            }
            if (!site().is_open() || site().is_interrupted()) {
                return {};
            }
        }
    }
    return {};
}

// fget: what a file of this machine names, a line each.
base::Result<> Shell::on_fget(const Words& words) {
    TRY(const std::string text, read_file(expand_home(words[1]), kNamesOctetsMax));
    for (std::string_view rest = text; !rest.empty();) {
        const std::string remote(base::trim(base::split_front(rest, '\n')));
        if (remote.empty()) {
            continue;
        }
        if (const auto done = fetch_as_named({"get", remote}, copy_options()); !done) {
            show_error(done.error());
        }
        if (!site().is_open() || site().is_interrupted()) {
            return {};
        }
    }
    return {};
}

}  // namespace agent
