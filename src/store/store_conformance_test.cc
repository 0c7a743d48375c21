// What every engine promises through store.h, held against each of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fakes/temp_folder.h"
#include "fakes/waiting_loop.h"
#include "store/disk_store.h"
#include "store/key.h"
#include "store/memory_store.h"
#include "store/sha256.h"
#include "store/store.h"

namespace store {
namespace {

using base::Errc;
using base::Result;
using testing::ElementsAre;
using testing::IsEmpty;

// What an engine needs around it; destroyed after the engine.
struct Ground {
    fakes::TempFolder folder;
    base::SystemClock clock;
    base::Log log{clock, [](std::string_view) {}};
    base::Pool pool{1, 100};
};

struct Kind {
    const char* name;
    std::unique_ptr<Store> (*open)(Ground& ground);
};

std::unique_ptr<Store> open_memory(Ground& /*ground*/) {
    return std::make_unique<MemoryStore>();
}

std::unique_ptr<Store> open_disk(Ground& ground) {
    OpenOptions options{.directory = ground.folder.path(), .pool = ground.pool, .log = ground.log};
    options.segment_octets = std::uint64_t{1} << 20;
    options.reserve_octets = std::uint64_t{1} << 20;
    return open_store(options).value();
}

class ConformanceTest : public testing::TestWithParam<Kind> {
  protected:
    ConformanceTest() : store_(GetParam().open(ground_)) {}

    Result<> put(std::string key, std::string value) {
        return store_->change_and_wait([key, value](Transaction& transaction) -> Result<> {
            transaction.put(key, value);
            return {};
        });
    }

    [[nodiscard]] std::string get(const std::string& key) const {
        return store_->snapshot()->get(key).value().value_or("(none)");
    }

    NewBlob write_blob(const std::string& octets, std::size_t octets_each = SIZE_MAX) {
        auto writer = store_->new_blob();
        for (std::size_t at = 0; at < octets.size(); at += std::min(octets_each, octets.size())) {
            const auto part = std::string_view(octets).substr(at, octets_each);
            EXPECT_TRUE(loop_.run(writer->append(loop_, part)));
        }
        return writer->finish().value();
    }

    Result<> refer(const NewBlob& blob) {
        return store_->change_and_wait([blob](Transaction& transaction) -> Result<> {
            TRY_VOID(transaction.refer(blob));
            return {};
        });
    }

    Result<> refer_id(const BlobId& id) {
        return store_->change_and_wait([id](Transaction& transaction) -> Result<> {
            TRY_VOID(transaction.refer(id));
            return {};
        });
    }

    Result<> release(const BlobId& id) {
        return store_->change_and_wait(
            [id](Transaction& transaction) { return transaction.release(id); });
    }

    Result<std::string> read_all(BlobReader& reader) {
        std::string octets(reader.size(), '\0');
        TRY(const std::size_t count, loop_.run(reader.read(loop_, 0, octets)));
        octets.resize(count);
        return octets;
    }

    Result<std::string> read_blob(const BlobId& id) {
        TRY(const auto reader, store_->snapshot()->open_blob(id));
        return read_all(*reader);
    }

    // The octets of many blobs that are read out of one snapshot, in that order.
    std::vector<std::string> read_blobs(std::span<const BlobId> ids) {
        const auto snapshot = store_->snapshot();
        std::vector<std::string> texts;
        for (const BlobId& id : ids) {
            const auto reader = snapshot->open_blob(id);
            texts.push_back(reader ? read_all(**reader).value() : "(none)");
        }
        return texts;
    }

    // check() with the references in `counts`.
    std::vector<std::string> check(std::map<BlobId, int> counts) {
        const auto report = store_->check(
            [&counts](const Reader&, const std::function<void(const BlobId&)>& add) -> Result<> {
                for (const auto& [id, count] : counts) {
                    for (int i = 0; i < count; ++i) {
                        add(id);
                    }
                }
                return {};
            });
        return report.value().findings;
    }

