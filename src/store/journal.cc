#include "store/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "store/crc32c.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

constexpr std::string_view kPadding("\0\0\0\0\0\0\0", 7);

std::uint32_t random_salt() {
    base::SystemRandom random;
    return static_cast<std::uint32_t>(random.u64());
}

// True when nothing was ever written behind the header: a segment that a crash left half made.
Result<bool> is_blank(const File& file) {
    std::string chunk(std::size_t{1} << 16, '\0');
    std::uint64_t at = kSegmentHeaderOctets;
    while (true) {
        TRY(const std::size_t octets, file.read_at(at, chunk));
        const auto end = chunk.begin() + static_cast<std::ptrdiff_t>(octets);
        if (std::any_of(chunk.begin(), end, [](char octet) { return octet != '\0'; })) {
            return false;
        }
        if (octets < chunk.size()) {
            return true;
        }
        at += octets;
    }
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(JournalOptions options,
                                               const std::optional<Position>& applied,
                                               const ApplyCommit& apply) {
    std::unique_ptr<Journal> journal(new Journal(std::move(options)));
    TRY_VOID(journal->load());
    if (journal->segments_->empty()) {
        if (applied) {
            return base::fail(Errc::kCorrupt,
                              journal->options_.directory +
                                  ": every segment is missing; restore the store from a backup");
        }
        return journal;
    }
    TRY(const ReplayEnd end, replay_journal(*journal->segments_, applied, apply));
    journal->position_ = end.last;
    journal->current_ = journal->segments_->rbegin()->second;
    journal->current_->set_end(end.offset);
    TRY(auto file,
        journal->options_.file_system.open(journal->current_->path(), OpenMode::kReadWrite));
    if (!end.clean) {
        TRY_VOID(file->truncate(end.offset));
    }
    // What was replayed may be known to the page cache alone, and is about to be shown.
    TRY_VOID(file->sync());
    if (end.clean) {
        // A copy out of a backup ends where its records end.
        TRY(const std::uint64_t size, file->size());
        journal->allocated_octets_ = std::min(size, journal->options_.segment_octets);
        journal->file_ = std::move(file);
    }
    return journal;
}

Result<> Journal::load() {
    TRY_VOID(options_.file_system.create_directory(options_.directory));
    TRY(const auto names, options_.file_system.list(options_.directory));
    std::vector<std::uint64_t> numbers;
    for (const std::string& name : names) {
        if (const auto number = segment_number(name)) {
            numbers.push_back(*number);
        }
    }
    std::sort(numbers.begin(), numbers.end());
    for (const std::uint64_t number : numbers) {
        TRY_VOID(load_segment(number, number == numbers.back()));
    }
    return cut_sealed();
}

Result<> Journal::load_segment(std::uint64_t number, bool is_last) {
    const std::string path = options_.directory + "/" + segment_name(number);
    TRY(const auto file, options_.file_system.open(path, OpenMode::kRead));
    std::string octets(kSegmentHeaderOctets, '\0');
    TRY(const std::size_t count, file->read_at(0, octets));
    octets.resize(count);
    auto header = SegmentHeader::decode(octets);
    if (!header) {
        return base::fail(header.error().code, path + ": " + header.error().text);
    }
    if (*header && (*header)->number == number) {
        publish(std::make_shared<Segment>(options_.file_system, open_files_, path, **header));
        TRY(const std::uint64_t size, file->size());
        segments_->rbegin()->second->set_end(size);
        return {};
    }
    // A segment is written to only after its header was synced.
    TRY(const bool blank, is_blank(*file));
    if (is_last && blank) {
        return options_.file_system.remove(path);
    }
    return base::fail(Errc::kCorrupt,
                      path + ": the header is damaged; restore the store from a backup");
}

// Whatever a sealed segment holds behind its end was given up; the next segment says where that is.
Result<> Journal::cut_sealed() {
    for (const auto& [number, segment] : *segments_) {
        const auto next = segments_->find(number + 1);
        if (next == segments_->end() || segment->end() <= next->second->header().previous_end) {
            continue;
        }
        const std::uint64_t end = next->second->header().previous_end;
        TRY(const auto file, options_.file_system.open(segment->path(), OpenMode::kReadWrite));
        TRY_VOID(file->truncate(end));
        segment->set_end(end);
    }
    return {};
}

Result<> Journal::begin_group() {
    CHECK(parts_.empty());
    if (broken_) {
        return base::fail(Errc::kIo, "the journal could not be synced; restart staffetta");
    }
    if (file_ != nullptr && current_->end() < options_.segment_octets) {
        return {};
    }
    return start_segment();
}

Result<> Journal::start_segment() {
    TRY_VOID(seal());
    return create_segment();
}

// What was written to the current segment stays for good; its unused space goes back.
Result<> Journal::seal() {
    if (file_ == nullptr) {
        return {};
    }
    // A file that cannot be cut is cut at the next start.
    static_cast<void>(file_->truncate(current_->end()));
    auto synced = file_->sync();
    if (!synced) {
        broken_ = true;
        return synced;
    }
    dirty_ = false;
    file_ = nullptr;
    return {};
}

Result<> Journal::create_segment() {
    SegmentHeader header;
    header.number = current_ == nullptr ? 1 : current_->number() + 1;
    header.sequence = position_.sequence;
    header.previous_end = current_ == nullptr ? 0 : current_->end();
    header.salt = random_salt();
    const std::string path = options_.directory + "/" + segment_name(header.number);
    FileSystem& file_system = options_.file_system;
    auto file = file_system.open(path, OpenMode::kCreate);
    if (!file && file.error().code == Errc::kExists) {
        // Left by an attempt that failed on the way.
        TRY_VOID(file_system.remove(path));
        file = file_system.open(path, OpenMode::kCreate);
    }
    if (!file) {
        return base::forward_error(file);
    }
    TRY_VOID((*file)->allocate(options_.segment_octets));
    const std::string octets = header.encode();
    const std::string_view parts[] = {octets};
    TRY_VOID((*file)->write_at(0, parts));
    TRY_VOID((*file)->sync());
    TRY_VOID(file_system.sync_directory(options_.directory));
    file_ = std::move(*file);
    allocated_octets_ = options_.segment_octets;
    publish(std::make_shared<Segment>(file_system, open_files_, path, header));
    current_ = segments_->rbegin()->second;
    return {};
}

void Journal::publish(std::shared_ptr<Segment> segment) {
    auto next = std::make_shared<SegmentSet>(*segments_);
    const std::uint64_t number = segment->number();
    (*next)[number] = std::move(segment);
    segments_ = std::move(next);
}

void Journal::remove(const std::vector<std::uint64_t>& numbers) {
    auto next = std::make_shared<SegmentSet>(*segments_);
    for (const std::uint64_t number : numbers) {
        const auto found = next->find(number);
        CHECK(found != next->end() && found->second != current_);
        found->second->doom();
        next->erase(found);
    }
    segments_ = std::move(next);
}

std::uint64_t Journal::reserved_octets() const {
    if (file_ == nullptr) {
        return 0;
    }
    return allocated_octets_ - std::min(allocated_octets_, current_->end());
}

Extent Journal::stage_extent(Octets octets, std::uint32_t crc) {
    const Extent extent{
        current_->number(), current_->end() + staged_octets_ + kRecordHeaderOctets, octets->size()};
    stage(RecordType::kExtent, std::move(octets), crc);
    return extent;
}

void Journal::stage_commit(std::string payload) {
    const std::uint32_t crc = crc32c(payload);
    stage(RecordType::kCommit, std::make_shared<const std::string>(std::move(payload)), crc);
    commit_staged_ = true;
}

void Journal::stage(RecordType type, Octets octets, std::uint32_t crc) {
    CHECK(!commit_staged_ && file_ != nullptr);
    CHECK(octets->size() <= kPayloadOctetsMax);
    RecordHeader header;
    header.type = type;
    header.sequence = next_sequence();
    header.payload_octets = static_cast<std::uint32_t>(octets->size());
    header.payload_crc = crc;
    Part part;
    header.encode(current_->header().salt, part.head);
    part.octets = record_octets(octets->size());
    part.body = std::move(octets);
    staged_octets_ += part.octets;
    parts_.push_back(std::move(part));
}

void Journal::unstage(std::size_t mark) {
    while (parts_.size() > mark) {
        staged_octets_ -= parts_.back().octets;
        parts_.pop_back();
    }
}

Result<> Journal::write_group() {
    if (parts_.empty()) {
        return {};
    }
    auto written = write_staged();
    if (written && commit_staged_) {
        written = file_->sync();
        dirty_ = !written.has_value();
        broken_ = broken_ || !written;
    }
    if (written) {
        current_->set_end(current_->end() + staged_octets_);
        octets_written_ += staged_octets_;
        if (commit_staged_) {
            position_ = {next_sequence(), current_->number(), current_->end()};
        }
        drop_staged();
        return {};
    }
    drop_staged();
    // Cut off what may have been written, so that no later start finds a commit in it whose failure was
    // reported: the next segment's header says where this one ends. After a failed sync that is all
    // that can still be tried.
    if (broken_) {
        file_ = nullptr;
        static_cast<void>(create_segment());
        return written;
    }
    static_cast<void>(start_segment());
    return written;
}

Result<> Journal::close() {
    if (octets_written_ == 0 || broken_) {
        return {};
    }
    TRY_VOID(begin_group());
    stage_commit(encode_commit({}));
    return write_group();
}

Result<> Journal::write_staged() {
    std::vector<std::string_view> views;
    views.reserve(parts_.size() * 3);
    for (const Part& part : parts_) {
        const std::uint64_t padding = part.octets - kRecordHeaderOctets - part.body->size();
        views.emplace_back(part.head);
        if (!part.body->empty()) {
            views.emplace_back(*part.body);
        }
        if (padding > 0) {
            views.push_back(kPadding.substr(0, padding));
        }
    }
    dirty_ = true;
    return file_->write_at(current_->end(), views);
}

void Journal::drop_staged() {
    parts_.clear();
    staged_octets_ = 0;
    commit_staged_ = false;
}

}  // namespace store
