// The journal: the only file that is synced before a change is acknowledged. One thread writes it, a
// group at a time; everybody reads what was written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/blob_record.h"
#include "store/file.h"
#include "store/journal_reader.h"
#include "store/segment.h"

namespace store {

struct JournalOptions {
    FileSystem& file_system;
    std::string directory;
    // A segment is left for the next one when it has grown to this.
    std::uint64_t segment_octets = std::uint64_t{64} << 20;
};

class Journal {
  public:
    using Octets = std::shared_ptr<const std::string>;

    // Replays what the index has not seen (journal_reader.h) and gets ready to write behind it.
    [[nodiscard]] static base::Result<std::unique_ptr<Journal>> open(
        JournalOptions options, const std::optional<Position>& applied, const ApplyCommit& apply);

    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal() = default;

    // A group: begin, stage what belongs to it, write. Staged octets have their place already.
    // kNoSpace when a new segment is needed and the disk has no room for it; kIo for ever once a sync
    // has failed.
    [[nodiscard]] base::Result<> begin_group();
    // Octets of a blob; `crc` is their checksum. Where they will stand.
    [[nodiscard]] Extent stage_extent(Octets octets, std::uint32_t crc);
    // The group's one commit, behind everything else in it.
    void stage_commit(std::string payload);
    // Writes what is staged; with a commit in it, waits for the disk. On failure nothing of the group is
    // kept, and what it wrote is cut off.
    [[nodiscard]] base::Result<> write_group();

    // Ends the journal with an empty commit, if anything was written: the next start can then tell
    // damage in the last group from a torn tail.
    [[nodiscard]] base::Result<> close();

    // How much is staged, to come back to.
    [[nodiscard]] std::size_t mark() const { return parts_.size(); }

    // Takes back what was staged since.
    void unstage(std::size_t mark);

    [[nodiscard]] std::uint64_t staged_octets() const { return staged_octets_; }

    // Behind the last commit.
    [[nodiscard]] const Position& position() const { return position_; }

    // The number that the next commit will bear.
    [[nodiscard]] std::uint64_t next_sequence() const { return position_.sequence + 1; }

    [[nodiscard]] const SegmentSetPtr& segments() const { return segments_; }

    // The segment being written; null before the first.
    [[nodiscard]] const std::shared_ptr<Segment>& current() const { return current_; }

    // Forgets segments, whose files go with their last reader. Never the current one.
    void remove(const std::vector<std::uint64_t>& numbers);

    [[nodiscard]] std::uint64_t octets_written() const { return octets_written_; }

    // How much the current segment can still take of the space reserved for it; 0 when a new one is due.
    [[nodiscard]] std::uint64_t reserved_octets() const;

    // A sync has failed: nothing is written any more until the store is opened again.
    [[nodiscard]] bool broken() const { return broken_; }

  private:
    // Octets to write: a header and what follows, or just what follows.
    struct Part {
        std::string head;
        Octets body;
        std::uint64_t octets = 0;  // of the record, padding included
    };

    explicit Journal(JournalOptions options) : options_(std::move(options)) {}

    [[nodiscard]] base::Result<> load();
    [[nodiscard]] base::Result<> load_segment(std::uint64_t number, bool is_last);
    [[nodiscard]] base::Result<> cut_sealed();
    [[nodiscard]] base::Result<> start_segment();
    [[nodiscard]] base::Result<> seal();
    [[nodiscard]] base::Result<> create_segment();
    void publish(std::shared_ptr<Segment> segment);
    [[nodiscard]] base::Result<> write_staged();
    void stage(RecordType type, Octets octets, std::uint32_t crc);
    void drop_staged();

    JournalOptions options_;
    std::shared_ptr<OpenFiles> open_files_ = std::make_shared<OpenFiles>();
    SegmentSetPtr segments_ = std::make_shared<SegmentSet>();
    std::shared_ptr<Segment> current_;
    std::shared_ptr<File> file_;  // of current_, open for writing; null when a new segment is due
    std::uint64_t allocated_octets_ = 0;  // of file_: below this, writing needs no space
    Position position_;
    bool dirty_ = false;  // file_ holds what was not synced
    bool broken_ = false;
    std::vector<Part> parts_;
    std::uint64_t staged_octets_ = 0;
    bool commit_staged_ = false;
    std::uint64_t octets_written_ = 0;
};

}  // namespace store
