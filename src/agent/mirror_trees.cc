#include "agent/mirror_trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "agent/local_file.h"
#include "agent/remote_tree.h"
#include "agent/terminal.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

ftp::RemoteEntry entry_of(std::string name, const LocalStatus& status) {
    ftp::RemoteEntry entry;
    entry.name = std::move(name);
    entry.type = status.is_link        ? ftp::EntryType::kLink
                 : status.is_directory ? ftp::EntryType::kDirectory
                 : status.is_file      ? ftp::EntryType::kFile
                                       : ftp::EntryType::kOther;
    entry.size = status.size;
    entry.modified = status.modified;
    return entry;
}

class Reader {
  public:
    Reader(FtpSite& site, const MirrorOptions& options) : site_(site), options_(options) {}

    base::Task<base::Result<>> read_remote(std::string top) {
        trees_.where = (co_await site_.client().working_directory()).value_or("");
        TreeWalk walk;
        walk.on_entry = [this](const std::string& path, ftp::RemoteEntry entry) {
            const bool into = entry.is_directory() && goes_into(path);
            keep(trees_.there, path, std::move(entry));
            return into;
        };
        walk.on_failure = [this](const std::string& path, const base::Error& error) {
            note_failure(path, error.text);
        };
        const auto walked = co_await walk_tree(site_, top, std::move(walk));
        if (walked || !options_.reverse || walked.error().code != Errc::kNotFound) {
            co_return walked;
        }
        trees_.why_unlisted = "it may not be listed, so nothing is removed; " + walked.error().text;
        if (options_.remove && co_await is_there(top)) {
            note_failure(top, trees_.why_unlisted);
        }
        co_return base::Result<>();  // it will be made
    }

    base::Result<> read_local(const std::string& top) {
        std::vector<std::string> folders{""};
        for (std::size_t i = 0; i < folders.size(); ++i) {
            const std::string folder = folders[i];
            const auto failed = read_folder(top, folder, folders);
            if (failed && options_.reverse) {
                return fail(Errc::kNotFound,
                            fmt::format("{}: {}", join_path(top, folder), failed.message()));
            }
        }
        return {};
    }

    [[nodiscard]] MirrorTrees take() { return std::move(trees_); }

  private:
    // 550 to a listing says as well that the folder is there for others to list.
    base::Task<bool> is_there(std::string folder) {
        if (folder.empty()) {
            co_return true;
        }
        const auto entered = co_await site_.client().change_directory(folder);
        if (entered && !trees_.where.empty()) {
            static_cast<void>(co_await site_.client().change_directory(trees_.where));
        }
        co_return entered || co_await is_listed(std::move(folder));
    }

    // By the folder above: the top itself, and what has no name, one can enter.
    base::Task<bool> is_listed(std::string folder) {
        folder.resize(folder.find_last_not_of('/') + 1);
        const std::size_t slash = folder.rfind('/');
        const std::string above = slash == std::string::npos ? "" : folder.substr(0, slash + 1);
        const std::string name = folder.substr(above.size());
        const auto beside = co_await site_.client().list(above);
        if (!beside) {
            co_return false;
        }
        co_return std::any_of(
            beside->begin(), beside->end(), [&](const auto& entry) { return entry.name == name; });
    }

    void note_failure(const std::string& path, const std::string& why) {
        trees_.failures.push_back(fmt::format("{}: {}", on_one_line(path), why));
        trees_.whole = false;
    }

    [[nodiscard]] bool goes_into(const std::string& folder) const {
        return options_.recurse && options_.filter.passes(folder, true);
    }

    void keep(Tree& tree, const std::string& path, ftp::RemoteEntry entry) {
        const bool is_source = (&tree == &trees_.here) == options_.reverse;
        const bool is_link = entry.type == ftp::EntryType::kLink;
        if (is_source && (is_link || entry.type == ftp::EntryType::kOther)) {
            trees_.left_out.insert(path);
            trees_.links += is_link && options_.filter.passes(path, false) ? 1 : 0;
        }
        if (is_link && &tree == &trees_.here) {
            trees_.links_here.insert(path);
        }
        const bool wanted =
            entry.is_directory() ? options_.recurse : entry.type == ftp::EntryType::kFile;
        if (wanted && options_.filter.passes(path, entry.is_directory())) {
            tree.insert_or_assign(path, std::move(entry));
        }
    }

    // Without the iterator's exceptions: a disk that fails half-way through is an answer like another.
    std::error_code read_folder(const std::string& top,
                                const std::string& folder,
                                std::vector<std::string>& folders) {
        std::error_code failed;
        std::filesystem::directory_iterator item(join_path(top, folder), failed);
        for (; !failed && item != std::filesystem::directory_iterator(); item.increment(failed)) {
            std::string name = item->path().filename().string();
            const std::string path = join_path(folder, name);
            const auto status = status_of(item->path().string(), false);
            if (!status) {
                std::error_code why;
                const auto type = std::filesystem::symlink_status(item->path(), why).type();
                // Of the source: what is not known to be there would else be removed at the target.
                if (options_.reverse && type != std::filesystem::file_type::not_found) {
                    note_failure(path, why.message());
                }
                continue;
            }
            ftp::RemoteEntry entry = entry_of(std::move(name), *status);
            if (entry.is_directory() && goes_into(path)) {
                folders.push_back(path);
            }
            keep(trees_.here, path, std::move(entry));
        }
        return failed;
    }

    FtpSite& site_;
    const MirrorOptions& options_;
    MirrorTrees trees_;
};

}  // namespace

base::Result<MirrorTrees> read_mirror_trees(FtpSite& site,
                                            const std::string& remote,
                                            const std::string& local,
                                            const MirrorOptions& options) {
    Reader reader(site, options);
    TRY_VOID(site.run(reader.read_remote(remote)));
    TRY_VOID(reader.read_local(local));
    return reader.take();
}

bool is_of_wanted_time(const MirrorOptions& options, const ftp::RemoteEntry& from) {
    return !from.modified || ((!options.newer_than || *from.modified > *options.newer_than) &&
                              (!options.older_than || *from.modified < *options.older_than));
}

bool is_changed(const MirrorOptions& options,
                const ftp::RemoteEntry& from,
                const ftp::RemoteEntry& to) {
    const bool timed = options.heed_time && from.modified && to.modified;
    const base::Duration slack = std::max(from.precision, to.precision);
    const bool newer = timed && *from.modified > *to.modified + slack;
    const bool older = timed && *from.modified + slack < *to.modified;
    const bool resized = options.heed_size && from.size && to.size && *from.size != *to.size;
    return newer || (resized && !(options.only_newer && older));
}

}  // namespace agent
