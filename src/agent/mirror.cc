#include "agent/mirror.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "agent/local_file.h"
#include "agent/mirror_trees.h"
#include "agent/remote_tree.h"
#include "agent/segment_status.h"
#include "agent/segments.h"
#include "agent/terminal.h"
#include "agent/tree_match.h"
#include "agent/twins.h"

namespace agent {

using base::Errc;

namespace {

class Mirror {
  public:
    Mirror(FtpSite& site,
           std::string remote,
           std::string local,
           MirrorOptions options,
           MeterStyle meter)
        : site_(site),
          remote_(std::move(remote)),
          local_(std::move(local)),
          options_(std::move(options)),
          meter_(site.loop(), meter) {}

    base::Result<MirrorReport> run() {
        TRY(trees_, read_mirror_trees(site_, remote_, local_, options_));
        report_.links = trees_.links;
        report_.failures = std::move(trees_.failures);
        TRY_VOID(make_top());
        other_forms_ = match_forms(source(), target());
        for (const auto& [path, other] : other_forms_) {
            meant_.insert(other);
        }
        // First, for a server may keep what comes under another name: behind, that would be surplus.
        if (options_.remove && trees_.whole) {
            clear_the_way();
            remove_surplus();
        } else if (options_.remove) {
            report_.failures.emplace_back(
                "nothing was removed, since not all of the source could be read");
        }
        make_folders();
        choose_files();
        if (options_.dry_run) {
            report_.copied = files_.size() + twins_.size();
            return std::move(report_);
        }
        copy_files();
        // When what they could be taken for is there.
        static_cast<void>(site_.run(keep_other_files()));
        copy_files();
        return std::move(report_);
    }

  private:
    [[nodiscard]] const Tree& source() const {
        return options_.reverse ? trees_.here : trees_.there;
    }

    [[nodiscard]] const Tree& target() const {
        return options_.reverse ? trees_.there : trees_.here;
    }

    // Where what lies at `path` of the source belongs.
    [[nodiscard]] const std::string& at_target(const std::string& path) const {
        const auto other = other_forms_.find(path);
        return other == other_forms_.end() ? path : other->second;
    }

    [[nodiscard]] auto find_at_target(const std::string& path) const {
        return target().find(at_target(path));
    }

    [[nodiscard]] std::string path_here(const std::string& path) const {
        return join_path(local_, options_.reverse ? path : at_target(path));
    }

    [[nodiscard]] std::string path_there(const std::string& path) const {
        return join_path(remote_, options_.reverse ? at_target(path) : path);
    }

    void note(std::string action) { report_.actions.push_back(std::move(action)); }

    void note_failure(const std::string& path, const std::string& why) {
        report_.failures.push_back(fmt::format("{}: {}", on_one_line(path), why));
    }

    void note_failure(const std::string& path, const base::Error& error) {
        note_failure(path, error.text);
    }

    base::Result<> make_top() {
        if (options_.dry_run) {
            return {};
        }
        if (options_.reverse) {
            // vsftpd says 226 of a folder that is not there.
            if (trees_.there.empty()) {
                make_top_there();
            }
            return {};
        }
        std::error_code failed;
        std::filesystem::create_directories(local_, failed);
        return failed ? base::Result<>(base::fail(Errc::kDenied,
                                                  fmt::format("{}: {}", local_, failed.message())))
                      : base::Result<>();
    }

    // Servers refuse a folder that is there already in many ways; what was refused with reason, the files show. One that is
    // neither to be listed nor to be made may be there, and hold what was to be removed.
    void make_top_there() {
        base::Result<> made;
        for (std::size_t slash = remote_.find('/', 1); slash < remote_.size();
             slash = remote_.find('/', slash + 1)) {
            made = site_.run(site_.client().make_directory(remote_.substr(0, slash)));
        }
        if (!remote_.empty() && !remote_.ends_with('/')) {
            made = site_.run(site_.client().make_directory(remote_));
        }
        if (!made && options_.remove && trees_.whole && !trees_.why_unlisted.empty()) {
            note_failure(remote_, trees_.why_unlisted);
        }
    }

    [[nodiscard]] bool is_link_here(const std::string& path) const {
        return !options_.reverse && trees_.links_here.contains(at_target(path));
    }

    // Through a link of ours what comes would be written somewhere else. False when it, or one above, stays.
    bool replace_link(const std::string& path) {
        const std::size_t failures = report_.failures.size();
        if (is_link_here(path)) {
            remove(at_target(path), false);
        }
        if (report_.failures.size() > failures) {
            links_left_.push_back(path + '/');
            return false;
        }
        return std::none_of(links_left_.begin(), links_left_.end(), [&](const std::string& link) {
            return path.starts_with(link);
        });
    }

