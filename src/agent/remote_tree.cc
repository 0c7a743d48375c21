#include "agent/remote_tree.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr std::ptrdiff_t kDepthMax = 64;
constexpr std::size_t kEntriesMax = 5'000'000;
// Of paths, links' targets and complaints: 100 for each of so many files.
constexpr std::size_t kOctetsMax = std::size_t{512} << 20;

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
        where_ = (co_await site_.client().working_directory()).value_or("");
        CO_TRY_VOID(co_await look_into(""));
        while (!ahead_.empty()) {
            auto [path, entry] = std::move(ahead_.back());
            ahead_.pop_back();
            if (!walk_.on_entry(path, std::move(entry))) {
                continue;
            }
            if (std::count(path.begin(), path.end(), '/') >= kDepthMax) {
                tell(path, Errc::kTooLong, "folders are nested too deeply");
                continue;
            }
            CO_TRY_VOID(co_await look_into(std::move(path)));
        }
        if (full_) {
            walk_.on_failure(top_.empty() ? "." : top_,
                             {.code = Errc::kTooLong,
                              .text = "more than 5,000,000 files, or than 512 MiB of names"});
        }
        co_return base::Result<>();
    }

  private:
    // Whoever hears of so many octets keeps them.
    bool affords(std::size_t octets) {
        full_ = full_ || octets > octets_left_;
        octets_left_ -= full_ ? 0 : octets;
        return !full_;
    }

    void tell(const std::string& path, Errc code, std::string text) {
        if (affords(path.size() + text.size())) {
            walk_.on_failure(path, {.code = code, .text = std::move(text)});
        }
    }

    // Fails when nothing is to follow: the user has had enough, or it is the top.
    base::Task<base::Result<>> look_into(std::string folder) {
        if (full_) {
            co_return base::Result<>();
        }
        auto entries = co_await list_with_retries(site_, join_path(top_, folder), where_);
        if (site_.is_interrupted()) {
            co_return fail(Errc::kReset, "interrupted");
        }
        if (!entries && folder.empty()) {
            co_return base::forward_error(entries);
        }
        if (!entries) {
            tell(folder, entries.error().code, entries.error().text);
            co_return base::Result<>();
        }
        for (const std::string& name : site_.client().left_out()) {
            tell(join_path(folder, name), Errc::kInvalid, "no file here may be called so");
        }
        if (const std::string& line = site_.client().unread_line(); !line.empty()) {
            tell(folder.empty() ? "." : folder,
                 Errc::kSyntax,
                 "a line of its listing cannot be read: " + line);
        }
        take(folder, std::move(*entries));
        co_return base::Result<>();
    }

    // They come next, in the order of their names: each server has an order of its own, and some have none.
    void take(const std::string& folder, std::vector<ftp::RemoteEntry> entries) {
        std::sort(entries.begin(), entries.end(), [](const auto& one, const auto& other) {
            return one.name < other.name;
        });
        std::size_t affordable = 0;
        while (affordable < entries.size() && entries_ < kEntriesMax &&
               affords(folder.size() + entries[affordable].name.size() +
                       entries[affordable].target.size())) {
            ++affordable;
            ++entries_;
        }
        full_ = full_ || affordable < entries.size();
        entries.resize(affordable);
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
            std::string path = join_path(folder, entry->name);
            ahead_.emplace_back(std::move(path), std::move(*entry));
        }
    }

    FtpSite& site_;
    const std::string top_;
    const TreeWalk walk_;
    std::string where_;  // the connection's folder, which top_ may be relative to
    std::vector<std::pair<std::string, ftp::RemoteEntry>> ahead_;  // the next one last
    std::size_t entries_ = 0;
    std::size_t octets_left_ = kOctetsMax;
    bool full_ = false;
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
