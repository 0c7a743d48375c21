// Files: each account's tree of ordinary files below one folder of the disk, and shared trees mounted
// into it with rights by account and path. What FTP and later protocols stand on.
//
// Paths are virtual: absolute, UTF-8 in NFC, made by join() (path.h). Nothing that is opened through a
// Tree lies outside of its root, whatever its path, links or races say: openat2(2) with RESOLVE_BENEATH
// and RESOLVE_NO_MAGICLINKS (beneath.h). Uploads are written aside and renamed into place when whole.
//
// Everything that may wait for the disk runs on the pool, and the caller resumes on `loop`. A caller that
// is destroyed while it waits abandons the result, not the work.
//
// Errors carry a sentence that may be shown to the peer as it is: it names no real path, and repeats
// nothing of what the peer sent. kNotFound, kDenied, kExists, kInUse (a folder that is not empty),
// kInvalid (a folder where a file is needed, or the reverse), kTooLong, kNoSpace (the disk), kOverQuota,
// kUnsupported, kIo.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "base/unique_fd.h"
#include "files/path.h"
#include "files/rights.h"
#include "store/store.h"

namespace files {

class DirectWrites;
class Mounts;
class Volumes;
struct Deed;
struct Place;
struct UploadState;

enum class Kind {
    kFile,
    kDirectory,
    kLink,
    kFifo,
    kSocket,
    kCharacterDevice,
    kBlockDevice,
    kOther
};

struct Entry {
    std::string name;  // the last name of its path, in NFC; empty for "/"
    Kind kind = Kind::kFile;
    std::uint64_t size = 0;
    base::WallTime modified;
    // As Creation asks for it; the epoch where the file system does not tell.
    base::WallTime created;
    unsigned mode = 0;  // permission bits, 0 to 07777
    std::string owner;  // for listings: an account's local part, or a share's name
    std::string group;
    std::uint64_t device = 0;  // with inode, the same file under two names
    std::uint64_t inode = 0;
    unsigned links = 0;
    Rights rights = 0;   // what this user may do with it
    bool top = false;    // a tree or a share begins here: it has no other name, and stays
    std::string target;  // of a link, as it was made
};

// Which date of creation is asked for: the file system's, or the one that set_created() left where there is one,
// which costs three more system calls an entry.
enum class Creation { kOfDisk, kAsSet };

// What stands in a folder, a batch at a time and in no order, so that memory does not grow with the folder.
class Listing {
  public:
    struct State;

    Listing(base::Pool& pool, std::shared_ptr<State> state)
        : pool_(pool),
          state_(std::move(state)) {}

    // The next entries; none at the end. A name that is removed meanwhile may be missing. The ones behind them
    // are read while the caller works on these.
    [[nodiscard]] base::Task<base::Result<std::vector<Entry>>> next(base::Loop& loop);

  private:
    using Batch = base::Result<std::vector<Entry>>;

    // What is being read ahead, and who reads it.
    struct Ahead {
        explicit Ahead(base::Loop& loop) : batch(loop) {}

        base::Handover<Batch> batch;
        std::optional<base::Task<>> reading;
    };

    void read_ahead(base::Loop& loop);
    [[nodiscard]] static base::Task<> read(base::Pool& pool,
                                           base::Loop& loop,
                                           std::shared_ptr<State> state,
                                           std::function<void(Batch)> giver);

    base::Pool& pool_;
    std::shared_ptr<State> state_;
    std::unique_ptr<Ahead> ahead_;
};

// A file open for reading: what it was when it was opened, even when another takes its place.
class OpenFile {
  public:
    struct State;

    OpenFile(base::Pool& pool, std::shared_ptr<State> state);
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile();

    [[nodiscard]] const Entry& entry() const;
    // For sendfile(2); owned by this object.
    [[nodiscard]] int fd() const;

    // Whether the user's right to it lasts: for whoever reads for long. Does not wait.
    [[nodiscard]] bool may_be_read() const;
    // As many octets from `offset` as fit into `into`, fewer only at the end of the file. What the kernel
    // has in memory is copied at once. `into` must outlive the task, not the work behind it.
    [[nodiscard]] base::Task<base::Result<std::size_t>> read(base::Loop& loop,
                                                             std::uint64_t offset,
                                                             std::span<char> into);
    // What set_created() left; nothing where nobody set it.
    [[nodiscard]] base::Task<std::optional<base::WallTime>> created(base::Loop& loop) const;
    // For the trace: so many octets of it were sent. Does not wait.
    void note_fetched(std::uint64_t octets) const;

