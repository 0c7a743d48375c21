// Tests of the store on disk beyond what every engine promises: restarts, crashes, full and failing
// disks, garbage, damage, backups.
#include "store/disk_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/random.h"
#include "fakes/fake_file_system.h"
#include "fakes/power_cut_file_system.h"
#include "fakes/temp_folder.h"
#include "fakes/waiting_loop.h"
#include "store/ballast.h"
#include "store/segment.h"
#include "store/sha256.h"
#include "store/store_folder.h"

namespace store {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using base::Result;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string octets_of(std::size_t count, std::uint64_t seed) {
    base::SeededRandom random(seed);
    std::vector<unsigned char> octets(count);
    random.fill(octets);
    return {octets.begin(), octets.end()};
}

class DiskStoreTest : public testing::Test {
  protected:
    OpenOptions options() {
        OpenOptions options{.directory = folder_.path() + "/store", .pool = pool_, .log = log_};
        options.segment_octets = std::uint64_t{64} << 10;
        options.reserve_octets = std::uint64_t{64} << 10;
        return options;
    }

    // On the fake file system; the index, which is real, forgets what it has not flushed.
    OpenOptions fake_options() {
        OpenOptions options = this->options();
        options.directory = folder_.path();
        options.file_system = &file_system_;
        options.flush_on_close = false;
        return options;
    }

    void open(const OpenOptions& options) {
        store_.reset();
        auto opened = open_store(options);
        if (!opened) {
            throw std::runtime_error(opened.error().text);  // nothing after it makes sense
        }
        store_ = std::move(*opened);
    }

    Result<NewBlob> write_blob(const std::string& octets) {
        const auto writer = store_->new_blob();
        TRY_VOID(loop_.run(writer->append(loop_, octets)));
        return writer->finish();
    }

    // A record `key` that refers to a blob.
    Result<> put_blob(const std::string& key, const std::string& octets) {
        TRY(const NewBlob blob, write_blob(octets));
        return store_->change_and_wait([key, blob](Transaction& transaction) -> Result<> {
            TRY_VOID(transaction.refer(blob));
            transaction.put(key, blob.id().octets());
            return {};
        });
    }

    Result<> put(const std::string& key, const std::string& value) {
        return store_->change_and_wait([key, value](Transaction& transaction) -> Result<> {
            transaction.put(key, value);
            return {};
        });
    }

    Result<> erase_blob(const std::string& key) {
        return store_->change_and_wait([key](Transaction& transaction) -> Result<> {
            TRY(const auto octets, transaction.get(key));
            transaction.erase(key);
            return transaction.release(*BlobId::from_octets(octets.value()));
        });
    }

    Result<std::string> read_blob(const BlobId& id, std::string_view place = {}) {
        TRY(const auto reader, store_->snapshot()->open_blob_at(id, place));
        std::string octets(reader->size(), '\0');
        TRY_VOID(loop_.run(reader->read(loop_, 0, octets)));
        return octets;
    }

    // The place that refer() tells of another reference to the blob of record `key`.
    Result<std::string> place_of(const std::string& key) {
        std::string place;
        TRY_VOID(store_->change_and_wait([key, &place](Transaction& transaction) -> Result<> {
            TRY(const auto octets, transaction.get(key));
            TRY(place, transaction.refer(*BlobId::from_octets(octets.value())));
            return transaction.release(*BlobId::from_octets(octets.value()));
        }));
        return place;
    }

    Result<std::string> get_blob(const std::string& key) {
        TRY(const auto octets, store_->snapshot()->get(key));
        return read_blob(*BlobId::from_octets(octets.value_or("")));
    }

    std::string get(const std::string& key) {
        return store_->snapshot()->get(key).value().value_or("(none)");
    }

    // Every record of 32 octets is a reference.
    static Result<> count(const Reader& reader, const std::function<void(const BlobId&)>& add) {
        return reader.scan("", "\xff", [&add](std::string_view, std::string_view value) {
            if (const auto id = BlobId::from_octets(value)) {
                add(*id);
            }
            return true;
        });
    }