    // The map's order puts a folder before what is in it.
    void make_folders() {
        for (const auto& [path, entry] : source()) {
            const auto old = find_at_target(path);
            if (!entry.is_directory() || (old != target().end() && old->second.is_directory())) {
                continue;
            }
            if (options_.only_existing) {
                continue;
            }
            if (!replace_link(path)) {
                continue;
            }
            note("mkdir " + path);
            ++report_.folders;
            if (options_.dry_run) {
                continue;
            }
            if (options_.reverse) {
                const auto made = site_.run(site_.client().make_directory(path_there(path)));
                if (!made) {
                    note_failure(path, made.error());
                }
                continue;
            }
            std::error_code failed;
            std::filesystem::create_directory(path_here(path), failed);
            if (failed) {
                note_failure(path, failed.message());
            }
        }
    }

    [[nodiscard]] bool must_copy(const ftp::RemoteEntry& from, const std::string& path) const {
        const auto found = find_at_target(path);
        if (!is_of_wanted_time(options_, from)) {
            return false;
        }
        if (is_link_here(path)) {
            return !options_.only_missing;
        }
        if (found == target().end() || found->second.is_directory()) {
            return !options_.only_existing;
        }
        return is_unfinished(path) ||
               (!options_.only_missing && is_changed(options_, from, found->second));
    }

    // Its parts were not all fetched: it may have its size already.
    [[nodiscard]] bool is_unfinished(const std::string& path) const {
        return !options_.reverse && load_segment_status(path_here(path)).has_value();
    }

    void choose_files() {
        const auto twins = options_.reverse ? find_twins(source(), target())
                                            : std::map<std::string, std::string>();
        for (const auto& [path, entry] : source()) {
            if (entry.type != ftp::EntryType::kFile) {
                continue;
            }
            if (!must_copy(entry, path)) {
                ++report_.unchanged;
                continue;
            }
            if (!replace_link(path)) {
                continue;
            }
            note((options_.reverse ? "put " : "get ") + path);
            if (options_.remove_source) {
                note((options_.reverse ? "delete here " : "delete there ") + path);
            }
            const auto twin = twins.find(path);
            if (twin == twins.end()) {
                files_.push_back(path);
            } else {
                twins_.insert(*twin);
            }
        }
    }

    // Of the twins those that are files of their own there.
    base::Task<base::Result<>> keep_other_files() {
        files_.clear();
        next_ = 0;
        for (const auto& [path, other] : twins_) {
            const auto alone = co_await expect_no_twin(
                site_.client(), join_path(remote_, path), join_path(remote_, other));
            if (alone) {
                files_.push_back(path);
            } else {
                report_.failures.push_back(on_one_line(alone.error().text));
            }
        }
        co_return base::Result<>();
    }

    void copy_files() {
        if (files_.empty()) {
            return;
        }
        std::uint64_t expected = 0;
        for (const std::string& path : files_) {
            expected += source().at(path).size.value_or(0);
        }
        meter_.begin(fmt::format("{} files", files_.size()), expected);
        static_cast<void>(site_.run(copy_in_parallel()));
        meter_.end();
        if (next_ < files_.size()) {
            report_.failures.push_back(
                fmt::format("{} of {} files not copied, from {} on: {}",
                            files_.size() - next_,
                            files_.size(),
                            files_[next_],
                            site_.is_interrupted() ? "interrupted" : "the connection is lost"));
        }
    }

    // Each connection takes the next file until none is left.
    base::Task<base::Result<>> copy_in_parallel() {
        const std::size_t wanted = std::min<std::size_t>(options_.parallel, files_.size());
        running_ = 1;
        for (std::size_t i = 1; i < wanted; ++i) {
            ++running_;
            base::spawn(copy_beside(), [](const std::exception_ptr& thrown) {
                if (thrown) {
                    std::rethrow_exception(thrown);
                }
            });
        }
        co_await copy_with(site_.client());
        --running_;
        while (running_ > 0) {
            co_await base::sleep_until(
                site_.loop(), site_.loop().clock().steady() + std::chrono::milliseconds(10));
        }
        co_return base::Result<>();
    }

    base::Task<> copy_beside() {
        auto client = co_await site_.another(trees_.where);
        if (client) {
            co_await copy_with(**client);
            static_cast<void>(co_await (*client)->quit());
        }
        --running_;  // a server that wants no more connections is no failure: the others do the work
    }