  private:
    base::Pool& pool_;
    std::shared_ptr<State> state_;
};

struct UploadOptions {
    enum class Mode {
        kReplace,  // STOR: the whole file anew
        kAppend,   // APPE: behind what the file holds when the upload is committed
        kResume,  // REST + STOR: the first `offset` octets stay, as the file or the kept partial has them
        kUnique,  // STOU: a name beside `path` that nobody has
        kPatch,  // RANG + STOR: `length` octets at `offset`; the rest is as it is when it is committed
    };

    Mode mode = Mode::kReplace;
    std::uint64_t offset = 0;  // kResume and kPatch only
    // What comes may be kept where it is cut off, and with kAppend goes on behind what was kept where no file is.
    bool resumable = true;
    // ALLO: octets to come; refused at once where they do not fit.
    std::optional<std::uint64_t> announced;
    unsigned permissions = 0644;  // of a new file; one that is replaced leaves its own
    std::uint64_t length = 0;     // kPatch only: what must come, neither more nor less
    // As set_created() sets it, where the disk can keep it.
    std::optional<base::WallTime> created = {};
};

// An upload on its way. Nobody sees it before commit(); destroyed before, it is gone, or kept for kResume
// where Options::keep_partials says so. Whoever stores a new file in the user's own tree has its first octets in
// memory, and a file for them only when they are 64 KiB, or all of them: a small one is one piece of work of the pool.
// What stands in its way may then be found as late as by the calls that wait for the disk.
class Upload {
  public:
    Upload(base::Pool& pool, std::shared_ptr<UploadState> state);
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    ~Upload();

    // The path it will have: another than asked for with kUnique.
    [[nodiscard]] const std::string& path() const;

    [[nodiscard]] std::string_view name() const { return split(path()).name; }

    // For splice(2), while until_room() is not zero: write at offset(), within what reserve() granted, and say so with
    // advance(). With kAppend and kPatch the descriptor holds only what is new, from offset 0.
    [[nodiscard]] int fd() const;
    [[nodiscard]] std::uint64_t offset() const;
    // Makes sure of the quota for `octets` more behind offset(). Does not wait: ask often and little.
    [[nodiscard]] base::Result<> reserve(std::uint64_t octets);
    // That many octets were written at offset() through fd().
    void advance(std::uint64_t octets);

    // Reserves, writes, advances. The octets are copied where that is needed to outlive the caller.
    [[nodiscard]] base::Task<base::Result<>> write(base::Loop& loop, std::string_view octets);

    // The first octets may come into memory (see above). Those of a large upload, behind its first MiB, go past the
    // page cache, out of buffers that octets are received into: no copy, nothing of use to others is driven out of
    // memory, and the disk takes one buffer while the next is filled.

    // So many octets come by fd() or write() before room() is of use. Zero at the beginning where that is in memory.
    [[nodiscard]] std::uint64_t until_room() const;
    // Room for what comes at offset(), the same until it is full; empty where there is none, or none any more: go on
    // by fd(). Waits for the disk where that is behind. Errors of the disk, perhaps of octets before.
    [[nodiscard]] base::Task<base::Result<std::span<char>>> room(base::Loop& loop);
    // That many octets, within what reserve() granted, stand at the beginning of room(); advances.
    void fill(base::Loop& loop, std::size_t octets);
    // Writes what room() was given and gives the memory back: before fd() is used again, when octets are long in
    // coming, and after an error of whoever sends, so that what has come may be kept. After an error of the disk
    // offset() is where octets are missing from.
    [[nodiscard]] base::Task<base::Result<>> drain(base::Loop& loop);

    // Syncs the file, gives it its name, syncs the folder: after success the file is there whole, come
    // what may. Two uploads to one name: the last to commit stands. After a failure nothing has changed.
    // Once only.
    [[nodiscard]] base::Task<base::Result<>> commit(base::Loop& loop);
    // The same if `wanted` says so, which is asked on a thread of the pool, when the octets are on the disk and nothing
    // but the name is missing; and if `patient` does, on the loop, where uploads to other large files have to end first.
    // False: nothing has changed, and commit() may follow.
    [[nodiscard]] base::Task<base::Result<bool>> commit_if(base::Loop& loop,
                                                           std::function<bool()> wanted,
                                                           std::function<bool()> patient);

  private:
    [[nodiscard]] std::span<char> early_room();
    [[nodiscard]] base::Task<base::Result<>> drain_and_write(base::Loop& loop, std::string octets);