    fakes::WaitingLoop loop_;
    Ground ground_;
    std::unique_ptr<Store> store_;
};

std::vector<std::string> keys(const Reader& reader, std::string_view first, std::string_view last) {
    std::vector<std::string> found;
    EXPECT_TRUE(reader.scan(first, last, [&found](std::string_view key, std::string_view value) {
        found.push_back(std::string(key) + "=" + std::string(value));
        return true;
    }));
    return found;
}

std::vector<std::string> keys_back(const Reader& reader,
                                   std::string_view first,
                                   std::string_view last) {
    std::vector<std::string> found;
    EXPECT_TRUE(
        reader.scan_back(first, last, [&found](std::string_view key, std::string_view value) {
            found.push_back(std::string(key) + "=" + std::string(value));
            return true;
        }));
    return found;
}

// What lies between them in the segments, and is read along, must not show.
TEST_P(ConformanceTest, ReadsManyBlobsInEveryOrder) {
    std::vector<BlobId> ids;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 90; ++i) {
        const std::size_t octets = i % 30 == 7 ? 100'000 : i * i;
        texts.push_back(std::string(octets, static_cast<char>('a' + i % 26)) + std::to_string(i));
        const NewBlob blob = write_blob(texts.back());
        ASSERT_TRUE(refer(blob));
        ids.push_back(blob.id());
    }
    EXPECT_EQ(read_blobs(ids), texts);
    std::ranges::reverse(ids);
    std::ranges::reverse(texts);
    EXPECT_EQ(read_blobs(ids), texts);
    // Every third, one twice, one that is gone, and the neighbours of those that were left out.
    std::vector<BlobId> some;
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < ids.size(); i += i % 2 == 0 ? 3 : 1) {
        some.push_back(ids[i]);
        expected.push_back(texts[i]);
    }
    some.push_back(some.front());
    expected.push_back(expected.front());
    ASSERT_TRUE(release(ids[2]));
    some.push_back(ids[2]);
    expected.emplace_back("(none)");
    EXPECT_EQ(read_blobs(some), expected);
}

TEST_P(ConformanceTest, KeepsWhatIsPutAndForgetsWhatIsErased) {
    ASSERT_TRUE(put("a", "1"));
    ASSERT_TRUE(put("a", "2"));
    ASSERT_TRUE(put("empty", ""));
    EXPECT_EQ(get("a"), "2");
    EXPECT_EQ(get("empty"), "");
    EXPECT_EQ(get("b"), "(none)");
    ASSERT_TRUE(store_->change_and_wait([](Transaction& transaction) -> Result<> {
        transaction.erase("a");
        transaction.erase("never there");
        return {};
    }));
    EXPECT_EQ(get("a"), "(none)");
}

TEST_P(ConformanceTest, AFailedChangeLeavesNoTrace) {
    ASSERT_TRUE(put("a", "1"));
    const NewBlob blob = write_blob("hello");
    const auto result = store_->change_and_wait([blob](Transaction& transaction) -> Result<> {
        transaction.put("a", "2");
        transaction.put("b", "2");
        transaction.erase("a");
        TRY_VOID(transaction.refer(blob));
        return base::fail(Errc::kOverQuota, "no");
    });
    EXPECT_EQ(result.error().code, Errc::kOverQuota);
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get("b"), "(none)");
    EXPECT_EQ(read_blob(blob.id()).error().code, Errc::kNotFound);
    EXPECT_THAT(check({}), IsEmpty());
}

