// The interactive client's listings: the server's own, and ours of what it lists.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "agent/glob.h"
#include "agent/progress.h"
#include "agent/shell.h"
#include "agent/terminal.h"

namespace agent {

namespace {

// The words behind ls and its like: options as the server's ls has them, what to list, where to put that.
struct ListWords {
    std::string arguments;  // as LIST takes them
    std::string place;      // empty: where the verb puts it
};

std::optional<ListWords> read_list_words(const Shell::Words& words) {
    ListWords read;
    Shell::Words rest;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (rest.empty() && word.size() > 1 && word.starts_with('-')) {
            // One word for all of them: vsftpd reads no second.
            read.arguments += read.arguments.empty() ? " " + word : word.substr(1);
        } else if (word.starts_with('|')) {
            read.place = word;
        } else {
            rest.push_back(word);
        }
    }
    if (rest.size() > (read.place.empty() ? 2U : 1U)) {
        return std::nullopt;
    }
    if (!rest.empty() && !rest[0].empty()) {
        read.arguments += " " + rest[0];
    }
    if (rest.size() > 1) {
        read.place = rest[1];
    }
    return read;
}

}  // namespace

// ls, dir, nlist, mlsd, pls, pdir, pmlsd
base::Result<> Shell::on_list(const Words& words) {
    const std::string& verb = words[0];
    const auto read = read_list_words(words);
    if (!read) {
        return tl::unexpected(usage_of(verb));
    }
    const std::string command =
        verb == "nlist" ? "NLST" : (verb.ends_with("mlsd") ? "MLSD" : "LIST");
    const std::string place = verb.starts_with('p') ? "|" + pager_command() : "-";
    return write_to(read->place.empty() ? place : read->place, [&](ftp::ByteSink& out) {
        return site().run(client().listing_into(command + read->arguments, out));
    });
}

namespace {

// The words of cls.
struct ShortListWords {
    std::string flags;
    Shell::Words tops;
    std::string place = "-";

    [[nodiscard]] bool has(char flag) const { return flags.find(flag) != std::string::npos; }
};

std::optional<ShortListWords> read_short_list_words(const Shell::Words& words) {
    ShortListWords read;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i].starts_with('|')) {
            read.place = words[i];
        } else if (words[i].size() < 2 || words[i][0] != '-') {
            read.tops.push_back(words[i]);
        } else if (words[i].find_first_not_of("1alrSt", 1) == std::string::npos) {
            read.flags += words[i].substr(1);
        } else {
            return std::nullopt;
        }
    }
    return read;
}

void sort_entries(std::vector<ftp::RemoteEntry>& entries, const ShortListWords& asked) {
    std::sort(entries.begin(), entries.end(), [&](const auto& one, const auto& other) {
        // The largest and the latest first, as ls has them.
        if (asked.has('S') && one.size != other.size) {
            return one.size > other.size;
        }
        if (asked.has('t') && one.modified != other.modified) {
            return one.modified > other.modified;
        }
        return one.name < other.name;
    });
    if (asked.has('r')) {
        std::reverse(entries.begin(), entries.end());
    }
}

std::string format_entry(const ftp::RemoteEntry& entry, bool in_full) {
    const bool link = entry.type == ftp::EntryType::kLink;
    std::string name = on_one_line(entry.name) + (entry.is_directory() ? "/" : (link ? "@" : ""));
    if (!in_full) {
        return name;
    }
    const std::string time =
        entry.modified
            ? fmt::format("{:%Y-%m-%d %H:%M}",
                          fmt::gmtime(std::chrono::system_clock::to_time_t(*entry.modified)))
            : "";
    const std::string size = entry.size && !entry.is_directory() ? format_octets(*entry.size) : "";
    return fmt::format("{:>10}  {:16}  {}", size, time, name);
}

}  // namespace

// cls [-1] [-a] [-l] [-r] [-S|-t] [WORD...] [|COMMAND]
base::Result<> Shell::on_cls(const Words& words) {
    const auto asked = read_short_list_words(words);
    if (!asked) {
        return tl::unexpected(usage_of(words[0]));
    }
    Words tops = asked->tops;
    if (tops.empty()) {
        tops.emplace_back();
    }
    const bool to_screen = asked->place == "-" && is_shown(STDOUT_FILENO);
    const bool in_lines = asked->has('1') || asked->has('l') || !to_screen;
    const FtpSite::Silence silence(site());
    return write_to(asked->place, [&](ftp::ByteSink& out) -> base::Result<> {
        for (const std::string& top : tops) {
            TRY(auto entries, entries_of(top));
            std::erase_if(entries, [&](const ftp::RemoteEntry& entry) {
                return !asked->has('a') && entry.name.starts_with('.');
            });
            sort_entries(entries, *asked);
            Words names;
            for (const ftp::RemoteEntry& entry : entries) {
                names.push_back(format_entry(entry, asked->has('l')));
            }
            TRY_VOID(out.write(tops.size() > 1 && !is_glob(top) ? top + ":\n" : ""));
            TRY_VOID(out.write(in_columns(names, in_lines ? 0 : terminal_columns())));
        }
        return {};
    });
}

// Those of a folder; behind the folder's name a glob may choose among them.
base::Result<std::vector<ftp::RemoteEntry>> Shell::entries_of(const std::string& top) {
    const std::string last = file_name_of(top);
    if (!switches_.globbing || !is_glob(last)) {
        return site().run(client().list(top));
    }
    TRY(auto entries, site().run(client().list(top.substr(0, top.size() - last.size()))));
    std::erase_if(entries,
                  [&](const ftp::RemoteEntry& entry) { return !glob_matches(last, entry.name); });
    return entries;
}

// mls, mdir: the last word says where to put it.
base::Result<> Shell::on_multiple_list(const Words& words) {
    const std::string command = words[0] == "mls" ? "NLST " : "LIST ";
    return write_to(words.back(), [&](ftp::ByteSink& out) -> base::Result<> {
        for (std::size_t i = 1; i + 1 < words.size(); ++i) {
            TRY_VOID(out.write(words.size() > 3 ? words[i] + ":\n" : ""));
            TRY_VOID(site().run(client().listing_into(command + words[i], out)));
        }
        return {};
    });
}

}  // namespace agent
