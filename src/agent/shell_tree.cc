// What the interactive client does to whole trees of the server's: find, du, rm.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "agent/glob.h"
#include "agent/progress.h"
#include "agent/remote_tree.h"
#include "agent/shell.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

// The words of find, du and rm.
struct TreeWords {
    std::string flags;  // of one letter each
    std::size_t depth_max = SIZE_MAX;
    std::string name;  // a glob; empty: whatever it is called
    Shell::Words tops;
    std::string place = "-";

    [[nodiscard]] bool has(char flag) const { return flags.find(flag) != std::string::npos; }
};

// What a verb of these takes: letters alone, and whether "-d 2" and "-name GLOB".
struct TreeSyntax {
    std::string_view flags;
    bool depth = false;
    bool name = false;
};

// Nothing where a word begins with '-' and the verb does not take it.
std::optional<TreeWords> read_words(const Shell::Words& words, const TreeSyntax& syntax) {
    TreeWords read;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        const bool more = i + 1 < words.size();
        if (word.starts_with('|')) {
            read.place = word;
        } else if (word.size() < 2 || word[0] != '-') {
            read.tops.push_back(word);
        } else if (syntax.name && word == "-name" && more) {
            read.name = words[++i];
        } else if (syntax.depth && (word == "-d" || word == "-maxdepth") && more) {
            const auto depth = base::parse_number<std::size_t>(words[++i], 1000U);
            if (!depth) {
                return std::nullopt;
            }
            read.depth_max = *depth;
        } else if (word.find_first_not_of(syntax.flags, 1) == std::string::npos) {
            read.flags += word.substr(1);
        } else {
            return std::nullopt;
        }
    }
    return read;
}

std::size_t depth_of(std::string_view path) {
    return 1 + static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

std::string format_found(const std::string& path, const ftp::RemoteEntry& entry, bool in_full) {
    std::string line = path + (entry.is_directory() ? "/" : "");
    if (!in_full) {
        return line + "\n";
    }
    const bool sized = entry.size && !entry.is_directory();
    const std::string size = sized ? fmt::format("{}", *entry.size) : "-";
    const std::string time =
        entry.modified ? fmt::format("{:%Y-%m-%d %H:%M}",
                                     std::chrono::floor<std::chrono::seconds>(*entry.modified))
                       : "-";
    return fmt::format("{:>14}  {:16}  {}\n", size, time, line);
}

// Octets by folder below the top, which is "". Behind each name stands an octet that is greater than any of a name: so a
// folder comes behind what is in it.
class Sums {
  public:
    void add_folder(const std::string& path) { sums_.try_emplace(path + '\xff', 0); }

    void add_file(std::string_view path, std::uint64_t octets) {
        for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos;
             slash = path.rfind('/')) {
            path = path.substr(0, slash);
            sums_[std::string(path) + '\xff'] += octets;
        }
        sums_["\xff"] += octets;
    }

    template <class Take>
    base::Result<> for_each(Take take) const {
        for (const auto& [key, octets] : sums_) {
            TRY_VOID(take(key.substr(0, key.size() - 1), octets));
        }
        return {};
    }

  private:
    std::map<std::string, std::uint64_t> sums_;
};

// "/", "x/.." and the like: what nobody means to remove with all that is in it.
bool is_no_name(std::string_view path) {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return name.empty() || name == "." || name == "..";
}

using TellFailure = std::function<void(const std::string&, const base::Error&)>;

// What `top` holds of that name, a line each.
base::Result<> write_found(FtpSite& site,
                           ftp::ByteSink& out,
                           const std::string& top,
                           const TreeWords& asked,
                           TellFailure tell) {
    base::Result<> written;
    const auto on_entry = [&](const std::string& path, const ftp::RemoteEntry& entry) {
        if (written && (asked.name.empty() || glob_matches(asked.name, entry.name))) {
            written = out.write(format_found(join_path(top, path), entry, asked.has('l')));
        }
        return written && entry.is_directory() && depth_of(path) < asked.depth_max;
    };
    TRY_VOID(site.run(walk_tree(site, top, {.on_entry = on_entry, .on_failure = std::move(tell)})));
    return written;
}