    base::Pool& pool_;
    std::shared_ptr<UploadState> state_;
    std::unique_ptr<DirectWrites> direct_;
};

enum class HashAlgorithm { kCrc32, kMd5, kSha1, kSha256, kSha512 };

// The octets first <= i < last; `last` is cut to the file's size.
struct HashRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

struct Usage {
    std::uint64_t octets = 0;        // with what was kept of uploads that were cut off
    std::uint64_t files = 0;         // files, links and folders, and the same
    std::uint64_t octets_limit = 0;  // 0: none
    std::uint64_t files_limit = 0;   // 0: none
    std::uint64_t available = 0;     // what an upload may still bring: quota and disk together
};

// Who does it, for the trace of files.
struct Actor {
    std::string session;  // the session's id, as in the log
    std::string peer;     // "192.0.2.1 by FTPS"
};

// What one user sees. Of one session, on its loop; operations may overlap. Paths come from join().
class Tree {
  public:
    // `name`: the user's address; empty for an anonymous user.
    Tree(std::shared_ptr<const Mounts> mounts, base::Pool& pool, std::string name);
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree();

    // Named in trace events from now on.
    void set_actor(Actor actor) { actor_ = std::move(actor); }

    // Whether the user may go on: false once the account was disabled or removed. A read of the store, which does not
    // wait for the disk as a rule; always true for an anonymous user.
    [[nodiscard]] bool may_stay() const;

    // A link is followed where Options::links lets it be; else, and where it leads nowhere, it is itself.
    [[nodiscard]] base::Task<base::Result<Entry>> stat(base::Loop& loop,
                                                       std::string path,
                                                       Creation creation = Creation::kOfDisk);
    [[nodiscard]] base::Task<base::Result<std::unique_ptr<Listing>>> list(
        base::Loop& loop, std::string path, Creation creation = Creation::kOfDisk);
    [[nodiscard]] base::Task<base::Result<std::unique_ptr<OpenFile>>> open(base::Loop& loop,
                                                                           std::string path);
    [[nodiscard]] base::Task<base::Result<std::unique_ptr<Upload>>> upload(base::Loop& loop,
                                                                           std::string path,
                                                                           UploadOptions options);
    // The octets kept of an upload to `path` that was cut off (Options::keep_partials); nothing for none.
    [[nodiscard]] base::Task<base::Result<std::optional<std::uint64_t>>> partial(base::Loop& loop,
                                                                                 std::string path);
    // Takes away what partial() tells of; kNotFound for nothing. One's own: it needs no right to delete.
    [[nodiscard]] base::Task<base::Result<>> forget_partial(base::Loop& loop, std::string path);

    [[nodiscard]] base::Task<base::Result<>> make_directory(base::Loop& loop,
                                                            std::string path,
                                                            unsigned permissions = 0755);
    // kInUse when it is not empty.
    [[nodiscard]] base::Task<base::Result<>> remove_directory(base::Loop& loop, std::string path);
    // A file or a link. With `only`, as stat() or OpenFile tells of a file: kNotFound where another stands there now.
    [[nodiscard]] base::Task<base::Result<>> remove(base::Loop& loop,
                                                    std::string path,
                                                    std::optional<Entry> only = {});
    // Whether rename() could have this `from`, and why not. A file that the user may not see is kDenied.
    [[nodiscard]] base::Task<base::Result<>> check_rename(base::Loop& loop, std::string from);
    // Replaces a file that is called `to`, with the right to overwrite it; never a folder.
    [[nodiscard]] base::Task<base::Result<>> rename(base::Loop& loop,
                                                    std::string from,
                                                    std::string to);
    [[nodiscard]] base::Task<base::Result<>> set_modified(base::Loop& loop,
                                                          std::string path,
                                                          base::WallTime time);
    // Told from then on where Creation::kAsSet is asked for. kUnsupported where the file system cannot keep it.
    // Renaming, copying and appending keep it, storing anew does not.
    [[nodiscard]] base::Task<base::Result<>> set_created(base::Loop& loop,
                                                         std::string path,
                                                         base::WallTime time);
    // The nine permission bits; the owner keeps read and write (and search, for a folder).
    [[nodiscard]] base::Task<base::Result<>> set_mode(base::Loop& loop,
                                                      std::string path,
                                                      unsigned mode);
    // A copy of a file, under the rules of an upload. `wanted` is asked on the loop between two pieces: kUnavailable,
    // and nothing copied, once it says no.
    [[nodiscard]] base::Task<base::Result<>> copy(base::Loop& loop,
                                                  std::string from,
                                                  std::string to,
                                                  std::function<bool()> wanted = {});
    // kUnsupported unless Options::links follows them.
    [[nodiscard]] base::Task<base::Result<>> symlink(base::Loop& loop,
                                                     std::string target,
                                                     std::string path);

