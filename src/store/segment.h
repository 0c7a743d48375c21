// Segment files: the pieces of the journal, and the home of every blob's octets.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/file.h"
#include "store/journal_format.h"

namespace store {

// Keeps the files open that were opened last; a store has more segments than a process has descriptors.
class OpenFiles {
  public:
    void keep(std::shared_ptr<File> file);

  private:
    std::mutex mutex_;
    std::vector<std::shared_ptr<File>> ring_;
    std::size_t next_ = 0;
};

// One segment file. Shared by everyone who may still read from it: when it was given up (doom), the file
// is removed with its last owner.
class Segment {
  public:
    Segment(FileSystem& file_system,
            std::shared_ptr<OpenFiles> open_files,
            std::string path,
            const SegmentHeader& header)
        : file_system_(file_system),
          open_files_(std::move(open_files)),
          path_(std::move(path)),
          header_(header) {}

    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;
    ~Segment();

    [[nodiscard]] const SegmentHeader& header() const { return header_; }

    [[nodiscard]] std::uint64_t number() const { return header_.number; }

    [[nodiscard]] const std::string& path() const { return path_; }

    // Where its records end: grows while it is written to, never read past.
    [[nodiscard]] std::uint64_t end() const { return end_.load(std::memory_order_acquire); }

    void set_end(std::uint64_t end) { end_.store(end, std::memory_order_release); }

    // Open for reading; opened again where it has been closed for want of descriptors.
    [[nodiscard]] base::Result<std::shared_ptr<File>> file() const;

    void doom() { doomed_ = true; }

    // Blobs that were written and that no commit has named yet keep their segments.
    void pin() { ++pins_; }

    void unpin() { --pins_; }

    [[nodiscard]] bool pinned() const { return pins_ > 0; }

  private:
    FileSystem& file_system_;
    std::shared_ptr<OpenFiles> open_files_;
    std::string path_;
    SegmentHeader header_;
    std::atomic<std::uint64_t> end_{kSegmentHeaderOctets};
    std::atomic<bool> doomed_{false};
    std::atomic<int> pins_{0};
    mutable std::mutex mutex_;
    mutable std::weak_ptr<File> file_;
};

// Holds a segment's pin for as long as it lives.
class SegmentPin {
  public:
    explicit SegmentPin(std::shared_ptr<Segment> segment) : segment_(std::move(segment)) {
        segment_->pin();
    }

    SegmentPin(const SegmentPin&) = delete;
    SegmentPin& operator=(const SegmentPin&) = delete;

    ~SegmentPin() { segment_->unpin(); }

    [[nodiscard]] const std::shared_ptr<Segment>& segment() const { return segment_; }

  private:
    std::shared_ptr<Segment> segment_;
};

// The segments of one moment, by number. Replaced as a whole when one comes or goes, so that a snapshot
// keeps those it may need.
using SegmentSet = std::map<std::uint64_t, std::shared_ptr<Segment>>;
using SegmentSetPtr = std::shared_ptr<const SegmentSet>;

// "0000000000000001.segment", and back; nothing for any other name.
[[nodiscard]] std::string segment_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> segment_number(std::string_view name);

}  // namespace store
