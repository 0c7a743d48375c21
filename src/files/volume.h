// One tree of files on the disk, an account's or a share's: every operation as blocking calls, for the
// pool's threads. It knows no rights: Tree asks for those first. Paths are the volume's own.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "files/beneath.h"
#include "files/direct_buffers.h"
#include "files/files.h"
#include "files/folder_syncs.h"
#include "files/ledger.h"
#include "files/partials.h"
#include "files/recorder.h"

namespace files {

// The folder where uploads wait for their names.
class Aside {
  public:
    // `token`: drawn anew at each start.
    Aside(base::UniqueFd directory, std::string token)
        : directory_(std::move(directory)),
          token_(std::move(token)) {}

    // `path` on the disk, made where it is absent.
    [[nodiscard]] static base::Result<std::shared_ptr<Aside>> open(const std::string& path,
                                                                   std::string token);

    [[nodiscard]] int fd() const { return directory_.get(); }

    // What all names begin with that this object makes.
    [[nodiscard]] const std::string& token() const { return token_; }

    // A name that nobody has.
    [[nodiscard]] std::string new_name();

    // Keeps a large file that has no name any more open until somebody comes who may wait: closing it gives
    // its `octets` back to the disk, which takes the longer the more there are. Closes a smaller one.
    void retire(base::UniqueFd fd, std::uint64_t octets);
    void close_retired();

    // Uploads that have memory instead of a file: so many at once, which is all the memory that they can take. False
    // for one that would be too many; end_plan() is for each other.
    [[nodiscard]] bool begin_plan();

    void end_plan() { plans_.fetch_sub(1, std::memory_order_relaxed); }

    static constexpr unsigned kPlansMax = 1024;

  private:
    base::UniqueFd directory_;
    std::string token_;
    std::atomic<std::uint64_t> next_ = 0;
    std::atomic<unsigned> plans_ = 0;
    std::mutex mutex_;
    std::vector<base::UniqueFd> retired_;
};

// What a volume is told of itself.
struct VolumeSettings {
    std::string key;    // in the store: records.h, account_volume() and share_volume()
    std::string owner;  // as listings show it
    std::string group;
    bool follow_links = false;
    bool keep_partials = false;
    std::uint64_t reserve_octets = 0;
    std::function<Limits()> limits;
    std::function<bool()> is_gone;  // of a share that may have been removed meanwhile; else empty
    std::function<bool(const std::string& user)> has_user;  // as a Deed names them
    std::shared_ptr<DirectBuffers> direct_buffers;          // of all volumes together
};

class Volume : public std::enable_shared_from_this<Volume> {
  public:
    Volume(Beneath beneath,
           std::shared_ptr<Aside> aside,
           std::shared_ptr<Recorder> recorder,
           VolumeSettings settings)
        : beneath_(std::move(beneath)),
          aside_(std::move(aside)),
          recorder_(std::move(recorder)),
          partials_(settings.key),
          ledger_(Counts()),
          settings_(std::move(settings)) {}

    [[nodiscard]] base::Result<Entry> stat(std::string_view path, Wait wait = Wait::kForDisk) const;
    // kInvalid for what is no regular file.
    [[nodiscard]] base::Result<std::pair<base::UniqueFd, Entry>> open_file(
        std::string_view path, Wait wait = Wait::kForDisk) const;
    [[nodiscard]] base::Result<base::UniqueFd> open_directory(std::string_view path) const;
    // The entry `on_disk` of an open folder; kNotFound when it has gone.
    [[nodiscard]] base::Result<Entry> entry_in(int directory, const char* on_disk) const;

    // Of the user's `rights` those that come to something: what is no file is neither read nor appended to, nor is a link
    // where none is followed.
    [[nodiscard]] Rights rights_of(const Entry& entry, Rights rights) const;