    // Of the octets of `range`, in lower-case hexadecimal. kInvalid when the file has no octet `range.first`, unless that
    // is 0. `wanted` as in copy().
    [[nodiscard]] base::Task<base::Result<std::string>> hash(base::Loop& loop,
                                                             std::string path,
                                                             HashAlgorithm algorithm,
                                                             HashRange range,
                                                             std::function<bool()> wanted = {});
    // Of the tree or share that `path` lies in.
    [[nodiscard]] base::Task<base::Result<Usage>> usage(base::Loop& loop, std::string path = "/");

  private:
    std::shared_ptr<const Mounts> mounts_;
    base::Pool& pool_;
    std::string name_;
    Actor actor_;

    // Runs what changes the tree on the pool, and sees to it that it is written down soon.
    template <class F>
    [[nodiscard]] base::Task<base::Result<>> change(base::Loop& loop, F function);
    [[nodiscard]] std::shared_ptr<const Deed> deed() const;
};

enum class Links {
    kRefuse,  // never followed, never made
    kInside,  // followed as far as they stay inside of their tree
};

struct Options {
    std::string root;  // DATA/files; made where it is absent
    Links links = Links::kRefuse;
    bool keep_partials = false;      // keep what came of an upload that was cut off, for kResume
    std::string anonymous_share;     // the tree of users without an account; empty: there are none
    std::uint64_t quota_octets = 0;  // for each account's own files; 0: none
    std::uint64_t quota_files = 0;
    std::uint64_t reserve_octets =
        0;  // of the disk, left to others: the store must not meet its end
    // Of memory, for all large uploads together that go past the page cache; the others go through it.
    std::size_t direct_octets = std::size_t{64} << 20U;
    // Where set, the account's own quota bounds its files and what this function says together.
    std::function<std::uint64_t(const store::Reader&, account::AccountId)> other_octets;
};

struct CheckReport {
    std::vector<std::string> findings;  // what somebody has to look at, one sentence each
    std::vector<std::string> mended;    // what is in order again
    std::uint64_t files = 0;
    std::uint64_t octets = 0;
};

// All trees. One a server; thread-safe; outlives the trees it opens.
class Files {
  public:
    // Makes the folders where they are absent and takes away what a crash left of uploads. Waits for the
    // disk. Keeps the references.
    [[nodiscard]] static base::Result<std::unique_ptr<Files>> start(Options options,
                                                                    store::Store& store,
                                                                    base::Pool& pool,
                                                                    const base::Clock& clock,
                                                                    base::Random& random);
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files();

    // The account's tree with the shares it may see; its folder is made where it is absent.
    [[nodiscard]] base::Task<base::Result<std::shared_ptr<Tree>>> open_tree(base::Loop& loop,
                                                                            account::AccountId id);
    // The public share; kNotFound when there are no anonymous users.
    [[nodiscard]] base::Task<base::Result<std::shared_ptr<Tree>>> open_anonymous(base::Loop& loop);

    // What administration does, on a thread that may wait for the disk.

    // Counts every tree anew and mends what the store says of it; looks for folders that are nobody's. kUnavailable
    // behind end_check().
    [[nodiscard]] base::Result<CheckReport> check();

    // Whether the trees were not closed in good order when they were last in use, and no check() has been since.
    [[nodiscard]] bool counts_are_old() const { return counts_are_old_; }

    // A check that another thread is at gives up before the next tree.
    void end_check() { ends_ = true; }

    // A copy of all trees into the folder `directory`, made where it is absent, while uploads go on: each
    // file is whole, as it was at one moment.
    [[nodiscard]] base::Result<> backup(const std::string& directory);
    // Waits until the store has what happened to files so far: for whoever reads the trace.
    void settle();
    // Whether there is a folder `path` in the share that is called `name`.
    [[nodiscard]] bool has_folder(const std::string& name, const std::string& path);
    // What the share that is called `name` holds.
    [[nodiscard]] base::Result<Usage> share_usage(const std::string& name);
    // Takes away the tree of an account that was removed, and what was kept of its uploads.
    [[nodiscard]] base::Result<> remove_account(account::AccountId id);

  private:
    Files(std::shared_ptr<Volumes> volumes, base::Pool& pool, bool counts_are_old);

    std::shared_ptr<Volumes> volumes_;
    base::Pool& pool_;
    std::atomic<bool> counts_are_old_;
    std::atomic<bool> ends_ = false;
};

}  // namespace files