    std::vector<std::string> findings() { return store_->check(count).value().findings; }

    std::size_t segment_files() {
        const fs::directory_iterator files(folder_.path() + "/store/journal");
        return static_cast<std::size_t>(std::distance(files, fs::directory_iterator()));
    }

    fakes::TempFolder folder_;
    fakes::FakeFileSystem file_system_;
    base::SystemClock clock_;
    base::Log log_{clock_, [](std::string_view) {}};
    base::Pool pool_{1, 100};
    fakes::WaitingLoop loop_;
    std::unique_ptr<Store> store_;
};

TEST_F(DiskStoreTest, EverythingIsThereAfterARestart) {
    open(options());
    const std::string large = octets_of(3'000'000, 1);
    ASSERT_TRUE(put("a", "1"));
    ASSERT_TRUE(put_blob("small", "hello"));
    ASSERT_TRUE(put_blob("large", large));
    open(options());
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get_blob("small").value(), "hello");
    EXPECT_EQ(get_blob("large").value(), large);
    EXPECT_THAT(findings(), IsEmpty());
    EXPECT_EQ(store_->statistics().blob_octets_live, 3'000'005U);
}

TEST_F(DiskStoreTest, TheJournalBringsBackWhatTheIndexForgot) {
    OpenOptions options = this->options();
    options.flush_on_close = false;
    open(options);
    ASSERT_TRUE(put("a", "1"));
    ASSERT_TRUE(put_blob("b", "hello"));
    ASSERT_TRUE(put_blob("c", "gone"));
    ASSERT_TRUE(erase_blob("c"));
    open(options);
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get_blob("b").value(), "hello");
    EXPECT_EQ(get("c"), "(none)");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(DiskStoreTest, OpensOnceAtATime) {
    open(options());
    const auto second = open_store(options());
    EXPECT_EQ(second.error().code, Errc::kInUse);
    EXPECT_THAT(second.error().text, HasSubstr("another staffetta"));
}

TEST_F(DiskStoreTest, RefusesAFolderThatIsNoStoreOfItsFormat) {
    const auto write = [this](const std::string& name, const std::string& text) {
        fs::create_directories(folder_.path() + "/store");
        std::ofstream(folder_.path() + "/store/" + name) << text;
    };
    write("letter.txt", "dear store");
    EXPECT_EQ(open_store(options()).error().code, Errc::kInvalid);
    write("FORMAT", "something else");
    EXPECT_EQ(open_store(options()).error().code, Errc::kInvalid);
    write("FORMAT", "staffetta store 2\n");
    EXPECT_EQ(open_store(options()).error().code, Errc::kUnsupported);
    write("FORMAT", std::string(kFormat));
    EXPECT_TRUE(open_store(options()));
}

TEST_F(DiskStoreTest, AGroupSharesASync) {
    open(fake_options());
    // Held up by the first change, the others gather.
    std::promise<void> started;
    std::promise<void> go_on;
    store_->submit(
        [&](Transaction& transaction) -> Result<> {
            started.set_value();
            go_on.get_future().wait();
            transaction.put("first", "1");
            return {};
        },
        [](const Result<>&) {});
    started.get_future().wait();
    constexpr int kChanges = 50;
    std::atomic<int> done = 0;
    for (int i = 0; i < kChanges; ++i) {
        store_->submit(
            [i](Transaction& transaction) -> Result<> {
                transaction.put("key" + std::to_string(i), "1");
                return i % 2 == 0 ? Result<>() : base::fail(Errc::kInvalid, "odd");
            },
            [&done](const Result<>& result) { done += result ? 1 : 100; });
    }
    const std::uint64_t syncs = file_system_.syncs();
    go_on.set_value();
    ASSERT_TRUE(put("last", "1"));
    EXPECT_EQ(done, kChanges / 2 * 101);
    EXPECT_LE(file_system_.syncs() - syncs, 3U + 2U);  // and two for the first segment
    EXPECT_EQ(get("key1"), "(none)");
    EXPECT_EQ(get("key2"), "1");
}