TEST_P(ConformanceTest, AChangeThatWritesTooMuchLeavesNoTraceEither) {
    const std::string much(kChangeOctetsMax / 2, 'x');
    const auto result = store_->change_and_wait([&much](Transaction& transaction) -> Result<> {
        transaction.put("a", "1");
        for (int i = 0; i < 2; ++i) {
            transaction.put("much", much);
        }
        transaction.put("z", "never reached");
        return {};
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kTooLong);
    EXPECT_EQ(get("a"), "(none)");
    ASSERT_TRUE(put("a", "2"));
    EXPECT_EQ(get("a"), "2");
}

TEST_P(ConformanceTest, AChangeThatThrowsLeavesNoTraceEither) {
    const auto result = store_->change_and_wait([](Transaction& transaction) -> Result<> {
        transaction.put("a", "1");
        transaction.put("", "an empty key is a bug");
        return {};
    });
    EXPECT_EQ(result.error().code, Errc::kIo);
    EXPECT_EQ(get("a"), "(none)");
    EXPECT_FALSE(
        put("\xff"
            "B",
            "the store's own"));
}

TEST_P(ConformanceTest, AChangeSeesItsOwnWritesAndEverythingBefore) {
    ASSERT_TRUE(put("b", "1"));
    ASSERT_TRUE(put("d", "1"));
    ASSERT_TRUE(put("f", "1"));
    std::vector<std::string> up;
    std::vector<std::string> down;
    ASSERT_TRUE(store_->change_and_wait([&up, &down](Transaction& transaction) -> Result<> {
        transaction.put("a", "2");
        transaction.put("c", "2");
        transaction.put("d", "2");
        transaction.erase("f");
        transaction.put("g", "2");
        transaction.erase("g");
        EXPECT_EQ(transaction.get("d").value(), "2");
        EXPECT_EQ(transaction.get("f").value(), std::nullopt);
        up = keys(transaction, "", "\xff");
        down = keys_back(transaction, "b", "d");
        return {};
    }));
    EXPECT_THAT(up, ElementsAre("a=2", "b=1", "c=2", "d=2"));
    EXPECT_THAT(down, ElementsAre("c=2", "b=1"));
    EXPECT_THAT(keys(*store_->snapshot(), "a", "z"), ElementsAre("a=2", "b=1", "c=2", "d=2"));
}

TEST_P(ConformanceTest, AVisitorMayWriteWhatItVisits) {
    for (const char* key : {"a", "b", "c", "d"}) {
        ASSERT_TRUE(put(key, "1"));
    }
    std::vector<std::string> seen;
    ASSERT_TRUE(store_->change_and_wait([&seen](Transaction& transaction) {
        seen.clear();
        transaction.put("d", "2");
        return transaction.scan("a", "z", [&](std::string_view key, std::string_view value) {
            transaction.erase(key);
            transaction.erase("c");
            transaction.put("e" + std::string(key), value);
            seen.push_back(std::string(key) + "=" + std::string(value));
            return !key.starts_with("e");
        });
    }));
    seen.resize(3);
    EXPECT_THAT(seen, ElementsAre("a=1", "b=1", "d=2"));
}

TEST_P(ConformanceTest, ScansAreSortedBoundedAndStopWhenTold) {
    for (const char* key : {"b", "a", "ab", "a\xff", "c", "\xfe\xff"}) {
        ASSERT_TRUE(put(key, "."));
    }
    const auto reader = store_->snapshot();
    EXPECT_THAT(keys(*reader, "a", "b"), ElementsAre("a=.", "ab=.", "a\xff=."));
    EXPECT_THAT(keys_back(*reader, "ab", "c"), ElementsAre("b=.", "a\xff=.", "ab=."));
    EXPECT_THAT(keys(*reader, "b", "a"), IsEmpty());
    EXPECT_THAT(keys_back(*reader, "b", "b"), IsEmpty());
    EXPECT_THAT(keys(*reader, "c", prefix_end("")), ElementsAre("c=.", "\xfe\xff=."));
    int visits = 0;
    EXPECT_TRUE(reader->scan(
        "a", "z", [&visits](std::string_view, std::string_view) { return ++visits < 2; }));
    EXPECT_TRUE(reader->scan_back(
        "a", "z", [&visits](std::string_view, std::string_view) { return ++visits < 4; }));
    EXPECT_EQ(visits, 4);
}

TEST_P(ConformanceTest, TheStoresOwnKeysAreHidden) {
    ASSERT_TRUE(refer(write_blob("hello")));
    EXPECT_THAT(keys(*store_->snapshot(), "", "\xff\xff\xff"), IsEmpty());
    EXPECT_THAT(keys_back(*store_->snapshot(), "", "\xff\xff\xff"), IsEmpty());
}

TEST_P(ConformanceTest, ASnapshotDoesNotMove) {
    ASSERT_TRUE(put("a", "1"));
    const auto before = store_->snapshot();
    ASSERT_TRUE(put("a", "2"));
    ASSERT_TRUE(put("b", "2"));
    EXPECT_EQ(before->get("a").value(), "1");
    EXPECT_THAT(keys(*before, "a", "z"), ElementsAre("a=1"));
    EXPECT_EQ(get("a"), "2");
}

TEST_P(ConformanceTest, ABlobComesBackWholeAndInParts) {
    std::string octets;
    for (int i = 0; octets.size() < 100'000; ++i) {
        octets += std::to_string(i) + "\r\n";
    }
    const NewBlob blob = write_blob(octets, 1000);
    EXPECT_EQ(blob.id(), Sha256::of(octets));
    EXPECT_EQ(blob.size(), octets.size());
    ASSERT_TRUE(refer(blob));
    EXPECT_EQ(read_blob(blob.id()).value(), octets);
    const auto reader = store_->snapshot()->open_blob(blob.id()).value();
    EXPECT_EQ(reader->size(), octets.size());
    std::string part(1000, '\0');
    EXPECT_EQ(loop_.run(reader->read(loop_, 54'321, part)).value(), 1000U);
    EXPECT_EQ(part, octets.substr(54'321, 1000));
    EXPECT_EQ(loop_.run(reader->read(loop_, octets.size() - 10, part)).value(), 10U);
    EXPECT_EQ(part.substr(0, 10), octets.substr(octets.size() - 10));
    EXPECT_EQ(loop_.run(reader->read(loop_, octets.size(), part)).value(), 0U);
    EXPECT_EQ(loop_.run(reader->read(loop_, UINT64_MAX, part)).value(), 0U);
}

TEST_P(ConformanceTest, ALargeBlobComesBackWhole) {
    std::string octets(5'000'000, '\0');
    for (std::size_t i = 0; i < octets.size(); ++i) {
        octets[i] = static_cast<char>(i * 2'654'435'761U >> 13U);
    }
    const NewBlob blob = write_blob(octets, 65'537);
    ASSERT_TRUE(refer(blob));
    EXPECT_EQ(read_blob(blob.id()).value(), octets);
    EXPECT_THAT(check({{blob.id(), 1}}), IsEmpty());
}

// A short one is hashed at its end, a long one from where it becomes long.
TEST_P(ConformanceTest, ABlobsIdIsItsHashHoweverItCame) {
    for (const std::size_t size : {1'000, 32'767, 32'768, 32'769, 70'000}) {
        std::string octets(size, 'x');
        octets.front() = 'a';
        octets.back() = 'z';
        for (const std::size_t piece : {999, 32'768, 100'000}) {
            const NewBlob blob = write_blob(octets, piece);
            EXPECT_EQ(blob.id(), Sha256::of(octets)) << size << " in pieces of " << piece;
            EXPECT_EQ(blob.size(), size);
        }
    }
}

TEST_P(ConformanceTest, AnEmptyBlobIsABlob) {
    const NewBlob blob = write_blob("");
    ASSERT_TRUE(refer(blob));
    EXPECT_EQ(read_blob(blob.id()).value(), "");
    EXPECT_THAT(check({{blob.id(), 1}}), IsEmpty());
}

TEST_P(ConformanceTest, ABlobLivesAsLongAsItIsReferredTo) {
    const NewBlob blob = write_blob("hello");
    EXPECT_EQ(read_blob(blob.id()).error().code, Errc::kNotFound);
    EXPECT_EQ(refer_id(blob.id()).error().code, Errc::kNotFound);
    ASSERT_TRUE(refer(blob));
    ASSERT_TRUE(refer_id(blob.id()));
    EXPECT_THAT(check({{blob.id(), 2}}), IsEmpty());
    ASSERT_TRUE(release(blob.id()));
    EXPECT_EQ(read_blob(blob.id()).value(), "hello");
    ASSERT_TRUE(release(blob.id()));
    EXPECT_EQ(read_blob(blob.id()).error().code, Errc::kNotFound);
    EXPECT_EQ(release(blob.id()).error().code, Errc::kNotFound);
    EXPECT_THAT(check({}), IsEmpty());
    // The same NewBlob may come again.
    ASSERT_TRUE(refer(blob));
    EXPECT_EQ(read_blob(blob.id()).value(), "hello");
}

TEST_P(ConformanceTest, TheSameOctetsAreOneBlob) {
    const NewBlob one = write_blob("hello");
    const NewBlob other = write_blob("hello", 2);
    EXPECT_EQ(one.id(), other.id());
    ASSERT_TRUE(store_->change_and_wait([one, other](Transaction& transaction) -> Result<> {
        TRY_VOID(transaction.refer(one));
        TRY_VOID(transaction.refer(other));
        TRY_VOID(transaction.refer(one.id()));
        return {};
    }));
    EXPECT_THAT(check({{one.id(), 3}}), IsEmpty());
    EXPECT_EQ(store_->statistics().blob_octets_live, 5U);
}

TEST_P(ConformanceTest, ABlobThatComesAndGoesInOneChangeIsGone) {
    const NewBlob blob = write_blob("hello");
    ASSERT_TRUE(store_->change_and_wait([blob](Transaction& transaction) -> Result<> {
        TRY_VOID(transaction.refer(blob));
        TRY_VOID(transaction.release(blob.id()));
        return {};
    }));
    EXPECT_EQ(read_blob(blob.id()).error().code, Errc::kNotFound);
    ASSERT_TRUE(refer(blob));
    ASSERT_TRUE(store_->change_and_wait([blob](Transaction& transaction) -> Result<> {
        TRY_VOID(transaction.release(blob.id()));
        TRY_VOID(transaction.refer(blob));
        return {};
    }));
    EXPECT_EQ(read_blob(blob.id()).value(), "hello");
    EXPECT_THAT(check({{blob.id(), 1}}), IsEmpty());
}

TEST_P(ConformanceTest, AChangeReadsTheBlobItRefersTo) {
    const NewBlob blob = write_blob("hello");
    std::string seen;
    ASSERT_TRUE(store_->change_and_wait([&](Transaction& transaction) -> Result<> {
        TRY_VOID(transaction.refer(blob));
        TRY(const auto reader, transaction.open_blob(blob.id()));
        fakes::WaitingLoop loop;
        seen.resize(reader->size());
        TRY_VOID(loop.run(reader->read(loop, 0, seen)));
        return {};
    }));
    EXPECT_EQ(seen, "hello");
}

TEST_P(ConformanceTest, AnOpenReaderOutlivesTheBlob) {
    const NewBlob blob = write_blob("hello");
    ASSERT_TRUE(refer(blob));
    const auto snapshot = store_->snapshot();
    const auto reader = snapshot->open_blob(blob.id()).value();
    ASSERT_TRUE(release(blob.id()));
    ASSERT_TRUE(store_->collect());
    EXPECT_EQ(read_all(*reader).value(), "hello");
    const auto later = snapshot->open_blob(blob.id());
    ASSERT_TRUE(later);
    EXPECT_EQ(read_all(**later).value(), "hello");
}

TEST_P(ConformanceTest, CheckFindsWrongCounts) {
    const NewBlob blob = write_blob("hello");
    const NewBlob other = write_blob("world");
    ASSERT_TRUE(refer(blob));
    EXPECT_EQ(check({{blob.id(), 2}}).size(), 1U);
    EXPECT_EQ(check({}).size(), 1U);
    const auto findings = check({{blob.id(), 1}, {other.id(), 3}});
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_THAT(findings.front(), testing::HasSubstr(other.id().hex()));
}

TEST_P(ConformanceTest, ManyChangesFromManyThreadsAllCount) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int round = 0; round < 50; ++round) {
                EXPECT_TRUE(store_->change_and_wait([](Transaction& transaction) -> Result<> {
                    TRY(const auto before, transaction.get("counter"));
                    const int count = before ? std::stoi(*before) : 0;
                    transaction.put("counter", std::to_string(count + 1));
                    return {};
                }));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(get("counter"), "200");
    EXPECT_EQ(store_->statistics().commits, 200U);
}

TEST_P(ConformanceTest, ChangeResumesItsCoroutineOnTheLoop) {
    const auto result = loop_.run(store_->change(loop_, [](Transaction& transaction) -> Result<> {
        transaction.put("a", "1");
        return {};
    }));
    EXPECT_TRUE(result);
    EXPECT_EQ(get("a"), "1");
}

// Writes as text: "key=value", or "key" for one that is erased.
class Recorder final : public CommitObserver {
  public:
    explicit Recorder(Store& store) : store_(store) {}

    void on_commit(std::span<const Write> writes) override {
        const auto snapshot = store_.snapshot();
        for (const Write& write : writes) {
            if (write.key.starts_with('\xff')) {
                continue;
            }
            EXPECT_EQ(snapshot->get(write.key).value(), write.value);
            seen.push_back(std::string(write.key) +
                           (write.value ? "=" + std::string(*write.value) : ""));
        }
    }

    std::vector<std::string> seen;

  private:
    Store& store_;
};

TEST_P(ConformanceTest, ObserversHearOfWritesBeforeTheChangeIsDone) {
    ASSERT_TRUE(put("a", "0"));
    auto recorder = std::make_shared<Recorder>(*store_);
    store_->observe(recorder);
    ASSERT_TRUE(store_->change_and_wait([](Transaction& transaction) -> Result<> {
        transaction.put("b", "1");
        transaction.erase("a");
        return {};
    }));
    EXPECT_THAT(recorder->seen, ElementsAre("a", "b=1"));
    const auto failed = store_->change_and_wait([](Transaction& transaction) -> Result<> {
        transaction.put("b", "2");
        return base::fail(Errc::kInvalid, "no");
    });
    EXPECT_FALSE(failed);
    EXPECT_EQ(recorder->seen.size(), 2U);
    recorder.reset();
    EXPECT_TRUE(put("a", "3"));
}

constexpr Kind kKinds[] = {{"memory", open_memory}, {"disk", open_disk}};

INSTANTIATE_TEST_SUITE_P(Engines, ConformanceTest, testing::ValuesIn(kKinds), [](const auto& kind) {
    return std::string(kind.param.name);
});

}  // namespace
}  // namespace store
