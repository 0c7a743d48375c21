#include "agent/remote_tree.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::ptrdiff_t kDepthMax = 64;
constexpr std::size_t kEntriesMax = 5'000'000;

base::Task<base::Result<std::vector<ftp::RemoteEntry>>> list_with_retries(FtpSite& site,
                                                                          std::string folder,
                                                                          std::string where) {
    auto entries = co_await site.client().list(folder);
    for (unsigned tries = 0; !entries;) {
        if (!co_await site.try_again(site.client(), entries.error().code, tries, where)) {
            break;
        }
        entries = co_await site.client().list(folder);
    }
    co_return entries;
}

class Walk {
  public:
    Walk(FtpSite& site, std::string top, TreeWalk walk)
        : site_(site),
          top_(std::move(top)),
          walk_(std::move(walk)) {}

    base::Task<base::Result<>> run() {
        const std::string where = (co_await site_.client().working_directory()).value_or("");
        std::vector<std::string> folders{""};  // still to be listed, the next one last
        while (!folders.empty()) {
            const std::string folder = std::exchange(folders.back(), "");
            folders.pop_back();
            auto entries = co_await list_with_retries(site_, join_path(top_, folder), where);
            if (site_.is_interrupted()) {
                co_return fail(Errc::kReset, "interrupted");
            }
            if (!entries && folder.empty()) {
                co_return base::forward_error(entries);
            }
            if (!entries) {
                walk_.on_failure(folder, entries.error());
                continue;
            }
            for (const std::string& name : site_.client().left_out()) {
                walk_.on_failure(join_path(folder, name),
                                 {.code = Errc::kInvalid, .text = "no file here may be called so"});
            }
            if (const std::string& line = site_.client().unread_line(); !line.empty()) {
                walk_.on_failure(folder.empty() ? "." : folder,
                                 {.code = Errc::kSyntax,
                                  .text = "a line of its listing cannot be read: " + line});
            }
            if (!take(folder, std::move(*entries), folders)) {
                break;
            }
        }
        co_return base::Result<>();
    }

  private:
    // False: it was enough.
    bool take(const std::string& folder,
              std::vector<ftp::RemoteEntry> entries,
              std::vector<std::string>& folders) {
        // Each server has an order of its own, and some have none.
        std::sort(entries.begin(), entries.end(), [](const auto& one, const auto& other) {
            return one.name < other.name;
        });
        std::vector<std::string> inside;
        for (ftp::RemoteEntry& entry : entries) {
            if (++entries_ > kEntriesMax) {
                walk_.on_failure(folder,
                                 {.code = Errc::kTooLong, .text = "more than 5,000,000 files"});
                return false;
            }
            std::string path = join_path(folder, entry.name);
            if (!walk_.on_entry(path, std::move(entry))) {
                continue;
            }
            if (std::count(path.begin(), path.end(), '/') < kDepthMax) {
                inside.push_back(std::move(path));
            } else {
                walk_.on_failure(path,
                                 {.code = Errc::kTooLong, .text = "folders are nested too deeply"});
            }
        }
        folders.insert(folders.end(),
                       std::make_move_iterator(inside.rbegin()),
                       std::make_move_iterator(inside.rend()));
        return true;
    }

    FtpSite& site_;
    const std::string top_;
    const TreeWalk walk_;
    std::size_t entries_ = 0;
};

}  // namespace

std::string join_path(const std::string& folder, const std::string& name) {
    if (folder.empty()) {
        return name;
    }
    return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

base::Task<base::Result<>> walk_tree(FtpSite& site, std::string top, TreeWalk walk) {
    Walk work(site, std::move(top), std::move(walk));
    co_return co_await work.run();
}

}  // namespace agent
