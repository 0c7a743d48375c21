#include "files/records.h"

#include <utility>
#include <vector>

#include "account/usage.h"
#include "base/ascii.h"
#include "store/key.h"

namespace files {
namespace {

using base::Result;
using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;

constexpr std::uint8_t kTag = 'f';
constexpr std::uint8_t kVersion = 1;

KeyWriter begin(RecordKind kind) {
    KeyWriter key;
    key.u8(kTag).u8(static_cast<std::uint8_t>(kind));
    return key;
}

// Past the two octets that say which kind of record it is.
KeyReader behind_tag(std::string_view key) {
    KeyReader reader(key);
    (void)reader.u8();
    (void)reader.u8();
    return reader;
}

}  // namespace

std::string prefix(RecordKind kind) {
    return begin(kind).key();
}

std::string account_volume(account::AccountId id) {
    return "account/" + std::to_string(id);
}

std::string share_volume(std::string_view share) {
    return "share/" + std::string(share);
}

std::string share_key(std::string_view share) {
    return begin(RecordKind::kShare).raw(share).key();
}

std::string grants_prefix(std::string_view share) {
    return begin(RecordKind::kGrant).text(share).key();
}

std::string grant_key(std::string_view share, const Grant& grant) {
    return begin(RecordKind::kGrant)
        .text(share)
        .text(grant.path)
        .u8(static_cast<std::uint8_t>(grant.who.kind))
        .u64(grant.who.account)
        .raw(grant.who.domain)
        .key();
}

std::string usage_key(std::string_view volume) {
    return begin(RecordKind::kUsage).raw(volume).key();
}

std::string table_key() {
    return begin(RecordKind::kTable).key();
}

Result<std::string> share_of_key(std::string_view key) {
    KeyReader reader = behind_tag(key);
    std::string share(reader.rest());
    TRY_VOID(reader.finish());
    return share;
}

Result<Grant> grant_of_key(std::string_view share, std::string_view key) {
    KeyReader reader = behind_tag(key);
    Grant grant;
    const std::string of = reader.text();
    grant.path = reader.text();
    const std::uint8_t kind = reader.u8();
    grant.who.kind = static_cast<Principal::Kind>(kind);
    grant.who.account = reader.u64();
    grant.who.domain = reader.rest();
    TRY_VOID(reader.finish());
    if (of != share || kind < static_cast<std::uint8_t>(Principal::Kind::kAnonymous) ||
        kind > static_cast<std::uint8_t>(Principal::Kind::kAccount)) {
        return base::fail(base::Errc::kCorrupt, "a grant for nobody");
    }
    return grant;
}

Result<std::string> volume_of_usage_key(std::string_view key) {
    return share_of_key(key);
}

std::string encode_limits(Limits limits) {
    return RecordWriter(kVersion).varint(limits.octets).varint(limits.files).record();
}

Result<Limits> decode_limits(std::string_view record) {
    RecordReader reader(record, kVersion);
    Limits limits;
    limits.octets = reader.varint();
    limits.files = reader.varint();
    TRY_VOID(reader.finish());
    return limits;
}

std::string encode_rights(Rights rights) {
    return encode_number(rights);
}

Result<Rights> decode_rights(std::string_view record) {
    TRY(const std::uint64_t number, decode_number(record));
    return static_cast<Rights>(number & kAllRights);
}

std::string encode_counts(Counts counts) {
    return RecordWriter(kVersion).varint(counts.octets).varint(counts.files).record();
}

Result<Counts> decode_counts(std::string_view record) {
    RecordReader reader(record, kVersion);
    Counts counts;
    counts.octets = reader.varint();
    counts.files = reader.varint();
    TRY_VOID(reader.finish());
    return counts;
}

std::string encode_number(std::uint64_t number) {
    return RecordWriter(kVersion).varint(number).record();
}

Result<std::uint64_t> decode_number(std::string_view record) {
    RecordReader reader(record, kVersion);
    const std::uint64_t number = reader.varint();
    TRY_VOID(reader.finish());
    return number;
}

void store_counts(store::Transaction& change,
                  std::string_view volume,
                  Counts counts,
                  bool shares_quota) {
    change.put(usage_key(volume), encode_counts(counts));
    constexpr std::string_view kAccount = "account/";
    if (shares_quota && volume.starts_with(kAccount)) {
        const auto id = base::parse_number<account::AccountId>(volume.substr(kAccount.size()));
        account::set_outside_octets(change, id.value_or(0), counts.octets);
    }
}

Result<bool> shared_quota_before(const store::Reader& reader) {
    TRY(const std::optional<std::string> record, reader.get(prefix(RecordKind::kSharing)));
    TRY(const std::uint64_t number, record ? decode_number(*record) : Result<std::uint64_t>(0));
    return number != 0;
}

Result<> change_sharing(store::Transaction& change, bool shares_quota) {
    TRY_VOID(account::clear_outside_octets(change));
    std::vector<std::pair<std::string, Counts>> all;
    const std::string first = prefix(RecordKind::kUsage);
    TRY_VOID(change.scan(
        first, store::prefix_end(first), [&](std::string_view key, std::string_view record) {
            const auto counts = decode_counts(record);
            if (counts && shares_quota) {
                all.emplace_back(key.substr(first.size()), *counts);
            }
            return true;
        }));
    for (const auto& [volume, counts] : all) {
        store_counts(change, volume, counts, shares_quota);
    }
    change.put(prefix(RecordKind::kSharing), encode_number(shares_quota ? 1 : 0));
    return {};
}

Result<bool> left_open(const store::Reader& reader) {
    TRY(const std::optional<std::string> record, reader.get(prefix(RecordKind::kOpen)));
    return record.has_value();
}

void mark_open(store::Transaction& change) {
    change.put(prefix(RecordKind::kOpen), encode_number(1));
}

void mark_closed(store::Transaction& change) {
    change.erase(prefix(RecordKind::kOpen));
}

Result<std::optional<Counts>> load_counts(const store::Reader& reader, std::string_view volume) {
    TRY(const std::optional<std::string> record, reader.get(usage_key(volume)));
    if (!record) {
        return std::optional<Counts>();
    }
    TRY(const Counts counts, decode_counts(*record));
    return std::optional(counts);
}

}  // namespace files