    [[nodiscard]] base::Result<> make_directory(std::string_view path, unsigned mode);
    [[nodiscard]] base::Result<> remove_directory(std::string_view path);
    // `only`: as Tree::remove() has it.
    [[nodiscard]] base::Result<> remove(std::string_view path,
                                        const std::optional<Entry>& only = {});
    [[nodiscard]] base::Result<> set_modified(std::string_view path, base::WallTime time);
    [[nodiscard]] base::Result<> set_created(std::string_view path, base::WallTime time);
    [[nodiscard]] base::Result<> set_mode(std::string_view path, unsigned mode);
    [[nodiscard]] base::Result<> make_link(const std::string& target, std::string_view path);
    // `replace`: a file at `to` makes place. Between volumes the counts move along.
    [[nodiscard]] static base::Result<> rename(Volume& from,
                                               std::string_view from_path,
                                               Volume& to,
                                               std::string_view to_path,
                                               bool replace);

    // Gives a file that stands aside its name, and syncs the folder. Its octets are on disk already. kOverQuota where it
    // takes more than was `reserved` for it and than what it replaces, for that may have gone meanwhile, and the quota
    // has no more. What was reserved stays so. `only`: kUnavailable where another file than this stands there, or none.
    [[nodiscard]] base::Result<> place(const std::string& aside_name,
                                       std::string_view path,
                                       bool replace,
                                       Counts reserved,
                                       const struct statx* only = nullptr);

    [[nodiscard]] const Beneath& beneath() const { return beneath_; }

    [[nodiscard]] Aside& aside() const { return *aside_; }

    [[nodiscard]] const Partials& partials() const { return partials_; }

    [[nodiscard]] Ledger& ledger() { return ledger_; }

    [[nodiscard]] Limits limits() const { return settings_.limits(); }

    [[nodiscard]] const VolumeSettings& settings() const { return settings_; }

    [[nodiscard]] DirectBuffers& direct_buffers() const { return *settings_.direct_buffers; }

    // What was kept of uploads into the folder `path`, which has gone, or by a user who has. Frees their quota.
    void forget_partials_in(std::string_view path);
    void forget_partials_of(std::string_view user);

    // Held alone by who builds a file anew out of the one that is there (APPE), shared by who only puts one
    // in its place: so nothing that was acknowledged is built over.
    [[nodiscard]] std::shared_mutex& commits() { return commits_; }

    // Copying a large file for another to grow by it keeps a pool's thread busy: two at a time may, as long as each has
    // what this gives. Null where two do.
    [[nodiscard]] std::shared_ptr<const void> begin_build();

    // Octets that the disk has free for files, beyond what is reserved.
    [[nodiscard]] base::Result<std::uint64_t> disk_free() const;
    // Counts what is there, by looking at all of it; the error says where it could not.
    [[nodiscard]] base::Result<Counts> count(std::string_view path) const;
    // kTooLong where the path of something in the folder `path` has more than `octets` behind it.
    [[nodiscard]] base::Result<> expect_room(std::string_view path, std::size_t octets) const;
    // Counts anew and puts the ledger and the store right; says what they had wrong, if anything.
    [[nodiscard]] base::Result<std::optional<Counts>> recount();
    // In the ledger, and in the store by and by.
    void book(Delta delta);
    void note(std::string_view path, TraceEvent event);

    // Behind both: Recorder::send_in_time().
    void send_in_time(base::Loop& loop) { recorder_->send_in_time(loop); }

  private:
    // What stands at `path`, open for reading. kInvalid for what is neither file nor folder.
    [[nodiscard]] base::Result<base::UniqueFd> open_ordinary(std::string_view path,
                                                             Wait wait = Wait::kForDisk) const;
    [[nodiscard]] base::Result<> unlink(std::string_view path,
                                        int flags,
                                        const std::optional<Entry>& only);

    Beneath beneath_;
    std::shared_ptr<Aside> aside_;
    std::shared_ptr<Recorder> recorder_;
    Partials partials_;
    Ledger ledger_;
    VolumeSettings settings_;
    // Held while names change, so that counts and names change together. Never while the disk is synced.
    std::mutex names_;
    std::shared_mutex commits_;
    std::atomic<unsigned> builds_ = 0;
    FolderSyncs syncs_;
};

}  // namespace files
