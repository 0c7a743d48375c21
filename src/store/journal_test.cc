// Tests of the journal on a file system that forgets, tears and rots: what was synced comes back, what
// was not is cut off, and damage is never passed over.
#include "store/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_file_system.h"
#include "store/crc32c.h"

namespace store {
namespace {

using base::Errc;
using base::Result;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFolder = "journal";

std::string path_of(std::uint64_t number) {
    return kFolder + "/" + segment_name(number);
}

class JournalTest : public testing::Test {
  protected:
    // Opens the journal of `file_system`; the keys of all commits replayed are in replayed_.
    Result<std::unique_ptr<Journal>> open(FileSystem& file_system,
                                          const std::optional<Position>& applied = {}) {
        replayed_.clear();
        const auto apply = [this](std::span<const Write> writes, const Position& position) {
            for (const Write& write : writes) {
                replayed_.emplace_back(write.key);
            }
            last_ = position;
            return Result<>();
        };
        return Journal::open({file_system, kFolder, segment_octets_}, applied, apply);
    }

    Result<> commit(Journal& journal,
                    const std::string& key,
                    const std::string& blob = "",
                    Extent* extent = nullptr) {
        TRY_VOID(journal.begin_group());
        if (!blob.empty()) {
            const Extent staged =
                journal.stage_extent(std::make_shared<const std::string>(blob), crc32c(blob));
            if (extent != nullptr) {
                *extent = staged;
            }
        }
        const Write write{key, "value"};
        journal.stage_commit(encode_commit({&write, 1}));
        return journal.write_group();
    }

    static std::vector<std::string> numbers(int first, int count) {
        std::vector<std::string> keys;
        for (int i = first; i < first + count; ++i) {
            keys.push_back(std::to_string(i));
        }
        return keys;
    }

