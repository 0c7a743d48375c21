#include "store/key.h"

#include <limits>

#include "base/check.h"

namespace store {
namespace {

// A NUL inside a text is NUL 0xff, its end NUL 0x01: smaller than anything that could go on.
constexpr char kTextEnd = '\x01';
constexpr char kTextNul = '\xff';

template <class Number>
void append_big_endian(std::string& out, Number value) {
    for (int shift = std::numeric_limits<Number>::digits - 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>((value >> shift) & 0xff));
    }
}

std::uint64_t big_endian(std::string_view octets) {
    std::uint64_t value = 0;
    for (const char octet : octets) {
        value = value << 8 | static_cast<unsigned char>(octet);
    }
    return value;
}

}  // namespace

KeyWriter& KeyWriter::u8(std::uint8_t value) {
    key_.push_back(static_cast<char>(value));
    return *this;
}

KeyWriter& KeyWriter::u32(std::uint32_t value) {
    append_big_endian(key_, value);
    return *this;
}

KeyWriter& KeyWriter::u64(std::uint64_t value) {
    append_big_endian(key_, value);
    return *this;
}

KeyWriter& KeyWriter::text(std::string_view value) {
    for (const char octet : value) {
        key_.push_back(octet);
        if (octet == '\0') {
            key_.push_back(kTextNul);
        }
    }
    key_.push_back('\0');
    key_.push_back(kTextEnd);
    return *this;
}

KeyWriter& KeyWriter::raw(std::string_view octets) {
    key_.append(octets);
    return *this;
}

std::uint8_t KeyReader::u8() {
    const std::string_view octets = raw(1);
    return static_cast<std::uint8_t>(big_endian(octets));
}

std::uint32_t KeyReader::u32() {
    return static_cast<std::uint32_t>(big_endian(raw(4)));
}

std::uint64_t KeyReader::u64() {
    return big_endian(raw(8));
}

std::string KeyReader::text() {
    std::string value;
    while (!failed_) {
        const std::string_view octet = raw(1);
        if (octet != std::string_view("\0", 1)) {
            value.append(octet);
            continue;
        }
        const std::string_view mark = raw(1);
        if (!mark.empty() && mark.front() == kTextEnd) {
            return value;
        }
        failed_ = failed_ || mark.front() != kTextNul;
        value.push_back('\0');
    }
    return {};
}

std::string_view KeyReader::raw(std::size_t octets) {
    if (failed_ || octets > rest_.size()) {
        failed_ = true;
        return {};
    }
    const std::string_view part = rest_.substr(0, octets);
    rest_.remove_prefix(octets);
    return part;
}

std::string_view KeyReader::rest() {
    return raw(failed_ ? 0 : rest_.size());
}

base::Result<> KeyReader::finish() const {
    if (failed_) {
        return base::fail(base::Errc::kCorrupt, "a key ends before its last part");
    }
    if (!rest_.empty()) {
        return base::fail(base::Errc::kCorrupt, "a key goes on behind its last part");
    }
    return {};
}

std::string prefix_end(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xff') {
        end.pop_back();
    }
    if (end.empty()) {
        return "\xff";
    }
    end.back() = static_cast<char>(end.back() + 1);
    return end;
}

RecordWriter& RecordWriter::u8(std::uint8_t value) {
    record_.push_back(static_cast<char>(value));
    return *this;
}

RecordWriter& RecordWriter::varint(std::uint64_t value) {
    while (value >= 0x80) {
        record_.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    record_.push_back(static_cast<char>(value));
    return *this;
}

RecordWriter& RecordWriter::u64(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
        record_.push_back(static_cast<char>((value >> shift) & 0xff));
    }
    return *this;
}

RecordWriter& RecordWriter::text(std::string_view value) {
    varint(value.size());
    return raw(value);
}

RecordWriter& RecordWriter::raw(std::string_view octets) {
    record_.append(octets);
    return *this;
}

std::uint64_t RecordReader::long_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint64_t octet = u8();
        // The tenth octet has room for one bit.
        if (shift == 63 && octet > 1) {
            break;
        }
        value |= (octet & 0x7f) << shift;
        if ((octet & 0x80) == 0) {
            return failed_ ? 0 : value;
        }
    }
    fail_now();
    return 0;
}

std::uint64_t RecordReader::u64() {
    const std::string_view octets = raw(8);
    if (octets.empty()) {
        return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        value |= std::uint64_t{static_cast<unsigned char>(octets[i])} << (8 * i);
    }
    return value;
}

base::Result<> RecordReader::tell_failure() const {
    if (version_ > newest_) {
        return base::fail(base::Errc::kCorrupt,
                          "a record has format version " + std::to_string(version_) +
                              ", this staffetta knows up to " + std::to_string(newest_));
    }
    return base::fail(base::Errc::kCorrupt, "a record ends before its last field");
}

}  // namespace store
