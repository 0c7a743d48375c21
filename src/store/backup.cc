#include "store/backup.h"

#include <algorithm>
#include <utility>

#include "store/disk_store.h"
#include "store/store_folder.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

constexpr std::size_t kCopyOctets = std::size_t{1} << 20;
constexpr std::string_view kCheckpointFolder = "checkpoint";

// Makes sure that `directory` is there, empty, and its owner's alone: it will hold password hashes.
Result<> prepare_folder(FileSystem& file_system, const std::string& directory) {
    TRY_VOID(file_system.create_directory(directory));
    TRY(const auto names, file_system.list(directory));
    if (!names.empty()) {
        return base::fail(Errc::kExists, directory + " is not empty; name a folder that is");
    }
    // Only now: the mode of a folder that holds something else is not ours to change.
    return file_system.close_to_others(directory);
}

std::string below(const std::string& directory, std::string_view name) {
    return directory + "/" + std::string(name);
}

// The first `octets` of a file, synced.
Result<> copy_octets(FileSystem& file_system,
                     const File& from,
                     const std::string& to,
                     std::uint64_t octets) {
    TRY(const auto copy, file_system.open(to, OpenMode::kCreate));
    std::string buffer;
    for (std::uint64_t at = 0; at < octets; at += buffer.size()) {
        buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kCopyOctets, octets - at)));
        TRY(const std::size_t got, from.read_at(at, buffer));
        if (got < buffer.size()) {
            return base::fail(Errc::kCorrupt, "a file to copy to " + to + " is too short");
        }
        const std::string_view parts[] = {buffer};
        TRY_VOID(copy->write_at(at, parts));
    }
    return copy->sync();
}

// Never another name for the same file: whoever gives the copy to somebody else must not give the store away.
Result<> copy_whole(FileSystem& file_system, const std::string& from, const std::string& to) {
    if (file_system.clone(from, to)) {
        return {};
    }
    TRY(const auto file, file_system.open(from, OpenMode::kRead));
    TRY(const std::uint64_t octets, file->size());
    return copy_octets(file_system, *file, to, octets);
}

// The files of a folder; it holds no others.
Result<> copy_folder(FileSystem& file_system, const std::string& from, const std::string& to) {
    TRY_VOID(prepare_folder(file_system, to));
    TRY(const auto names, file_system.list(from));
    for (const std::string& name : names) {
        // RocksDB's lock is nothing to copy.
        if (name != kLockFile) {
            TRY_VOID(copy_whole(file_system, below(from, name), below(to, name)));
        }
    }
    return file_system.sync_directory(to);
}

Result<> copy_segment(FileSystem& file_system,
                      const Segment& segment,
                      std::uint64_t end,
                      bool sealed,
                      const std::string& to) {
    if (sealed && file_system.clone(segment.path(), to)) {
        return {};
    }
    TRY(const auto file, segment.file());
    return copy_octets(file_system, *file, to, end);
}

// What the checkpoint in the index speaks of.
struct Moment {
    SegmentSetPtr segments;
    std::uint64_t current = 0;
    std::uint64_t end = 0;  // of the current segment
};

// RocksDB's checkpoints are links to the files it has: they are copied, and go.
Result<> take_index(FileSystem& file_system, const std::string& directory) {
    const std::string links = below(directory, kCheckpointFolder);
    TRY_VOID(copy_folder(file_system, links, below(directory, kIndexFolder)));
    TRY(const auto names, file_system.list(links));
    for (const std::string& name : names) {
        TRY_VOID(file_system.remove(below(links, name)));
    }
    return file_system.remove(links);
}

Result<Moment> checkpoint(Committer& committer, const std::string& directory) {
    // Most of it here, beside the commits; what comes meanwhile is little.
    TRY_VOID(committer.flush_index());
    Moment moment;
    Result<> outcome;
    committer.run_and_wait([&](Committer::Inside& inside) {
        outcome = inside.index.checkpoint(below(directory, kCheckpointFolder));
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
Result<> write_format(FileSystem& file_system, const std::string& directory) {
    TRY(const auto file, file_system.open(below(directory, kFormatFile), OpenMode::kCreate));
    const std::string_view parts[] = {kFormat};
    TRY_VOID(file->write_at(0, parts));
    TRY_VOID(file->sync());
    return file_system.sync_directory(directory);
}

}  // namespace

Result<> backup_store(Committer& committer, FileSystem& file_system, const std::string& directory) {
    TRY_VOID(prepare_folder(file_system, directory));
    TRY(const Moment moment, checkpoint(committer, directory));
    TRY_VOID(take_index(file_system, directory));
    const std::string journal = below(directory, kJournalFolder);
    TRY_VOID(prepare_folder(file_system, journal));
    for (const auto& [number, segment] : *moment.segments) {
        const bool sealed = number != moment.current;
        TRY_VOID(copy_segment(file_system,
                              *segment,
                              sealed ? segment->end() : moment.end,
                              sealed,
                              below(journal, segment_name(number))));
    }
    TRY_VOID(file_system.sync_directory(journal));
    return write_format(file_system, directory);
}

Result<> restore_store(const std::string& from, const std::string& to, FileSystem& file_system) {
    auto format = file_system.open(below(from, kFormatFile), OpenMode::kRead);
    if (!format && format.error().code == Errc::kNotFound) {
        return base::fail(Errc::kInvalid, from + " is no backup of a store, or half of one");
    }
    if (!format) {
        return base::forward_error(format);
    }
    TRY_VOID(check_format(file_system, from));
    TRY_VOID(prepare_folder(file_system, to));
    for (const std::string_view folder : {kIndexFolder, kJournalFolder}) {
        TRY_VOID(copy_folder(file_system, below(from, folder), below(to, folder)));
    }
    return write_format(file_system, to);
}

}  // namespace store