    fakes::FakeFileSystem file_system_;
    std::uint64_t segment_octets_ = 1U << 16U;
    std::vector<std::string> replayed_;
    Position last_;
};

TEST(Crc32cTest, KnownAnswersBothWays) {
    const std::string zeros(32, '\0');

    const struct {
        std::string octets;
        std::uint32_t crc;
    } rows[] = {{"", 0}, {"123456789", 0xe3069283}, {zeros, 0x8a9136aa}};

    for (const auto& row : rows) {
        EXPECT_EQ(crc32c(row.octets), row.crc);
        EXPECT_EQ(crc32c_portable(row.octets), row.crc);
    }
    for (std::size_t cut = 0; cut <= 9; ++cut) {
        const std::string_view whole = "123456789";
        EXPECT_EQ(crc32c(whole.substr(cut), crc32c(whole.substr(0, cut))), 0xe3069283U);
        EXPECT_EQ(crc32c_portable(whole.substr(cut), crc32c_portable(whole.substr(0, cut))),
                  0xe3069283U);
    }
}

TEST(JournalFormatTest, HeadersReadBackAndEveryChangedBitIsSeen) {
    const SegmentHeader segment{7, 99, 4096, 0xdeadbeef};
    const std::string octets = segment.encode();
    ASSERT_EQ(octets.size(), kSegmentHeaderOctets);
    EXPECT_EQ(SegmentHeader::decode(octets).value(), segment);
    const RecordHeader record{RecordType::kExtent, 5, 300, 0x12345678};
    std::string record_header;
    record.encode(0xdeadbeef, record_header);
    ASSERT_EQ(record_header.size(), kRecordHeaderOctets);
    EXPECT_EQ(RecordHeader::decode(record_header, 0xdeadbeef), record);
    EXPECT_EQ(RecordHeader::decode(record_header, 0xdeadbeee), std::nullopt);
    for (std::size_t bit = 0; bit < kSegmentHeaderOctets * 8; ++bit) {
        std::string damaged = octets;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_EQ(SegmentHeader::decode(damaged).value(), std::nullopt) << bit;
    }
    for (std::size_t bit = 0; bit < kRecordHeaderOctets * 8; ++bit) {
        std::string damaged = record_header;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_EQ(RecordHeader::decode(damaged, 0xdeadbeef), std::nullopt) << bit;
    }
}

TEST(JournalFormatTest, CommitsReadBackAndDamageIsSeen) {
    const Writes writes = {{"a", "1"}, {"b", std::nullopt}, {"c", ""}};
    const std::string payload = encode_commit(writes);
    EXPECT_EQ(decode_commit(payload).value(), writes);
    EXPECT_EQ(decode_commit(encode_commit({})).value(), Writes());
    for (std::size_t octets = 0; octets < payload.size(); ++octets) {
        EXPECT_FALSE(decode_commit(payload.substr(0, octets))) << octets;
    }
    EXPECT_FALSE(decode_commit(payload + "x"));
}

TEST(JournalFormatTest, SegmentsAreNamedByTheirNumbers) {
    EXPECT_EQ(segment_name(255), "00000000000000ff.segment");
    EXPECT_EQ(segment_number("00000000000000ff.segment"), 255U);
    for (const char* name :
         {"ff.segment", "00000000000000fF.segment", "00000000000000ff.segmenT"}) {
        EXPECT_EQ(segment_number(name), std::nullopt) << name;
    }
}

TEST_F(JournalTest, BringsBackEveryCommitInOrder) {
    auto journal = open(file_system_).value();
    Extent extent;
    ASSERT_TRUE(commit(*journal, "0"));
    ASSERT_TRUE(commit(*journal, "1", "hello", &extent));
    ASSERT_TRUE(commit(*journal, "2"));
    EXPECT_EQ(file_system_.content(path_of(1)).substr(extent.offset, extent.length), "hello");
    const Position position = journal->position();
    journal = open(file_system_).value();
    EXPECT_EQ(replayed_, numbers(0, 3));
    EXPECT_EQ(last_, position);
    EXPECT_EQ(journal->position(), position);
    ASSERT_TRUE(commit(*journal, "3"));
    EXPECT_EQ(journal->current()->number(), 1U);
    journal = open(file_system_, position).value();
    EXPECT_EQ(replayed_, numbers(3, 1));
}

TEST_F(JournalTest, OneSyncAGroupAndNoneForExtentsAlone) {
    auto journal = open(file_system_).value();
    ASSERT_TRUE(commit(*journal, "0"));
    const std::uint64_t before = file_system_.syncs();
    ASSERT_TRUE(commit(*journal, "1", "hello"));
    EXPECT_EQ(file_system_.syncs(), before + 1);
    ASSERT_TRUE(journal->begin_group());
    static_cast<void>(journal->stage_extent(std::make_shared<const std::string>("x"), crc32c("x")));
    ASSERT_TRUE(journal->write_group());
    EXPECT_EQ(file_system_.syncs(), before + 1);
}

TEST_F(JournalTest, GoesOnInANewSegmentAndReplaysThemAll) {
    segment_octets_ = 300;
    auto journal = open(file_system_).value();
    for (const std::string& key : numbers(0, 20)) {
        ASSERT_TRUE(commit(*journal, key, std::string(50, 'x')));
    }
    EXPECT_GT(journal->segments()->size(), 5U);
    journal = open(file_system_).value();
    EXPECT_EQ(replayed_, numbers(0, 20));
}

TEST_F(JournalTest, UnstagedOctetsAreNotWritten) {
    auto journal = open(file_system_).value();
    ASSERT_TRUE(journal->begin_group());
    const auto secret = std::make_shared<const std::string>("secret");
    const std::size_t mark = journal->mark();
    const Extent gone = journal->stage_extent(secret, crc32c(*secret));
    journal->unstage(mark);
    const auto kept = std::make_shared<const std::string>("kept");
    const Extent extent = journal->stage_extent(kept, crc32c(*kept));
    EXPECT_EQ(extent.offset, gone.offset);
    journal->stage_commit(encode_commit({}));
    ASSERT_TRUE(journal->write_group());
    EXPECT_THAT(file_system_.content(path_of(1)), testing::Not(HasSubstr("secret")));
    EXPECT_TRUE(open(file_system_));
}

// The octets of a journal of `count` commits, and where each of them ends.
struct Written {
    std::string octets;
    std::vector<std::uint64_t> ends;
};

class TornTailTest : public JournalTest {
  protected:
    Written write(int count) {
        Written written;
        segment_octets_ = 2000;
        auto journal = open(file_system_).value();
        for (const std::string& key : numbers(0, count)) {
            EXPECT_TRUE(commit(*journal, key, key == "3" ? "" : "a blob of " + key));
            written.ends.push_back(journal->position().offset);
        }
        written.octets = file_system_.content(path_of(1));
        return written;
    }

    // The commits that stand whole in `octets`.
    static int whole(const Written& written, std::string_view octets) {
        const auto stands = [&](std::uint64_t end) {
            return octets.substr(0, end) == std::string_view(written.octets).substr(0, end);
        };
        return static_cast<int>(std::count_if(written.ends.begin(), written.ends.end(), stands));
    }

