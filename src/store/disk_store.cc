#include "store/disk_store.h"

#include <fmt/format.h>

#include <utility>

#include "store/backup.h"
#include "store/blob_place.h"
#include "store/check.h"
#include "store/collector.h"
#include "store/committer.h"
#include "store/disk_blob.h"
#include "store/disk_check.h"
#include "store/store_folder.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

class DiskReader final : public Reader {
  public:
    DiskReader(View view, base::Pool& pool) : view_(std::move(view)), pool_(pool) {}

    Result<std::optional<std::string>> get(std::string_view key) const override {
        return view_.space->get(key);
    }

    Result<> scan(std::string_view first,
                  std::string_view last,
                  const Visitor& visit) const override {
        return view_.space->scan(first, clamp_to_rooms(last), visit);
    }

    Result<> scan_back(std::string_view first,
                       std::string_view last,
                       const Visitor& visit) const override {
        return view_.space->scan_back(first, clamp_to_rooms(last), visit);
    }

    Result<std::unique_ptr<BlobReader>> open_blob(const BlobId& id) const override {
        TRY(const auto record, find_blob(*view_.space, id));
        if (!record) {
            return base::fail(Errc::kNotFound, "no blob " + id.hex());
        }
        return open_disk_blob(*record, *view_.segments, pool_, ahead_);
    }

    Result<std::unique_ptr<BlobReader>> open_blob_at(const BlobId& id,
                                                     std::string_view place) const override {
        const auto extent = find_place(place, *view_.segments);
        if (!extent) {
            return open_blob(id);
        }
        return open_disk_blob({extent->length, 1, {*extent}}, *view_.segments, pool_, ahead_);
    }

    [[nodiscard]] const View& view() const { return view_; }

  private:
    View view_;
    base::Pool& pool_;
    // Who reads several blobs out of one snapshot reads them one after the other.
    std::shared_ptr<ReadAhead> ahead_ = std::make_shared<ReadAhead>();
};

class DiskStore final : public Store {
  public:
    explicit DiskStore(const OpenOptions& options)
        : options_(options),
          file_system_(options.file_system != nullptr ? *options.file_system
                                                      : posix_file_system()) {}

    DiskStore(const DiskStore&) = delete;
    DiskStore& operator=(const DiskStore&) = delete;

    ~DiskStore() override { close(); }

    Result<> open();

    std::unique_ptr<Reader> snapshot() const override {
        return std::make_unique<DiskReader>(committer_->view(), options_.pool);
    }

    std::unique_ptr<BlobWriter> new_blob() override {
        return std::make_unique<DiskBlobWriter>([this](auto octets, auto crc, auto done) {
            committer_->append_extent(std::move(octets), crc, std::move(done));
        });
    }

    void submit(Change change, std::function<void(Result<>)> done) override {
        committer_->submit(std::move(change), std::move(done));
    }

    void submit_lazily(Change change, std::function<void(Result<>)> done) override {
        committer_->submit_lazily(std::move(change), std::move(done));
    }

    Result<CheckReport> check(const CountReferences& count) override;

    Result<> backup(const std::string& directory) override {
        return backup_store(*committer_, file_system_, directory);
    }

    Result<std::uint64_t> collect() override { return collect_garbage(*committer_, options_.log); }

    StoreStatistics statistics() const override { return committer_->statistics(); }

  private:
    void close();

    OpenOptions options_;
    FileSystem& file_system_;
    std::unique_ptr<FileLock> lock_;
    std::unique_ptr<RocksIndex> index_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<Committer> committer_;
};

Result<> DiskStore::open() {
    const std::string& directory = options_.directory;
    TRY(lock_, lock_store(file_system_, directory));
    TRY_VOID(check_format(file_system_, directory));
    IndexOptions index_options;
    index_options.cache_octets = options_.index_cache_octets;
    index_options.flush_on_close = options_.flush_on_close;
    index_options.refuses = options_.index_refuses;
    // Made here and not by RocksDB, so that its name is on the disk before anything leans on it.
    const std::string index_folder = directory + "/" + std::string(kIndexFolder);
    TRY_VOID(file_system_.create_directory(index_folder));
    TRY(index_, RocksIndex::open(index_folder, index_options));
    TRY(const auto applied, index_->applied());
    const JournalOptions journal_options{
        file_system_, directory + "/" + std::string(kJournalFolder), options_.segment_octets};
    std::uint64_t replayed = 0;
    const auto apply = [&](std::span<const Write> writes, const Position& position) {
        ++replayed;
        return index_->apply(writes, position);
    };
    TRY(journal_, Journal::open(journal_options, applied, apply));
    TRY(LiveOctets live, load_live_octets(index_->latest()));
    if (replayed > 0) {
        options_.log.info("store: the journal was replayed", {{"groups", replayed}});
    }
    Ballast ballast(file_system_, directory, options_.reserve_octets);
    TRY_VOID(ballast.open());
    committer_ = std::make_unique<Committer>(
        Committer::Options{file_system_,
                           directory,
                           options_.reserve_octets,
                           options_.pool,
                           options_.log,
                           [this](std::span<const Write> writes) { tell_observers(writes); }},
        *journal_,
        *index_,
        std::move(ballast),
        std::move(live));
    return {};
}

void DiskStore::close() {
    committer_.reset();
    if (journal_ != nullptr && options_.flush_on_close) {
        // Without this mark the last group could not be told from a torn one at the next start.
        const auto marked = journal_->close();
        if (!marked) {
            options_.log.warning("store: the journal could not be closed in good order",
                                 {{"reason", marked.error().text}});
        }
    }
}

Result<CheckReport> DiskStore::check(const CountReferences& count) {
    const DiskReader reader(committer_->view(), options_.pool);
    DiskCheck disk_check(*reader.view().space, *reader.view().segments);
    auto checked = check_blobs(*reader.view().space,
                               reader,
                               count,
                               [&](const BlobId& id, const BlobRecord& record, CheckReport& found) {
                                   disk_check.blob(id, record, found);
                               });
    CheckReport report;
    if (checked) {
        report = std::move(*checked);
        disk_check.sums(report);
    } else if (checked.error().code == Errc::kCorrupt) {
        // The sums of half the blobs would tell nothing; the journal can still be verified.
        report.findings.push_back(checked.error().text);
    } else {
        return checked;
    }
    disk_check.segments(report);
    const auto index = index_->verify();
    if (!index) {
        report.findings.push_back(index.error().text);
    }
    return report;
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const OpenOptions& options) {
    auto store = std::make_unique<DiskStore>(options);
    TRY_VOID(store->open());
    return store;
}

}  // namespace store