    base::Task<> copy_with(ftp::Client& client) {
        while (next_ < files_.size() && client.is_connected() && !site_.is_interrupted()) {
            const std::string path = files_[next_++];
            const std::string here = path_here(path);
            const std::string there = path_there(path);
            const CopyOptions copy = options_.copy;
            Meter part(&meter_);
            base::Result<std::uint64_t> moved;
            // The parts of a file begin with the first connection: it is one of theirs.
            const bool in_parts = options_.segments > 1 && &client == &site_.client();
            if (options_.reverse) {
                moved = co_await upload(site_, client, {there, here}, copy, part);
            } else if (in_parts) {
                moved = co_await download_in_segments(
                    site_, {there, here}, options_.segments, copy, part);
            } else {
                const bool unfinished = is_unfinished(path);
                moved = co_await download(site_, client, {there, here}, copy, part);
                if (moved && unfinished) {
                    ::unlink(segment_status_path(here).c_str());
                }
            }
            if (moved) {
                ++report_.copied;
                report_.octets += *moved;
                co_await take_away_source(client, path);
            } else {
                note_failure(path, moved.error());
            }
        }
    }

    base::Task<> take_away_source(ftp::Client& client, std::string path) {
        if (!options_.remove_source) {
            co_return;
        }
        base::Result<> gone;
        if (options_.reverse) {
            gone = remove_here(path);
        } else {
            gone = co_await client.remove(join_path(remote_, path));
        }
        if (!gone) {
            note_failure(path, gone.error());
        }
    }

    // What is of another kind at the target: a file where a folder must be, and the other way round.
    void clear_the_way() {
        for (const auto& [path, entry] : source()) {
            const auto old = find_at_target(path);
            if (old == target().end() || old->second.is_directory() == entry.is_directory()) {
                continue;
            }
            if (!entry.is_directory() && !must_copy(entry, path)) {
                continue;
            }
            std::vector<std::string> doomed{old->first};
            const std::string below = old->first + "/";
            for (auto at = target().lower_bound(below);
                 at != target().end() && at->first.starts_with(below);
                 ++at) {
                doomed.push_back(at->first);
            }
            for (; !doomed.empty(); doomed.pop_back()) {
                remove(doomed.back(), target().at(doomed.back()).is_directory());
                gone_.insert(doomed.back());
            }
        }
    }

    // The source has something there that is not copied: a link may lead to just this file or folder.
    [[nodiscard]] bool is_left_out(std::string_view path) const {
        for (std::size_t end = 0; !trees_.left_out.empty() && end != std::string_view::npos;) {
            end = path.find('/', end + 1);
            if (trees_.left_out.contains(path.substr(0, end))) {
                return true;
            }
        }
        return false;
    }

    // Backwards: what is in a folder goes before it.
    void remove_surplus() {
        for (auto at = target().rbegin(); at != target().rend(); ++at) {
            if (!source().contains(at->first) && !meant_.contains(at->first) &&
                !gone_.contains(at->first) && !is_left_out(at->first)) {
                remove(at->first, at->second.is_directory());
            }
        }
    }

    void remove(const std::string& path, bool folder) {
        note((folder ? "rmdir " : "delete ") + path);
        ++report_.removed;
        if (options_.dry_run) {
            return;
        }
        const auto done = options_.reverse ? remove_there(path, folder) : remove_here(path);
        if (!done) {
            note_failure(path, done.error());
        }
    }

    base::Result<> remove_there(const std::string& path, bool folder) {
        ftp::Client& client = site_.client();
        return site_.run(folder ? client.remove_directory(join_path(remote_, path))
                                : client.remove(join_path(remote_, path)));
    }

    base::Result<> remove_here(const std::string& path) {
        std::error_code failed;
        std::filesystem::remove(join_path(local_, path), failed);
        return failed ? base::Result<>(base::fail(Errc::kIo, failed.message())) : base::Result<>();
    }

    FtpSite& site_;
    const std::string remote_;
    const std::string local_;
    const MirrorOptions options_;
    Meter meter_;
    std::set<std::string> gone_;
    std::vector<std::string> links_left_;  // with a slash behind
    std::map<std::string, std::string> other_forms_;
    std::set<std::string> meant_;  // paths of the target that other_forms_ leads to
    MirrorTrees trees_;
    std::map<std::string, std::string> twins_;  // wait until the others are there
    std::vector<std::string> files_;
    std::size_t next_ = 0;
    std::size_t running_ = 0;
    MirrorReport report_;
};

}  // namespace

base::Result<MirrorReport> mirror(FtpSite& site,
                                  const std::string& remote,
                                  const std::string& local,
                                  const MirrorOptions& options,
                                  MeterStyle meter) {
    auto report = Mirror(site, remote, local, options, meter).run();
    bool again = options.loop && !options.dry_run;
    while (again && report && report->failures.empty()) {
        TRY(const MirrorReport more, Mirror(site, remote, local, options, meter).run());
        again = more.copied + more.removed + more.folders > 0;
        report->add(more);
    }
    return report;
}

}  // namespace agent