    // Opens a journal of one segment, and again after another commit.
    void expect_commits(const std::string& octets, int count, const std::string& what) {
        fakes::FakeFileSystem file_system;
        file_system.set_content(path_of(1), octets);
        auto journal = open(file_system);
        ASSERT_TRUE(journal) << what << ": " << journal.error().text;
        ASSERT_EQ(replayed_, numbers(0, count)) << what;
        ASSERT_TRUE(commit(**journal, std::to_string(count)));
        ASSERT_TRUE(open(file_system)) << what;
        ASSERT_EQ(replayed_, numbers(0, count + 1)) << what;
    }
};

TEST_F(TornTailTest, EveryPrefixOpensWithExactlyItsWholeCommits) {
    const Written written = write(6);
    for (std::size_t octets = kSegmentHeaderOctets; octets <= written.ends.back(); ++octets) {
        std::string cut = written.octets.substr(0, octets);
        expect_commits(cut, whole(written, cut), "cut at " + std::to_string(octets));
        // The same in a file whose space was reserved.
        cut.resize(written.octets.size());
        expect_commits(cut, whole(written, cut), "blank from " + std::to_string(octets));
    }
}

TEST_F(TornTailTest, TheLastGroupMayBeTornAnywhere) {
    const Written written = write(6);
    for (std::uint64_t at = written.ends[4]; at < written.ends[5]; ++at) {
        std::string torn = written.octets;
        torn[at] = static_cast<char>(torn[at] ^ 0x55);
        expect_commits(torn, 5, "torn at " + std::to_string(at));
    }
}

TEST_F(TornTailTest, DamageBeforeASyncedGroupIsReported) {
    const Written written = write(6);
    for (std::uint64_t at = 0; at < written.ends[3]; ++at) {
        fakes::FakeFileSystem file_system;
        std::string rotten = written.octets;
        rotten[at] = static_cast<char>(rotten[at] ^ 0x55);
        file_system.set_content(path_of(1), rotten);
        const auto journal = open(file_system);
        ASSERT_FALSE(journal) << at;
        EXPECT_EQ(journal.error().code, Errc::kCorrupt) << at;
        EXPECT_THAT(journal.error().text, HasSubstr(path_of(1))) << at;
    }
}

TEST_F(TornTailTest, AClosedJournalHasNoTornTail) {
    segment_octets_ = 2000;
    auto journal = open(file_system_).value();
    ASSERT_TRUE(commit(*journal, "0"));
    ASSERT_TRUE(commit(*journal, "1"));
    const std::uint64_t end = journal->position().offset;
    ASSERT_TRUE(journal->close());
    std::string rotten = file_system_.content(path_of(1));
    rotten[end - 20] = static_cast<char>(rotten[end - 20] ^ 0x55);
    file_system_.set_content(path_of(1), rotten);
    EXPECT_EQ(open(file_system_).error().code, Errc::kCorrupt);
}

TEST_F(JournalTest, ATornWriteIsCutOffAndTheNextGroupGoesElsewhere) {
    for (const Errc error : {Errc::kNoSpace, Errc::kIo}) {
        fakes::FakeFileSystem file_system;
        auto journal = open(file_system).value();
        ASSERT_TRUE(commit(*journal, "0"));
        file_system.tear_next_write(error);
        EXPECT_EQ(commit(*journal, "lost", std::string(1000, 'x')).error().code, error);
        ASSERT_TRUE(commit(*journal, "1"));
        EXPECT_EQ(journal->current()->number(), 2U);
        journal = open(file_system).value();
        EXPECT_EQ(replayed_, numbers(0, 2));
        base::SeededRandom random(1);
        file_system.crash(random);
        ASSERT_TRUE(open(file_system));
        EXPECT_EQ(replayed_, numbers(0, 2));
    }
}

TEST_F(JournalTest, AFullDiskRefusesUntilThereIsRoom) {
    segment_octets_ = 200;
    auto journal = open(file_system_).value();
    ASSERT_TRUE(commit(*journal, "0", std::string(100, 'x')));
    file_system_.set_full(true);
    EXPECT_EQ(commit(*journal, "lost").error().code, Errc::kNoSpace);
    EXPECT_EQ(commit(*journal, "lost").error().code, Errc::kNoSpace);
    file_system_.set_full(false);
    ASSERT_TRUE(commit(*journal, "1"));
    ASSERT_TRUE(open(file_system_));
    EXPECT_EQ(replayed_, numbers(0, 2));
}

TEST_F(JournalTest, AfterAFailedSyncNothingIsWrittenAndNothingComesBack) {
    auto journal = open(file_system_).value();
    ASSERT_TRUE(commit(*journal, "0"));
    file_system_.fail_next_sync();
    EXPECT_EQ(commit(*journal, "lost").error().code, Errc::kIo);
    EXPECT_TRUE(journal->broken());
    EXPECT_EQ(commit(*journal, "refused").error().code, Errc::kIo);
    journal = open(file_system_).value();
    EXPECT_EQ(replayed_, numbers(0, 1));
    ASSERT_TRUE(commit(*journal, "1"));
    ASSERT_TRUE(open(file_system_));
    EXPECT_EQ(replayed_, numbers(0, 2));
}

TEST_F(JournalTest, AHalfMadeSegmentIsTakenAwayAndADamagedOneReported) {
    auto journal = open(file_system_).value();
    ASSERT_TRUE(commit(*journal, "0"));
    file_system_.set_content(path_of(2), std::string(5000, '\0'));
    journal = open(file_system_).value();
    EXPECT_THAT(file_system_.paths(), ElementsAre(path_of(1)));
    ASSERT_TRUE(commit(*journal, "1"));
    std::string octets = file_system_.content(path_of(1));
    octets[3] = '!';
    file_system_.set_content(path_of(1), octets);
    EXPECT_EQ(open(file_system_).error().code, Errc::kCorrupt);
}

TEST_F(JournalTest, MissingSegmentsAreReported) {
    segment_octets_ = 100;
    auto journal = open(file_system_).value();
    for (const std::string& key : numbers(0, 4)) {
        ASSERT_TRUE(commit(*journal, key, std::string(100, 'x')));
    }
    const Position behind_first{1, 1, kSegmentHeaderOctets};
    for (const std::uint64_t missing : {1U, 2U, 3U}) {
        fakes::FakeFileSystem file_system;
        for (const std::uint64_t number : {1U, 2U, 3U, 4U}) {
            if (number != missing) {
                file_system.set_content(path_of(number), file_system_.content(path_of(number)));
            }
        }
        EXPECT_EQ(open(file_system).error().code, Errc::kCorrupt) << missing;
    }
    fakes::FakeFileSystem empty;
    EXPECT_EQ(open(empty, behind_first).error().code, Errc::kCorrupt);
}

TEST_F(JournalTest, CollectedSegmentsBeforeTheAppliedOneAreNotMissed) {
    segment_octets_ = 100;
    auto journal = open(file_system_).value();
    for (const std::string& key : numbers(0, 4)) {
        ASSERT_TRUE(commit(*journal, key, std::string(100, 'x')));
    }
    const Position position = journal->position();
    ASSERT_TRUE(commit(*journal, "4", std::string(100, 'x')));
    journal->remove({1, 3});
    EXPECT_THAT(file_system_.paths(), ElementsAre(path_of(2), path_of(4), path_of(5)));
    ASSERT_TRUE(open(file_system_, position));
    EXPECT_EQ(replayed_, numbers(4, 1));
}

TEST_F(JournalTest, ASegmentThatSomebodyReadsGoesWithTheReader) {
    segment_octets_ = 100;
    auto journal = open(file_system_).value();
    ASSERT_TRUE(commit(*journal, "0", std::string(100, 'x')));
    ASSERT_TRUE(commit(*journal, "1"));
    auto segment = journal->segments()->at(1);
    journal->remove({1});
    EXPECT_TRUE(segment->file());
    segment = nullptr;
    EXPECT_THAT(file_system_.paths(), ElementsAre(path_of(2)));
}

// Random groups, a power failure in the middle of any operation, any part of the unsynced octets lost.
TEST_F(JournalTest, APowerFailureLosesNothingThatWasAcknowledged) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        base::SeededRandom random(seed);
        fakes::FakeFileSystem file_system;
        segment_octets_ = 300 + random.below(3000);
        int acknowledged = 0;
        int started = 0;
        for (int life = 0; life < 4; ++life) {
            auto journal = open(file_system);
            ASSERT_TRUE(journal) << "seed " << seed << ": " << journal.error().text;
            const auto found = static_cast<int>(replayed_.size());
            ASSERT_EQ(replayed_, numbers(0, found)) << "seed " << seed;
            ASSERT_GE(found, acknowledged) << "seed " << seed;
            ASSERT_LE(found, started) << "seed " << seed;
            started = found;
            file_system.die_after(random.below(60));
            Result<> result;
            while (result) {
                result = commit(
                    **journal, std::to_string(started++), std::string(random.below(700), 'x'));
                acknowledged = result ? started : acknowledged;
            }
            file_system.crash(random);
        }
    }
}

}  // namespace
}  // namespace store
