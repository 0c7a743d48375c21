// Tests of keys and records: order is preserved, damage is found.
#include "store/key.h"

#include <gtest/gtest.h>

#include <limits>

#include "store/blob_record.h"
#include "store/sha256.h"

namespace store {
namespace {

using namespace std::string_literals;

TEST(KeyTest, NumbersSortAsNumbers) {
    const std::uint64_t ascending[] = {0, 1, 255, 256, 65536, 1ULL << 32U, UINT64_MAX};
    std::string before;
    for (const std::uint64_t number : ascending) {
        const std::string key = KeyWriter().u8('M').u64(number).key();
        EXPECT_LT(before, key) << number;
        before = key;
    }
    EXPECT_LT(KeyWriter().u32(255).key(), KeyWriter().u32(256).key());
}

TEST(KeyTest, TextsSortAsTextsWhateverFollows) {
    const std::string ascending[] = {
        ""s, "\0"s, "\0\0"s, "\0a"s, "a"s, "a\0"s, "a\0b"s, "aa"s, "b"s, "\xff"s};
    std::string before;
    for (const std::string& text : ascending) {
        for (const std::uint8_t follower : {0, 1, 255}) {
            const std::string key = KeyWriter().text(text).u8(follower).key();
            EXPECT_LT(before, key) << testing::PrintToString(text) << " " << int{follower};
            before = key;
        }
    }
}

TEST(KeyTest, ReadsBackWhatWasWritten) {
    const std::string key = KeyWriter().u8(7).u32(8).u64(9).text("a\0b"s).raw("xyz").key();
    KeyReader reader(key);
    EXPECT_EQ(reader.u8(), 7);
    EXPECT_EQ(reader.u32(), 8U);
    EXPECT_EQ(reader.u64(), 9U);
    EXPECT_EQ(reader.text(), "a\0b"s);
    EXPECT_EQ(reader.rest(), "xyz");
    EXPECT_TRUE(reader.finish());
}

TEST(KeyTest, DamageIsReported) {
    const struct {
        std::string key;
        bool sound;
    } rows[] = {
        {"a\0\1"s, true},
        {"\0\xff\0\1"s, true},
        {""s, false},
        {"a"s, false},
        {"a\0"s, false},
        {"a\0\2"s, false},
        {"a\0\1b"s, false},
    };

    for (const auto& row : rows) {
        KeyReader reader(row.key);
        static_cast<void>(reader.text());
        EXPECT_EQ(reader.finish().has_value(), row.sound) << testing::PrintToString(row.key);
    }
}

TEST(KeyTest, PrefixEndIsBehindThePrefixAndNothingElse) {
    EXPECT_EQ(prefix_end("a"), "b");
    EXPECT_EQ(prefix_end("a\xff\xff"), "b");
    EXPECT_EQ(prefix_end("a\x7f"), "a\x80");
    EXPECT_EQ(prefix_end(""), "\xff");
    EXPECT_EQ(prefix_end("\xff"), "\xff");
}

TEST(RecordTest, ReadsBackWhatWasWritten) {
    const std::uint64_t numbers[] = {0, 127, 128, 16383, 16384, UINT64_MAX};
    RecordWriter writer(3);
    for (const std::uint64_t number : numbers) {
        writer.varint(number).u64(number);
    }
    writer.boolean(true).text("").text("hello").raw("ab");
    RecordReader reader(writer.record(), 3);
    EXPECT_EQ(reader.version(), 3);
    for (const std::uint64_t number : numbers) {
        EXPECT_EQ(reader.varint(), number);
        EXPECT_EQ(reader.u64(), number);
    }
    EXPECT_TRUE(reader.boolean());
    EXPECT_EQ(reader.text(), "");
    EXPECT_EQ(reader.text(), "hello");
    EXPECT_FALSE(reader.at_end());
    EXPECT_EQ(reader.raw(2), "ab");
    EXPECT_TRUE(reader.at_end());
    EXPECT_TRUE(reader.finish());
}

TEST(RecordTest, EveryPrefixIsDamaged) {
    const std::string record = RecordWriter(1).varint(300).text("hello").u64(5).record();
    for (std::size_t octets = 0; octets < record.size(); ++octets) {
        RecordReader reader(std::string_view(record).substr(0, octets), 1);
        static_cast<void>(reader.varint());
        static_cast<void>(reader.text());
        EXPECT_EQ(reader.u64(), 0U);
        EXPECT_EQ(reader.finish().error().code, base::Errc::kCorrupt) << octets;
    }
}

TEST(RecordTest, RefusesALaterVersionAndAnOverlongVarint) {
    EXPECT_FALSE(RecordReader("\x02", 1).finish());
    const std::string nine_ff(9, '\xff');
    const std::string largest_record = "\1"s + nine_ff + "\1";
    RecordReader largest(largest_record, 1);
    EXPECT_EQ(largest.varint(), UINT64_MAX);
    EXPECT_TRUE(largest.finish());
    for (const std::string& overlong : {nine_ff + "\2"s, nine_ff + "\x81\0"s}) {
        const std::string record = "\1" + overlong;
        RecordReader reader(record, 1);
        EXPECT_EQ(reader.varint(), 0U);
        EXPECT_FALSE(reader.finish());
    }
}

TEST(RecordTest, ADamagedCountNeverMakesALongLoop) {
    const std::string record = RecordWriter(1).varint(1U << 30U).raw("abc").record();
    RecordReader reader(record, 1);
    EXPECT_EQ(reader.count(), 0U);
    EXPECT_FALSE(reader.finish());
    const std::string sound = RecordWriter(1).varint(3).raw("abc").record();
    EXPECT_EQ(RecordReader(sound, 1).count(), 3U);
    EXPECT_EQ(RecordReader(sound, 1).count(2), 0U);
}

TEST(BlobRecordTest, ReadsBackAndRefusesExtentsThatDoNotAddUp) {
    const BlobRecord record{300, 2, {{1, 4096, 256}, {2, 32, 44}}};
    EXPECT_EQ(BlobRecord::decode(record.encode()).value(), record);
    const BlobRecord wrong[] = {
        {301, 2, {{1, 4096, 256}, {2, 32, 44}}},
        {299, 2, {{1, 4096, 256}, {2, 32, 44}}},
        {1, 1, {{1, UINT64_MAX, 1}}},
        {1, 1, {{1, 0, UINT64_MAX}, {1, 0, 2}}},
        {1, 1, {}},
    };
    for (const BlobRecord& bad : wrong) {
        EXPECT_FALSE(BlobRecord::decode(bad.encode()));
    }
}

TEST(BlobRecordTest, KeysBearTheId) {
    const BlobId id = Sha256::of("abc");
    EXPECT_EQ(id.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(blob_id_of_key(blob_key(id)).value(), id);
    EXPECT_FALSE(
        blob_id_of_key("\xff"
                       "Bshort"));
    EXPECT_EQ(BlobId::from_octets(id.octets()), id);
    EXPECT_EQ(BlobId::from_octets("short"), std::nullopt);
}

}  // namespace
}  // namespace store
