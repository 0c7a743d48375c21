#include "store/rocks_index.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <cstdarg>
#include <memory>
#include <utility>

#include "store/key.h"

namespace store {
namespace {

using base::Errc;
using base::Result;
using rocksdb::Slice;
using rocksdb::Status;

constexpr std::uint8_t kPositionVersion = 1;

// kOwnKeys 'A': the position that the index has reached. In the index alone, never in the journal.
constexpr std::string_view kAppliedKey =
    "\xff"
    "A";

Slice slice(std::string_view octets) {
    return {octets.data(), octets.size()};
}

std::string_view view(const Slice& octets) {
    return {octets.data(), octets.size()};
}

// RocksDB's words name neither the folder nor, for damage, what to do about it.
tl::unexpected<base::Error> fail_status(const char* what,
                                        const std::string& directory,
                                        const Status& status) {
    std::string remedy;
    Errc code = Errc::kIo;
    if (status.IsNoSpace()) {
        code = Errc::kNoSpace;
    } else if (status.IsCorruption()) {
        code = Errc::kCorrupt;
        remedy = "; the index is damaged, restore the store from a backup (staffetta restore)";
    }
    return base::fail(code,
                      fmt::format("{} in {}: {}{}", what, directory, status.ToString(), remedy));
}

std::string encode_position(const Position& position) {
    return RecordWriter(kPositionVersion)
        .varint(position.sequence)
        .varint(position.segment)
        .varint(position.offset)
        .record();
}

Result<Position> decode_position(std::string_view record) {
    RecordReader reader(record, kPositionVersion);
    Position position;
    position.sequence = reader.varint();
    position.segment = reader.varint();
    position.offset = reader.varint();
    TRY_VOID(reader.finish());
    return position;
}

// Reads at a snapshot, or at whatever is newest.
class RocksSpace final : public KeySpace {
  public:
    RocksSpace(rocksdb::DB& db, const rocksdb::Snapshot* snapshot) : db_(db), snapshot_(snapshot) {
        options_.snapshot = snapshot;
    }

    RocksSpace(const RocksSpace&) = delete;
    RocksSpace& operator=(const RocksSpace&) = delete;

    ~RocksSpace() override {
        if (snapshot_ != nullptr) {
            db_.ReleaseSnapshot(snapshot_);
        }
    }

    Result<std::optional<std::string>> get(std::string_view key) const override {
        std::string value;
        const Status status = db_.Get(options_, db_.DefaultColumnFamily(), slice(key), &value);
        if (status.IsNotFound()) {
            return std::nullopt;
        }
        if (!status.ok()) {
            return fail_status("reading the index", db_.GetName(), status);
        }
        return value;
    }

    Result<> scan(std::string_view first,
                  std::string_view last,
                  const Visitor& visit) const override {
        const Slice bound = slice(last);
        rocksdb::ReadOptions options = options_;
        options.iterate_upper_bound = &bound;
        const std::unique_ptr<rocksdb::Iterator> at(db_.NewIterator(options));
        for (at->Seek(slice(first)); at->Valid(); at->Next()) {
            if (!visit(view(at->key()), view(at->value()))) {
                return {};
            }
        }
        return outcome(at->status());
    }

    Result<> scan_back(std::string_view first,
                       std::string_view last,
                       const Visitor& visit) const override {
        const Slice bound = slice(first);
        rocksdb::ReadOptions options = options_;
        options.iterate_lower_bound = &bound;
        const std::unique_ptr<rocksdb::Iterator> at(db_.NewIterator(options));
        for (at->SeekForPrev(slice(last)); at->Valid(); at->Prev()) {
            // SeekForPrev lands on `last` itself where it exists.
            if (view(at->key()) < last && !visit(view(at->key()), view(at->value()))) {
                return {};
            }
        }
        return outcome(at->status());
    }

  private:
    Result<> outcome(const Status& status) const {
        if (!status.ok()) {
            return fail_status("reading the index", db_.GetName(), status);
        }
        return {};
    }

    rocksdb::DB& db_;
    const rocksdb::Snapshot* snapshot_;
    rocksdb::ReadOptions options_;
};

// RocksDB's own log of text would be a file beside the index, and a write to it that finds the disk full ends the process
// with the next line, which may well be that of the next start. What went wrong comes as a Status.
class NoLog final : public rocksdb::Logger {
  public:
    NoLog() : Logger(rocksdb::FATAL_LEVEL) {}

    using Logger::Logv;

    void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

rocksdb::Options make_options(const IndexOptions& options) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.cache_octets, 2);
    // Inside a small cache the index blocks push one another out: 2 ms a read instead of 15 us.
    table.cache_index_and_filter_blocks = false;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.format_version = 5;
    // Lists of messages are read in runs of some hundred KiB: a fourth of the look-ups and of the memory that
    // they are kept in. The kernel reads ahead by itself; RocksDB asked it to, four times for every
    // hundred messages that were in memory already.
    table.block_size = std::size_t{16} << 10;
    table.max_auto_readahead_size = 0;

