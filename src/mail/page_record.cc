// An entry is written as what differs from the entry before it (for the first, from zeroes):
//     offset   1 octet: UID modulo 64, and kHasKeywords, kSavedLater
//     flags    1 octet: the system flags, and kNextEmail
//     modseq   the page's highest minus the entry's
//     email    unless kNextEmail, the difference to the one after the entry before's, zigzag
//     octets
//     received the difference, zigzag
//     saved    if kSavedLater, the difference to received, zigzag
//     keywords if kHasKeywords
// So 64 entries of a quiet mailbox take about 500 octets, and a delivery rewrites no more than that.
#include "mail/page_record.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace mail {
namespace {

constexpr unsigned char kVersion = 1;
constexpr unsigned char kHasKeywords = 0x40;
constexpr unsigned char kSavedLater = 0x80;
constexpr unsigned char kNextEmail = 0x20;
constexpr std::size_t kEntryOctetsMax = 2 + 6 * 10;
constexpr std::size_t kPageOctetsMax = 12 + kPageUids * kEntryOctetsMax;

// Pages are read and written by the hundred thousand, so these two keep their bounds in one place and
// work on raw octets: RecordReader and RecordWriter take four times as long.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): to clear four KiB a page would show
class Writer {
  public:
    void octet(unsigned char value) { octets_[at_++] = static_cast<char>(value); }

    void varint(std::uint64_t value) {
        while (value >= 0x80) {
            octet(static_cast<unsigned char>(value | 0x80U));
            value >>= 7U;
        }
        octet(static_cast<unsigned char>(value));
    }

    // Small in absolute value is short: 0, -1, 1, -2 ... are 0, 1, 2, 3.
    void zigzag(std::uint64_t difference) {
        varint((difference << 1U) ^ (0 - (difference >> 63U)));
    }

    [[nodiscard]] std::string_view octets() const { return {octets_.data(), at_}; }

  private:
    std::array<char, kPageOctetsMax> octets_;  // written before it is read
    std::size_t at_ = 0;
};

class Reader {
  public:
    explicit Reader(std::string_view octets) : at_(octets.data()), end_(at_ + octets.size()) {}

    [[nodiscard]] unsigned char octet() {
        if (at_ == end_) {
            failed_ = true;
            return 0;
        }
        return static_cast<unsigned char>(*at_++);
    }

    [[nodiscard]] std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const unsigned char next = octet();
            value |= std::uint64_t{next & 0x7fU} << shift;
            if (next < 0x80) {
                return value;
            }
        }
        failed_ = true;
        return 0;
    }

    [[nodiscard]] std::uint64_t zigzag() {
        const std::uint64_t value = varint();
        return (value >> 1U) ^ (0 - (value & 1U));
    }

    [[nodiscard]] bool failed() const { return failed_; }

    [[nodiscard]] bool at_end() const { return at_ == end_; }

  private:
    const char* at_;
    const char* end_;
    bool failed_ = false;
};

void write_entry(Writer& writer, const PageDraft& page, const Entry& entry, const Entry& before) {
    CHECK(page_of(entry.uid) == page.number && entry.uid > before.uid);
    const bool next_email = entry.email == before.email + 1;
    const bool saved_later = entry.saved_s != entry.received_s;
    writer.octet(static_cast<unsigned char>(entry.uid % kPageUids |
                                            (entry.keywords != 0 ? kHasKeywords : 0U) |
                                            (saved_later ? kSavedLater : 0U)));
    writer.octet(static_cast<unsigned char>(entry.flags | (next_email ? kNextEmail : 0U)));
    writer.varint(page.highest_modseq - entry.modseq);
    if (!next_email) {
        writer.zigzag(entry.email - before.email - 1);
    }
    writer.varint(entry.octets);
    const auto received = static_cast<std::uint64_t>(entry.received_s);
    writer.zigzag(received - static_cast<std::uint64_t>(before.received_s));
    if (saved_later) {
        writer.zigzag(static_cast<std::uint64_t>(entry.saved_s) - received);
    }
    if (entry.keywords != 0) {
        writer.varint(entry.keywords);
    }
}

// False when it is not what write_entry() writes.
bool read_entry(Reader& reader, Uid number, Modseq highest, const Entry& before, Entry& entry) {
    const unsigned char offset = reader.octet();
    const unsigned char flags = reader.octet();
    entry.uid = number * kPageUids + offset % kPageUids;
    entry.flags = flags & kAllFlags;
    const std::uint64_t age = reader.varint();
    entry.modseq = highest - age;
    entry.email = before.email + 1 + ((flags & kNextEmail) != 0 ? 0 : reader.zigzag());
    entry.octets = reader.varint();
    const std::uint64_t received = static_cast<std::uint64_t>(before.received_s) + reader.zigzag();
    entry.received_s = static_cast<std::int64_t>(received);
    entry.saved_s =
        static_cast<std::int64_t>(received + ((offset & kSavedLater) != 0 ? reader.zigzag() : 0));
    entry.keywords = (offset & kHasKeywords) != 0 ? reader.varint() : 0;
    return !reader.failed() && entry.uid > before.uid && age <= highest;
}

}  // namespace

std::string encode(const PageDraft& page) {
    CHECK(!page.entries.empty() && page.entries.size() <= kPageUids);
    Writer writer;
    writer.octet(kVersion);
    writer.varint(page.highest_modseq);
    writer.octet(static_cast<unsigned char>(page.entries.size()));
    Entry before;
    for (const Entry& entry : page.entries) {
        write_entry(writer, page, entry, before);
        before = entry;
    }
    return std::string(writer.octets());
}

base::Result<PagePtr> decode_page(Uid number, std::string_view record, PageBlocks& blocks) {
    const auto damage = [] {
        return base::fail(base::Errc::kCorrupt, "a page of messages is damaged");
    };
    Reader reader(record);
    const bool is_known = reader.octet() == kVersion;
    const Modseq highest = reader.varint();
    const std::size_t count = reader.octet();
    if (!is_known || count == 0 || count > kPageUids || number > page_of(~Uid{0})) {
        return damage();
    }
    Entry before;
    for (Entry& entry : blocks.begin(count)) {
        if (!read_entry(reader, number, highest, before, entry)) {
            return damage();
        }
        before = entry;
    }
    return reader.at_end() ? base::Result<PagePtr>(blocks.finish(number, highest)) : damage();
}

base::Result<PagePtr> decode_page(Uid number, std::string_view record) {
    PageBlocks blocks(1);
    return decode_page(number, record, blocks);
}

}  // namespace mail
