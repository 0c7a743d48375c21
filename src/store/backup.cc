#include "store/backup.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/disk_store.h"
#include "store/store_folder.h"

namespace store {
namespace {

using base::Errc;
using base::Result;
namespace fs = std::filesystem;

constexpr std::size_t kCopyOctets = std::size_t{1} << 20;

Result<> fail_code(const char* what, const fs::path& path, const std::error_code& code) {
    const bool denied =
        code == std::errc::permission_denied || code == std::errc::operation_not_permitted;
    const bool full = code == std::errc::no_space_on_device;
    return base::fail(denied ? Errc::kDenied : (full ? Errc::kNoSpace : Errc::kIo),
                      std::string(what) + " " + path.string() + ": " + code.message());
}

// Makes sure that `directory` is there, empty, and its owner's alone: it will hold password hashes.
Result<> prepare_folder(const fs::path& directory) {
    TRY_VOID(posix_file_system().create_directory(directory.string()));
    std::error_code code;
    const bool empty = fs::is_empty(directory, code);
    if (code) {
        return fail_code("looking into", directory, code);
    }
    if (!empty) {
        return base::fail(Errc::kExists,
                          directory.string() + " is not empty; name a folder that is");
    }
    // Only now: the mode of a folder that holds something else is not ours to change.
    fs::permissions(directory, fs::perms::owner_all, code);
    if (code) {
        return fail_code("closing to others the folder", directory, code);
    }
    return {};
}

Result<> sync_folder(const fs::path& directory) {
    return posix_file_system().sync_directory(directory.string());
}

// The first `octets` of a file, synced.
Result<> copy_octets(const File& from, const fs::path& to, std::uint64_t octets) {
    TRY(const auto copy, posix_file_system().open(to.string(), OpenMode::kCreate));
    std::string buffer;
    for (std::uint64_t at = 0; at < octets; at += buffer.size()) {
        buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kCopyOctets, octets - at)));
        TRY(const std::size_t got, from.read_at(at, buffer));
        if (got < buffer.size()) {
            return base::fail(Errc::kCorrupt, "a file to copy to " + to.string() + " is too short");
        }
        const std::string_view parts[] = {buffer};
        TRY_VOID(copy->write_at(at, parts));
    }
    return copy->sync();
}

Result<> copy_whole(const fs::path& from, const fs::path& to) {
    TRY(const auto file, posix_file_system().open(from.string(), OpenMode::kRead));
    TRY(const std::uint64_t octets, file->size());
    return copy_octets(*file, to, octets);
}

// The files of a folder; it holds no others.
Result<> copy_folder(const fs::path& from, const fs::path& to) {
    TRY_VOID(prepare_folder(to));
    TRY(const auto names, posix_file_system().list(from.string()));
    for (const std::string& name : names) {
        // RocksDB's lock is nothing to copy.
        if (name != kLockFile) {
            TRY_VOID(copy_whole(from / name, to / name));
        }
    }
    return sync_folder(to);
}

Result<> copy_segment(const Segment& segment, std::uint64_t end, bool sealed, const fs::path& to) {
    if (sealed) {
        std::error_code code;
        fs::create_hard_link(segment.path(), to, code);
        if (!code) {
            return {};
        }
        // On another file system, or on one without links.
    }
    TRY(const auto file, segment.file());
    return copy_octets(*file, to, end);
}

// What the checkpoint in the index speaks of.
struct Moment {
    SegmentSetPtr segments;
    std::uint64_t current = 0;
    std::uint64_t end = 0;  // of the current segment
};

Result<Moment> checkpoint(Committer& committer, const fs::path& directory) {
    // Most of it here, beside the commits; what comes meanwhile is little.
    TRY_VOID(committer.flush_index());
    Moment moment;
    Result<> outcome;
    committer.run_and_wait([&](Committer::Inside& inside) {
        outcome = inside.index.checkpoint((directory / kIndexFolder).string());
        moment.segments = inside.journal.segments();
        if (inside.journal.current() != nullptr) {
            moment.current = inside.journal.current()->number();
            moment.end = inside.journal.current()->end();
        }
    });
    TRY_VOID(outcome);
    return moment;
}

// Last of all: a folder without it is no store, so half a copy is never taken for a whole one.
Result<> write_format(const fs::path& directory) {
    const auto file =
        posix_file_system().open((directory / kFormatFile).string(), OpenMode::kCreate);
    if (!file) {
        return tl::unexpected<base::Error>(file.error());
    }
    const std::string_view parts[] = {kFormat};
    TRY_VOID((*file)->write_at(0, parts));
    TRY_VOID((*file)->sync());
    return sync_folder(directory);
}

}  // namespace

Result<> backup_store(Committer& committer, const std::string& directory) {
    const fs::path to(directory);
    TRY_VOID(prepare_folder(to));
    TRY(const Moment moment, checkpoint(committer, to));
    TRY_VOID(prepare_folder(to / kJournalFolder));
    for (const auto& [number, segment] : *moment.segments) {
        const bool sealed = number != moment.current;
        TRY_VOID(copy_segment(*segment,
                              sealed ? segment->end() : moment.end,
                              sealed,
                              to / kJournalFolder / segment_name(number)));
    }
    TRY_VOID(sync_folder(to / kJournalFolder));
    return write_format(to);
}

Result<> restore_store(const std::string& from, const std::string& to) {
    std::error_code code;
    const bool whole = fs::exists(fs::path(from) / kFormatFile, code);
    if (code) {
        return fail_code("looking into", from, code);
    }
    if (!whole) {
        return base::fail(Errc::kInvalid, from + " is no backup of a store, or half of one");
    }
    TRY_VOID(check_format(posix_file_system(), from));
    TRY_VOID(prepare_folder(to));
    for (const std::string_view folder : {kIndexFolder, kJournalFolder}) {
        TRY_VOID(copy_folder(fs::path(from) / folder, fs::path(to) / folder));
    }
    return write_format(to);
}

}  // namespace store
