#include "store/journal_format.h"

#include "base/check.h"
#include "store/crc32c.h"
#include "store/key.h"

namespace store {
namespace {

constexpr std::string_view kSegmentMagic = "staffseg";
constexpr std::uint32_t kRecordMagic = 0x31'72'67'73;  // "sgr1"
constexpr std::uint8_t kSegmentVersion = 1;
constexpr std::uint8_t kCommitVersion = 1;
constexpr std::uint8_t kErase = 0;
constexpr std::uint8_t kPut = 1;
// A key of no octets, its kind, and nothing else.
constexpr std::size_t kWriteOctetsMin = 2;

void append_u32(std::string& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) {
        out.push_back(static_cast<char>((value >> shift) & 0xff));
    }
}

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) {
        out.push_back(static_cast<char>(value | 0x80));
    }
    out.push_back(static_cast<char>(value));
}

std::uint64_t number_at(std::string_view octets, std::size_t offset, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(octets[offset + i]);
    }
    return value;
}

std::uint32_t u32_at(std::string_view octets, std::size_t offset) {
    return static_cast<std::uint32_t>(number_at(octets, offset, 4));
}

std::uint64_t u64_at(std::string_view octets, std::size_t offset) {
    return number_at(octets, offset, 8);
}

}  // namespace

std::string SegmentHeader::encode() const {
    std::string out(kSegmentMagic);
    out.append(RecordWriter(kSegmentVersion)
                   .raw(std::string_view("\0\0\0", 3))
                   .raw(std::string(4, '\0'))
                   .u64(number)
                   .u64(sequence)
                   .u64(previous_end)
                   .record());
    append_u32(out, salt);
    out.resize(kSegmentHeaderOctets - 4);
    append_u32(out, crc32c(out));
    return out;
}

base::Result<std::optional<SegmentHeader>> SegmentHeader::decode(std::string_view octets) {
    if (octets.size() < kSegmentHeaderOctets || !octets.starts_with(kSegmentMagic) ||
        crc32c(octets.substr(0, kSegmentHeaderOctets - 4)) !=
            u32_at(octets, kSegmentHeaderOctets - 4)) {
        return std::nullopt;
    }
    if (static_cast<std::uint8_t>(octets[8]) != kSegmentVersion) {
        return base::fail(base::Errc::kUnsupported,
                          "the segment was written by a later version of staffetta");
    }
    SegmentHeader header;
    header.number = u64_at(octets, 16);
    header.sequence = u64_at(octets, 24);
    header.previous_end = u64_at(octets, 32);
    header.salt = u32_at(octets, 40);
    return header;
}

void RecordHeader::encode(std::uint32_t salt, std::string& out) const {
    std::string rest;
    append_u32(rest, payload_crc);
    append_u32(rest, payload_octets);
    for (int shift = 0; shift < 64; shift += 8) {
        rest.push_back(static_cast<char>((sequence >> shift) & 0xff));
    }
    rest.push_back(static_cast<char>(type));
    rest.resize(kRecordHeaderOctets - 8);
    append_u32(out, kRecordMagic);
    append_u32(out, crc32c(rest, salt));
    out.append(rest);
}

std::optional<RecordHeader> RecordHeader::decode(std::string_view octets, std::uint32_t salt) {
    if (octets.size() < kRecordHeaderOctets || u32_at(octets, 0) != kRecordMagic ||
        crc32c(octets.substr(8, kRecordHeaderOctets - 8), salt) != u32_at(octets, 4)) {
        return std::nullopt;
    }
    RecordHeader header;
    header.payload_crc = u32_at(octets, 8);
    header.payload_octets = u32_at(octets, 12);
    header.sequence = u64_at(octets, 16);
    header.type = static_cast<RecordType>(octets[24]);
    const bool known = header.type == RecordType::kCommit || header.type == RecordType::kExtent;
    if (!known || header.payload_octets > kPayloadOctetsMax) {
        return std::nullopt;
    }
    return header;
}

Writes views_of(const WriteSet& writes) {
    Writes views;
    views.reserve(writes.size());
    for (const auto& [key, value] : writes) {
        views.push_back({key, value ? std::optional<std::string_view>(*value) : std::nullopt});
    }
    return views;
}

// As RecordWriter does it, into one piece of memory: a commit may be some MiB.
std::string encode_commit(std::span<const Write> writes) {
    constexpr std::size_t kLengthsMax = 21;  // of a write: two varints and its kind
    std::size_t octets = kLengthsMax;
    for (const Write& write : writes) {
        octets += write.key.size() + (write.value ? write.value->size() : 0) + kLengthsMax;
    }
    std::string out;
    out.reserve(octets);
    out.push_back(static_cast<char>(kCommitVersion));
    append_varint(out, writes.size());
    for (const Write& write : writes) {
        append_varint(out, write.key.size());
        out.append(write.key).push_back(static_cast<char>(write.value ? kPut : kErase));
        if (write.value) {
            append_varint(out, write.value->size());
            out.append(*write.value);
        }
    }
    return out;
}

base::Result<Writes> decode_commit(std::string_view payload) {
    RecordReader reader(payload, kCommitVersion);
    Writes writes;
    const std::size_t count = reader.count(kWriteOctetsMin);
    writes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        Write write;
        write.key = reader.text();
        const std::uint8_t kind = reader.u8();
        if (kind == kPut) {
            write.value = reader.text();
        } else if (kind != kErase) {
            return base::fail(base::Errc::kCorrupt, "a commit holds a write of an unknown kind");
        }
        writes.push_back(write);
    }
    TRY_VOID(reader.finish());
    if (!reader.at_end()) {
        return base::fail(base::Errc::kCorrupt, "a commit goes on behind its last write");
    }
    return writes;
}

}  // namespace store