    rocksdb::Options rocks;
    rocks.create_if_missing = true;
    rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocks.write_buffer_size = options.memtable_octets;
    rocks.max_write_buffer_number = 3;
    // Every new blob is looked for first, and is not there.
    rocks.memtable_whole_key_filtering = true;
    rocks.memtable_prefix_bloom_size_ratio = 0.05;
    // A commit's keys come sorted: each kind of them is looked for from where its last one went.
    rocks.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(2));
    rocks.compression = rocksdb::kLZ4Compression;
    rocks.level_compaction_dynamic_level_bytes = true;
    rocks.max_open_files = 512;
    rocks.max_background_jobs = 2;
    rocks.allow_concurrent_memtable_write = false;  // one thread writes
    rocks.avoid_flush_during_shutdown = !options.flush_on_close;
    rocks.info_log = std::make_shared<NoLog>();
    rocks.stats_dump_period_sec = 0;
    rocks.stats_persist_period_sec = 0;
    // After ENOSPC a resume can wait for ever; the store keeps a reserve of space instead.
    rocks.max_bgerror_resume_count = 0;
    return rocks;
}

}  // namespace

struct RocksIndex::Rocks {
    const std::atomic<bool>* refuses = nullptr;
    std::unique_ptr<rocksdb::DB> db;
    std::unique_ptr<RocksSpace> latest;
    rocksdb::WriteBatch batch;  // kept for its memory

    [[nodiscard]] Result<> flush(bool wait) const {
        rocksdb::FlushOptions options;
        options.wait = wait;
        // Writers are held up rather than the flush put off.
        options.allow_write_stall = true;
        const Status status = db->Flush(options);
        if (!status.ok()) {
            return fail_status("flushing the index", db->GetName(), status);
        }
        return {};
    }
};

Result<std::unique_ptr<RocksIndex>> RocksIndex::open(const std::string& directory,
                                                     const IndexOptions& options) {
    rocksdb::DB* db = nullptr;
    const Status status = rocksdb::DB::Open(make_options(options), directory, &db);
    if (!status.ok()) {
        return fail_status("opening the index", directory, status);
    }
    auto rocks = std::make_unique<Rocks>();
    rocks->refuses = options.refuses;
    rocks->db.reset(db);
    rocks->latest = std::make_unique<RocksSpace>(*db, nullptr);
    return std::unique_ptr<RocksIndex>(new RocksIndex(std::move(rocks)));
}

RocksIndex::RocksIndex(std::unique_ptr<Rocks> rocks) : rocks_(std::move(rocks)) {}

RocksIndex::~RocksIndex() = default;

Result<std::optional<Position>> RocksIndex::applied() const {
    TRY(const auto record, rocks_->latest->get(kAppliedKey));
    if (!record) {
        return std::nullopt;
    }
    TRY(const Position position, decode_position(*record));
    return position;
}

Result<> RocksIndex::apply(std::span<const Write> writes, const Position& position) {
    if (rocks_->refuses != nullptr && *rocks_->refuses) {
        return base::fail(Errc::kIo, "the index refuses, as planned");
    }
    rocksdb::WriteBatch& batch = rocks_->batch;
    batch.Clear();
    for (const Write& write : writes) {
        const Status status = write.value ? batch.Put(slice(write.key), slice(*write.value))
                                          : batch.Delete(slice(write.key));
        if (!status.ok()) {
            return fail_status("collecting a commit", rocks_->db->GetName(), status);
        }
    }
    const std::string applied = encode_position(position);
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    Status status = batch.Put(slice(kAppliedKey), applied);
    if (status.ok()) {
        status = rocks_->db->Write(options, &batch);
    }
    if (!status.ok()) {
        return fail_status("writing the index", rocks_->db->GetName(), status);
    }
    return {};
}

const KeySpace& RocksIndex::latest() const {
    return *rocks_->latest;
}

std::unique_ptr<KeySpace> RocksIndex::snapshot() const {
    return std::make_unique<RocksSpace>(*rocks_->db, rocks_->db->GetSnapshot());
}

Result<> RocksIndex::flush() {
    return rocks_->flush(true);
}

Result<> RocksIndex::start_flush() {
    return rocks_->flush(false);
}

Result<> RocksIndex::checkpoint(const std::string& directory) {
    TRY_VOID(flush());
    rocksdb::Checkpoint* made = nullptr;
    Status status = rocksdb::Checkpoint::Create(rocks_->db.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) {
        status = checkpoint->CreateCheckpoint(directory);
    }
    if (!status.ok()) {
        return fail_status("copying the index", rocks_->db->GetName(), status);
    }
    return {};
}

Result<> RocksIndex::verify() const {
    const Status status = rocks_->db->VerifyChecksum();
    if (!status.ok()) {
        return fail_status("verifying the index", rocks_->db->GetName(), status);
    }
    return {};
}

}  // namespace store
