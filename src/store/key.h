// Keys that sort as their parts do, and records that say their format version. What the rooms above
// build their part of the key space with; docs/architecture/storage-format.md lists the parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace store {

// Builds a key part by part; the octet order of whole keys is the order of their parts.
//     scan(KeyWriter().u8('M').u64(account).key(), ...)
class KeyWriter {
  public:
    // A tag that says whose record it is. Keys that begin with 0xff belong to the store itself.
    KeyWriter& u8(std::uint8_t value);
    // Big-endian, fixed length.
    KeyWriter& u32(std::uint32_t value);
    KeyWriter& u64(std::uint64_t value);
    // Any octets, ended so that a text sorts before its own extensions and more parts may follow.
    KeyWriter& text(std::string_view value);
    // Octets as they are, for a last part or one of fixed length.
    KeyWriter& raw(std::string_view octets);

    [[nodiscard]] const std::string& key() const& { return key_; }

    [[nodiscard]] std::string key() && { return std::move(key_); }

  private:
    std::string key_;
};

// Takes such a key apart again. A part that is not there makes every later one empty and finish() fail.
class KeyReader {
  public:
    // `key` must outlive the reader.
    explicit KeyReader(std::string_view key) : rest_(key) {}

    [[nodiscard]] std::uint8_t u8();
    [[nodiscard]] std::uint32_t u32();
    [[nodiscard]] std::uint64_t u64();
    [[nodiscard]] std::string text();
    // `octets` octets as they are; a view into the key.
    [[nodiscard]] std::string_view raw(std::size_t octets);
    // Whatever is left.
    [[nodiscard]] std::string_view rest();

    // kCorrupt when a part was missing or something is left.
    [[nodiscard]] base::Result<> finish() const;

  private:
    std::string_view rest_;
    bool failed_ = false;
};

// The first key behind all keys that begin with `prefix`: the `last` of a scan over them. Behind the
// empty prefix come the store's own keys, "\xff".
[[nodiscard]] std::string prefix_end(std::string_view prefix);

// Writes a record's value: an octet of format version, then fields in their order.
class RecordWriter {
  public:
    explicit RecordWriter(std::uint8_t version) { record_.push_back(static_cast<char>(version)); }

    RecordWriter& u8(std::uint8_t value);
    // Seven bits an octet, lowest first: one octet for what is below 128, ten at most.
    RecordWriter& varint(std::uint64_t value);
    // Eight octets, little-endian.
    RecordWriter& u64(std::uint64_t value);

    RecordWriter& boolean(bool value) { return u8(value ? 1 : 0); }

    // Length as a varint, then the octets.
    RecordWriter& text(std::string_view value);
    // Octets as they are, where both sides know the length.
    RecordWriter& raw(std::string_view octets);

    [[nodiscard]] const std::string& record() const& { return record_; }

    [[nodiscard]] std::string record() && { return std::move(record_); }

  private:
    std::string record_;
};

// Reads such a record. Damage is sticky: from the first field that is not there on, every read gives
// zero or nothing, and finish() says kCorrupt, so fields are read straight on and judged once.
class RecordReader {
  public:
    // A record of a version above `newest` is refused by finish(): it comes from a later staffetta.
    // `record` must outlive the reader.
    RecordReader(std::string_view record, std::uint8_t newest) : rest_(record), newest_(newest) {
        version_ = u8();
        if (version_ > newest_) {
            fail_now();
        }
    }

    [[nodiscard]] std::uint8_t version() const { return version_; }

    // Lists read records by the ten thousand: what they are made of is here for the compiler to see.
    [[nodiscard]] std::uint8_t u8() {
        const std::string_view octet = raw(1);
        return octet.empty() ? 0 : static_cast<std::uint8_t>(octet.front());
    }

    [[nodiscard]] std::uint64_t varint() {
        if (!rest_.empty() && static_cast<unsigned char>(rest_.front()) < 0x80) {
            return u8();
        }
        return long_varint();
    }

    [[nodiscard]] std::uint64_t u64();

    [[nodiscard]] bool boolean() { return u8() != 0; }

    // A view into the record.
    [[nodiscard]] std::string_view text() { return raw(count()); }

    [[nodiscard]] std::string_view raw(std::size_t octets) {
        if (failed_ || octets > rest_.size()) {
            fail_now();
            return {};
        }
        const std::string_view part = rest_.substr(0, octets);
        rest_.remove_prefix(octets);
        return part;
    }

    // The number of elements that follow, each of at least `octets_each` octets: a damaged count never
    // makes a loop longer than the record. `octets_each` is not zero.
    [[nodiscard]] std::size_t count(std::size_t octets_each = 1) {
        const std::uint64_t elements = varint();
        if (elements > rest_.size() / octets_each) {
            fail_now();
            return 0;
        }
        return static_cast<std::size_t>(elements);
    }

    // True at the end of a sound record: what a later minor version appended is read only when there.
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    // kCorrupt when a field was missing or the version is unknown; octets left over are no error, so
    // that a field can be appended without a new version.
    [[nodiscard]] base::Result<> finish() const {
        return failed_ ? tell_failure() : base::Result<>();
    }

  private:
    [[nodiscard]] std::uint64_t long_varint();
    [[nodiscard]] base::Result<> tell_failure() const;

    void fail_now() {
        failed_ = true;
        rest_ = {};
    }

    std::string_view rest_;
    std::uint8_t version_ = 0;
    std::uint8_t newest_ = 0;
    bool failed_ = false;
};

}  // namespace store