TEST_F(DiskStoreTest, WhatNobodyWaitsForGoesWithTheNextChange) {
    open(fake_options());
    ASSERT_TRUE(put("first", "1"));
    const auto put_lazily = [this](const std::string& key, std::promise<void>& done) {
        store_->submit_lazily(
            [key](Transaction& transaction) -> Result<> {
                transaction.put(key, "1");
                return {};
            },
            [&done](const Result<>& result) {
                EXPECT_TRUE(result);
                done.set_value();
            });
    };
    std::promise<void> with_company;
    const std::uint64_t groups = store_->statistics().groups;
    put_lazily("lazy", with_company);
    ASSERT_TRUE(put("next", "1"));
    with_company.get_future().wait();
    EXPECT_EQ(get("lazy"), "1");
    EXPECT_LE(store_->statistics().groups - groups,
              2U);  // one, unless this thread slept in between
    std::promise<void> alone;
    put_lazily("alone", alone);
    alone.get_future().wait();
    EXPECT_EQ(get("alone"), "1");
    std::promise<void> at_the_end;
    put_lazily("last", at_the_end);
    open(fake_options());
    at_the_end.get_future().wait();
    EXPECT_EQ(get("last"), "1");
}

TEST_F(DiskStoreTest, CollectsSegmentsInWhichNothingLives) {
    open(options());
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(put_blob(std::to_string(i), octets_of(30'000, static_cast<std::uint64_t>(i))));
    }
    const std::size_t before = segment_files();
    EXPECT_GT(before, 5U);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(erase_blob(std::to_string(i)));
    }
    ASSERT_TRUE(put_blob("kept", "hello"));
    EXPECT_GT(store_->statistics().blob_octets_garbage, 500'000U);
    EXPECT_GT(store_->collect().value(), 400'000U);
    EXPECT_LT(segment_files(), before - 4);
    EXPECT_THAT(findings(), IsEmpty());
    open(options());
    EXPECT_EQ(get_blob("kept").value(), "hello");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(DiskStoreTest, CopiesWhatLivesAmongGarbage) {
    open(options());
    const std::string large = octets_of(2'500'000, 99);
    ASSERT_TRUE(put_blob("large", large));
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(put_blob(std::to_string(i), octets_of(15'000, static_cast<std::uint64_t>(i))));
    }
    const auto reader = store_->snapshot()->open_blob(Sha256::of(octets_of(15'000, 10))).value();
    const auto snapshot = store_->snapshot();
    for (int i = 0; i < 40; ++i) {
        if (i % 10 != 0) {
            ASSERT_TRUE(erase_blob(std::to_string(i)));
        }
    }
    const std::size_t before = segment_files();
    EXPECT_GT(store_->collect().value(), 300'000U);
    // Whoever reads meanwhile still finds everything where it was.
    std::string octets(15'000, '\0');
    EXPECT_EQ(loop_.run(reader->read(loop_, 0, octets)).value(), 15'000U);
    EXPECT_EQ(octets, octets_of(15'000, 10));
    EXPECT_TRUE(snapshot->open_blob(Sha256::of(octets_of(15'000, 11))));
    EXPECT_LE(segment_files(), before + 1);
    EXPECT_THAT(findings(), IsEmpty());
    for (int i = 0; i < 40; i += 10) {
        EXPECT_EQ(get_blob(std::to_string(i)).value(),
                  octets_of(15'000, static_cast<std::uint64_t>(i)));
    }
    EXPECT_EQ(get_blob("large").value(), large);
}

TEST_F(DiskStoreTest, APlaceSparesTheLookUp) {
    open(options());
    const NewBlob blob = write_blob("hello").value();
    std::string place;
    ASSERT_TRUE(store_->change_and_wait([blob, &place](Transaction& transaction) -> Result<> {
        TRY(place, transaction.refer(blob));
        transaction.put("a", blob.id().octets());
        return {};
    }));
    EXPECT_FALSE(place.empty());
    EXPECT_EQ(place_of("a").value(), place);
    const BlobId unknown = Sha256::of("nobody knows it");
    EXPECT_EQ(read_blob(unknown, place).value(), "hello");
    open(options());
    EXPECT_EQ(read_blob(unknown, place).value(), "hello");
    // A large blob lies in many places.
    ASSERT_TRUE(put_blob("large", octets_of(2'000'000, 1)));
    EXPECT_EQ(place_of("large").value(), "");
}

TEST_F(DiskStoreTest, APlaceThatIsNoMoreIsLookedUp) {
    open(options());
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(put_blob(std::to_string(i), octets_of(15'000, static_cast<std::uint64_t>(i))));
    }
    const std::string place = place_of("10").value();
    for (int i = 0; i < 40; ++i) {
        if (i % 10 != 0) {
            ASSERT_TRUE(erase_blob(std::to_string(i)));
        }
    }
    ASSERT_TRUE(store_->collect());
    EXPECT_NE(place_of("10").value(), place);
    const std::string octets = octets_of(15'000, 10);
    EXPECT_EQ(read_blob(Sha256::of("unknown"), place).error().code, Errc::kNotFound);
    EXPECT_EQ(read_blob(Sha256::of(octets), place).value(), octets);
}

TEST_F(DiskStoreTest, NoPlaceLeadsToOtherOctets) {
    open(options());
    ASSERT_TRUE(put_blob("a", "hello"));
    const std::string place = place_of("a").value();
    // The same numbers in another store's journal.
    fs::remove_all(folder_.path() + "/store");
    open(options());
    ASSERT_TRUE(put_blob("a", "world"));
    const BlobId id = Sha256::of("world");
    EXPECT_EQ(read_blob(id, place).value(), "world");
    EXPECT_EQ(read_blob(Sha256::of("hello"), place).error().code, Errc::kNotFound);
    const std::string own = place_of("a").value();  // its length is the random salt's
    for (std::size_t octets = 0; octets <= own.size(); ++octets) {
        EXPECT_EQ(read_blob(id, own.substr(0, octets)).value(), "world");
    }
    EXPECT_EQ(read_blob(id, std::string(40, '\xff')).value(), "world");
}

TEST_F(DiskStoreTest, ABlobBeingWrittenKeepsItsSegments) {
    open(options());
    const std::string large = octets_of(2'000'000, 1);
    const NewBlob blob = write_blob(large).value();
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(put_blob("x", octets_of(30'000, static_cast<std::uint64_t>(i))));
        ASSERT_TRUE(erase_blob("x"));
    }
    ASSERT_TRUE(store_->collect());
    ASSERT_TRUE(store_->change_and_wait([blob](Transaction& transaction) -> Result<> {
        transaction.put("large", blob.id().octets());
        TRY_VOID(transaction.refer(blob));
        return {};
    }));
    EXPECT_EQ(get_blob("large").value(), large);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(DiskStoreTest, CheckNamesABlobWhoseOctetsHaveChanged) {
    open(options());
    ASSERT_TRUE(put_blob("a", octets_of(10'000, 1)));
    ASSERT_TRUE(put_blob("b", octets_of(10'000, 2)));
    {
        std::fstream file(folder_.path() + "/store/journal/" + segment_name(1),
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(5000);
        file.put('!');
    }
    const auto found = findings();
    ASSERT_EQ(found.size(), 2U);  // the blob, and the record in the journal
    EXPECT_THAT(found[0], HasSubstr(Sha256::of(octets_of(10'000, 1)).hex()));
    EXPECT_THAT(found[1], HasSubstr(segment_name(1)));
}

TEST_F(DiskStoreTest, ADamagedIndexIsNamedWithItsRemedy) {
    open(options());
    for (int i = 100; i < 200; ++i) {
        ASSERT_TRUE(put(std::to_string(i), octets_of(1000, static_cast<std::uint64_t>(i))));
    }
    store_.reset();
    const std::string index = folder_.path() + "/store/" + std::string(kIndexFolder);
    int damaged = 0;
    for (const auto& entry : fs::directory_iterator(index)) {
        if (entry.path().extension() == ".sst") {
            std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(20);
            file.put('!');
            ++damaged;
        }
    }
    ASSERT_GT(damaged, 0);
    open(options());
    const auto read = store_->snapshot()->get("100");
    ASSERT_EQ(read.error().code, Errc::kCorrupt);
    EXPECT_THAT(read.error().text, HasSubstr(index));
    EXPECT_THAT(read.error().text, HasSubstr("staffetta restore"));
    EXPECT_THAT(findings(), testing::Contains(HasSubstr("staffetta restore")));
}

TEST_F(DiskStoreTest, ALostSegmentIsReportedAndTheRestGoesOn) {
    open(options());
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(put_blob(std::to_string(i), octets_of(40'000, static_cast<std::uint64_t>(i))));
    }
    store_.reset();
    ASSERT_TRUE(fs::remove(folder_.path() + "/store/journal/" + segment_name(2)));
    open(options());
    EXPECT_EQ(get_blob("0").value(), octets_of(40'000, 0));
    EXPECT_EQ(get_blob("2").error().code, Errc::kCorrupt);
    EXPECT_EQ(get_blob("9").value(), octets_of(40'000, 9));
    EXPECT_FALSE(findings().empty());
}

TEST_F(DiskStoreTest, ASegmentThatDisappearsIsReported) {
    open(options());
    ASSERT_TRUE(put_blob("a", "hello"));
    fs::remove_all(folder_.path() + "/store/journal");
    EXPECT_EQ(get_blob("a").error().code, Errc::kCorrupt);
    EXPECT_THAT(findings(), testing::Contains(HasSubstr("has disappeared")));
}

TEST_F(DiskStoreTest, ABackupMadeUnderLoadIsWholeAndOpens) {
    open(options());
    const std::string large = octets_of(2'000'000, 7);
    ASSERT_TRUE(put_blob("large", large));
    ASSERT_TRUE(put("before", "1"));
    std::atomic<bool> stop = false;
    std::thread load([&] {
        for (int i = 0; !stop; ++i) {
            // Two records that are always changed together.
            EXPECT_TRUE(store_->change_and_wait([i](Transaction& transaction) -> Result<> {
                transaction.put("left", std::to_string(i));
                transaction.put("right", std::to_string(i));
                return {};
            }));
        }
    });
    const std::string copy = folder_.path() + "/copy";
    const auto made = store_->backup(copy);
    stop = true;
    load.join();
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ(fs::status(copy).permissions(), fs::perms::owner_all);
    EXPECT_EQ(store_->backup(copy).error().code, Errc::kExists);
    for (const auto& file : fs::recursive_directory_iterator(copy)) {
        EXPECT_TRUE(file.is_directory() || file.hard_link_count() == 1) << file.path();
    }
    EXPECT_FALSE(fs::exists(copy + "/checkpoint"));
    ASSERT_TRUE(put("after", "1"));
    store_.reset();
    const std::string restored = folder_.path() + "/restored";
    ASSERT_TRUE(restore_store(copy, restored));
    EXPECT_EQ(fs::status(restored).permissions(), fs::perms::owner_all);
    EXPECT_EQ(restore_store(copy, restored).error().code, Errc::kExists);
    EXPECT_EQ(restore_store(folder_.path(), folder_.path() + "/x").error().code, Errc::kInvalid);
    OpenOptions options = this->options();
    options.directory = restored;
    open(options);
    EXPECT_EQ(get("before"), "1");
    EXPECT_EQ(get("after"), "(none)");
    EXPECT_EQ(get("left"), get("right"));
    EXPECT_EQ(get_blob("large").value(), large);
    EXPECT_THAT(findings(), IsEmpty());
    ASSERT_TRUE(put_blob("more", "hello"));
    open(options);
    EXPECT_EQ(get_blob("more").value(), "hello");
}

// The folders above are made too, and a power cut right behind the answer takes none of them.
TEST_F(DiskStoreTest, AFirstStartABackupAndARestoreOutliveAPowerCut) {
    fakes::PowerCutFileSystem power;
    OpenOptions options = this->options();
    options.file_system = &power;
    options.flush_on_close = false;
    options.reserve_octets = 0;  // the ballast's name is never synced
    options.directory = folder_.path() + "/first/start/";
    open(options);
    ASSERT_TRUE(put_blob("a", "hello"));
    store_.reset();
    EXPECT_THAT(power.cut(), IsEmpty());
    open(options);
    EXPECT_EQ(get_blob("a").value(), "hello");
    const std::string copy = folder_.path() + "/back/up";
    ASSERT_TRUE(store_->backup(copy));
    store_.reset();
    EXPECT_THAT(power.cut(), IsEmpty());
    const std::string restored = folder_.path() + "/re/stored";
    ASSERT_TRUE(restore_store(copy, restored, power));
    EXPECT_THAT(power.cut(), IsEmpty());
    options.directory = restored;
    open(options);
    EXPECT_EQ(get_blob("a").value(), "hello");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(DiskStoreTest, KeepsAReserveOfSpace) {
    OpenOptions options = fake_options();
    options.reserve_octets = 1'000'000;
    open(options);
    ASSERT_TRUE(put_blob("a", "hello"));
    file_system_.set_free_octets(900'000);
    EXPECT_EQ(put_blob("b", "world").error().code, Errc::kNoSpace);
    EXPECT_EQ(write_blob(octets_of(2'000'000, 1)).error().code, Errc::kNoSpace);
    // What makes room is still allowed.
    EXPECT_TRUE(erase_blob("a"));
    file_system_.set_free_octets(400'000);
    EXPECT_TRUE(put("c", "on what the ballast gives, which this fake does not count"));
    EXPECT_EQ(put("d", "1").error().code, Errc::kNoSpace);
    file_system_.set_free_octets(2'000'000);
    EXPECT_TRUE(put_blob("b", "world"));
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(DiskStoreTest, WhatTheSegmentHasReservedIsFree) {
    OpenOptions options = fake_options();
    options.reserve_octets = 80'000;  // the segment: 65'536
    open(options);
    file_system_.set_full(true);  // no ballast
    EXPECT_EQ(put("a", "1").error().code, Errc::kNoSpace);
    file_system_.set_full(false);
    ASSERT_TRUE(put("a", "1"));
    file_system_.set_free_octets(0);
    EXPECT_TRUE(put("c", "1"));
    // It ends before the segment does.
    ASSERT_TRUE(put("d", octets_of(30'000, 2)));
    EXPECT_EQ(put("e", "1").error().code, Errc::kNoSpace);
    EXPECT_THAT(findings(), IsEmpty());
}

// Others fill the disk to the last octet: nothing new comes in, whatever is tried, and deleting works.
TEST_F(DiskStoreTest, OnAFullDiskDeletingMakesRoom) {
    OpenOptions options = fake_options();
    options.reserve_octets = 200'000;
    constexpr std::uint64_t kDisk = 2'000'000;
    file_system_.set_capacity(kDisk);
    open(options);
    int blobs = 0;
    while (put_blob("blob" + std::to_string(blobs), octets_of(20'000, 1000U + blobs))) {
        ++blobs;
    }
    EXPECT_GT(blobs, 50);
    file_system_.set_capacity(kDisk - file_system_.free_octets("").value());  // full
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(put_blob("more", "hello").error().code, Errc::kNoSpace);
    }
    const std::string ballast = folder_.path() + "/" + std::string(kBallastFile);
    EXPECT_THAT(file_system_.paths(), Contains(ballast));
    for (int i = 0; i < blobs; ++i) {
        ASSERT_TRUE(erase_blob("blob" + std::to_string(i))) << i;
    }
    EXPECT_THAT(file_system_.paths(), Not(Contains(ballast)));
    EXPECT_EQ(put_blob("more", "hello").error().code, Errc::kNoSpace) << "the room is for deleting";
    ASSERT_GT(store_->collect().value(), 0U);
    EXPECT_TRUE(put_blob("more", "hello"));
    EXPECT_THAT(file_system_.paths(), Contains(ballast)) << "it is held again";
    EXPECT_THAT(findings(), IsEmpty());
    open(options);
    EXPECT_EQ(get_blob("more").value(), "hello");
    file_system_.set_capacity(0);
    EXPECT_TRUE(erase_blob("more")) << "an earlier process' ballast is known";
}

TEST_F(DiskStoreTest, AHalfMadeBallastIsMadeAnew) {
    OpenOptions options = fake_options();
    options.reserve_octets = 200'000;
    open(options);
    const std::string ballast = folder_.path() + "/" + std::string(kBallastFile);
    file_system_.set_content(ballast, "short");
    open(options);
    ASSERT_TRUE(put("a", "1"));
    EXPECT_EQ(file_system_.content(ballast).size(), options.reserve_octets);
}

TEST_F(DiskStoreTest, ADiskThatRefusesABallastGetsMailAllTheSame) {
    OpenOptions options = fake_options();
    open(options);
    ASSERT_TRUE(put("a", "1"));
    options.reserve_octets = 200'000;
    open(options);
    file_system_.set_full(true);
    EXPECT_TRUE(put_blob("b", "hello"));
    EXPECT_THAT(file_system_.paths(),
                Not(Contains(folder_.path() + "/" + std::string(kBallastFile))));
}

// The journal has the commit and RocksDB does not take it: nobody may be told that it is done, nothing
// more is taken, and the next start brings it.
TEST_F(DiskStoreTest, WhatTheIndexRefusesIsThereAfterTheNextStart) {
    std::atomic<bool> refuses = false;
    OpenOptions options = this->options();
    options.index_refuses = &refuses;
    open(options);
    ASSERT_TRUE(put_blob("a", "hello"));
    refuses = true;
    EXPECT_EQ(put_blob("b", "world").error().code, Errc::kIo);
    EXPECT_EQ(get("b"), "(none)");
    refuses = false;
    EXPECT_EQ(put("c", "1").error().code, Errc::kIo);
    EXPECT_EQ(get_blob("a").value(), "hello");
    open(options);
    EXPECT_EQ(get_blob("b").value(), "world");
    EXPECT_EQ(get("c"), "(none)");
    EXPECT_TRUE(put("c", "1"));
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(DiskStoreTest, AFailedWriteCostsItsGroupAndNoMore) {
    open(fake_options());
    ASSERT_TRUE(put_blob("a", "hello"));
    file_system_.tear_next_write(Errc::kNoSpace);
    EXPECT_EQ(put_blob("b", "world").error().code, Errc::kNoSpace);
    EXPECT_EQ(get("b"), "(none)");
    ASSERT_TRUE(put_blob("b", "again"));
    EXPECT_THAT(findings(), IsEmpty());
    open(fake_options());
    EXPECT_EQ(get_blob("a").value(), "hello");
    EXPECT_EQ(get_blob("b").value(), "again");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(DiskStoreTest, AfterAFailedSyncItIsReadOnlyUntilOpenedAgain) {
    open(fake_options());
    ASSERT_TRUE(put_blob("a", "hello"));
    file_system_.fail_next_sync();
    EXPECT_EQ(put_blob("b", "world").error().code, Errc::kIo);
    EXPECT_EQ(put("c", "1").error().code, Errc::kIo);
    EXPECT_EQ(get_blob("a").value(), "hello");
    open(fake_options());
    EXPECT_EQ(get_blob("a").value(), "hello");
    EXPECT_EQ(get("b"), "(none)");
    EXPECT_TRUE(put_blob("b", "world"));
    EXPECT_THAT(findings(), IsEmpty());
}

// Random changes, in bursts, on a disk whose power fails in the middle of anything. Changes run in the
// order of their submission, so what is found afterwards must be what the acknowledged ones left,
// or that and some of those next in turn that nobody had heard of yet.
class CrashTest : public DiskStoreTest {
  protected:
    using Model = std::map<std::string, std::string>;

    struct Step {
        std::string key;
        std::optional<NewBlob> blob;  // nothing erases the key
        std::optional<bool> succeeded;
    };

    static void apply(const Step& step, Model& model) {
        if (step.blob) {
            model[step.key] = step.blob->id().octets();
        } else {
            model.erase(step.key);
        }
        model["steps"] =
            std::to_string(std::stoi(model["steps"].empty() ? "0" : model["steps"]) + 1);
    }

    static Result<> run(const std::string& key,
                        const std::optional<NewBlob>& blob,
                        Transaction& transaction) {
        TRY(const auto before, transaction.get(key));
        if (before) {
            TRY_VOID(transaction.release(*BlobId::from_octets(*before)));
            transaction.erase(key);
        }
        if (blob) {
            TRY_VOID(transaction.refer(*blob));
            transaction.put(key, blob->id().octets());
        }
        TRY(const auto steps, transaction.get("steps"));
        transaction.put("steps", std::to_string(std::stoi(steps.value_or("0")) + 1));
        return {};
    }

    Model found() {
        Model model;
        EXPECT_TRUE(store_->snapshot()->scan(
            "", "\xff", [&model](std::string_view key, std::string_view value) {
                model.emplace(key, value);
                return true;
            }));
        return model;
    }

    // Submits steps until the power is gone.
    void live(base::Random& random, std::deque<Step>& steps) {
        std::atomic<bool> failed = false;
        while (!failed) {
            const std::uint64_t burst = 1 + random.below(8);
            for (std::uint64_t i = 0; i < burst; ++i) {
                Step& step = steps.emplace_back();
                step.key = "key" + std::to_string(random.below(6));
                if (random.below(3) > 0) {
                    const std::size_t octets =
                        random.below(30) == 0 ? 1'500'000 : random.below(20'000);
                    auto blob = write_blob(octets_of(octets, random.below(20)));
                    if (!blob) {
                        steps.pop_back();
                        failed = true;
                        break;
                    }
                    step.blob = *blob;
                }
                store_->submit(
                    [key = step.key, blob = step.blob](Transaction& transaction) {
                        return run(key, blob, transaction);
                    },
                    [&step, &failed](const Result<>& result) {
                        step.succeeded = result.has_value();
                        failed = failed || !result;
                    });
            }
            if (random.below(2) == 0) {
                failed = !put("~", "wait") || failed;
            }
            if (random.below(40) == 0) {
                failed = !store_->collect() || failed;
            }
        }
        store_.reset();  // answers whatever is left
    }

    // Brings `model` to what is in the store, or fails.
    void expect_a_prefix(const std::deque<Step>& steps, Model& model, std::uint64_t seed) {
        Model now = found();
        now.erase("~");
        std::size_t at = 0;
        while (at < steps.size() && steps[at].succeeded.value_or(false)) {
            apply(steps[at++], model);
        }
        while (model != now && at < steps.size()) {
            ASSERT_FALSE(steps[at].succeeded.value_or(false)) << "seed " << seed;
            apply(steps[at++], model);
        }
        ASSERT_EQ(model, now) << "seed " << seed;
    }
};

TEST_F(CrashTest, NothingAcknowledgedIsLostAndNothingIsTorn) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        base::SeededRandom random(seed);
        Model model;
        for (int lives = 0; lives < 4; ++lives) {
            open(fake_options());
            std::deque<Step> steps;
            file_system_.die_after(random.below(100));
            live(random, steps);
            file_system_.crash(random);
            open(fake_options());
            ASSERT_NO_FATAL_FAILURE(expect_a_prefix(steps, model, seed));
            ASSERT_THAT(findings(), IsEmpty()) << "seed " << seed;
        }
        store_.reset();
        fs::remove_all(folder_.path() + "/index");
        file_system_.format();
    }
}

}  // namespace
}  // namespace store