// How much `top` holds, and each folder in it.
base::Result<> write_sums(FtpSite& site,
                          ftp::ByteSink& out,
                          const std::string& top,
                          const TreeWords& asked,
                          TellFailure tell) {
    const std::size_t depth_max = asked.has('s') ? 0 : asked.depth_max;
    Sums sums;
    sums.add_folder("");
    const auto on_entry = [&](const std::string& path, const ftp::RemoteEntry& entry) {
        if (!entry.is_directory()) {
            sums.add_file(path, entry.size.value_or(0));
        } else if (depth_of(path) <= depth_max) {
            sums.add_folder(path);
        }
        return entry.is_directory();
    };
    TRY_VOID(site.run(walk_tree(site, top, {.on_entry = on_entry, .on_failure = std::move(tell)})));
    return sums.for_each([&](const std::string& path, std::uint64_t octets) {
        if (!path.empty() && depth_of(path) > depth_max) {
            return base::Result<>();
        }
        const std::string name = path.empty() ? top : join_path(top, path);
        const std::string sum = asked.has('b') ? fmt::format("{}", octets) : format_octets(octets);
        return out.write(fmt::format("{:>12}  {}\n", sum, name.empty() ? "." : name));
    });
}

}  // namespace

std::function<void(const std::string&, const base::Error&)> Shell::tell_failure(std::string top) {
    return [this, top = std::move(top)](const std::string& path, const base::Error& error) {
        show_error({.code = error.code, .text = join_path(top, path) + ": " + error.text});
    };
}

base::Result<> Shell::write_tops(Words tops, const std::string& place, const WriteTop& write) {
    if (tops.empty()) {
        tops.emplace_back();
    }
    const FtpSite::Silence silence(site());
    return write_to(place, [&](ftp::ByteSink& out) -> base::Result<> {
        for (const std::string& top : tops) {
            TRY_VOID(write(out, top));
        }
        return {};
    });
}

// find [-l] [-d DEPTH] [-name GLOB] [FOLDER...] [|COMMAND]
base::Result<> Shell::on_find(const Words& words) {
    const auto read = read_words(words, {.flags = "l", .depth = true, .name = true});
    if (!read) {
        return tl::unexpected(usage_of(words[0]));
    }
    return write_tops(read->tops, read->place, [&](ftp::ByteSink& out, const std::string& top) {
        return write_found(site(), out, top, *read, tell_failure(top));
    });
}

// du [-s] [-b] [-d DEPTH] [FOLDER...] [|COMMAND]; -h is what du does unasked.
base::Result<> Shell::on_du(const Words& words) {
    const auto read = read_words(words, {.flags = "sbh", .depth = true});
    if (!read) {
        return tl::unexpected(usage_of(words[0]));
    }
    return write_tops(read->tops, read->place, [&](ftp::ByteSink& out, const std::string& top) {
        return write_sums(site(), out, top, *read, tell_failure(top));
    });
}

// rm [-r] [-f] REMOTE...; mrm, as lftp has it, asks nobody.
base::Result<> Shell::on_rm(const Words& words) {
    const auto read = read_words(words, {.flags = "rf"});
    if (!read || read->tops.empty()) {
        return tl::unexpected(usage_of(words[0]));
    }
    const bool with_folders = read->has('r');
    all_agreed_ = read->has('f') || words[0] == "mrm";
    Words names{words[0]};
    names.insert(names.end(), read->tops.begin(), read->tops.end());
    return for_each_remote(
        names,
        [&](const std::string& path) {
            return with_folders ? remove_tree(path) : site().run(client().remove(path));
        },
        with_folders ? Wanted::kBoth : Wanted::kFiles);
}

// A file, or a folder with all that is in it: what is in a folder goes before it.
base::Result<> Shell::remove_tree(const std::string& top) {
    if (is_no_name(top)) {
        return fail(Errc::kInvalid, fmt::format("{}: say which files or folders", top));
    }
    const FtpSite::Silence silence(site());
    auto as_file = site().run(client().remove(top));
    if (as_file || !site().is_open()) {
        return as_file;
    }
    Words files;
    Words folders{top};
    TreeWalk walk{.on_entry =
                      [&](const std::string& path, const ftp::RemoteEntry& entry) {
                          (entry.is_directory() ? folders : files).push_back(join_path(top, path));
                          return entry.is_directory();
                      },
                  .on_failure = tell_failure(top)};
    if (!site().run(walk_tree(site(), top, std::move(walk)))) {
        return as_file;
    }
    for (const std::string& file : files) {
        TRY_VOID(site().run(client().remove(file)));
    }
    std::reverse(folders.begin(), folders.end());
    for (const std::string& folder : folders) {
        TRY_VOID(site().run(client().remove_directory(folder)));
    }
    say(fmt::format("{} file{} and {} folder{} removed\n",
                    files.size(),
                    files.size() == 1 ? "" : "s",
                    folders.size(),
                    folders.size() == 1 ? "" : "s"));
    return {};
}

}  // namespace agent
